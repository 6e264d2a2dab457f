/** The fast path of an import: DuckDB reads the text, splits it by the dialect of csvRecord.ts, checks every value and casts it. */
import { columnSql, oneLineSql } from './columnRules.ts'
import type { Quoting } from './csvRecord.ts'
import { sqlFiles, sqlName, sqlString } from './duckdb.ts'
import { LINE_BYTES_MAX } from './limits.ts'
import { storedName } from './parts.ts'
import type { DatasetSchema } from './schema.ts'
import type { CsvLayout } from './source.ts'

/** Without any escape, what DuckDB takes means the same either way, if it has no backslash. */
const ESCAPE: Readonly<Record<Quoting | 'undecided', string>> = { backslash: '\\', doubled: '"', undecided: '' }

/**
 * All columns are read as text, by position and under names of our own, and only then checked: DuckDB's own casts are too kind.
 * Its option new_line is left alone: DuckDB follows the file's own line endings, and refuses a mixture; told '\\r\\n' it finds no rows.
 * A record is one line even in columns that are passed over: two stray quotes, lines apart, would swallow what is between them.
 * Read as `undecided`, a backslash is refused like a bad value: csvQuoting.ts then decides.
 */
export function readCsvSql(
  paths: readonly string[],
  { columns }: CsvLayout,
  schema: DatasetSchema,
  quoting: Quoting | 'undecided',
): string {
  const texts = columns.map((_, place) => `'c${place}': 'VARCHAR'`)
  const used = schema.columns.map(column => columns.indexOf(column.name))
  const values = schema.columns.map(
    (column, i) => `${columnSql(column, `c${used[i]}`)} AS ${sqlName(storedName(column.name))}`,
  )
  const isNumber = (place: number) => used.includes(place) && schema.columns[used.indexOf(place)].type !== 'string'
  // Of a single column a blank line is a row of nothing to DuckDB, and of several none; an empty value in quotes is one either way.
  const alone = columns.length === 1
  const conditions = [
    ...(alone ? ['c0 IS NOT NULL', check(0, raw => `${raw} <> ''`, 'a value')] : []),
    ...columns
      .keys()
      .flatMap(place => [
        ...(used.includes(place) ? [] : [check(place, oneLineSql, 'a value on one line')]),
        ...(quoting !== 'undecided' || isNumber(place)
          ? []
          : [check(place, noBackslashSql, 'a value without backslash')]),
      ]),
  ]
  return `SELECT ${values.join(', ')} FROM read_csv(${sqlFiles(paths)}, auto_detect = false, header = true, columns = {${texts.join(', ')}},
    delim = ',', quote = '"', escape = ${sqlString(ESCAPE[quoting])}, nullstr = '', compression = 'none',
    strict_mode = true, max_line_size = ${LINE_BYTES_MAX}, allow_quoted_nulls = ${!alone}, hive_partitioning = false)
    WHERE ${[...conditions, 'true'].join(' AND ')}`
}

const check = (place: number, condition: (raw: string) => string, expected: string): string =>
  `(c${place} IS NULL OR ${condition(`c${place}`)} OR error('${expected} was expected'))`

const noBackslashSql = (raw: string): string => `NOT contains(${raw}, '\\')`

/** Its CSV reader and our error() in the checks both report so; a full disk or a lack of memory does not. */
export const isDataError = (error: unknown): error is Error =>
  error instanceof Error && error.message.startsWith('Invalid Input Error')
