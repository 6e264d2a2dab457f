/**
 * Rows that say the same, found in Parquet files by a hash of each row: eight bytes a row to group, and the rows themselves only where
 * hashes meet. Nothing is written when nothing is double, which is the common case.
 */
import { type DuckDb, sqlNames, sqlParquet } from './duckdb.ts'

/** `doomed(file, row)`: what has to go, by place in the list of files and in the file, both from 0. */
export const DOOMED = 'doomed'

/**
 * Makes the table DOOMED of all rows but one of those that are equal in `columns`; the first or the last stays, by order of files and of
 * rows in them. Nulls equal nulls. Returns how many there are in each file that has some, by its place in the list.
 */
export async function findDuplicates(
  db: DuckDb,
  files: readonly string[],
  columns: readonly string[],
  keep: 'first' | 'last',
): Promise<Map<number, number>> {
  const key = sqlNames(columns)
  const order = keep === 'first' ? 'ASC' : 'DESC'
  await db.run(`CREATE OR REPLACE TEMP TABLE repeated AS
    SELECT h FROM (SELECT hash(${key}) AS h FROM ${sqlParquet(files)}) GROUP BY h HAVING count(*) > 1`)
  await db.run(`CREATE OR REPLACE TEMP TABLE ${DOOMED} AS
    SELECT file, row FROM (
      SELECT file_index AS file, file_row_number AS row,
        row_number() OVER (PARTITION BY ${key} ORDER BY file_index ${order}, file_row_number ${order}) AS place
      FROM ${sqlParquet(files, 'file_row_number = true')}
      WHERE hash(${key}) IN (SELECT h FROM repeated))
    WHERE place > 1`)
  const counts = await db.rows(`SELECT file, count(*) FROM ${DOOMED} GROUP BY file`)
  return new Map(counts.map(([file, count]) => [Number(file), Number(count)]))
}
