/**
 * A column of a dataset over the rows of a vocabulary (items, users, actions), in two forms, both in typed arrays on shared memory:
 *
 *   by row     numbers: one a row, and who has one          texts: codes of a dictionary, any number a row
 *              to test one row: the user who asks, the item that is asked about
 *   by value   numbers: ascending, with their rows          texts: for each text its rows, ascending
 *              to test all rows at once: a comparison is a range, a text a list (mask.ts)
 *
 * A multi-valued category `a|b` is two texts of its row. A row that is not in the dataset has no value.
 */
import type { Cell } from '../datasets/latestRows.ts'
import type { Column } from '../datasets/schema.ts'
import { assert } from '../lib/assert.ts'
import { countOnes } from '../lib/packedBits.ts'
import { add, type Bitset, has, sharedSet } from './bitset.ts'
import { Dictionary } from './dictionary.ts'

export interface NumbersByRow {
  readonly kind: 'number'
  readonly values: Numbers
  readonly present: Bitset
}
export interface TextsByRow {
  readonly kind: 'text'
  readonly dictionary: Dictionary['tensors']
  /** u32[rows + 1], u32[…]: the codes of a row, ascending. */
  readonly offsets: Uint32Array
  readonly codes: Uint32Array
}
export type ByRow = NumbersByRow | TextsByRow

export interface NumbersByValue {
  readonly kind: 'number'
  /** Ascending, and the row of each; equal numbers by row. */
  readonly values: Numbers
  readonly rows: Uint32Array
}
export interface TextsByValue {
  readonly kind: 'text'
  readonly dictionary: Dictionary['tensors']
  /** u32[texts + 1], u32[…]: the rows of a code. */
  readonly offsets: Uint32Array
  readonly rows: Uint32Array
}
export type ByValue = NumbersByValue | TextsByValue

/** float64, or int64 where some whole number needs it. */
export type Numbers = Float64Array | BigInt64Array

/** Whether the parts of a value between | are values of their own. */
const isMultiValued = ({ categorical, type }: Pick<Column, 'categorical' | 'type'>): boolean =>
  categorical && type === 'string'

/** Takes the cells of a column as they come. Memory: numbers 8 bytes a row; texts 8 bytes a value, and each distinct text once. */
export interface ColumnBuilder {
  /** At most once for a row. */
  set(row: number, cell: Cell): void
  finish(): ByRow
}

export function columnBuilder(column: Pick<Column, 'categorical' | 'type'>, rowCount: number): ColumnBuilder {
  if (column.type !== 'string') return new NumbersBuilder(rowCount)
  const texts = new TextsBuilder(rowCount)
  const split = isMultiValued(column)
  return {
    set(row, cell) {
      if (cell === null) return
      assert(typeof cell === 'string', 'a column of strings holds strings')
      if (!split || !cell.includes('|')) return texts.add(row, cell)
      // Nothing between two | is no value.
      for (const part of cell.split('|')) if (part !== '') texts.add(row, part)
    },
    finish: () => texts.finish(),
  }
}

class NumbersBuilder implements ColumnBuilder {
  readonly #present: Bitset
  #values: Numbers

  constructor(rowCount: number) {
    this.#present = sharedSet(rowCount)
    this.#values = sharedNumbers(rowCount, false)
  }

