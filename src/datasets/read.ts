/**
 * The INTERACTIONS dataset, from the Parquet of its imports to the arrays a model learns from.
 *
 *   all imports, oldest first ─► rows equal to an earlier one go ─► eventType, eventValueThreshold ─► at most so many items ─► indexes
 *                                                                                                     ─► one list a user
 *
 * Users are indexed by id bytes ascending, items by descending event count and then id bytes ascending, counted over what is left.
 * DuckDB hands rows out in any order, with the place each has among all rows; order is made from places, so it depends on nothing else.
 *
 * Memory: 36 bytes a row of the dataset at the peak, 44 with weights, 2 more a contextual column, the two vocabularies, and DuckDB's pool with some 400 MB beside it.
 * Source: spec/training.md "Data selection before training", datasets-schemas.md §4-5.
 */
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import type { ObjectStore } from '../objects/objectStore.ts'
import { readArrivals } from './arrivals.ts'
import { contextCodes, contextSelect, type ReadContextColumn } from './contexts.ts'
import { type DuckDb, sqlFiles, sqlParquet, sqlString, withDuckDb } from './duckdb.ts'
import { DOOMED, findDuplicates } from './duplicates.ts'
import { type EventWeight, placeSql, sharesOf } from './eventWeights.ts'
import { type Histories, historiesOf } from './histories.ts'
import { TRAINING_ROWS_MAX } from './limits.ts'
import { localParts } from './parts.ts'
import { readIds } from './readIds.ts'
import type { Column } from './schema.ts'
import type { Vocabulary } from './vocabulary.ts'

/** The keys of one import's parts, and how many rows they hold. */
export interface ImportedRows {
  readonly parts: readonly string[]
  readonly rowCount: number
}

export interface InteractionsQuery {
  /** Of the artifacts store. */
  readonly bucket: string
  /** The last FULL import of INTERACTIONS and the INCREMENTAL ones since, oldest first. */
  readonly interactions: readonly ImportedRows[]
  /** The same of ITEMS. */
  readonly items: readonly ImportedRows[]
  /** Only events of this type, whatever their case: the reference's filters compare event types so (spec/filters.md §1). */
  readonly eventType?: string | undefined
  /** Only events whose EVENT_VALUE is at least this; an event without a value has none. */
  readonly eventValueThreshold?: number | undefined
  /** Only events of these types, each with its weight; absent: all count alike. */
  readonly events?: readonly EventWeight[] | undefined
  /** Columns that are contexts of events; absent: none. */
  readonly contexts?: readonly Column[] | undefined
  /** The most items that may be kept; absent: any number. */
  readonly itemCountMax?: number | undefined
  /** Whether items without interactions are going to be taken in as well, within the same number. */
  readonly withNewItems?: boolean | undefined
}

export interface ReadContext extends WorkControl {
  readonly artifacts: ObjectStore
  readonly scratchFolder: string
  readonly threads: number
}

export interface InteractionData {
  readonly interactions: Histories
  readonly users: Vocabulary
  readonly items: Vocabulary
  /** Distinct items in Interactions, before any filter, and Items. An item imported twice, as INCREMENTAL does, is one. */
  readonly catalogueItemCount: number
  /** Items that had to go, with their interactions, since there are more than `itemCountMax`. */
  readonly droppedItemCount: number
  /** Of each of `interactions.contexts` what its codes mean. */
  readonly contextColumns: readonly ReadContextColumn[]
  /** Of the interactions, what this training does not read. */
  readonly unreadColumns: readonly string[]
}

const READ = ['USER_ID', 'ITEM_ID', 'TIMESTAMP', 'EVENT_TYPE', 'EVENT_VALUE', 'IMPRESSION']

