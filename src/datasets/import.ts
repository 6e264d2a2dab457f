/**
 * A dataset import job: CSV in the users' bucket → checked, typed Parquet in ours.
 *
 *   find objects ─► read every header ─► DuckDB: text → checked values → Parquet, in order of keys and lines
 *                                           └─ refused: read again, plainly, to find how quotes are written (csvQuoting.ts), or else
 *                                              to say which rows are bad and why (badRows.ts)
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
import { rename } from 'node:fs/promises'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import type { ObjectStore } from '../objects/objectStore.ts'
import { type ImportInput, type Part, partName, readParts } from './csvParts.ts'
import { type DuckDb, sqlNames, sqlParquet, sqlString, withDuckDb } from './duckdb.ts'
import { DOOMED, findDuplicates } from './duplicates.ts'
import { asFailureReason } from './failureReason.ts'
import { INTERACTION_ROWS_MIN } from './limits.ts'
import { storedName } from './parts.ts'
import { type DatasetSchema, type DatasetType, parseSchema } from './schema.ts'
import { ID_OF_TYPE } from './schemaRules.ts'
import { findObjects, readLayout, type SourceQuery } from './source.ts'

export interface ImportDescription extends SourceQuery {
  readonly datasetType: DatasetType
  /** Avro JSON. */
  readonly schema: string
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
    const found = await findObjects(objects, description, signal)
    const inputs: ImportInput[] = []
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
    if (!(error instanceof Refusal)) throw error
    throw asFailureReason(`Failed to create a data import job for ${description.datasetType} dataset.`, error)
  }
}

/** Rewrites the parts that hold rows too many, in their order. Returns how many rows went. */
async function dropDuplicates(
  db: DuckDb,
  parts: readonly Part[],
  schema: DatasetSchema,
  { progress }: ImportContext,
): Promise<number> {
  progress({ stage: 'import: looking for duplicates', done: 0, unit: 'rows' })
  const columns = schema.columns.map(column => storedName(column.name))
  const id = ID_OF_TYPE[schema.datasetType]
  const files = parts.map(part => part.file)
  const counts = await (id === undefined
    ? findDuplicates(db, files, columns, 'first')
    : findDuplicates(db, files, [id], 'last'))
  for (const place of counts.keys()) {
    const { file, rowCount } = parts[place]
    const rewritten = `${file}.rewritten`
    // A bit a row, not a join: only a join that fits memory keeps the order of rows, and sorting them again takes half as long again.
    await db.run(`SET VARIABLE doomed =
      (SELECT bitstring_agg(row, 0::BIGINT, ${rowCount - 1}::BIGINT) FROM ${DOOMED} WHERE file = ${place})`)
    await db.run(`COPY (SELECT ${sqlNames(columns)} FROM ${sqlParquet([file], 'file_row_number = true')}
      WHERE get_bit(getvariable('doomed'), file_row_number::INTEGER) = 0) TO ${sqlString(rewritten)} (FORMAT parquet, COMPRESSION zstd)`)
    await rename(rewritten, file)
  }
  return counts.values().reduce((sum, count) => sum + count, 0)
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

async function removeAll(artifacts: ObjectStore, { bucket, targetPrefix }: ImportDescription): Promise<void> {
  for await (const { key } of artifacts.list(bucket, targetPrefix)) await artifacts.remove({ bucket, key })
}
