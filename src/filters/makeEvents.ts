/**
 * Events from Parquet, packed as filters look at them (data.ts): of each user the distinct pairs of item (action) and event type.
 *
 *   DuckDB: users, items and types by name ascending ─► each event as three indexes, in any order ─► buckets of neighbouring users in scratch
 *   files ─► of one bucket after the other: by user, by code, repeats dropped ─► packed
 *
 * Memory: DuckDB's pool with some 400 MB beside it, 64 KB a bucket, and 12 bytes an event of one bucket; more only where a few users
 * have most events. Scratch: 8 bytes an event, and what DuckDB spills. Equal events make equal bytes.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { bytesOf, type DuckDb, integers, sqlParquet, sqlString, textOf } from '../datasets/duckdb.ts'
import { ID_END } from '../datasets/vocabulary.ts'
import { assert } from '../lib/assert.ts'
import { BitWriter, bitsFor, packedWords, WORD_BITS } from '../lib/packedBits.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { typeBitsFor } from './data.ts'
import { distinctByUser, EventBuckets, writeWhole } from './eventBuckets.ts'
import { EVENT_TYPES_MAX } from './limits.ts'
import { foldEventType } from './plan.ts'

export interface EventsQuery {
  /** Parquet of the imports; not empty. */
  readonly files: readonly string[]
  readonly target: 'ITEM_ID' | 'ACTION_ID'
  /** The newest so many of each user and type; all of them without it. */
  readonly perType: number | undefined
  /** BUCKET_EVENTS_MAX unless it says otherwise. */
  readonly bucketEvents?: number | undefined
}

/** What is in the files that were made. */
export interface EventsIndex {
  readonly users: IdsIndex
  readonly items: IdsIndex
  /** Folded, ascending; absent: there are too many to be told apart. */
  readonly types?: readonly string[]
  readonly bits: number
  readonly typeBits: number
  readonly codeCount: number
}

export interface IdsIndex {
  readonly count: number
  readonly bytes: number
  /** SHA-256 of the bytes. */
  readonly digest: string
}

export const EVENT_FILES = ['users', 'items', 'offsets', 'codes'] as const

/** Makes EVENT_FILES in `folder`. Throws the signal's reason when aborted. */
export async function makeEvents(
  db: DuckDb,
  query: EventsQuery,
  folder: string,
  control: WorkControl,
): Promise<EventsIndex> {
  const stage = (stage: string) => control.progress({ stage: `packing events: ${stage}`, done: 0, unit: 'events' })
  stage('indexing')
  await db.run('SET preserve_insertion_order = false')
  await db.run(await sourceSql(db, query))
  const [[rowCount]] = await db.rows('SELECT count(*) FROM source')
  const users = await writeIds(db, 'user', join(folder, 'users'))
  const items = await writeIds(db, 'target', join(folder, 'items'))
  const types = await makeTypes(db, items.count)
  const typeBits = typeBitsFor(types?.length ?? 0)
  const bits = bitsFor(items.count) + typeBits
  stage('sorting')
  const buckets = new EventBuckets(folder, users.count, Number(rowCount), query.bucketEvents)
  try {
    const joined = `FROM source JOIN ids_user ON user = ids_user.id JOIN ids_target ON target = ids_target.id`
    const sql = types
      ? `SELECT ids_user.index, ids_target.index, types.index ${joined} JOIN types ON type = types.name`
      : `SELECT ids_user.index, ids_target.index, 0::INTEGER ${joined}`
    for await (const chunk of db.chunks(sql)) {
      const [user, target, type] = [0, 1, 2].map(column => integers(chunk, column))
      for (let row = 0; row < chunk.rowCount; row++)
        buckets.add(user.getItem(row)!, ((target.getItem(row)! << typeBits) | type.getItem(row)!) >>> 0)
    }
    stage('packing')
    const codeCount = await packed(buckets, folder, users.count, bits, control)
    return { users, items, ...(types && { types }), bits, typeBits, codeCount }
  } finally {
    buckets.close()
  }
}

