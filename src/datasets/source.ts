/** Which objects an import reads, and how their lines are laid out: found out for all of them before any row is read. */
import { isUtf8 } from 'node:buffer'
import { Refusal } from '../lib/refusal.ts'
import {
  formatAddress,
  type ObjectAddress,
  ObjectError,
  type ObjectStore,
  parseAddress,
} from '../objects/objectStore.ts'
import { parseHeader } from './csvRecord.ts'
import { HEADER_BYTES_MAX, IMPORT_OBJECTS_MAX } from './limits.ts'
import type { DatasetSchema } from './schema.ts'

export type ImportMode = 'FULL' | 'INCREMENTAL'

export interface SourceQuery {
  /** s3://bucket/key of an object, or of a folder. */
  readonly source: string
  readonly importMode: ImportMode
  /** Of all its objects together. */
  readonly sourceBytesMax: number
}

export interface SourceObject {
  readonly address: ObjectAddress
  readonly bytes: number
}

/** As it was when the import began. */
export interface FoundObject extends SourceObject {
  readonly etag: string
}

export interface CsvLayout {
  /** Names by position. */
  readonly columns: readonly string[]
  readonly newline: '\n' | '\r\n'
  /** Whether the header line may have quotes within quotes: how these are written must be known before it can be read below. */
  readonly escapes: boolean
}

export interface InputObject extends SourceObject {
  readonly layout: CsvLayout
}

/**
 * The object of that name, or else every object under it as a folder, sub-folders included, by ascending key. In a folder, empty objects
 * whose names end in / (folder marks) and objects whose names begin with _ or . (Spark's and Hadoop's notes) are passed over.
 */
export async function findObjects(
  objects: ObjectStore,
  { source, importMode, sourceBytesMax }: SourceQuery,
  signal: AbortSignal,
): Promise<FoundObject[]> {
  const { bucket, key } = parseAddress(source)
  const found: FoundObject[] = []
  const single = key === '' || key.endsWith('/') ? undefined : await objects.head({ bucket, key }, { signal })
  if (single) found.push({ address: { bucket, key }, bytes: single.bytes, etag: single.etag })
  else {
    const folder = key === '' || key.endsWith('/') ? key : `${key}/`
    for await (const { key, bytes, etag } of objects.list(bucket, folder, { signal })) {
      if (key.endsWith('/') || /^[_.]/.test(key.slice(key.lastIndexOf('/') + 1))) continue
      found.push({ address: { bucket, key }, bytes, etag })
      if (found.length > IMPORT_OBJECTS_MAX)
        throw new Refusal(
          `There are more than ${IMPORT_OBJECTS_MAX} objects under ${source}: an import takes at most that many.`,
        )
    }
  }
  if (found.length === 0)
    throw new ObjectError('NoSuchObject', `There is no object ${source}, and no object in a folder of that name.`)
  const bytes = found.reduce((sum, object) => sum + object.bytes, 0)
  if (bytes > sourceBytesMax)
    throw new Refusal(`The input has ${bytes} bytes: an import of mode ${importMode} takes at most ${sourceBytesMax}.`)
  return found
}

/** Reads the header line, whose names decide which column is which; checks it against the schema. Throws Refusal. */
export async function readLayout(
  objects: ObjectStore,
  address: ObjectAddress,
  schema: DatasetSchema,
  signal: AbortSignal,
): Promise<CsvLayout> {
  const start = await readStart(objects, address, signal)
  const name = formatAddress(address)
  if (start.length === 0)
    throw new Refusal(`${name} is empty: a header line with the names of the columns was expected.`)
  const end = start.indexOf('\n')
  const ended = end < 0 ? start : start.subarray(0, end)
  if (end < 0 && start.length === HEADER_BYTES_MAX)
    throw new Refusal(`${name} has no header line: there is no line ending in its first ${HEADER_BYTES_MAX} bytes.`)
  if (!isUtf8(ended) || ended.includes(0))
    throw new Refusal(`${name} is not a text in UTF-8: uncompressed CSV was expected.`)
  const newline = ended.at(-1) === 0x0d ? '\r\n' : '\n'
  const line = ended
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/\r$/, '')
  if (line.includes('\r')) throw new Refusal(`${name} ends its lines with CR alone: LF or CR LF was expected.`)
  const columns = parseHeader(line)
  if (!Array.isArray(columns)) throw new Refusal(`The header line of ${name} has ${columns.fault}.`)
  checkColumns(columns, schema, name)
  return { columns, newline, escapes: line.includes('"') && /\\|""/.test(line) }
}

function checkColumns(columns: readonly string[], schema: DatasetSchema, name: string): void {
  const missing = schema.columns.map(column => column.name).filter(wanted => !columns.includes(wanted))
  if (missing.length > 0)
    throw new Refusal(
      `Input CSV is missing the following columns:[${missing.join(', ')}]. The header line of ${name} has the columns [${columns.join(', ')}]${likelyCause(missing, columns)}.`,
    )
  const twice = schema.columns.find(column => columns.indexOf(column.name) !== columns.lastIndexOf(column.name))
  if (twice) throw new Refusal(`The header line of ${name} has the column ${twice.name} more than once.`)
}

/** Why the columns that are missing are likely to be there all the same. */
function likelyCause(missing: readonly string[], columns: readonly string[]): string {
  // No comma was found, or there were more columns.
  const separator = columns.length === 1 && /[;\t]/.exec(columns[0])?.[0]
  if (separator) return `: the columns seem to be separated by ${separator === ';' ? "';'" : 'tabs'}: ',' was expected`
  const pairs = missing.flatMap(wanted => {
    const similar = columns.find(column => column.toLowerCase() === wanted.toLowerCase())
    return similar === undefined ? [] : [`${wanted} was expected, ${similar} was found`]
  })
  return pairs.length === 0 ? '' : `: names are compared with their case: ${pairs.join('; ')}`
}

async function readStart(objects: ObjectStore, address: ObjectAddress, signal: AbortSignal): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const stream = await objects.read(address, { range: { start: 0, end: HEADER_BYTES_MAX }, signal })
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}