  set(row: number, cell: Cell): void {
    if (cell === null) return
    assert(typeof cell !== 'string', 'a column of numbers holds numbers')
    if (typeof cell === 'bigint' && !Number.isSafeInteger(Number(cell))) this.#widen()
    add(this.#present, row)
    if (this.#values instanceof BigInt64Array) this.#values[row] = BigInt(cell)
    else this.#values[row] = Number(cell)
  }

  finish(): NumbersByRow {
    return { kind: 'number', values: this.#values, present: this.#present }
  }

  #widen(): void {
    if (this.#values instanceof BigInt64Array) return
    const wide = sharedNumbers(this.#values.length, true) as BigInt64Array
    this.#values.forEach((value, row) => {
      wide[row] = BigInt(value)
    })
    this.#values = wide
  }
}

/** Pairs of row and text, in any order, repeats allowed. */
class TextsBuilder {
  readonly #rowCount: number
  readonly #codeOf = new Map<string, number>()
  #rows = new Uint32Array(1024)
  #codes = new Uint32Array(1024)
  #size = 0

  constructor(rowCount: number) {
    this.#rowCount = rowCount
  }

  add(row: number, text: string): void {
    let code = this.#codeOf.get(text)
    if (code === undefined) {
      code = this.#codeOf.size
      this.#codeOf.set(text, code)
    }
    if (this.#size === this.#rows.length) {
      this.#rows = grown(this.#rows)
      this.#codes = grown(this.#codes)
    }
    this.#rows[this.#size] = row
    this.#codes[this.#size++] = code
  }

  /** Sorted by code and then, stably, by row (counting sort, Knuth vol. 3 §5.2); repeats go. */
  finish(): TextsByRow {
    const { dictionary, codes: sortedCodeOf } = Dictionary.of([...this.#codeOf.keys()])
    const codes = this.#codes.subarray(0, this.#size).map(code => sortedCodeOf[code])
    const byCode = countingSort(codes, dictionary.size, order => order)
    const rows = this.#rows.subarray(0, this.#size)
    const byRow = countingSort(rows, this.#rowCount, at => byCode[at])
    const offsets = sharedWords(this.#rowCount + 1)
    const kept = new Uint32Array(this.#size)
    let count = 0
    let before = -1
    for (const at of byRow) {
      const again = before >= 0 && rows[before] === rows[at] && codes[before] === codes[at]
      before = at
      if (again) continue
      kept[count++] = codes[at]
      offsets[rows[at] + 1]++
    }
    for (let row = 0; row < this.#rowCount; row++) offsets[row + 1] += offsets[row]
    const shared = sharedWords(count)
    shared.set(kept.subarray(0, count))
    return { kind: 'text', dictionary: dictionary.tensors, offsets, codes: shared }
  }
}

/** The places of `keys` in ascending order of key; equal keys in the order of `from`, which maps 0 … n - 1 to places. */
function countingSort(keys: Uint32Array, keyCount: number, from: (at: number) => number): Uint32Array {
  const next = new Uint32Array(keyCount + 1)
  for (const key of keys) next[key + 1]++
  for (let key = 0; key < keyCount; key++) next[key + 1] += next[key]
  const order = new Uint32Array(keys.length)
  for (let at = 0; at < keys.length; at++) {
    const place = from(at)
    order[next[keys[place]]++] = place
  }
  return order
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * array.length)
  larger.set(array)
  return larger
}

export function byValue(column: ByRow, rowCount: number): ByValue {
  return column.kind === 'number' ? numbersByValue(column, rowCount) : textsByValue(column, rowCount)
}

function numbersByValue({ values, present }: NumbersByRow, rowCount: number): NumbersByValue {
  const rows = sharedWords(countOnes(present))
  let count = 0
  for (let row = 0; row < rowCount; row++) if (has(present, row)) rows[count++] = row
  rows.sort((a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : a - b))
  const sorted = sharedNumbers(rows.length, values instanceof BigInt64Array)
  rows.forEach((row, place) => {
    sorted[place] = values[row]
  })
  return { kind: 'number', values: sorted, rows }
}

/** A counting sort by code; rows stay ascending. */
function textsByValue({ dictionary, offsets, codes }: TextsByRow, rowCount: number): TextsByValue {
  const starts = sharedWords(dictionary.offsets.length)
  for (const code of codes) starts[code + 1]++
  for (let code = 1; code < starts.length; code++) starts[code] += starts[code - 1]
  const next = starts.slice()
  const rows = sharedWords(codes.length)
  for (let row = 0; row < rowCount; row++)
    for (let at = offsets[row]; at < offsets[row + 1]; at++) rows[next[codes[at]]++] = row
  return { kind: 'text', dictionary, offsets: starts, rows }
}

const sharedWords = (length: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(4 * length))

const sharedNumbers = (length: number, wide: boolean): Numbers =>
  wide ? new BigInt64Array(new SharedArrayBuffer(8 * length)) : new Float64Array(new SharedArrayBuffer(8 * length))
