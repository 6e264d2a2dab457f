/**
 * Where the kernels of the byte path find what they need (kernels/byteParameters.ts): ids and texts in one memory that all threads share,
 * with a workplace for each. The value can be cloned into worker threads; byteBlocks.ts works on it.
 */
import type { Vocabulary, VocabularyTensors } from '../../datasets/vocabulary.ts'
import { ALIGNMENT_BYTES, type Arena, aligned, createArena } from '../../kernels/arena.ts'
import * as at from '../../kernels/byteParameters.ts'
import { growTo, kernelModule, MEMORY_BYTES_MAX } from '../../kernels/load.ts'
import { FLOAT32_TEXT_BYTES_MAX, SCALES, TENS } from '../../kernels/plain/float32Text.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { BatchDescription } from './description.ts'
import { IdRoom } from './idRoom.ts'
import {
  BLOCK_RECORDS,
  COPIED_BYTES,
  INPUT_WINDOW_BYTES,
  INPUT_WINDOW_BYTES_WITH_VALUES,
  LINE_BYTES_MAX,
  OUTPUT_BYTES,
  PLACES_MAX,
} from './limits.ts'

export interface ByteWork {
  /** Whose ids are looked up: the model's users, and those of a filter where they are others. */
  readonly tables: readonly Vocabulary[]
  readonly items: Vocabulary
  readonly recipe: BatchDescription['recipe']
  /** Items of a list, at most. */
  readonly k: number
  readonly threads: number
  /** Where some of the tables may lie already; the memory of it all. */
  readonly room?: IdRoom
  /** Of a block, at most; BLOCK_RECORDS unless it says otherwise. */
  readonly blockRecords?: number
}

export interface PlacedBytes {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly k: number
  readonly blockRecords: number
  /** Input that a thread sees at once. */
  readonly windowBytes: number
  readonly tables: readonly PlacedTable[]
  readonly texts: ItemTexts
  /** Of each thread. */
  readonly slots: readonly PlacedSlot[]
}

export interface PlacedTable {
  /** Views of the memory. */
  readonly tensors: VocabularyTensors
  readonly ids: number
  readonly slots: number
}

export interface ItemTexts {
  /** u8[items][ITEM_TEXT_BYTES], and what does not fit there. */
  readonly slots: Uint8Array
  readonly long: Uint8Array
}

/** Addresses. */
export interface PlacedSlot {
  readonly params: number
  readonly found: readonly number[]
  readonly copies: number
}

/** The tables to look ids up in: of what records are about, and last of those who ask, unless these are the same. */
export function idTables(subjects: Vocabulary | undefined, askers: Vocabulary | undefined): Vocabulary[] {
  if (subjects === undefined || askers === undefined) return [subjects, askers].filter(table => table !== undefined)
  const same = (a: Uint8Array | Uint32Array, b: Uint8Array | Uint32Array) =>
    a === b || (a.byteLength === b.byteLength && Buffer.compare(bytesIn(a), bytesIn(b)) === 0)
  const [one, other] = [subjects.tensors, askers.tensors]
  return same(one.offsets, other.offsets) && same(one.bytes, other.bytes) ? [subjects] : [subjects, askers]
}

const bytesIn = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** What follows the input where the line has an answer. */
const FRAME: readonly [number, string][] = [
  [at.FRAME_INPUT, '{"input":'],
  [at.FRAME_OUTPUT, ',"output":{"recommendedItems":['],
  [at.FRAME_SCORES, '],"scores":['],
  [at.FRAME_REASONS, '],"reasons":['],
  [at.FRAME_END, ']},"error":null}\n'],
]
/** The first eight bytes of plain lines, by kind of record. */
const OPENINGS = { userId: '{"userId', itemId: '{"itemId', 'userId and itemList': '\0'.repeat(8) } as const

/** A score and a comma; `[],` of the reasons. */
const NUMBER_BYTES = FLOAT32_TEXT_BYTES_MAX + 1
const REASON_BYTES = 3

