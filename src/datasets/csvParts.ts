/** Objects of CSV → Parquet files in the scratch folder, with the schema's columns in the schema's order and every value checked. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { formatAddress, type ObjectStore } from '../objects/objectStore.ts'
import { findBadRows } from './badRows.ts'
import { type FoundQuoting, findQuoting } from './csvQuoting.ts'
import { isDataError, readCsvSql } from './csvReader.ts'
import { type DuckDb, sqlString } from './duckdb.ts'
import { PART_INPUT_BYTES, PART_ROWS_MAX } from './limits.ts'
import type { DatasetSchema } from './schema.ts'
import type { FoundObject, InputObject } from './source.ts'

export type ImportInput = InputObject & FoundObject

export interface Part {
  readonly file: string
  readonly rowCount: number
}

interface PartsContext extends WorkControl {
  readonly objects: ObjectStore
  readonly scratchFolder: string
}

export const partName = (place: number): string => `part-${String(place).padStart(5, '0')}.parquet`

/**
 * In order of objects and lines. Throws Refusal telling the bad rows, of this and all later objects, if there are any, and when an object
 * is another one by the time it has been read.
 */
export async function readParts(
  db: DuckDb,
  inputs: readonly ImportInput[],
  schema: DatasetSchema,
  context: PartsContext,
): Promise<Part[]> {
  const total = bytesOf(inputs)
  const parts: Part[] = []
  // A header line that DuckDB cannot read makes it find no rows below, without a word.
  let found = inputs.some(({ layout }) => layout.escapes) ? await quotingOf(inputs, schema, context) : undefined
  let done = 0
  for (const group of groupsOf(inputs)) {
    const bytes = bytesOf(group)
    const file = join(context.scratchFolder, partName(parts.length))
    const report = (share: number) =>
      context.progress({ stage: 'import: reading', done: done + Math.round(share * bytes), total, unit: 'bytes' })
    let part = await partOrFault(db, group, file, schema, found, context, report)
    if (part instanceof Error && !found) {
      found = await quotingOf(inputs, schema, context)
      part = await partOrFault(db, group, file, schema, found, context, report)
    }
    if (part instanceof Error)
      throw await explained(part.message, inputs.slice(inputs.indexOf(group[0])), schema, found, context)
    parts.push(part)
    done += bytes
  }
  return parts
}

/** Throws Refusal telling the bad rows when some line cannot be read so. */
async function quotingOf(
  inputs: readonly ImportInput[],
  schema: DatasetSchema,
  context: PartsContext,
): Promise<FoundQuoting> {
  const found = await findQuoting(context.objects, inputs, context)
  if (found.faulty) throw await explained('the quotes are wrong', inputs, schema, found, context)
  return found
}

/** A part, or what DuckDB found wrong with the data. */
async function partOrFault(
  db: DuckDb,
  group: readonly ImportInput[],
  file: string,
  schema: DatasetSchema,
  found: FoundQuoting | undefined,
  context: PartsContext,
  report: (share: number) => void,
): Promise<Part | Error> {
  try {
    return await readPart(db, group, file, schema, found, context, report)
  } catch (error) {
    context.signal.throwIfAborted()
    // Whatever the trouble with a file that changed, that is the cause.
    await checkUnchanged(group, context)
    if (isDataError(error)) return error
    throw error
  }
}

/** Objects of one layout → one Parquet file. */
async function readPart(
  db: DuckDb,
  group: readonly ImportInput[],
  file: string,
  schema: DatasetSchema,
  found: FoundQuoting | undefined,
  context: PartsContext,
  report: (share: number) => void,
): Promise<Part> {
  const { objects, scratchFolder, signal } = context
  report(0)
  const downloads = join(scratchFolder, 'input')
  await mkdir(downloads)
  try {
    const paths: string[] = []
    for (const { address } of group) paths.push(await objects.localFile(address, downloads, { signal }))
    const select = readCsvSql(paths, group[0].layout, schema, found?.quoting ?? 'undecided')
    const sql = `COPY (${select}) TO ${sqlString(file)} (FORMAT parquet, COMPRESSION zstd)`
    const rowCount = await db.run(sql, report)
    if (rowCount > PART_ROWS_MAX)
      throw new Refusal(
        `${formatAddress(group[0].address)} has ${rowCount} rows: one object can have at most ${PART_ROWS_MAX}.`,
      )
    await checkUnchanged(group, context)
    return { file, rowCount }
  } finally {
    await rm(downloads, { recursive: true })
  }
}

/** From when it was found, header line and all, until now: a folder's file is read where it lies, and anyone may write there. */
async function checkUnchanged(group: readonly ImportInput[], { objects, signal }: PartsContext): Promise<void> {
  for (const { address, etag } of group) {
    const now = await objects.head(address, { signal })
    if (now?.etag !== etag)
      throw new Refusal(
        `${formatAddress(address)} was ${now ? 'changed' : 'removed'} while it was imported: an object that stays as it is was expected.`,
      )
  }
}

const bytesOf = (inputs: readonly ImportInput[]): number => inputs.reduce((sum, { bytes }) => sum + bytes, 0)

/** Neighbours of the same layout, up to a size, are read together: a thousand small objects make one part. */
function groupsOf(inputs: readonly ImportInput[]): ImportInput[][] {
  const groups: ImportInput[][] = []
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
  fault: string,
  inputs: readonly ImportInput[],
  schema: DatasetSchema,
  found: FoundQuoting | undefined,
  context: PartsContext,
): Promise<Refusal> {
  const { count, known, sentences } = await findBadRows(context.objects, inputs, schema, context, found)
  if (count === 0) await checkUnchanged(inputs, context)
  assert(count > 0, `the plain check finds nothing wrong where it was found that: ${fault}`)
  const first = count > sentences.length ? ', of which the first are' : ''
  return new Refusal(
    [...known, `The input has ${count} bad ${count === 1 ? 'row' : 'rows'}${first}:`, ...sentences].join(' '),
  )
}
