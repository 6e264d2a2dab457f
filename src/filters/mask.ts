/**
 * Which rows satisfy conditions, all rows at once: on columns by value a comparison of numbers is a range found by binary search, a text
 * is a list of rows; AND, OR and NOT are operations on 32 rows a word. And the same question for one row, on columns by row.
 *
 * A row without a value fails every comparison (!= too) and every IN; NOT IN holds for it, being what IN is not.
 */
import { assert } from '../lib/assert.ts'
import { add, type Bitset, emptySet, fullSet, has, intersect, invert, remove, unite } from './bitset.ts'
import type { ByRow, ByValue, Numbers, NumbersByValue, TextsByValue } from './columns.ts'
import { Dictionary } from './dictionary.ts'
import type { Constant, PlannedCondition } from './plan.ts'

/**
 * The rows for which the conditions hold: OR over lists of AND. A condition whose placeholder was left out is left out too; undefined when
 * none remains.
 */
export function rowsWhere(
  any: readonly (readonly PlannedCondition[])[],
  rowsOf: (condition: PlannedCondition) => Bitset | undefined,
): Bitset | undefined {
  let result: Bitset | undefined
  for (const all of any) {
    let rows: Bitset | undefined
    for (const condition of all) {
      const more = rowsOf(condition)
      if (more === undefined) continue
      if (rows) intersect(rows, more)
      else rows = more
    }
    if (rows === undefined) continue
    if (result) unite(result, rows)
    else result = rows
  }
  return result
}

/** A set of its own: the caller may change it. With no constants (an item without a value) only NOT IN holds. */
export function rowsMatching(
  { operator }: PlannedCondition,
  constants: readonly Constant[] | 'any',
  column: ByValue,
  rowCount: number,
): Bitset {
  if (constants.length === 0) return operator === 'NOT IN' ? fullSet(rowCount) : emptySet(rowCount)
  const set = emptySet(rowCount)
  if (constants === 'any') addRows(set, column.rows, 0, column.rows.length)
  else if (column.kind === 'text') addTexts(set, column, operator, constants as readonly string[])
  else addNumbers(set, column, operator, constants as readonly (number | bigint)[], rowCount)
  if (operator === 'NOT IN') invert(set, rowCount)
  return set
}

function addTexts(
  set: Bitset,
  { dictionary, offsets, rows }: TextsByValue,
  operator: string,
  texts: readonly string[],
): void {
  const codes = codesOf(new Dictionary(dictionary), texts)
  if (operator !== '!=') for (const code of codes) addRows(set, rows, offsets[code], offsets[code + 1])
  else {
    addRows(set, rows, 0, rows.length)
    for (const code of codes) for (let at = offsets[code]; at < offsets[code + 1]; at++) remove(set, rows[at])
  }
}

const codesOf = (dictionary: Dictionary, texts: readonly string[]): number[] =>
  texts.map(text => dictionary.codeOf(text)).filter(code => code >= 0)

function addNumbers(
  set: Bitset,
  column: NumbersByValue,
  operator: string,
  numbers: readonly (number | bigint)[],
  rowCount: number,
): void {
  const { values, rows } = column
  const below = (number: number | bigint) => firstWhere(values, value => value >= number)
  const upTo = (number: number | bigint) => firstWhere(values, value => value > number)
  for (const number of numbers) {
    switch (operator) {
      case '<':
        addRange(set, column, 0, below(number), rowCount)
        break
      case '<=':
        addRange(set, column, 0, upTo(number), rowCount)
        break
      case '>':
        addRange(set, column, upTo(number), rows.length, rowCount)
        break
      case '>=':
        addRange(set, column, below(number), rows.length, rowCount)
        break
      case '!=':
        addRows(set, rows, 0, below(number))
        addRows(set, rows, upTo(number), rows.length)
        break
      default:
        addRows(set, rows, below(number), upTo(number))
    }
  }
}

/** A range of more than half of a column that every row has is what it is not, inverted. `set` is empty. */
function addRange(set: Bitset, { rows }: NumbersByValue, from: number, to: number, rowCount: number): void {
  if (rows.length < rowCount || to - from <= rowCount / 2) {
    addRows(set, rows, from, to)
    return
  }
  set.set(fullSet(rowCount))
  for (let at = 0; at < from; at++) remove(set, rows[at])
  for (let at = to; at < rows.length; at++) remove(set, rows[at])
}

function addRows(set: Bitset, rows: Uint32Array, from: number, to: number): void {
  for (let at = from; at < to; at++) add(set, rows[at])
}

/** The first place where `is` holds, which holds from there on. */
function firstWhere(values: Numbers, is: (value: number | bigint) => boolean): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (is(values[middle])) high = middle
    else low = middle + 1
  }
  return low
}

/** Whether the condition holds for one row; -1 is a row without values. */
export function holdsAt(
  { operator }: PlannedCondition,
  constants: readonly Constant[],
  column: ByRow,
  row: number,
): boolean {
  const own = valuesAt(column, row)
  const among = constants.some(constant => own.some(value => same(value, constant)))
  if (operator === 'NOT IN') return !among
  if (own.length === 0 || constants.length === 0) return false
  if (operator === '!=') return !among
  if (operator === 'IN' || operator === '=') return among
  const [value] = own
  const [bound] = constants
  assert(typeof value !== 'string' && typeof bound !== 'string', 'only numbers are compared by size')
  if (operator === '<') return value < bound
  if (operator === '<=') return value <= bound
  return operator === '>' ? value > bound : value >= bound
}

/** 1 and 1n are one number. */
const same = (a: Constant, b: Constant): boolean =>
  typeof a === 'string' || typeof b === 'string' ? a === b : !(a < b) && !(a > b)

/** Texts, at most one number, or nothing. */
export function valuesAt(column: ByRow, row: number): Constant[] {
  if (row < 0) return []
  if (column.kind === 'number') return has(column.present, row) ? [column.values[row]] : []
  const dictionary = new Dictionary(column.dictionary)
  return Array.from(column.codes.subarray(column.offsets[row], column.offsets[row + 1]), code =>
    dictionary.textAt(code),
  )
}
