/**
 * The values of a request for the placeholders of a plan (spec/filters.md §3.7):
 *
 *   {"TOPICS": "\"garden\",\"kitchen\"", "MAX": "19.90"}
 *
 * Each value stands in double quotes, \" and \\ for a quote and a backslash in it; commas between them, white space around them as you
 * like. A number may stand without quotes. Names are case sensitive.
 */

import { NUMBER } from './checkTypes.ts'
import { FilterError, type FilterErrorCode, type Span } from './filterError.ts'
import { VALUE_CHARACTERS_MAX, VALUE_ENTRIES_MAX, VALUE_NAME_CHARACTERS_MAX } from './limits.ts'
import { nearest } from './nearest.ts'
import {
  ANY_EVENT_TYPE,
  type Constant,
  columnsOf,
  conditionsOf,
  foldEventType,
  numberConstant,
  type Plan,
  type PlannedCondition,
} from './plan.ts'

export type FilterValues = Readonly<Record<string, string>>

/** What each placeholder stands for; one that was left out is absent. */
export type Bindings = ReadonlyMap<string, readonly RawValue[]>

export interface RawValue {
  readonly text: string
  readonly quoted: boolean
}

const NAME = /^[A-Za-z0-9_]+$/

/**
 * Throws FilterError where values are missing for an INCLUDE statement, belong to no placeholder, are not written as they should be, or
 * are not what a column is compared with.
 */
export function bindValues(plan: Plan, given: FilterValues = {}): Bindings {
  const names = Object.keys(given)
  if (names.length > VALUE_ENTRIES_MAX) {
    const within = names.slice(0, VALUE_ENTRIES_MAX).join(', ')
    const sentence = `filterValues has ${names.length} entries; at most ${VALUE_ENTRIES_MAX} were expected.`
    const all = names.join(', ')
    fail('MALFORMED_VALUE', sentence, all, { start: within.length + ', '.length, end: all.length })
  }
  const bindings = new Map<string, RawValue[]>()
  for (const name of names) {
    if (!plan.placeholders.has(name)) throw unknownName(name, plan)
    bindings.set(name, parseValues(name, given[name]))
  }
  for (const [name, { required, start, end }] of plan.placeholders)
    if (required && !bindings.has(name))
      fail(
        'MISSING_VALUE',
        `filterValues has no value for $${name}: an INCLUDE statement needs one for each of its placeholders.`,
        plan.source,
        { start, end },
      )
  for (const statement of plan.statements)
    for (const condition of conditionsOf(statement)) checkBound(condition, bindings, given)
  return bindings
}

/** What the condition compares with; undefined: its placeholder was left out. */
export function constantsOf(
  { operand, kind }: PlannedCondition,
  bindings: Bindings,
): readonly Constant[] | 'any' | undefined {
  if (operand.kind === 'any') return 'any'
  if (operand.kind === 'constants') return operand.values
  if (operand.kind === 'currentItem') return undefined
  const values = bindings.get(operand.name)
  if (values === undefined) return undefined
  if (kind === 'number') return values.map(({ text }) => numberConstant(text))
  if (kind === 'text') return values.map(({ text }) => text)
  return values.some(({ text }) => text === ANY_EVENT_TYPE) ? 'any' : values.map(({ text }) => foldEventType(text))
}

/** Names of the placeholders a part of the plan uses, each once. */
export const placeholdersOf = (plan: Plan, which: (statement: Plan['statements'][number]) => boolean): string[] =>
  columnsOf(plan, ({ operand }, statement) =>
    which(statement) && operand.kind === 'placeholder' ? operand.name : undefined,
  )

function unknownName(name: string, { placeholders }: Plan): FilterError {
  const shown = name.length > VALUE_NAME_CHARACTERS_MAX ? `${name.slice(0, VALUE_NAME_CHARACTERS_MAX)}…` : name
  const whole = { start: 0, end: name.length }
  if (name.length > VALUE_NAME_CHARACTERS_MAX || !NAME.test(name))
    return new FilterError(
      'MALFORMED_VALUE',
      `filterValues has the name ${JSON.stringify(shown)}; 1 to ${VALUE_NAME_CHARACTERS_MAX} letters, digits and _ were expected.`,
      name,
      whole,
    )
  const known = [...placeholders.keys()]
  const meant = nearest(name, known)
  const rest =
    known.length === 0
      ? 'it has no placeholders.'
      : meant !== undefined
        ? `did you mean ${meant}?`
        : `it has ${known.map(each => `$${each}`).join(', ')}.`
  const sentence = `filterValues has the name ${name}, which is no placeholder of the filter; ${rest}`
  return new FilterError('UNKNOWN_VALUE', sentence, name, whole)
}

/** `"a","b"`, `1, 2.5`, or both. */
function parseValues(name: string, text: string): RawValue[] {
  const wrong = (sentence: string, start: number, end = start + 1): never =>
    fail('MALFORMED_VALUE', `The value of ${name} in filterValues ${sentence}`, text, { start, end })
  if (text.length > VALUE_CHARACTERS_MAX && [...text].length > VALUE_CHARACTERS_MAX)
    wrong(
      `has ${[...text].length} characters; at most ${VALUE_CHARACTERS_MAX} were expected.`,
      [...text].slice(0, VALUE_CHARACTERS_MAX).join('').length,
      text.length,
    )
  const values: RawValue[] = []
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|(-?\d+(?:\.\d+)?))\s*(,|$)/suy
  for (let at = 0; ; at = pattern.lastIndex) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (!match) {
      const start = at + /^\s*/.exec(text.slice(at))![0].length
      return wrong('has to be values in double quotes, or numbers, with commas between them.', start, text.length)
    }
    const [, quoted, number, comma] = match
    values.push(
      quoted === undefined
        ? { text: number, quoted: false }
        : { text: quoted.replace(/\\(["\\])/g, '$1'), quoted: true },
    )
    if (comma === '') return values
  }
}

function checkBound(
  { column, kind, operator, operand }: PlannedCondition,
  bindings: Bindings,
  given: FilterValues,
): void {
  if (operand.kind !== 'placeholder') return
  const { name } = operand
  const values = bindings.get(name)
  if (values === undefined) return
  const at = given[name]
  const whole = { start: 0, end: at.length }
  if (operator !== 'IN' && values.length !== 1)
    fail(
      'MALFORMED_VALUE',
      `filterValues has ${values.length} values for $${name}, where ${operator} takes one.`,
      at,
      whole,
    )
  for (const { text, quoted } of values) {
    if (kind === 'number' && !NUMBER.test(text))
      fail(
        'TYPE',
        `${column} is a number and the value ${JSON.stringify(text)} of ${name} in filterValues is a string.`,
        at,
        whole,
      )
    if (kind !== 'number' && !quoted)
      fail(
        'TYPE',
        `${column} is a string and the value ${text} of ${name} in filterValues is a number: it has to stand in double quotes.`,
        at,
        whole,
      )
  }
}

function fail(code: FilterErrorCode, sentence: string, text: string, span: Span): never {
  throw new FilterError(code, sentence, text, span)
}
