/**
 * The parts of a dataset as rows of its present schema. A schema that replaced another keeps all of its columns and adds some that may be
 * null (lifecycle.md §6), so in parts that are older than a column it is null.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { WorkControl } from '../lib/work.ts'
import type { ObjectStore } from '../objects/objectStore.ts'
import { type DuckDb, sqlName, sqlParquet } from './duckdb.ts'
import type { ColumnType, DatasetSchema } from './schema.ts'

/** What one import brought: keys in the artifacts bucket, in order of the rows. */
export interface ImportedParts {
  readonly parts: readonly string[]
}

export interface PartsContext extends WorkControl {
  readonly artifacts: ObjectStore
  readonly scratchFolder: string
  readonly threads: number
}

/** As columnRules.ts casts them for Parquet. */
const STORED: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'DOUBLE',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
}

/** The parts of all imports as local files, in order. `name` is that of a folder in the scratch folder, not there yet. */
export async function localParts(
  imports: readonly ImportedParts[],
  name: string,
  bucket: string,
  { artifacts, scratchFolder, signal }: PartsContext,
): Promise<string[]> {
  const files: string[] = []
  for (const [place, key] of imports.flatMap(({ parts }) => parts).entries()) {
    const folder = join(scratchFolder, name, String(place))
    await mkdir(folder, { recursive: true })
    files.push(await artifacts.localFile({ bucket, key }, folder, { signal }))
  }
  return files
}

/** DuckDB's own columns of files that it reads, in whatever case: a part that has one of the name hides it, or cannot be read. */
const TAKEN = /^file_(index|row_number)$/i

/** What a column is called in a part. No name in a schema has a '#'. */
export const storedName = (name: string): string => (TAKEN.test(name) ? `${name}#` : name)

/** What is ordered by, of the rows of rowsSql: by files and by rows in them, both from 0. */
export const FILE_PLACE = '"#file"'
export const ROW_PLACE = '"#row"'

/**
 * A SELECT of all rows: the schema's columns by their names, and the rows' place by FILE_PLACE and ROW_PLACE, which ascend in the order of imports
 * and of the rows in them. `files` is not empty.
 */
export async function rowsSql(db: DuckDb, files: readonly string[], { columns }: DatasetSchema): Promise<string> {
  const parts = sqlParquet(files, 'union_by_name = true, file_row_number = true')
  const described = await db.rows(`DESCRIBE SELECT * EXCLUDE (file_row_number) FROM ${parts}`)
  const present = new Set(described.map(([name]) => name))
  const values = columns.map(({ name, type }) =>
    present.has(storedName(name))
      ? `${sqlName(storedName(name))} AS ${sqlName(name)}`
      : `NULL::${STORED[type]} AS ${sqlName(name)}`,
  )
  return `SELECT ${values.join(', ')}, file_index AS ${FILE_PLACE}, file_row_number AS ${ROW_PLACE} FROM ${parts}`
}