/** `source`: user, target, type, of the newest `perType` for each user and type, or of all. Where types were never written down they are ''. */
async function sourceSql(db: DuckDb, { files, target, perType }: EventsQuery): Promise<string> {
  const parts = sqlParquet(files, 'union_by_name = true')
  const columns = await db.rows(`DESCRIBE SELECT * FROM ${parts}`)
  const type = columns.some(([name]) => name === 'EVENT_TYPE') ? "coalesce(EVENT_TYPE, '')" : "''"
  if (perType === undefined)
    return `CREATE TEMP VIEW source AS SELECT USER_ID AS user, ${target} AS target, ${type} AS type FROM ${parts}`
  // An event imported twice is one; among equal times the item of the greater id is the newer.
  return `CREATE TEMP TABLE source AS SELECT user, target, type
    FROM (SELECT DISTINCT USER_ID AS user, ${target} AS target, ${type} AS type, TIMESTAMP AS time FROM ${parts})
    QUALIFY row_number() OVER (PARTITION BY user, lower(type) ORDER BY time DESC, target DESC) <= ${perType}`
}

/** The table `ids_…` (id, index), by bytes ascending, and a file of the same: each id's UTF-8 and its end. */
async function writeIds(db: DuckDb, column: 'user' | 'target', path: string): Promise<IdsIndex> {
  await db.run(`CREATE TEMP TABLE ids_${column} AS
    SELECT id, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS index FROM (SELECT DISTINCT ${column} AS id FROM source)`)
  const hash = createHash('sha256')
  const file = openSync(path, 'w')
  let count = 0
  let bytes = 0
  try {
    const end = Uint8Array.of(ID_END)
    for await (const chunk of db.chunks(`SELECT encode(id) FROM ids_${column} ORDER BY index`)) {
      const ids = chunk.getColumnValues(0).flatMap(id => [bytesOf(id), end])
      const piece = Buffer.concat(ids)
      writeWhole(file, piece)
      hash.update(piece)
      count += chunk.rowCount
      bytes += piece.length
    }
  } finally {
    closeSync(file)
  }
  return { count, bytes, digest: hash.digest('hex') }
}

/** `types` (name as written, index of its folded form), and the folded forms; undefined where they do not fit a code. */
async function makeTypes(db: DuckDb, itemCount: number): Promise<readonly string[] | undefined> {
  const rows = await db.rows(`SELECT DISTINCT encode(type) FROM source LIMIT ${EVENT_TYPES_MAX + 1}`)
  const names = rows.map(([name]) => textOf(name))
  const types = [...new Set(names.map(foldEventType))].sort()
  if (names.length > EVENT_TYPES_MAX || bitsFor(itemCount) + typeBitsFor(types.length) > WORD_BITS) return undefined
  await db.run('CREATE TEMP TABLE types (name VARCHAR, index INTEGER)')
  const values = names.map(name => `(${sqlString(name)}, ${types.indexOf(foldEventType(name))})`)
  if (values.length > 0) await db.run(`INSERT INTO types VALUES ${values.join(', ')}`)
  return types
}

/** Throws the Refusal of a filter that names types where there are too many to be told apart. */
export function refuseTypes(): never {
  throw new Refusal(
    `The interactions have more than ${EVENT_TYPES_MAX} different event types, or too many together with their items: a filter may then ask for any type alone.`,
  )
}

/** Writes `offsets` and `codes`; answers how many codes there are. */
async function packed(
  buckets: EventBuckets,
  folder: string,
  userCount: number,
  bits: number,
  { signal, progress }: WorkControl,
): Promise<number> {
  const [offsetsFile, codesFile] = ['offsets', 'codes'].map(name => openSync(join(folder, name), 'w'))
  const writeWords = (file: number, words: Uint32Array) =>
    writeWhole(file, new Uint8Array(words.buffer, words.byteOffset, words.byteLength))
  try {
    const writer = new BitWriter(bits, words => writeWords(codesFile, words))
    let codeCount = 0
    writeWords(offsetsFile, new Uint32Array(1))
    for (let bucket = 0; bucket < buckets.count; bucket++) {
      signal.throwIfAborted()
      progress({ stage: 'packing events: packing', done: bucket, total: buckets.count, unit: 'buckets' })
      const firstUser = bucket * buckets.usersEach
      const users = Math.min(buckets.usersEach, userCount - firstUser)
      const { offsets, codes } = distinctByUser(buckets.take(bucket), firstUser, users)
      for (let user = 0; user < users; user++) offsets[user + 1] += codeCount
      codeCount += codes.length
      assert(codeCount < 2 ** 32, 'places of events fit 32 bits')
      writeWords(offsetsFile, Uint32Array.from(offsets.subarray(1)))
      writer.write(codes)
      await nextTurn()
    }
    writer.finish()
    return codeCount
  } finally {
    closeSync(offsetsFile)
    closeSync(codesFile)
  }
}

/** Of the file `codes`. */
export const codeWords = ({ codeCount, bits }: EventsIndex): number => packedWords(codeCount, bits)
