/**
 * Contexts of events: the columns of INTERACTIONS that are nobody's but the caller's, a device, a shop, an hour (spec/datasets-schemas.md §1). Every event
 * gets a code of one byte a column: 0 where the value is null or rare, v + 1 for value v. The rules say what the values are, also for a record that comes
 * later (models/contextLifts.ts, the same shape, which this layer may not see).
 *
 *   categorical   a whole text is a value, `a|b` too; those of at least VALUE_EVENTS_MIN events, the most frequent first, of equal ones by their bytes
 *   numeric       each number by itself where there are at most OWN_NUMBERS_MAX, else eighths of the events
 */
import { assert } from '../lib/assert.ts'
import { type DuckDb, sqlName, sqlString, textOf } from './duckdb.ts'
import { storedName } from './parts.ts'
import { type Column, isNumeric } from './schema.ts'

/** Those of a text, or those of numbers of at least `from` and less than `below`, where they are given. */
export interface ContextRule {
  readonly column: string
  readonly category?: string
  readonly from?: number
  readonly below?: number
}

export interface ReadContextColumn {
  readonly name: string
  /** One a value. */
  readonly rules: readonly ContextRule[]
}

/** Codes are bytes, and 0 is taken. A column of more values names things rather than circumstances. */
const VALUES_MAX = 255
/** As many as the reference wants people to learn from (spec/recipes.md §3): of a rarer value nothing is known. */
const VALUE_EVENTS_MIN = 25
/** Hours, weekdays and months are that many. */
const OWN_NUMBERS_MAX = 32
const BUCKETS = 8

export interface ContextSql {
  readonly columns: readonly ReadContextColumn[]
  /** Of each column the code of a row of `kept`, as an INTEGER. */
  readonly codes: readonly string[]
  /** What the codes need to be joined with. */
  readonly joins: string
}

/** The name of a column in `kept`. */
const contextName = (place: number): string => `context_${place}`

/** `kept` has the columns under their contextName. Tables are made for the codes. A column without two values tells nothing and is left out. */
export async function contextCodes(db: DuckDb, columns: readonly Column[]): Promise<ContextSql> {
  const found: { column: ReadContextColumn; code: string; join: string }[] = []
  for (const [place, column] of columns.entries()) {
    const read = isNumeric(column) ? await numberCodes(db, column, place) : await categoryCodes(db, column, place)
    if (read.column.rules.length > 1) found.push(read)
  }
  return {
    columns: found.map(({ column }) => column),
    codes: found.map(({ code }) => code),
    joins: found.map(({ join }) => join).join(' '),
  }
}

async function categoryCodes(db: DuckDb, { name }: Column, place: number) {
  const [own, table] = [contextName(place), `values_${place}`]
  await db.run(`CREATE TEMP TABLE ${table} AS
    SELECT value, row_number() OVER (ORDER BY events DESC, encode(value))::INTEGER AS code
    FROM (SELECT ${own} AS value, count(*) AS events FROM kept WHERE ${own} IS NOT NULL GROUP BY ${own})
    WHERE events >= ${VALUE_EVENTS_MIN} ORDER BY code LIMIT ${VALUES_MAX}`)
  const values = await db.rows(`SELECT encode(value) FROM ${table} ORDER BY code`)
  return {
    column: { name, rules: values.map(([value]) => ({ column: name, category: textOf(value) })) },
    code: `coalesce(${table}.code, 0)`,
    join: `LEFT JOIN ${table} ON ${own} = ${table}.value`,
  }
}

async function numberCodes(db: DuckDb, { name }: Column, place: number) {
  const value = `${contextName(place)}::DOUBLE`
  const known = `SELECT ${value} AS value FROM kept WHERE ${contextName(place)} IS NOT NULL AND isfinite(${value})`
  const distinct = await db.rows(`SELECT DISTINCT value FROM (${known}) ORDER BY value LIMIT ${OWN_NUMBERS_MAX + 1}`)
  const ranks = Array.from({ length: BUCKETS - 1 }, (_, b) => (b + 1) / BUCKETS)
  const starts =
    distinct.length <= OWN_NUMBERS_MAX
      ? distinct.slice(1)
      : await db.rows(
          `SELECT DISTINCT unnest(quantile_disc(value, [${ranks.join(', ')}])) AS start FROM (${known}) ORDER BY start`,
        )
  const borders = starts.map(([start]) => {
    assert(typeof start === 'number')
    return start
  })
  const rules = Array.from({ length: distinct.length === 0 ? 0 : borders.length + 1 }, (_, bucket) => ({
    column: name,
    ...(bucket > 0 && { from: borders[bucket - 1] }),
    ...(bucket < borders.length && { below: borders[bucket] }),
  }))
  const above = borders.map(border => ` + (${value} >= ${sqlString(String(border))}::DOUBLE)::INTEGER`)
  return {
    column: { name, rules },
    code: `(CASE WHEN isfinite(${value}) THEN 1${above.join('')} ELSE 0 END)::INTEGER`,
    join: '',
  }
}

/** What `kept` takes from the files for them, numbers or texts ('true' and 'false' of a boolean); a column that no import has yet is null. */
export const contextSelect = (columns: readonly Column[], present: readonly string[]): string =>
  columns
    .map((column, place) => {
      const name = storedName(column.name)
      const value = present.includes(name) ? sqlName(name) : 'NULL'
      return `, ${value}::${isNumeric(column) ? 'DOUBLE' : 'VARCHAR'} AS ${contextName(place)}`
    })
    .join('')