/** Throws Refusal when it does not fit 4 GiB. */
export function placeBytes(work: ByteWork): PlacedBytes {
  const { tables, items, recipe, k, threads, room = new IdRoom(), blockRecords = BLOCK_RECORDS } = work
  const texts = itemTexts(items)
  const itemRoom = texts.longest + NUMBER_BYTES + REASON_BYTES
  const blocks = blockRecords / BLOCK_RECORDS
  const outputBytes = Math.max(
    Math.ceil(Math.max(1, blocks / 4) * OUTPUT_BYTES),
    2 * (LINE_BYTES_MAX + at.FRAME_BYTES + k * itemRoom),
  )
  const windowBytes = blockRecords > BLOCK_RECORDS ? INPUT_WINDOW_BYTES_WITH_VALUES : INPUT_WINDOW_BYTES
  const bytes = bytesOf({ ...work, room }, texts, { windowBytes, outputBytes })
  if (bytes > MEMORY_BYTES_MAX)
    throw new Refusal(
      `Ids and texts of ${[...tables, items].map(({ size }) => size).join(', ')} users and items need ${bytes} bytes of memory; at most ${MEMORY_BYTES_MAX} can be used.`,
    )
  const { memory } = room
  growTo(memory, bytes)
  const arena = createArena(memory, room.top)
  const placed = tables.map(table => (room.holds(table) ? placedTable(table) : placeTable(arena, table)))
  const slots = arena.reserveU8(texts.slots.length)
  slots.view.set(texts.slots)
  const long = arena.reserveU8(texts.long.length + at.BYTES_SLACK)
  long.view.set(texts.long)
  const frame = arena.reserveU8(at.FRAME_PIECES * at.FRAME_PIECE_BYTES)
  for (const [piece, text] of FRAME) {
    frame.view.set(Buffer.from(text), piece * at.FRAME_PIECE_BYTES)
    frame.view[(piece + 1) * at.FRAME_PIECE_BYTES - 1] = text.length
  }
  const tens = arena.reserveU32(TENS.length)
  tens.view.set(TENS)
  const scales = arena.reserveU8(SCALES.length)
  scales.view.set(SCALES)

  const common: [number, number][] = [
    [at.BYTES_RECORDS_MAX, blockRecords],
    [at.BYTES_LINE_MAX, LINE_BYTES_MAX],
    [at.BYTES_ITEM_TEXTS, slots.ptr],
    [at.BYTES_LONG_TEXTS, long.ptr],
    [at.BYTES_FRAME, frame.ptr],
    [at.BYTES_TENS, tens.ptr],
    [at.BYTES_SCALES, scales.ptr],
    [at.BYTES_HAS_SCORES, Number(recipe.scores)],
    [at.BYTES_HAS_REASONS, Number(recipe.reasons)],
    [at.BYTES_ITEM_ROOM, itemRoom],
    [at.BYTES_OUTPUT_SIZE, outputBytes],
  ]
  const placeSlot = (): PlacedSlot => {
    const { ptr: params, view: words } = arena.reserveU32(at.BYTES_WORDS)
    for (const [word, value] of common) words[word] = value
    new Uint8Array(words.buffer, params + 4 * at.BYTES_OPENING, 8).set(Buffer.from(OPENINGS[recipe.record]))
    words[at.BYTES_INPUT] = arena.reserveU8(windowBytes + at.BYTES_SLACK).ptr
    words[at.BYTES_RECORDS] = arena.reserveU32(blockRecords * at.RECORD_WORDS).ptr
    words[at.BYTES_HASHES] = arena.reserveU32(blockRecords + 1).ptr
    words[at.BYTES_ITEMS] = arena.reserveI32(blockRecords * k).ptr
    words[at.BYTES_SCORES] = arena.reserveF32(blockRecords * k).ptr
    words[at.BYTES_PLACES] = arena.reserveU8(PLACES_MAX * at.PLACE_BYTES).ptr
    words[at.BYTES_OUTPUT] = arena.reserveU8(outputBytes + at.BYTES_SLACK).ptr
    const copies = arena.reserveU8(COPIED_BYTES + at.BYTES_SLACK).ptr
    return { params, copies, found: tables.map(() => arena.reserveI32(blockRecords).ptr) }
  }
  return {
    module: kernelModule(),
    memory,
    k,
    blockRecords,
    windowBytes,
    tables: placed,
    texts: { slots: slots.view, long: long.view },
    slots: Array.from({ length: threads }, placeSlot),
  }
}

function placeTable(arena: Arena, { tensors }: Vocabulary): PlacedTable {
  const ids = arena.reserveU8(tensors.bytes.length + at.BYTES_SLACK)
  ids.view.set(tensors.bytes)
  const offsets = arena.reserveU32(tensors.offsets.length)
  offsets.view.set(tensors.offsets)
  const slots = arena.reserveU32(tensors.slots.length)
  slots.view.set(tensors.slots)
  const bytes = ids.view.subarray(0, tensors.bytes.length)
  return { tensors: { bytes, offsets: offsets.view, slots: slots.view }, ids: ids.ptr, slots: slots.ptr }
}

const placedTable = ({ tensors }: Vocabulary): PlacedTable => ({
  tensors,
  ids: tensors.bytes.byteOffset,
  slots: tensors.slots.byteOffset,
})

function bytesOf(
  { tables, k, threads, room, blockRecords = BLOCK_RECORDS }: ByteWork & { readonly room: IdRoom },
  texts: ItemTexts,
  { windowBytes, outputBytes }: { windowBytes: number; outputBytes: number },
): number {
  const ids = tables
    .filter(table => !room.holds(table))
    .map(({ tensors }) => tensors.bytes.length + tensors.offsets.byteLength + tensors.slots.byteLength)
  const numbers = TENS.byteLength + SCALES.length + at.FRAME_PIECES * at.FRAME_PIECE_BYTES
  const shared = ids.reduce((a, b) => a + b, 0) + texts.slots.length + texts.long.length + numbers
  const perRecord = 4 * (at.RECORD_WORDS + 1 + tables.length + 2 * k) * blockRecords
  const slot = windowBytes + perRecord + PLACES_MAX * at.PLACE_BYTES + outputBytes + COPIED_BYTES
  const rounding = ALIGNMENT_BYTES + at.BYTES_SLACK
  return room.top + aligned(shared + (3 * tables.length + 8) * rounding + threads * (slot + 16 * rounding))
}

/** Every item id as JSON and a comma. `longest` is in bytes. */
function itemTexts(items: Vocabulary): ItemTexts & { longest: number } {
  const slots = new Uint8Array(items.size * at.ITEM_TEXT_BYTES)
  const words = new Uint32Array(slots.buffer)
  const long: Buffer[] = []
  let longBytes = 0
  let longest = 0
  for (let item = 0; item < items.size; item++) {
    const text = Buffer.from(`${JSON.stringify(items.idAt(item))},`)
    const slot = item * at.ITEM_TEXT_BYTES
    longest = Math.max(longest, text.length)
    if (text.length < at.ITEM_TEXT_BYTES) {
      slots.set(text, slot)
      slots[slot + at.ITEM_TEXT_BYTES - 1] = text.length
      continue
    }
    words.set([longBytes, text.length], slot / 4)
    slots[slot + at.ITEM_TEXT_BYTES - 1] = at.LONG_TEXT
    long.push(text)
    longBytes += text.length
  }
  return { slots, long: Buffer.concat(long), longest }
}
