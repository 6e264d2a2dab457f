/** What types of events each user has: a column of theirs, for a filter about users. */
import { type DuckDb, sqlParquet, textOf } from '../datasets/duckdb.ts'
import type { Vocabulary } from '../datasets/vocabulary.ts'
import type { DataAssembler } from './assemble.ts'
import { foldEventType } from './plan.ts'

export async function readUserEventTypes(
  db: DuckDb,
  files: readonly string[],
  candidates: Vocabulary,
  assembler: DataAssembler,
): Promise<void> {
  if (files.length === 0) return
  const columns = await db.rows(`DESCRIBE SELECT * FROM ${sqlParquet(files, 'union_by_name = true')}`)
  const type = columns.some(([name]) => name === 'EVENT_TYPE') ? "coalesce(EVENT_TYPE, '')" : "''"
  const sql = `SELECT DISTINCT encode(USER_ID), encode(${type}) FROM ${sqlParquet(files, 'union_by_name = true')}`
  for await (const chunk of db.chunks(sql)) {
    const [ids, types] = [0, 1].map(column => chunk.getColumnValues(column))
    ids.forEach((id, at) => {
      const row = candidates.indexOf(textOf(id))
      if (row >= 0) assembler.eventType(row, foldEventType(textOf(types[at])))
    })
  }
}
