/** Ids of a table of DuckDB's as a vocabulary. */
import { bytesOf, type DuckDb } from './duckdb.ts'
import { type Vocabulary, VocabularyBuilder } from './vocabulary.ts'

/** The column `id` of what `from` names, a table or a query in parentheses, in the order that it asks for; none NULL, none twice. */
export async function readIds(db: DuckDb, from: string): Promise<Vocabulary> {
  const builder = new VocabularyBuilder()
  for await (const chunk of db.chunks(`SELECT encode(id) FROM ${from}`))
    for (const id of chunk.getColumnValues(0)) builder.addUtf8(bytesOf(id))
  return builder.finish()
}
