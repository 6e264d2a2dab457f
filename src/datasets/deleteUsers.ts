/**
 * Data deletion: the users whose ids a CSV names go out of every part that has a USER_ID. A part that has rows of theirs is written anew
 * without them, under a key of its own; the old one stays as it is until the caller no longer names it.
 *
 * Source: spec/datasets-schemas.md §8, quotas.md §5.
 */
import { createReadStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { formatAddress, ObjectError, type ObjectStore, parseAddress } from '../objects/objectStore.ts'
import { findBadRows } from './badRows.ts'
import { findQuoting } from './csvQuoting.ts'
import { isDataError, readCsvSql } from './csvReader.ts'
import { type DuckDb, sqlParquet, sqlString, withDuckDb } from './duckdb.ts'
import { asFailureReason } from './failureReason.ts'
import { IMPORT_OBJECTS_MAX } from './limits.ts'
import { readIds } from './readIds.ts'
import type { DatasetSchema } from './schema.ts'
import { readLayout, type SourceObject } from './source.ts'
import { type Vocabulary, VocabularyBuilder } from './vocabulary.ts'

const userIds: DatasetSchema = {
  datasetType: 'USERS',
  columns: [{ name: 'USER_ID', type: 'string', nullable: false, categorical: false, textual: false, itemName: false }],
}

export interface UserDeletion {
  /** s3://bucket/key of an object, or of a folder when it ends in /. */
  readonly source: string
  /** Of all its objects together. */
  readonly sourceBytesMax: number
  /** Of the artifacts store. */
  readonly bucket: string
  /** Every part that may have a USER_ID, each once. */
  readonly parts: readonly string[]
  /** What the INTERACTIONS and the ITEMS dataset hold: they decide which items are still known afterwards. */
  readonly interactions: readonly string[]
  readonly items: readonly string[]
  /** Where new parts go: a prefix that is this attempt's alone and ends in /. */
  readonly targetPrefix: string
}

export interface WrittenAnew {
  readonly part: string
  /** The key of what is left; absent: nothing is. */
  readonly key?: string
  readonly removedCount: number
}

export interface DeletedUsers {
  readonly parts: readonly WrittenAnew[]
  readonly users: Vocabulary
  /** Known through these users' interactions alone. */
  readonly items: Vocabulary
}

export interface DeletionContext extends WorkControl {
  readonly objects: ObjectStore
  readonly artifacts: ObjectStore
  readonly scratchFolder: string
  readonly threads: number
}

/** Throws Refusal with the job's failureReason. */
export async function deleteUsers(deletion: UserDeletion, context: DeletionContext): Promise<DeletedUsers> {
  return withDuckDb(context, async db => {
    await readUserIds(db, deletion, context)
    const files = new Map<string, string>()
    for (const key of new Set([...deletion.parts, ...deletion.interactions, ...deletion.items])) {
      const folder = join(context.scratchFolder, 'parts', String(files.size))
      await mkdir(folder, { recursive: true })
      files.set(key, await context.artifacts.localFile({ bucket: deletion.bucket, key }, folder, context))
    }
    const filesOf = (keys: readonly string[]) => keys.map(key => files.get(key)!)
    const items = await lostItems(db, filesOf(deletion.interactions), filesOf(deletion.items))
    const parts: WrittenAnew[] = []
    for (const [place, part] of deletion.parts.entries()) {
      context.progress({ stage: 'deletion: datasets', done: place, total: deletion.parts.length, unit: 'parts' })
      const written = await withoutUsers(db, part, files.get(part)!, place, deletion, context)
      if (written) parts.push(written)
    }
    return { parts, users: await readIds(db, 'gone ORDER BY id'), items }
  })
}

/** Makes the table `gone(id)`. */
async function readUserIds(db: DuckDb, deletion: UserDeletion, context: DeletionContext): Promise<void> {
  await db.run('CREATE TEMP TABLE gone (id VARCHAR)')
  try {
    const found = await findCsv(context.objects, deletion, context.signal)
    for (const [place, object] of found.entries()) {
      context.progress({ stage: 'deletion: user ids', done: place, total: found.length, unit: 'objects' })
      await readObject(db, object, place, context)
    }
    const [[count]] = await db.rows('SELECT count(*) FROM gone')
    if (Number(count) === 0) throw new Refusal('The input has no rows below its header line.')
    await db.run('CREATE OR REPLACE TEMP TABLE gone AS SELECT DISTINCT id FROM gone')
  } catch (error) {
    throw error instanceof Refusal ? asFailureReason('Failed to create a data deletion job.', error) : error
  }
}

async function readObject(db: DuckDb, object: SourceObject, place: number, context: DeletionContext): Promise<void> {
  const { objects, scratchFolder, signal } = context
  const layout = await readLayout(objects, object.address, userIds, signal)
  if (layout.columns.length !== 1) {
    throw new Refusal(
      `The header line of ${formatAddress(object.address)} has the columns [${layout.columns.join(', ')}]: USER_ID alone was expected.`,
    )
  }
  const folder = join(scratchFolder, 'input', String(place))
  await mkdir(folder, { recursive: true })
  const path = await objects.localFile(object.address, folder, { signal })
  const inputs = [{ ...object, layout }]
  // Before anything is read: a quote misread would name another user.
  const found = await findQuoting(objects, inputs, context)
  if (found.faulty) throw await badRows('the quotes are wrong')
  try {
    await db.run(`INSERT INTO gone ${readCsvSql([path], layout, userIds, found.quoting)}`)
  } catch (error) {
    if (!isDataError(error)) throw error
    throw await badRows(error.message)
  }

  async function badRows(why: string): Promise<Refusal> {
    const { count, sentences } = await findBadRows(objects, inputs, userIds, context, found)
    assert(count > 0, `the plain check finds nothing wrong where the reader says: ${why}`)
    return new Refusal([`The input has ${count} bad ${count === 1 ? 'row' : 'rows'}:`, ...sentences].join(' '))
  }
}

/** The object of that name; of a folder, every object below it whose name ends in .csv, whatever its case. */
async function findCsv(
  objects: ObjectStore,
  { source, sourceBytesMax }: UserDeletion,
  signal: AbortSignal,
): Promise<SourceObject[]> {
  const { bucket, key } = parseAddress(source)
  const found: SourceObject[] = []
  if (key !== '' && !key.endsWith('/')) {
    const object = await objects.head({ bucket, key }, { signal })
    if (!object) throw new ObjectError('NoSuchObject', `There is no object ${source}; the path of a folder ends in /.`)
    found.push({ address: { bucket, key }, bytes: object.bytes })
  } else {
    for await (const object of objects.list(bucket, key, { signal })) {
      if (!/\.csv$/i.test(object.key)) continue
      found.push({ address: { bucket, key: object.key }, bytes: object.bytes })
      if (found.length > IMPORT_OBJECTS_MAX)
        throw new Refusal(
          `There are more than ${IMPORT_OBJECTS_MAX} objects under ${source}: a job takes at most that many.`,
        )
    }
    if (found.length === 0) throw new ObjectError('NoSuchObject', `There is no .csv object under ${source}.`)
  }
  const bytes = found.reduce((sum, object) => sum + object.bytes, 0)
  if (bytes > sourceBytesMax)
    throw new Refusal(`The input has ${bytes} bytes: a data deletion job takes at most ${sourceBytesMax}.`)
  return found
}

/** Undefined: the part has no rows of theirs. */
async function withoutUsers(
  db: DuckDb,
  part: string,
  file: string,
  place: number,
  { bucket, targetPrefix }: UserDeletion,
  { artifacts, scratchFolder, signal }: DeletionContext,
): Promise<WrittenAnew | undefined> {
  const rows = sqlParquet([file])
  const columns = (await db.rows(`DESCRIBE SELECT * FROM ${rows}`)).map(([name]) => name)
  if (!columns.includes('USER_ID')) return undefined
  const [[removed]] = await db.rows(`SELECT count(*) FROM ${rows} SEMI JOIN gone ON USER_ID = gone.id`)
  const removedCount = Number(removed)
  if (removedCount === 0) return undefined
  const anew = join(scratchFolder, `anew-${place}.parquet`)
  const left = await db.run(`COPY (SELECT * EXCLUDE (file_row_number)
    FROM ${sqlParquet([file], 'file_row_number = true')} ANTI JOIN gone ON USER_ID = gone.id
    ORDER BY file_row_number) TO ${sqlString(anew)} (FORMAT parquet, COMPRESSION zstd)`)
  if (left === 0) return { part, removedCount }
  const key = `${targetPrefix}part-${String(place).padStart(5, '0')}.parquet`
  await artifacts.write({ bucket, key }, createReadStream(anew), { signal })
  return { part, key, removedCount }
}

async function lostItems(db: DuckDb, interactions: readonly string[], items: readonly string[]): Promise<Vocabulary> {
  if (interactions.length === 0) return new VocabularyBuilder().finish()
  const rows = sqlParquet(interactions, 'union_by_name = true')
  const kept = items.length === 0 ? '' : `EXCEPT SELECT ITEM_ID FROM ${sqlParquet(items, 'union_by_name = true')}`
  return readIds(
    db,
    `(SELECT ITEM_ID AS id FROM ${rows} SEMI JOIN gone ON USER_ID = gone.id
      EXCEPT SELECT ITEM_ID FROM ${rows} ANTI JOIN gone ON USER_ID = gone.id ${kept}) ORDER BY id`,
  )
}
