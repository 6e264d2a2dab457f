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
import { eachLine, textOf } from './csvLines.ts'
import type { FoundQuoting } from './csvQuoting.ts'
import { parseRow, QUOTE_INSIDE } from './csvRecord.ts'
import { BAD_ROWS_SHOWN, LINE_BYTES_MAX, VALUE_CHARACTERS_SHOWN } from './limits.ts'
import type { DatasetSchema } from './schema.ts'
import type { CsvLayout, InputObject } from './source.ts'

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

const CR = 0x0d

/** Of an input nobody has looked at: the specification's. */
const ASSUMED: FoundQuoting = { quoting: 'backslash', decidedBy: undefined, faulty: false }

export async function findBadRows(
  objects: ObjectStore,
  inputs: readonly InputObject[],
  schema: DatasetSchema,
  { signal, progress }: WorkControl,
  quoting = ASSUMED,
): Promise<BadRows> {
  const sentences: string[] = []
  const known = new Set<string>()
  const total = inputs.reduce((sum, { bytes }) => sum + bytes, 0)
  let count = 0
  let done = 0
  for (const { address, bytes, layout } of inputs) {
    const check = lineCheck(layout, schema, quoting)
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

function lineCheck({ columns, newline }: CsvLayout, schema: DatasetSchema, { quoting, decidedBy }: FoundQuoting) {
  const otherWay = quoting === 'backslash' ? 'doubled' : 'backslash'
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
    if (line.length === 0) return undefined
    if (line.length > LINE_BYTES_MAX) return { fault: `a line of more than ${LINE_BYTES_MAX} bytes` }
    if (!isUtf8(line)) return { fault: 'bytes that are not UTF-8' }
    if (line.includes(CR)) return { fault: 'a carriage return within the line' }
    const text = textOf(line, number)
    const record = parseRow(text, columns.length, quoting)
    if (!Array.isArray(record)) {
      if (decidedBy !== undefined && Array.isArray(parseRow(text, columns.length, otherWay)))
        return {
          fault: `a line that reads only with quotes written ${QUOTE_INSIDE[otherWay]}, where ${decidedBy} reads only with ${QUOTE_INSIDE[quoting]}: one way for the whole input was expected`,
        }
      return { ...(record.field < columns.length && { column: columns[record.field] }), fault: record.fault }
    }
    if (number === 1) return undefined
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
  const characters = [...raw]
  const text = characters
    .slice(0, VALUE_CHARACTERS_SHOWN)
    .join('')
    .replaceAll(/\p{Cc}/gu, '\ufffd')
  return characters.length <= VALUE_CHARACTERS_SHOWN ? `'${text}'` : `'${text}…' (${characters.length} characters)`
}
