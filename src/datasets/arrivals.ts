/** The rows that count, from the tables of read.ts to arrays in the order in which they were imported. */
import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { WorkControl } from '../lib/work.ts'
import type { ContextSql } from './contexts.ts'
import { type DuckDb, doubles, integers } from './duckdb.ts'
import type { Arrivals } from './histories.ts'

/** `shares`: the weight of an event by the place of its type. Without contexts nothing is joined or kept for them. */
export async function readArrivals(
  db: DuckDb,
  rowCount: number,
  { shares, contexts }: { shares: readonly number[] | undefined; contexts: ContextSql },
  { progress }: WorkControl,
): Promise<Arrivals> {
  const users = new Int32Array(rowCount).fill(-1)
  const items = new Int32Array(rowCount)
  const times = new Float64Array(rowCount)
  const weights = shares && new Float32Array(rowCount)
  const codes = contexts.codes.length > 0 ? contexts.codes.map(() => new Uint8Array(rowCount)) : undefined
  let done = 0
  const more = contexts.codes.map(code => `, ${code}`).join('')
  const rows = db.chunks(`SELECT users.index, items.index, TIMESTAMP::DOUBLE, place::INTEGER, weight${more}
    FROM kept JOIN users ON USER_ID = users.id JOIN items ON ITEM_ID = items.id ${contexts.joins}`)
  for await (const chunk of rows) {
    scatter(chunk, { users, items, times, weights, contexts: codes }, shares)
    done += chunk.rowCount
    progress({ stage: 'reading interactions: rows', done, total: rowCount, unit: 'rows' })
  }
  return { users, items, times, ...(weights && { weights }), ...(codes && { contexts: codes }) }
}

function scatter(
  chunk: DuckDBDataChunk,
  { users, items, times, weights, contexts = [] }: Arrivals,
  shares: readonly number[] = [],
): void {
  const [user, item, place, type] = [0, 1, 3, 4].map(column => integers(chunk, column))
  const time = doubles(chunk, 2)
  for (let row = 0; row < chunk.rowCount; row++) {
    const at = place.getItem(row)!
    users[at] = user.getItem(row)!
    items[at] = item.getItem(row)!
    times[at] = time.getItem(row)!
    if (weights) weights[at] = shares[type.getItem(row)!]
  }
  for (const [column, codes] of contexts.entries()) {
    const vector = integers(chunk, 5 + column)
    for (let row = 0; row < chunk.rowCount; row++) codes[place.getItem(row)!] = vector.getItem(row)!
  }
}
