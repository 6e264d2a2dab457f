/**
 * Histories in as few bits an event as name an item (lib/packedBits.ts): 15 for 20 000 items, where a list of i32 takes 32. 50 million users
 * with 36 events each then take 3.4 GB, and a history is two or three cache lines wherever it lies, which a read of a file never is.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { BitWriter, bitsFor, packedWords } from '../lib/packedBits.ts'
import { Refusal } from '../lib/refusal.ts'
import type { StoredHistories } from './storedHistories.ts'

export interface PackedHistories {
  /** u32[users + 1], on shared memory: the items of user u are events [offsets[u], offsets[u + 1]). */
  readonly offsets: Uint32Array
  /** On shared memory. */
  readonly packed: Uint32Array
  readonly bits: number
}

/** Events that are read at once: 4 MB. */
const READ_EVENTS = 2 ** 20

export const packedBytes = (eventCount: number, itemCount: number): number =>
  4 * packedWords(eventCount, bitsFor(itemCount))

/** Throws Refusal where the file names an item that is none of the model's, or ends too early; the signal's reason when aborted. */
export async function packHistories(
  { offsets, file }: StoredHistories,
  itemCount: number,
  { signal }: { signal: AbortSignal },
): Promise<PackedHistories> {
  const eventCount = offsets[offsets.length - 1]
  const bits = bitsFor(itemCount)
  const packed = new Uint32Array(new SharedArrayBuffer(packedBytes(eventCount, itemCount)))
  let filled = 0
  const writer = new BitWriter(bits, words => {
    packed.set(words, filled)
    filled += words.length
  })
  const window = new Uint32Array(READ_EVENTS)
  const descriptor = openSync(file.path, 'r')
  try {
    for (let first = 0; first < eventCount; first += READ_EVENTS) {
      signal.throwIfAborted()
      const events = window.subarray(0, Math.min(READ_EVENTS, eventCount - first))
      readWhole(descriptor, events, file.start + 4 * first)
      checkItems(events, itemCount)
      writer.write(events)
      // Others of the process have their turn: a gigabyte takes a second.
      await new Promise(resolve => setImmediate(resolve))
    }
    writer.finish()
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

function checkItems(events: Uint32Array, itemCount: number): void {
  for (const item of events)
    if (item >= itemCount)
      throw new Refusal(`The histories of the model name the item ${item | 0}, where the model has ${itemCount}.`)
}