/** Throws Refusal where the query does not fit the data. No rows left is no error: how many are needed is the recipe's affair. */
export async function readInteractions(query: InteractionsQuery, context: ReadContext): Promise<InteractionData> {
  const rowCount = query.interactions.reduce((sum, each) => sum + each.rowCount, 0)
  if (rowCount > TRAINING_ROWS_MAX)
    throw new Refusal(`The dataset has ${rowCount} interactions: a training takes at most ${TRAINING_ROWS_MAX}.`)
  if (rowCount === 0)
    throw new Refusal('The dataset has no interactions: none have been imported. Wait until an import job is ACTIVE.')
  return withDuckDb(context, async db => {
    const files = await localParts(query.interactions, 'interactions', query.bucket, context)
    const itemFiles = await localParts(query.items, 'items', query.bucket, context)
    await db.run('SET preserve_insertion_order = false')
    const droppedItemCount = await makeTables(db, files, itemFiles, rowCount, query, context)
    const users = await readIds(db, 'users ORDER BY index')
    const items = await readIds(db, 'items ORDER BY index')
    const contexts = await contextCodes(db, query.contexts ?? [])
    const arrivals = await readArrivals(db, rowCount, { shares: sharesOf(query.events), contexts }, context)
    const interactions = await historiesOf(arrivals, users.size, items.size, context)
    const catalogueItemCount = await countItems(db, files, itemFiles)
    const read = [...READ, ...(query.contexts ?? []).map(({ name }) => name)]
    const unreadColumns = (await columnsOf(db, files)).filter(name => !read.includes(name))
    const { columns: contextColumns } = contexts
    return { interactions, users, items, catalogueItemCount, droppedItemCount, contextColumns, unreadColumns }
  })
}

/** `kept`, the rows that count with their places; `users` and `items`, their ids with their indexes. Answers how many items had to go. */
async function makeTables(
  db: DuckDb,
  files: readonly string[],
  itemFiles: readonly string[],
  rowCount: number,
  query: InteractionsQuery,
  { progress }: ReadContext,
): Promise<number> {
  const stage = (stage: string) => progress({ stage: `reading interactions: ${stage}`, done: 0, unit: 'rows' })
  const columns = await columnsOf(db, files)
  const several = query.interactions.length > 1
  if (several) {
    stage('looking for duplicates')
    await findDuplicates(db, files, columns, 'first')
  }
  const starts = await rowStarts(db, files, rowCount)
  const { contexts = [] } = query
  // Parts of before a column came have none.
  const options = ['file_row_number = true', ...(contexts.length > 0 ? ['union_by_name = true'] : [])]
  const rows = sqlParquet(files, ...options)
  const present =
    contexts.length > 0 ? (await db.rows(`DESCRIBE SELECT * FROM ${rows}`)).map(([name]) => String(name)) : []
  await db.run(`CREATE TEMP VIEW kept AS
    SELECT USER_ID, ITEM_ID, TIMESTAMP, ${placeSql(query.events)} AS weight, [${starts.join(', ')}][file_index::BIGINT + 1] + file_row_number AS place${contextSelect(contexts, present)}
    FROM ${rows} AS parts
    ${several ? `ANTI JOIN ${DOOMED} ON file_index = ${DOOMED}.file AND file_row_number = ${DOOMED}.row` : ''}
    WHERE ${conditions(query, columns).join(' AND ') || 'true'}`)
  stage('indexing')
  await db.run(`CREATE TEMP TABLE users AS
    SELECT id, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS index FROM (SELECT DISTINCT USER_ID AS id FROM kept)`)
  await db.run(`CREATE TEMP TABLE found AS
    SELECT ITEM_ID AS id, count(*) AS events, max(TIMESTAMP) AS newest FROM kept GROUP BY ITEM_ID`)
  const [[found]] = await db.rows('SELECT count(*) FROM found')
  const itemCount = Number(found)
  const room = await itemRoom(db, itemFiles, query)
  if (itemCount > room) stage(`the ${room} of ${itemCount} items with the newest interactions`)
  await db.run(`CREATE TEMP TABLE items AS
    SELECT id, (row_number() OVER (ORDER BY events DESC, id) - 1)::INTEGER AS index
    FROM (FROM found ${itemCount > room ? `ORDER BY newest DESC, events DESC, id LIMIT ${room}` : ''})`)
  return Math.max(0, itemCount - room)
}

