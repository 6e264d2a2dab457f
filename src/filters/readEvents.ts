/**
 * Events from Parquet: for each user the distinct pairs of item (action) and event type. DuckDB finds the distinct ones and sorts them by
 * user, spilling if it must, so that they come as they are kept.
 */
import { DuckDBBlobValue, type DuckDBDataChunk, DuckDBIntegerVector } from '@duckdb/node-api'
import { type DuckDb, sqlParquet, sqlString } from '../datasets/duckdb.ts'
import type { Vocabulary } from '../datasets/vocabulary.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { DataAssembler } from './assemble.ts'
import { EVENT_TYPES_MAX } from './limits.ts'
import { foldEventType } from './plan.ts'

/**
 * Rows of (user, target, type), the newest `perType` for each user and type, or all. Where types do not matter (`any`) or were never
 * written down (not `typed`), they are ''.
 */
export function eventsSql(
  files: readonly string[],
  target: 'ITEM_ID' | 'ACTION_ID',
  { typed, any, perType }: { typed: boolean; any: boolean; perType: number | undefined },
): string | undefined {
  if (files.length === 0) return undefined
  const type = typed && !(any && perType === undefined) ? 'EVENT_TYPE' : "''"
  const parts = sqlParquet(files, 'union_by_name = true')
  if (perType === undefined) return `SELECT USER_ID AS user, ${target} AS target, ${type} AS type FROM ${parts}`
  // An event imported twice is one; among equal times the item of the greater id is the newer.
  return `SELECT user, target, type
    FROM (SELECT DISTINCT USER_ID AS user, ${target} AS target, ${type} AS type, TIMESTAMP AS time FROM ${parts})
    QUALIFY row_number() OVER (PARTITION BY user, lower(type) ORDER BY time DESC, target DESC) <= ${perType}`
}

/** `filter_users` (id, index) is there already. */
export async function readEvents(
  db: DuckDb,
  sql: string | undefined,
  wanted: readonly string[] | 'any' | 'every',
  candidates: Vocabulary,
  assembler: DataAssembler,
): Promise<void> {
  if (sql === undefined) {
    assembler.events(0, [])
    return
  }
  await db.run(`CREATE TEMP TABLE filter_events AS SELECT DISTINCT user, target, type FROM (${sql})`)
  const types = wanted === 'any' ? [] : await makeTypes(db, wanted)
  const rowOf = await makeTargets(db, candidates)
  const typeJoin = wanted === 'any' ? '' : 'JOIN filter_types ON type = filter_types.name'
  await db.run(`CREATE TEMP TABLE filter_pairs AS
    SELECT DISTINCT filter_users.index AS user, filter_targets.index AS target,
      ${wanted === 'any' ? '0' : 'filter_types.index'}::INTEGER AS type
    FROM filter_events JOIN filter_users ON user = filter_users.id JOIN filter_targets ON target = filter_targets.id ${typeJoin}`)
  const counts = await db.rows('SELECT target, count(*) FROM filter_pairs GROUP BY target')
  const pairCount = counts.reduce((sum, [target, count]) => sum + (rowOf[Number(target)] < 0 ? 0 : Number(count)), 0)
  const events = assembler.events(pairCount, types)
  for await (const chunk of db.chunks('SELECT user, target, type FROM filter_pairs ORDER BY user, target, type')) {
    const [users, targets, typeOf] = [0, 1, 2].map(column => integers(chunk, column))
    for (let at = 0; at < chunk.rowCount; at++) {
      const row = rowOf[targets.getItem(at)!]
      if (row >= 0) events.append(users.getItem(at)!, row, typeOf.getItem(at)!)
    }
  }
}

/** `filter_types` (name as written, index of its folded form), and the folded forms. */
async function makeTypes(db: DuckDb, wanted: readonly string[] | 'any' | 'every'): Promise<string[]> {
  const rows = await db.rows(`SELECT DISTINCT type FROM filter_events LIMIT ${EVENT_TYPES_MAX + 1}`)
  if (rows.length > EVENT_TYPES_MAX)
    throw new Refusal(
      `The interactions have more than ${EVENT_TYPES_MAX} different event types: a filter takes at most that many.`,
    )
  const names = rows
    .map(([name]) => String(name))
    .filter(name => wanted === 'every' || wanted.includes(foldEventType(name)))
  const types = [...new Set(names.map(foldEventType))].sort()
  const values = names.map(name => `(${sqlString(name)}, ${types.indexOf(foldEventType(name))})`)
  await db.run(`CREATE TEMP TABLE filter_types (name VARCHAR, index INTEGER)`)
  if (values.length > 0) await db.run(`INSERT INTO filter_types VALUES ${values.join(', ')}`)
  return types
}

/** `filter_targets` (id, index), and the candidate of each index, or -1. */
async function makeTargets(db: DuckDb, candidates: Vocabulary): Promise<Int32Array> {
  await db.run(`CREATE TEMP TABLE filter_targets AS
    SELECT id, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS index FROM (SELECT DISTINCT target AS id FROM filter_events)`)
  const [[count]] = await db.rows('SELECT count(*) FROM filter_targets')
  const rowOf = new Int32Array(Number(count))
  let index = 0
  for await (const chunk of db.chunks('SELECT encode(id) FROM filter_targets ORDER BY index'))
    for (const id of chunk.getColumnValues(0)) {
      assert(id instanceof DuckDBBlobValue)
      rowOf[index++] = candidates.indexOf(Buffer.from(id.bytes).toString('utf8'))
    }
  return rowOf
}

/** For a filter about users: what types of events each has. */
export async function readUserEventTypes(
  db: DuckDb,
  files: readonly string[],
  candidates: Vocabulary,
  assembler: DataAssembler,
): Promise<void> {
  if (files.length === 0) return
  const columns = await db.rows(`DESCRIBE SELECT * FROM ${sqlParquet(files, 'union_by_name = true')}`)
  const type = columns.some(([name]) => name === 'EVENT_TYPE') ? 'EVENT_TYPE' : "''"
  const sql = `SELECT DISTINCT encode(USER_ID), ${type} FROM ${sqlParquet(files, 'union_by_name = true')}`
  for await (const chunk of db.chunks(sql)) {
    const [ids, types] = [0, 1].map(column => chunk.getColumnValues(column))
    ids.forEach((id, at) => {
      assert(id instanceof DuckDBBlobValue)
      const row = candidates.indexOf(Buffer.from(id.bytes).toString('utf8'))
      if (row >= 0) assembler.eventType(row, foldEventType(String(types[at])))
    })
  }
}

function integers(chunk: DuckDBDataChunk, column: number): DuckDBIntegerVector {
  const vector = chunk.getColumnVector(column)
  assert(vector instanceof DuckDBIntegerVector)
  return vector
}
