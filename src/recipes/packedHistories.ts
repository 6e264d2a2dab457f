/**
 * Histories in as few bits an event as name an item: 15 for 20 000 items, where a list of i32 takes 32. 50 million users with 36 events
 * each then take 3.4 GB, and a history is two or three cache lines wherever it lies, which a read of a file never is.
 *
 *   event e of all   bits [e · bits, (e + 1) · bits) of `packed`, the lowest bit of a word first
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { StoredHistories } from './storedHistories.ts'

export interface PackedHistories {
  /** u32[users + 1], on shared memory: the items of user u are events [offsets[u], offsets[u + 1]). */
  readonly offsets: Uint32Array
  /** On shared memory. */
  readonly packed: Uint32Array
  readonly bits: number
}

const WORD_BITS = 32
/** Events that are read at once: 4 MB. */
const READ_EVENTS = 2 ** 20

export const bitsFor = (itemCount: number): number => Math.max(1, WORD_BITS - Math.clz32(itemCount - 1))

/** One word more than is needed: an event that ends a word is read with the next one. */
export const packedBytes = (eventCount: number, itemCount: number): number =>
  4 * (Math.ceil((eventCount * bitsFor(itemCount)) / WORD_BITS) + 1)

/** Throws Refusal where the file names an item that is none of the model's, or ends too early; the signal's reason when aborted. */
export async function packHistories(
  { offsets, file }: StoredHistories,
  itemCount: number,
  { signal }: { signal: AbortSignal },
): Promise<PackedHistories> {
  const eventCount = offsets[offsets.length - 1]
  const bits = bitsFor(itemCount)
  const packed = new Uint32Array(new SharedArrayBuffer(packedBytes(eventCount, itemCount)))
  const window = new Uint32Array(READ_EVENTS)
  const descriptor = openSync(file.path, 'r')
  try {
    for (let first = 0; first < eventCount; first += READ_EVENTS) {
      signal.throwIfAborted()
      const events = window.subarray(0, Math.min(READ_EVENTS, eventCount - first))
      readWhole(descriptor, events, file.start + 4 * first)
      packEvents(packed, first * bits, bits, events, itemCount)
      // Others of the process have their turn: a gigabyte takes a second.
      await new Promise(resolve => setImmediate(resolve))
    }
  } finally {
    closeSync(descriptor)
  }
  return { offsets, packed, bits }
}

function readWhole(descriptor: number, events: Uint32Array, position: number): void {
  const bytes = new Uint8Array(events.buffer, events.byteOffset, events.byteLength)
  for (let filled = 0; filled < bytes.length; ) {
    const got = readSync(descriptor, bytes, filled, bytes.length - filled, position + filled)
    if (got === 0) throw new Refusal('The histories of the model end before their last one.')
    filled += got
  }
}

/** `events` from bit `from` on; what stands there before is 0. */
function packEvents(packed: Uint32Array, from: number, bits: number, events: Uint32Array, itemCount: number): void {
  let word = Math.floor(from / WORD_BITS)
  let shift = from % WORD_BITS
  for (let i = 0; i < events.length; i++) {
    const item = events[i]
    if (item >= itemCount)
      throw new Refusal(`The histories of the model name the item ${item | 0}, where the model has ${itemCount}.`)
    packed[word] |= item << shift
    shift += bits
    if (shift < WORD_BITS) continue
    shift -= WORD_BITS
    word++
    if (shift > 0) packed[word] = item >>> (bits - shift)
  }
}

/** Events [from, to) to `items` from `place` on. */
export function unpackEvents(
  { packed, bits }: PackedHistories,
  from: number,
  to: number,
  items: Int32Array,
  place: number,
): void {
  assert(place + to - from <= items.length, 'there is room for a history')
  const mask = -1 >>> (WORD_BITS - bits)
  let word = Math.floor((from * bits) / WORD_BITS)
  let shift = (from * bits) % WORD_BITS
  for (let i = from; i < to; i++) {
    let value = packed[word] >>> shift
    shift += bits
    if (shift >= WORD_BITS) {
      shift -= WORD_BITS
      word++
      if (shift > 0) value |= packed[word] << (bits - shift)
    }
    items[place++] = value & mask
  }
}
