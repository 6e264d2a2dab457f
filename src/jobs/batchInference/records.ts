/**
 * One line of input as a record: whose recommendations are wanted, or what is wrong with the line. Of the members `userId` is read,
 * and `filterValues` handed on; all are repeated in the answer. An id may be a JSON number; its text is then the id (`1.0` is the id "1.0").
 */
import { ID_CHARACTERS_MAX } from '../../datasets/limits.ts'
import { ECHO_BYTES_MAX, LINE_BYTES_MAX } from './limits.ts'

export type ParsedRecord =
  | { readonly userId: string; readonly filterValues?: unknown; readonly fault?: undefined; readonly echo?: undefined }
  /** `fault` is a whole sentence; `echo` is JSON for the answer's `input`, where that is not the line itself. */
  | {
      readonly userId?: undefined
      readonly filterValues?: undefined
      readonly fault: string
      readonly echo: string | undefined
    }

const QUOTE = 0x22
const BACKSLASH = 0x5c
const CLOSING_BRACE = 0x7d
const SPACE = 0x20
const DELETE = 0x7f

const EXPECTED = 'an object such as {"userId":"105"} was expected'
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
/** What begins a later line is no mark: it stays in the text, which then is not JSON. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** The start of the record in a first line that begins with a byte order mark, as some editors write it: not part of the record. */
export function afterByteOrderMark(bytes: Buffer, start: number, end: number): number {
  const marked =
    end - start >= BYTE_ORDER_MARK.length &&
    BYTE_ORDER_MARK.equals(bytes.subarray(start, start + BYTE_ORDER_MARK.length))
  return marked ? start + BYTE_ORDER_MARK.length : start
}

/** Line `number` of the input: bytes [start, end), not blank, without white space around it. */
export function parseRecord(bytes: Buffer, start: number, end: number, number: number): ParsedRecord {
  if (end - start > LINE_BYTES_MAX) return tooLong(bytes, start, number)
  const plain = plainUserId(bytes, start, end)
  if (plain !== undefined) return { userId: plain }
  let text: string
  try {
    text = strictUtf8.decode(bytes.subarray(start, end))
  } catch {
    const echo = JSON.stringify(lenientUtf8.decode(bytes.subarray(start, end)))
    return { fault: `Line ${number} is not valid UTF-8; ${EXPECTED}.`, echo }
  }
  return parseText(text, number)
}

/** The id of `{"userId":"…"}` where that is the whole line, in ASCII without escapes: the usual record, some twenty times faster. */
const OPENING = Buffer.from('{"userId":"')
const CLOSING_BYTES = 2

function plainUserId(bytes: Buffer, start: number, end: number): string | undefined {
  const idStart = start + OPENING.length
  const idEnd = end - CLOSING_BYTES
  if (idEnd <= idStart || idEnd - idStart > ID_CHARACTERS_MAX) return undefined
  if (bytes[idEnd] !== QUOTE || bytes[idEnd + 1] !== CLOSING_BRACE) return undefined
  for (let i = 0; i < OPENING.length; i++) if (bytes[start + i] !== OPENING[i]) return undefined
  for (let i = idStart; i < idEnd; i++) {
    const byte = bytes[i]
    if (byte < SPACE || byte >= DELETE || byte === QUOTE || byte === BACKSLASH) return undefined
  }
  return bytes.toString('latin1', idStart, idEnd)
}

function parseText(text: string, number: number): ParsedRecord {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch (error) {
    return {
      fault: `Line ${number} is not JSON (${(error as Error).message}); ${EXPECTED}.`,
      echo: JSON.stringify(text),
    }
  }
  const fault = (problem: string): ParsedRecord => ({ fault: `Line ${number}: ${problem}.`, echo: undefined })
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return fault(`${nameOf(record)} is not a record; ${EXPECTED}`)
  }
  if (!Object.hasOwn(record, 'userId')) return fault(`userId is missing; ${EXPECTED}`)
  const { userId, filterValues } = record as { userId: unknown; filterValues?: unknown }
  if (typeof userId !== 'number' && typeof userId !== 'string') {
    return fault(`userId is ${nameOf(userId)}; a string or a number was expected`)
  }
  const read = typeof userId === 'number' ? numberAsId(text, fault) : checkId(userId, fault)
  return filterValues === undefined || read.userId === undefined ? read : { userId: read.userId, filterValues }
}

function checkId(userId: string, fault: (problem: string) => ParsedRecord): ParsedRecord {
  if (userId === '') return fault(`userId is empty; 1 to ${ID_CHARACTERS_MAX} characters were expected`)
  if (!userId.isWellFormed())
    return fault('userId contains half of a character, an unpaired surrogate; Unicode text was expected')
  if (userId.length > ID_CHARACTERS_MAX) {
    const characters = [...userId].length
    if (characters > ID_CHARACTERS_MAX) {
      return fault(`userId has ${characters} characters; at most ${ID_CHARACTERS_MAX} were expected`)
    }
  }
  return { userId }
}

/** `JSON.parse` alone would turn 12345678901234567890 into another user's id. */
function numberAsId(text: string, fault: (problem: string) => ParsedRecord): ParsedRecord {
  const sources = new Map<unknown, string>()
  let record: unknown
  try {
    record = JSON.parse(text, function (this: unknown, key: string, value: unknown, context?: { source?: string }) {
      if (key === 'userId' && context?.source !== undefined) sources.set(this, context.source)
      return value
    })
  } catch (error) {
    // The reviver recurses where plain parsing does not; the text itself was read before.
    if (!(error instanceof RangeError)) throw error
    return fault(
      'the record is nested too deeply beside a userId that is a number; less nesting or a string was expected',
    )
  }
  return checkId(sources.get(record)!, fault)
}

function tooLong(bytes: Buffer, start: number, number: number): ParsedRecord {
  // A cut through a character leaves a replacement character at the end.
  const beginning = lenientUtf8.decode(bytes.subarray(start, start + ECHO_BYTES_MAX))
  return {
    fault: `Line ${number} is longer than ${LINE_BYTES_MAX} bytes; a shorter record was expected. Its beginning is shown.`,
    echo: JSON.stringify(beginning),
  }
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}
