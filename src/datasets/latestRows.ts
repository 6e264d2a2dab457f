/** Datasets of things (items, users, actions) as filters and trainings read them: one row a thing, and the last word on it counts. */
import type { DuckDBValue } from '@duckdb/node-api'
import { assert } from '../lib/assert.ts'
import { type DuckDb, sqlName, textOf } from './duckdb.ts'
import { FILE_PLACE, ROW_PLACE, rowsSql } from './parts.ts'
import { type DatasetSchema, isNumeric } from './schema.ts'
import { ID_OF_TYPE } from './schemaRules.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What a row says in one column: null where it says nothing; 'true' and 'false' where it is of type boolean. */
export type Cell = string | number | bigint | null

export interface Things {
  /** The parts of all imports, oldest first. */
  readonly files: readonly string[]
  readonly schema: DatasetSchema
}

/**
 * The cells of the newest row of each id that is in `ids`, at its index, in any order. A column that came into the schema after an import is
 * null in its rows.
 */
export async function readLatestRows(
  db: DuckDb,
  { files, schema }: Things,
  columns: readonly string[],
  ids: Vocabulary,
  take: (column: string, row: number, cell: Cell) => void,
): Promise<void> {
  if (columns.length === 0 || files.length === 0) return
  const isNumber = (name: string) => isNumeric(schema.columns.find(column => column.name === name)!)
  const selected = columns.map(name => (isNumber(name) ? sqlName(name) : `encode(${sqlName(name)}::VARCHAR)`))
  const id = ID_OF_TYPE[schema.datasetType]
  for await (const chunk of db.chunks(
    `SELECT encode(${id}), ${selected.join(', ')} FROM (${await newestSql(db, { files, schema })})`,
  )) {
    const rows = chunk.getColumnValues(0).map(value => ids.indexOf(textOf(value)))
    columns.forEach((column, place) => {
      chunk.getColumnValues(place + 1).forEach((value, at) => {
        if (rows[at] >= 0) take(column, rows[at], cellOf(value))
      })
    })
  }
}

/** A SELECT of the newest row of each id. Within one import ids are distinct already. */
export async function newestSql(db: DuckDb, { files, schema }: Things): Promise<string> {
  const rows = await rowsSql(db, files, schema)
  if (files.length === 1) return rows
  const id = ID_OF_TYPE[schema.datasetType]
  assert(id, 'a dataset of things has ids')
  return `SELECT * FROM (${rows}) QUALIFY row_number() OVER (PARTITION BY ${id} ORDER BY ${FILE_PLACE} DESC, ${ROW_PLACE} DESC) = 1`
}

function cellOf(value: DuckDBValue): Cell {
  if (value === null || typeof value === 'number' || typeof value === 'bigint') return value
  return textOf(value)
}
