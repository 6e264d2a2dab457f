/**
 * A dataset import job: CSV in the users' bucket → checked, typed Parquet in ours.
 *
 *   find objects ─► read every header ─► DuckDB: text → checked values → Parquet, in order of keys and lines
 *                                           └─ refused: read again, plainly, to say which rows are bad and why (badRows.ts)
 *                ─► leave out duplicates, by rewriting the parts that have some ─► copy the parts to the store
 *
 * The parts hold the schema's columns in the schema's order, floats as doubles. They are seen by nobody until the caller names them in a
 * record; after a failure there are none.
 *
 * Memory: DuckDB's pool (DUCKDB_MEMORY_BYTES), and about 400 MB beside it, whatever the size of the input. Scratch: the Parquet of all
 * the input, what DuckDB spills, and, for a remote store, PART_INPUT_BYTES or the largest object.
 * Source: spec/datasets-schemas.md §3-4, lifecycle.md §3, quotas.md §1.
 */
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { ObjectError, type ObjectStore } from '../objects/objectStore.ts'
import { findBadRows, type InputObject } from './badRows.ts'
import { isDataError, readCsvSql } from './csvReader.ts'
import { type DuckDb, sqlFiles, sqlNames, sqlString, withDuckDb } from './duckdb.ts'
import { DOOMED, findDuplicates } from './duplicates.ts'
import { INTERACTION_ROWS_MIN, PART_INPUT_BYTES } from './limits.ts'
import { type DatasetSchema, type DatasetType, parseSchema } from './schema.ts'
import { findObjects, type ImportMode, readLayout } from './source.ts'

export interface ImportDescription {
  /** s3://bucket/key of an object, or of a folder. */
  readonly source: string
  readonly datasetType: DatasetType
  /** Avro JSON. */
  readonly schema: string
  readonly importMode: ImportMode
  /** Where the parts go, in the artifacts store: a prefix that is this attempt's alone and ends in /. */
  readonly bucket: string
  readonly targetPrefix: string
}

export interface ImportContext extends WorkControl {
  readonly objects: ObjectStore
  readonly artifacts: ObjectStore
  readonly scratchFolder: string
  readonly threads: number
}

export interface ImportResult {
  /** Keys in the artifacts bucket, in order of the rows. */
  readonly parts: readonly string[]
  readonly rowCount: number
  /** Left out: rows equal to an earlier one, or, in a dataset of things with ids, rows whose id comes again later. */
  readonly duplicateCount: number
}

/** A Parquet file in the scratch folder. */
interface Part {
  readonly file: string
  readonly rowCount: number
}

/** Throws Refusal with the job's failureReason; the signal's reason when aborted. */
export async function importCsv(description: ImportDescription, context: ImportContext): Promise<ImportResult> {
  assert(description.targetPrefix.endsWith('/'), 'the target of an import is a prefix of its own')
  const schema = parseSchema(description.schema)
  assert(schema.datasetType === description.datasetType, "a dataset's schema is one for its type")
  try {
    return await withDuckDb(context, async db => {
      const parts = await readSource(db, description, schema, context)
      const duplicateCount = await dropDuplicates(db, parts, schema, context)
      const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0) - duplicateCount
      return { parts: await publish(parts, description, context), rowCount, duplicateCount }
    })
  } catch (error) {
    // What cannot be removed now is named in no record, so it is rubbish to be found later; the reason of the failure matters more.
    await removeAll(context.artifacts, description).catch(() => {})
    throw error
  }
}

/** Everything that the owner of the data can be at fault for happens here. */
async function readSource(
  db: DuckDb,
  description: ImportDescription,
  schema: DatasetSchema,
  context: ImportContext,
): Promise<Part[]> {
  const { objects, signal } = context
  try {
    const found = await findObjects(objects, description.source, description.importMode, signal)
    const inputs: InputObject[] = []
    for (const object of found)
      inputs.push({ ...object, layout: await readLayout(objects, object.address, schema, signal) })
    const parts = await readParts(db, inputs, schema, context)
    const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0)
    if (rowCount === 0) throw new Refusal('The input has no rows below its header line.')
    if (description.datasetType === 'INTERACTIONS' && rowCount < INTERACTION_ROWS_MIN)
      throw new Refusal(
        `The input has ${rowCount} rows: an import of interactions must have at least ${INTERACTION_ROWS_MIN}.`,
      )
    return parts
  } catch (error) {
    throw error instanceof Refusal ? asFailureReason(error, description.datasetType) : error
  }
}

