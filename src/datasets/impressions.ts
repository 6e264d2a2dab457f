/**
 * What people were shown and what of it they took: the column IMPRESSION of INTERACTIONS, ids between `|`, beside the item of the event
 * (spec/datasets-schemas.md §3). Every event tells of what was shown, whatever its type.
 */
import { sqlParquet, textOf, withDuckDb } from './duckdb.ts'
import { localParts } from './parts.ts'
import type { ImportedRows, ReadContext } from './read.ts'
import type { Vocabulary } from './vocabulary.ts'

/** u32 of each item: in how many impressions it was, and in how many of these it was the item of the event. */
export interface Impressions {
  readonly shown: Uint32Array
  readonly taken: Uint32Array
}

/** An item counts once in an impression. Undefined where there is no such column, or nothing in it about any of `items`. */
export async function readImpressions(
  imports: readonly ImportedRows[],
  items: Vocabulary,
  bucket: string,
  context: ReadContext,
): Promise<Impressions | undefined> {
  if (imports.every(({ rowCount }) => rowCount === 0)) return undefined
  return withDuckDb(context, async db => {
    const files = await localParts(imports, 'impressions', bucket, context)
    const described = await db.rows(`DESCRIBE SELECT * FROM ${sqlParquet(files)}`)
    if (!described.some(([name]) => name === 'IMPRESSION')) return undefined
    context.progress({ stage: 'reading impressions', done: 0, unit: 'rows' })
    const found = await db.rows(`SELECT encode(id), count(*), count(*) FILTER (id = ITEM_ID)
      FROM (SELECT unnest(list_distinct(string_split(IMPRESSION, '|'))) AS id, ITEM_ID
        FROM ${sqlParquet(files)} WHERE IMPRESSION IS NOT NULL)
      GROUP BY id`)
    const [shown, taken] = [new Uint32Array(items.size), new Uint32Array(items.size)]
    let known = 0
    for (const [id, of, own] of found) {
      const item = items.indexOf(textOf(id))
      if (item < 0) continue
      known++
      shown[item] = Number(of)
      taken[item] = Number(own)
    }
    return known === 0 ? undefined : { shown, taken }
  })
}
