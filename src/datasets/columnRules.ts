/**
 * What a value of a column must look like, in two forms that must agree: an SQL expression for the fast path, and a plain check that says
 * in words what was expected. Only the fast path makes values; the plain check explains why it did not.
 *
 * Numbers are written as people write them: DuckDB's own casts would take 1.5 for a long (as 2), 1_000 and 0x1F. Spaces around a number or
 * a truth value say nothing and are passed over; a string keeps every byte.
 */

import { sqlString } from './duckdb.ts'
import { EPOCH_SECONDS_MAX, ID_CHARACTERS_MAX, STRING_CHARACTERS_MAX, TEXTUAL_CHARACTERS_MAX } from './limits.ts'
import type { Column, ColumnType } from './schema.ts'

const ID_COLUMNS: readonly string[] = ['USER_ID', 'ITEM_ID', 'ACTION_ID']
const TIME_COLUMNS: readonly string[] = [
  'TIMESTAMP',
  'CREATION_TIMESTAMP',
  'ACTION_EXPIRATION_TIMESTAMP',
  'EXPIRATION_TIMESTAMP',
]

const WHOLE = ' *[+-]?[0-9]{1,19} *'
const DECIMAL = ' *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)? *'
/** What people write instead: dates, and seconds as a decimal. */
const TIME_EXPECTED = 'a time in seconds since 1970 as a whole number, such as 1767323045,'
const FLOAT_MAX = 3.4028234663852886e38
const INT_MAX = 2 ** 31 - 1
const LONG_MAX = 2n ** 63n - 1n

interface TypeRule {
  /** What DuckDB and Parquet store. A float is kept as a double, so that 0.1 in a file is not less than a threshold of 0.1. */
  readonly stored: string
  readonly expected: string
  /** A condition on `raw` and its cast `value`. */
  valid(raw: string, value: string): string
  isValid(raw: string): boolean
}

const TYPE_RULES: Readonly<Record<Exclude<ColumnType, 'string'>, TypeRule>> = {
  int: {
    stored: 'INTEGER',
    expected: 'a whole number of 32 bits (int)',
    valid: (raw, value) => `${matches(raw, WHOLE)} AND ${value} IS NOT NULL`,
    isValid: raw => isWhole(raw) && Number(raw) <= INT_MAX && Number(raw) >= -INT_MAX - 1,
  },
  long: {
    stored: 'BIGINT',
    expected: 'a whole number (long)',
    valid: (raw, value) => `${matches(raw, WHOLE)} AND ${value} IS NOT NULL`,
    isValid: raw => isWhole(raw) && bigInt(raw) <= LONG_MAX && bigInt(raw) >= -LONG_MAX - 1n,
  },
  float: {
    stored: 'DOUBLE',
    expected: 'a number of 32 bits (float)',
    valid: (raw, value) => `${matches(raw, DECIMAL)} AND abs(${value}) <= ${FLOAT_MAX}`,
    isValid: raw => isDecimal(raw) && Math.abs(Number(raw)) <= FLOAT_MAX,
  },
  double: {
    stored: 'DOUBLE',
    expected: 'a number (double)',
    valid: (raw, value) => `${matches(raw, DECIMAL)} AND isfinite(${value})`,
    isValid: raw => isDecimal(raw) && Number.isFinite(Number(raw)),
  },
  boolean: {
    stored: 'BOOLEAN',
    expected: 'true or false (boolean)',
    valid: (_, value) => `${value} IS NOT NULL`,
    isValid: raw => /^ *(?:true|false) *$/.test(raw),
  },
}

/** An SQL expression: the value of the CSV column `raw` (text or null) as it is stored, or error() with a word on what was expected. */
export function columnSql(column: Column, raw: string): string {
  const wrong = (expected: string) => `error(${sqlString(`${column.name}: ${expected} was expected`)})`
  const empty = `WHEN ${raw} IS NULL THEN ${column.nullable ? 'NULL' : wrong('a value')}`
  if (column.type === 'string') {
    const value = column.textual ? `left(${raw}, ${TEXTUAL_CHARACTERS_MAX})` : raw
    const oneLine = oneLineSql(raw)
    const fits = column.textual ? oneLine : `length(${raw}) <= ${charactersMax(column)} AND ${oneLine}`
    return `CASE ${empty} WHEN ${fits} THEN ${value} ELSE ${wrong('a shorter value on one line')} END`
  }
  const { stored, valid, expected } = TYPE_RULES[column.type]
  const value = column.type === 'boolean' ? booleanSql(raw) : `TRY_CAST(${raw} AS ${stored})`
  const inTime = isTime(column) ? ` AND ${value} > -${EPOCH_SECONDS_MAX} AND ${value} < ${EPOCH_SECONDS_MAX}` : ''
  return `CASE ${empty} WHEN ${valid(raw, value)}${inTime} THEN ${value} ELSE ${wrong(expected)} END`
}

/** Whether a value that is not null has no line ending in it, as none has in the plain twin, which sees one line at a time. */
export const oneLineSql = (raw: string): string => `(NOT contains(${raw}, chr(10)) AND NOT contains(${raw}, chr(13)))`

/** What was expected instead of the value, or undefined when it is as it should be. */
export function faultOf(column: Column, raw: string | null): string | undefined {
  if (raw === null) return column.nullable ? undefined : 'a value was expected: the schema allows no null'
  if (column.type === 'string') {
    if (column.textual || !isLonger(raw, charactersMax(column))) return undefined
    return `at most ${charactersMax(column)} characters were expected`
  }
  const { isValid, expected } = TYPE_RULES[column.type]
  if (!isValid(raw)) return `${isTime(column) ? TIME_EXPECTED : expected} was expected`
  if (isTime(column) && Math.abs(Number(raw)) >= EPOCH_SECONDS_MAX)
    return 'seconds since 1970 were expected, and this looks like milliseconds'
  return undefined
}

/** AWS's sentence, when the value is one of a categorical or other string column and too long. */
export function lengthSentence(column: Column, raw: string): string | undefined {
  if (column.type !== 'string' || column.textual || !isLonger(raw, charactersMax(column))) return undefined
  return `Length cannot be more than ${charactersMax(column)} characters for ${column.name}.`
}

/** DuckDB's cast takes t, yes and TRUE as well. */
const booleanSql = (raw: string): string => `(CASE trim(${raw}) WHEN 'true' THEN true WHEN 'false' THEN false END)`

const charactersMax = (column: Column): number =>
  ID_COLUMNS.includes(column.name) ? ID_CHARACTERS_MAX : STRING_CHARACTERS_MAX

const isTime = (column: Column): boolean => column.type === 'long' && TIME_COLUMNS.includes(column.name)

const matches = (raw: string, pattern: string): string => `regexp_full_match(${raw}, '${pattern}')`

const wholePattern = new RegExp(`^(?:${WHOLE})$`)
const decimalPattern = new RegExp(`^(?:${DECIMAL})$`)
const isWhole = (raw: string): boolean => wholePattern.test(raw)
const isDecimal = (raw: string): boolean => decimalPattern.test(raw)

/** BigInt() takes no plus sign. */
const bigInt = (raw: string): bigint => BigInt(raw.replace('+', ''))

/** In code points, as DuckDB's length() counts. A code point is one or two UTF-16 units. */
const isLonger = (text: string, charactersMax: number): boolean =>
  text.length > charactersMax && (text.length > 2 * charactersMax || [...text].length > charactersMax)
