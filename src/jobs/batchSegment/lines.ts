/**
 * The records of an input, read whole: there are few. A line ends with LF or with the input; blank ones are none, and all are counted from 1. Of a line
 * longer than LINE_BYTES_MAX no more is kept than shows that it is.
 */
import { LINE_BYTES_MAX } from '../batchInference/limits.ts'
import { afterByteOrderMark, type ParsedRecord, parseRecord } from '../batchInference/records.ts'

export interface SegmentLine {
  /** From 1. */
  readonly number: number
  /** What the answer repeats: JSON. */
  readonly echo: string
  readonly record: ParsedRecord
}

const LF = 0x0a
const BLANK = [0x20, 0x09, 0x0d]

export async function readLines(
  chunks: AsyncIterable<Buffer>,
  kind: 'itemId' | 'itemAttributes',
): Promise<SegmentLine[]> {
  const lines: SegmentLine[] = []
  let number = 1
  let head: Buffer = Buffer.alloc(0)
  const add = (bytes: Buffer) => {
    const record = recordOf(bytes, number++, kind)
    if (record) lines.push(record)
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      add(Buffer.concat([head, chunk.subarray(start, end)]))
      head = Buffer.alloc(0)
      start = end + 1
    }
    const room = LINE_BYTES_MAX + 1 - head.length
    head = Buffer.concat([head, chunk.subarray(start, start + room)])
  }
  add(head)
  return lines
}

function recordOf(bytes: Buffer, number: number, kind: 'itemId' | 'itemAttributes'): SegmentLine | undefined {
  let [start, end] = [0, bytes.length]
  if (number === 1) start = afterByteOrderMark(bytes, start, end)
  if (end - start <= LINE_BYTES_MAX) {
    while (start < end && BLANK.includes(bytes[start])) start++
    while (start < end && BLANK.includes(bytes[end - 1])) end--
    if (start === end) return undefined
  }
  const record = parseRecord(bytes, start, end, number, kind)
  return { number, record, echo: record.echo ?? bytes.toString('utf8', start, end) }
}
