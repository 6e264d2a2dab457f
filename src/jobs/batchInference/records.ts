/**
 * One line of input as a record: who or what is asked about, or what is wrong with the line. Of the members those are read that the
 * recipe's kind of record has (spec/batch-inference.md §3), and `filterValues` and `context` handed on; all are repeated in the answer. An id may be a
 * JSON number; its text is then the id (`1.0` is the id "1.0"). A line that is exactly {"userId":"…"} or {"itemId":"…"}, where that is the
 * kind of record, never comes here: the kernels see to it (assembly/lines.ts).
 */
import { ID_CHARACTERS_MAX } from '../../datasets/limits.ts'
import { assert } from '../../lib/assert.ts'
import type { BatchFacts } from '../../recipes/recipe.ts'
import { ECHO_BYTES_MAX, ITEM_LIST_LENGTH_MAX, LINE_BYTES_MAX } from './limits.ts'

/** The last is that of segments by attributes, whose expression is read elsewhere. */
export type RecordKind = BatchFacts['record'] | 'itemAttributes'

export type ParsedRecord =
  | {
      /** Of an item's record it is optional, and there for the filter alone. */
      readonly userId?: string
      readonly itemId?: string
      /** 1 to ITEM_LIST_LENGTH_MAX ids, repeats and all. */
      readonly itemList?: readonly string[]
      readonly itemAttributes?: string
      readonly filterValues?: unknown
      readonly context?: unknown
      readonly fault?: undefined
      readonly echo?: undefined
    }
  /** `fault` is a whole sentence; `echo` is JSON for the answer's `input`, where that is not the line itself. */
  | {
      readonly userId?: undefined
      readonly itemId?: undefined
      readonly itemList?: undefined
      readonly itemAttributes?: undefined
      readonly filterValues?: undefined
      readonly context?: undefined
      readonly fault: string
      readonly echo: string | undefined
    }

const EXPECTED: Readonly<Record<RecordKind, string>> = {
  userId: 'an object such as {"userId":"105"} was expected',
  itemId: 'an object such as {"itemId":"105"} was expected',
  itemAttributes: 'an object such as {"itemAttributes":"ITEMS.topic = \\"garden\\""} was expected',
  'userId and itemList': 'an object such as {"userId":"105","itemList":["7","8"]} was expected',
}
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
export function parseRecord(bytes: Buffer, start: number, end: number, number: number, kind: RecordKind): ParsedRecord {
  if (end - start > LINE_BYTES_MAX) return tooLong(bytes, start, number)
  let text: string
  try {
    text = strictUtf8.decode(bytes.subarray(start, end))
  } catch {
    const echo = JSON.stringify(lenientUtf8.decode(bytes.subarray(start, end)))
    return { fault: `Line ${number} is not valid UTF-8; ${EXPECTED[kind]}.`, echo }
  }
  return parseText(text, number, kind)
}

function parseText(text: string, number: number, kind: RecordKind): ParsedRecord {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch (error) {
    return {
      fault: `Line ${number} is not JSON (${(error as Error).message}); ${EXPECTED[kind]}.`,
      echo: JSON.stringify(text),
    }
  }
  try {
    return readMembers(record, text, kind)
  } catch (error) {
    if (error instanceof RecordFault) return { fault: `Line ${number}: ${error.message}.`, echo: undefined }
    throw error
  }
}

/** What is wrong with a record that is JSON; without the line's number and the full stop. */
class RecordFault extends Error {}

function readMembers(record: unknown, text: string, kind: RecordKind): ParsedRecord {
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new RecordFault(`${nameOf(record)} is not a record; ${EXPECTED[kind]}`)
  const ids = new IdReader(record as Record<string, unknown>, text, kind)
  const { filterValues, context } = ids.record
  const asked =
    kind === 'userId'
      ? { userId: ids.required('userId') }
      : kind === 'itemId'
        ? { itemId: ids.required('itemId'), ...(Object.hasOwn(record, 'userId') && { userId: ids.required('userId') }) }
        : kind === 'itemAttributes'
          ? { itemAttributes: ids.attributes() }
          : { userId: ids.required('userId'), itemList: ids.list() }
  return {
    ...asked,
    ...(filterValues !== undefined && { filterValues }),
    ...(context !== undefined && { context }),
  }
}