async function readParts(
  db: DuckDb,
  inputs: readonly InputObject[],
  schema: DatasetSchema,
  context: ImportContext,
): Promise<Part[]> {
  const total = inputs.reduce((sum, { bytes }) => sum + bytes, 0)
  const parts: Part[] = []
  let done = 0
  for (const group of groupsOf(inputs)) {
    const file = join(context.scratchFolder, partName(parts.length))
    const downloads = join(context.scratchFolder, 'input')
    await mkdir(downloads)
    const bytes = group.reduce((sum, each) => sum + each.bytes, 0)
    try {
      const paths: string[] = []
      for (const { address } of group)
        paths.push(await context.objects.localFile(address, downloads, { signal: context.signal }))
      const sql = `COPY (${readCsvSql(paths, group[0].layout, schema)}) TO ${sqlString(file)} (FORMAT parquet, COMPRESSION zstd)`
      const rowCount = await db.run(sql, share =>
        context.progress({ stage: 'import: reading', done: done + Math.round(share * bytes), total, unit: 'bytes' }),
      )
      parts.push({ file, rowCount })
    } catch (error) {
      if (!isDataError(error)) throw error
      throw await explained(error, inputs.slice(inputs.indexOf(group[0])), schema, context)
    } finally {
      await rm(downloads, { recursive: true })
    }
    done += bytes
  }
  return parts
}

/** Neighbours of the same layout, up to a size, are read together: a thousand small objects make one part. */
function groupsOf(inputs: readonly InputObject[]): InputObject[][] {
  const groups: InputObject[][] = []
  let layout = ''
  let room = 0
  for (const input of inputs) {
    const its = JSON.stringify(input.layout)
    if (its !== layout || input.bytes > room) {
      groups.push([])
      layout = its
      room = PART_INPUT_BYTES
    }
    groups.at(-1)!.push(input)
    room -= input.bytes
  }
  return groups
}

async function explained(
  error: Error,
  inputs: readonly InputObject[],
  schema: DatasetSchema,
  context: ImportContext,
): Promise<Refusal> {
  const { count, known, sentences } = await findBadRows(context.objects, inputs, schema, context)
  assert(count > 0, `the plain check finds nothing wrong where DuckDB says: ${error.message}`)
  const first = count > sentences.length ? ', of which the first are' : ''
  return new Refusal(
    [...known, `The input has ${count} bad ${count === 1 ? 'row' : 'rows'}${first}:`, ...sentences].join(' '),
  )
}

/** Rewrites the parts that hold rows too many, in their order. Returns how many rows went. */
async function dropDuplicates(
  db: DuckDb,
  parts: readonly Part[],
  schema: DatasetSchema,
  { progress }: ImportContext,
): Promise<number> {
  progress({ stage: 'import: looking for duplicates', done: 0, unit: 'rows' })
  const columns = schema.columns.map(column => column.name)
  const id = ID_OF_TYPE[schema.datasetType]
  const files = parts.map(part => part.file)
  const count = await (id === undefined
    ? findDuplicates(db, files, columns, 'first')
    : findDuplicates(db, files, [id], 'last'))
  if (count === 0) return 0
  for (const [place, file] of files.entries()) {
    const [[doomedCount]] = await db.rows(`SELECT count(*) FROM ${DOOMED} WHERE file = ${place}`)
    if (doomedCount === 0n) continue
    const rewritten = `${file}.rewritten`
    await db.run(`COPY (SELECT ${sqlNames(columns)} FROM read_parquet(${sqlFiles([file])}, file_row_number = true) AS part
      ANTI JOIN (SELECT row FROM ${DOOMED} WHERE file = ${place}) AS gone ON part.file_row_number = gone.row
      ORDER BY file_row_number) TO ${sqlString(rewritten)} (FORMAT parquet, COMPRESSION zstd)`)
    await rename(rewritten, file)
  }
  return count
}

/** A dataset of things has one row a thing, and the last word on it counts. */
const ID_OF_TYPE: Readonly<Record<DatasetType, string | undefined>> = {
  INTERACTIONS: undefined,
  ACTION_INTERACTIONS: undefined,
  ITEMS: 'ITEM_ID',
  USERS: 'USER_ID',
  ACTIONS: 'ACTION_ID',
}

async function publish(
  parts: readonly Part[],
  { bucket, targetPrefix }: ImportDescription,
  { artifacts, signal, progress }: ImportContext,
): Promise<string[]> {
  const keys: string[] = []
  for (const [place, { file }] of parts.entries()) {
    progress({ stage: 'import: storing', done: place, total: parts.length, unit: 'parts' })
    const key = targetPrefix + partName(place)
    await artifacts.write({ bucket, key }, createReadStream(file), { signal })
    keys.push(key)
  }
  return keys
}

const partName = (place: number): string => `part-${String(place).padStart(5, '0')}.parquet`

async function removeAll(artifacts: ObjectStore, { bucket, targetPrefix }: ImportDescription): Promise<void> {
  for await (const { key } of artifacts.list(bucket, targetPrefix)) await artifacts.remove({ bucket, key })
}

/** Lets a store that is out of reach for now be told from a fault of the data: only the latter is the end of it. */
function asFailureReason(error: Refusal, datasetType: DatasetType): Refusal {
  const beginning = `Failed to create a data import job for ${datasetType} dataset.`
  if (!(error instanceof ObjectError)) return new Refusal(`${beginning} ${error.message}`)
  if (error.code === 'Unavailable') return new ObjectError(error.code, `${beginning} ${error.message}`)
  const known =
    error.code === 'AccessDenied'
      ? 'Insufficient privileges for accessing data in Amazon S3.'
      : 'Invalid Data location.'
  return new Refusal(`${beginning} ${known} ${error.message}`)
}
