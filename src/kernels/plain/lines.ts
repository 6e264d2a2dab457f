/** The plain twin of assembly/lines.ts. */
import {
  BYTES_AT,
  BYTES_FILLED,
  BYTES_INPUT,
  BYTES_LAST,
  BYTES_LINE,
  BYTES_LINE_MAX,
  BYTES_OPENING,
  BYTES_RECORD_COUNT,
  BYTES_RECORDS,
  BYTES_RECORDS_MAX,
  PLAIN_ID_BYTES_MAX,
  RECORD_WORDS,
} from '../byteParameters.ts'
import type { PlainKernel } from './memory.ts'

const LF = 0x0a
const BLANK = new Set([0x20, 0x09, 0x0d])
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const PLAIN = /^(\{"(?:user|item)Id)":"([^"\\]+)"\}$/
const isControl = (character: string): boolean => character < ' '

function isPlain(line: Uint8Array, opening: string): boolean {
  let text: string
  try {
    text = utf8.decode(line)
  } catch {
    return false
  }
  const [, begin, id] = PLAIN.exec(text) ?? []
  return begin === opening && ![...id].some(isControl) && Buffer.byteLength(id) <= PLAIN_ID_BYTES_MAX
}

export const scanLines: PlainKernel = ({ u8, u32 }, params) => {
  const words = u32.subarray(params / 4)
  const input = u8.subarray(words[BYTES_INPUT]).subarray(0, words[BYTES_FILLED])
  const records = u32.subarray(words[BYTES_RECORDS] / 4)
  const opening = Buffer.from(u8.slice(params + 4 * BYTES_OPENING, params + 4 * BYTES_OPENING + 8)).toString()
  let at = words[BYTES_AT]
  let line = words[BYTES_LINE]
  let count = 0
  while (count < words[BYTES_RECORDS_MAX] && at < input.length) {
    const feed = input.indexOf(LF, at)
    if (feed === -1 && words[BYTES_LAST] === 0) break
    let start = at
    let end = feed === -1 ? input.length : feed
    const plain = feed !== -1 && isPlain(input.slice(start, end), opening)
    at = Math.min(end + 1, input.length)
    if (end - start <= words[BYTES_LINE_MAX]) {
      while (start < end && BLANK.has(input[start])) start++
      while (start < end && BLANK.has(input[end - 1])) end--
    }
    if (start < end) records.set([start, end, line, Number(plain), 0, 0, 0, 0], RECORD_WORDS * count++)
    line++
  }
  words[BYTES_AT] = at
  words[BYTES_LINE] = line
  words[BYTES_RECORD_COUNT] = count
}