class IdReader {
  readonly record: Readonly<Record<string, unknown>>
  readonly #text: string
  readonly #kind: RecordKind
  /** Of the numbers, what stands in the line: read when the first one is asked for. */
  #sources: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined

  constructor(record: Readonly<Record<string, unknown>>, text: string, kind: RecordKind) {
    this.record = record
    this.#text = text
    this.#kind = kind
  }

  required(name: 'userId' | 'itemId'): string {
    this.#mustHave(name)
    return this.#idOf(this.record, name, name)
  }

  list(): readonly string[] {
    this.#mustHave('itemList')
    const { itemList } = this.record
    if (!Array.isArray(itemList)) throw new RecordFault(`itemList is ${nameOf(itemList)}; a list of ids was expected`)
    if (itemList.length < 1 || itemList.length > ITEM_LIST_LENGTH_MAX)
      throw new RecordFault(`itemList has ${itemList.length} ids; 1 to ${ITEM_LIST_LENGTH_MAX} were expected`)
    return itemList.map((_, place) => this.#idOf(itemList, String(place), `itemList[${place}]`))
  }

  attributes(): string {
    this.#mustHave('itemAttributes')
    const { itemAttributes } = this.record
    if (typeof itemAttributes !== 'string')
      throw new RecordFault(`itemAttributes is ${nameOf(itemAttributes)}; a string was expected`)
    return itemAttributes
  }

  #mustHave(name: string): void {
    if (!Object.hasOwn(this.record, name)) throw new RecordFault(`${name} is missing; ${EXPECTED[this.#kind]}`)
  }

  #idOf(holder: object, key: string, name: string): string {
    const value = (holder as Record<string, unknown>)[key]
    if (typeof value !== 'number' && typeof value !== 'string')
      throw new RecordFault(`${name} is ${nameOf(value)}; a string or a number was expected`)
    return checkId(typeof value === 'number' ? this.#sourceOf(holder, key, name) : value, name)
  }

  /** `JSON.parse` alone would turn 12345678901234567890 into another id. */
  #sourceOf(holder: object, key: string, name: string): string {
    this.#sources ??= numberSources(this.#text, name)
    // The lists are told apart by the member they stand in: the text was read anew.
    const source = this.#sources.get(holder === this.record ? 'record' : 'itemList')?.get(key)
    assert(source !== undefined, 'a number of a record stands in its text')
    return source
  }
}

/** The numbers of the record itself and of its itemList, as they stand in the text, by key. */
function numberSources(text: string, name: string): Map<string, Map<string, string>> {
  const byHolder = new Map<unknown, Map<string, string>>()
  let record: { itemList?: unknown }
  try {
    record = JSON.parse(text, function (this: unknown, key: string, value: unknown, context?: { source?: string }) {
      if (typeof value === 'number' && context?.source !== undefined) {
        const known = byHolder.get(this)
        if (known) known.set(key, context.source)
        else byHolder.set(this, new Map([[key, context.source]]))
      }
      return value
    })
  } catch (error) {
    // The reviver recurses where plain parsing does not; the text itself was read before.
    if (!(error instanceof RangeError)) throw error
    throw new RecordFault(
      `the record is nested too deeply beside ${name.startsWith('i') ? 'an' : 'a'} ${name} that is a number; less nesting or a string was expected`,
    )
  }
  const found = new Map<string, Map<string, string>>()
  for (const [at, holder] of Object.entries({ record, itemList: record.itemList })) {
    const sources = byHolder.get(holder)
    if (sources) found.set(at, sources)
  }
  return found
}

function checkId(id: string, name: string): string {
  if (id === '') throw new RecordFault(`${name} is empty; 1 to ${ID_CHARACTERS_MAX} characters were expected`)
  if (!id.isWellFormed())
    throw new RecordFault(`${name} contains half of a character, an unpaired surrogate; Unicode text was expected`)
  if (id.length > ID_CHARACTERS_MAX) {
    const characters = [...id].length
    if (characters > ID_CHARACTERS_MAX)
      throw new RecordFault(`${name} has ${characters} characters; at most ${ID_CHARACTERS_MAX} were expected`)
  }
  return id
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