/**
 * For how many items with interactions there is room. Of more items than a recipe takes, those without interactions and those with
 * recent ones go before (spec/recipes.md §3); half of the room stays for the latter, without whom there would be nothing to learn.
 */
async function itemRoom(db: DuckDb, itemFiles: readonly string[], query: InteractionsQuery): Promise<number> {
  const { itemCountMax = Number.POSITIVE_INFINITY, withNewItems } = query
  if (itemCountMax === Number.POSITIVE_INFINITY || !withNewItems || itemFiles.length === 0) return itemCountMax
  const [[fresh]] = await db.rows(
    `SELECT count(DISTINCT ITEM_ID) FROM ${sqlParquet(itemFiles)} ANTI JOIN found ON ITEM_ID = found.id`,
  )
  return itemCountMax - Math.min(Number(fresh), Math.floor(itemCountMax / 2))
}

/** The place of each file's first row among all rows. DuckDB tells of the files in any order. */
async function rowStarts(db: DuckDb, files: readonly string[], rowCountWanted: number): Promise<number[]> {
  const rows = await db.rows(`SELECT file_name, num_rows FROM parquet_file_metadata(${sqlFiles(files)})`)
  const rowCounts = new Map(rows.map(([file, rowCount]) => [file, Number(rowCount)]))
  let start = 0
  const starts = files.map(file => {
    const rowCount = rowCounts.get(file)
    assert(rowCount !== undefined, 'every file has a number of rows')
    start += rowCount
    return start - rowCount
  })
  assert(start === rowCountWanted, 'the parts of imports hold as many rows as they are said to')
  return starts
}

async function columnsOf(db: DuckDb, files: readonly string[]): Promise<string[]> {
  const described = await db.rows(`DESCRIBE SELECT * FROM ${sqlParquet(files)}`)
  return described.map(([name]) => String(name))
}

function conditions(query: InteractionsQuery, columns: readonly string[]): string[] {
  const { eventType, eventValueThreshold, events = [] } = query
  const found: string[] = []
  if (events.length > 0 && !columns.includes('EVENT_TYPE'))
    throw new Refusal('Types of events have weights, and the INTERACTIONS schema has no field EVENT_TYPE.')
  if (events.some(each => each.eventValueThreshold !== undefined) && !columns.includes('EVENT_VALUE'))
    throw new Refusal('A type of events has a threshold, and the INTERACTIONS schema has no field EVENT_VALUE.')
  if (eventType !== undefined) {
    if (!columns.includes('EVENT_TYPE'))
      throw new Refusal(
        `Only events of type '${eventType}' are asked for, and the INTERACTIONS schema has no field EVENT_TYPE.`,
      )
    found.push(`lower(EVENT_TYPE) = lower(${sqlString(eventType)})`)
  }
  if (eventValueThreshold !== undefined) {
    assert(Number.isFinite(eventValueThreshold), 'a threshold is a number')
    if (!columns.includes('EVENT_VALUE'))
      throw new Refusal(
        `Only events with a value of at least ${eventValueThreshold} are asked for, and the INTERACTIONS schema has no field EVENT_VALUE.`,
      )
    found.push(`EVENT_VALUE >= ${eventValueThreshold}::DOUBLE`)
  }
  if (query.events) found.push(`${placeSql(query.events)} IS NOT NULL`)
  return found
}

async function countItems(db: DuckDb, files: readonly string[], itemFiles: readonly string[]): Promise<number> {
  const ids = [files, itemFiles].filter(each => each.length > 0).map(each => `SELECT ITEM_ID FROM ${sqlParquet(each)}`)
  const [[count]] = await db.rows(`SELECT count(DISTINCT ITEM_ID) FROM (${ids.join(' UNION ALL ')})`)
  return Number(count)
}
