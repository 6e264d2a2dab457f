/**
 * The rows of a dataset as CSV that an import reads back as the same rows: header line in the schema's names and order, the dialect of
 * csvRecord.ts, null as an empty field, rows in the order in which they came.
 *
 * Memory: DuckDB's pool (DUCKDB_MEMORY_BYTES), whatever the size. Scratch: the whole of the output, and what DuckDB spills.
 * Source: spec/datasets-schemas.md §3, §7.
 */
import { join } from 'node:path'
import { sqlNames, sqlString, withDuckDb } from './duckdb.ts'
import { FILE_PLACE, type ImportedParts, localParts, type PartsContext, ROW_PLACE, rowsSql } from './parts.ts'
import { type DatasetSchema, type DatasetType, parseSchema } from './schema.ts'

export interface ExportQuery {
  /** Of the artifacts store. */
  readonly bucket: string
  readonly imports: readonly ImportedParts[]
  /** Avro JSON. */
  readonly schema: string
  /** Of things with ids: the newest row of each id. Else every row; those equal in all fields once in either case. */
  readonly newestOnly: boolean
}

/** A dataset of things: what their id is called. */
const ID_OF_TYPE: { readonly [type in DatasetType]?: string } = {
  ITEMS: 'ITEM_ID',
  USERS: 'USER_ID',
  ACTIONS: 'ACTION_ID',
}

/** Writes a file in the scratch folder; tells its path and how many rows are in it. */
export async function exportCsv(
  query: ExportQuery,
  context: PartsContext,
): Promise<{ readonly file: string; readonly rowCount: number }> {
  const schema = parseSchema(query.schema)
  const file = join(context.scratchFolder, 'export.csv')
  const files = await localParts(query.imports, 'parts', query.bucket, context)
  const report = (share: number) =>
    context.progress({ stage: 'export: writing', done: Math.round(share * 100), total: 100, unit: 'percent' })
  const rowCount = await withDuckDb(context, async db => {
    const rows = files.length === 0 ? noRows(schema) : await rowsSql(db, files, schema)
    const kept = query.imports.length > 1 ? keptSql(schema, query.newestOnly) : ''
    const sql = `COPY (SELECT ${names(schema)} FROM (${rows}) ${kept} ORDER BY ${FILE_PLACE}, ${ROW_PLACE})
      TO ${sqlString(file)} (FORMAT csv, HEADER, DELIMITER ',', QUOTE '"', ESCAPE '\\', NULLSTR '')`
    return db.run(sql, report)
  })
  return { file, rowCount }
}

const names = ({ columns }: DatasetSchema): string => sqlNames(columns.map(({ name }) => name))

const noRows = (schema: DatasetSchema): string =>
  `SELECT ${schema.columns.map(({ name }) => `NULL AS ${sqlNames([name])}`).join(', ')},
    0 AS ${FILE_PLACE}, 0 AS ${ROW_PLACE} WHERE false`

/** One import has no two rows that are equal, and no two of one id; several may. */
function keptSql(schema: DatasetSchema, newestOnly: boolean): string {
  const id = newestOnly ? ID_OF_TYPE[schema.datasetType] : undefined
  const [key, order] = id === undefined ? [names(schema), 'ASC'] : [sqlNames([id]), 'DESC']
  return `QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ${FILE_PLACE} ${order}, ${ROW_PLACE} ${order}) = 1`
}
