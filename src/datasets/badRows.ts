/**
 * Why an import was refused: reads the objects once more, slowly and line by line, with the plain twins of the fast path's rules, and
 * tells the first bad rows and how many there are. One row has one fault, the first in the order of the schema.
 *
 * A record is one line, so a quote that is not closed spoils its own line and no other.
 */
import { isUtf8 } from 'node:buffer'
import type { WorkControl } from '../lib/work.ts'
import { formatAddress, type ObjectStore } from '../objects/objectStore.ts'
import { faultOf, lengthSentence } from './columnRules.ts'
import { parseRecord } from './csvRecord.ts'
import { BAD_ROWS_SHOWN, LINE_BYTES_MAX, VALUE_CHARACTERS_SHOWN } from './limits.ts'
import type { DatasetSchema } from './schema.ts'
import type { CsvLayout, SourceObject } from './source.ts'

export interface InputObject extends SourceObject {
  readonly layout: CsvLayout
}

export interface BadRows {
  readonly count: number
  /** AWS's own sentences for some of the faults below, each once. */
  readonly known: readonly string[]
  /** The first BAD_ROWS_SHOWN, a sentence each. */
  readonly sentences: readonly string[]
}

interface Fault {
  readonly column?: string
  readonly fault: string
  /** AWS's own words for it, where there are some. */
  readonly known?: string | undefined
}

const LF = 0x0a
const CR = 0x0d

export async function findBadRows(
  objects: ObjectStore,
  inputs: readonly InputObject[],
  schema: DatasetSchema,
  { signal, progress }: WorkControl,
): Promise<BadRows> {
  const sentences: string[] = []
  const known = new Set<string>()
  const total = inputs.reduce((sum, { bytes }) => sum + bytes, 0)
  let count = 0
  let done = 0
  for (const { address, bytes, layout } of inputs) {
    const check = lineCheck(layout, schema)
    const stream = await objects.read(address, { signal })
    await eachLine(
      stream,
      read =>
        progress({ stage: 'import: looking for bad rows', done: done + read, total, failed: count, unit: 'bytes' }),
      (line, number, ended) => {
        const fault = check(line, number, ended)
        if (!fault) return
        count++
        if (count > BAD_ROWS_SHOWN) return
        if (fault.known) known.add(fault.known)
        sentences.push(
          `${formatAddress(address)} line ${number}${fault.column === undefined ? '' : `, column ${fault.column}`}: ${fault.fault}.`,
        )
      },
    )
    done += bytes
  }
  return { count, known: [...known], sentences }
}

/** Lines without their LF, from 1; `ended` is false for a last line without one. A line that is too long comes cut. */
async function eachLine(
  stream: AsyncIterable<Buffer>,
  progress: (bytesRead: number) => void,
  visit: (line: Buffer, number: number, ended: boolean) => void,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  let bytesRead = 0
  for await (const chunk of stream) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = data.indexOf(LF); end >= 0; end = data.indexOf(LF, start)) {
      visit(data.subarray(start, end), ++number, true)
      start = end + 1
    }
    // One byte more than allowed is enough to see that a line is too long, however long it goes on.
    rest = data.subarray(start, start + LINE_BYTES_MAX + 1)
    bytesRead += chunk.length
    progress(bytesRead)
  }
  if (rest.length > 0) visit(rest, ++number, false)
}

function lineCheck({ columns, newline }: CsvLayout, schema: DatasetSchema) {
  const checked = schema.columns.map(column => ({ column, field: columns.indexOf(column.name) }))
  const endsInCr = newline === '\r\n'
  return (bytes: Buffer, number: number, ended: boolean): Fault | undefined => {
    const hasCr = bytes.at(-1) === CR
    const line = hasCr ? bytes.subarray(0, -1) : bytes
    if (ended && hasCr !== endsInCr)
      return {
        fault: `a line that ends with ${hasCr ? 'CR LF' : 'LF'}, where the header line ends with ${endsInCr ? 'CR LF' : 'LF'}`,
      }
    if (!ended && hasCr && !endsInCr) return { fault: 'a carriage return at the end of the last line' }
    if (number === 1 || line.length === 0) return undefined
    if (line.length > LINE_BYTES_MAX) return { fault: `a line of more than ${LINE_BYTES_MAX} bytes` }
    if (!isUtf8(line)) return { fault: 'bytes that are not UTF-8' }
    if (line.includes(CR)) return { fault: 'a carriage return within the line' }
    const record = parseRecord(line.toString('utf8'))
    if (!Array.isArray(record))
      return { ...(record.field < columns.length && { column: columns[record.field] }), fault: record.fault }
    if (record.length < columns.length || record.slice(columns.length).some(field => field !== null))
      return { fault: `${record.length} fields, where the header line has ${columns.length}` }
    for (const { column, field } of checked) {
      const raw = record[field]
      const fault = faultOf(column, raw)
      if (fault)
        return {
          column: column.name,
          fault: `${shown(raw)}, where ${fault}`,
          known: raw === null ? undefined : lengthSentence(column, raw),
        }
    }
    return undefined
  }
}

function shown(raw: string | null): string {
  if (raw === null) return 'nothing'
  const text = raw.replaceAll(/\p{Cc}/gu, '\ufffd')
  return text.length <= VALUE_CHARACTERS_SHOWN
    ? `'${text}'`
    : `'${text.slice(0, VALUE_CHARACTERS_SHOWN).toWellFormed()}…' (${raw.length} characters)`
}
