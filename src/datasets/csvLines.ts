/** The bytes of an object as lines, for what reads them plainly. */
import { LINE_BYTES_MAX } from './limits.ts'

const LF = 0x0a
const CR = 0x0d

/** Lines without their LF, from 1; `ended` is false for a last line without one. A line that is too long comes cut. */
export async function eachLine(
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

/** A line without its CR, and the first without the byte order mark. */
export function textOf(line: Buffer, number: number): string {
  const text = line.toString('utf8', 0, line.at(-1) === CR ? line.length - 1 : line.length)
  return number === 1 ? text.replace(/^\ufeff/, '') : text
}
