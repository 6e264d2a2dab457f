/**
 * Outside ids ↔ dense indexes, in three arrays on shared memory, so that threads share them and a model file stores them as they are:
 *
 *   bytes    u8[…]        in order of index, each id's UTF-8 and then ID_END, a byte that UTF-8 never contains
 *   offsets  u32[size+1]  id i is bytes[offsets[i], offsets[i + 1] - 1)
 *   slots    u32[1.75 · size, 2]  open addressing with linear probing from the slot that lib/idHash.ts names:
 *                         (index + 1 below and the low bits of the id's hash above, offsets[index]), or (0, 0) for an empty slot
 *
 * The hash bits spare a walk to `bytes` for ids met in probing, the offset and ID_END spare one to `offsets`: a look-up is one hash and two
 * cache misses. No string is kept: an id takes 19 bytes beside its text, a million ids of 10 characters 29 MB. Kernels look up whole blocks
 * of ids (assembly/ids.ts); this one at a time.
 */
import { assert } from '../lib/assert.ts'
import { idHash, slotOf } from '../lib/idHash.ts'
import { ID_CHARACTERS_MAX } from './limits.ts'

export interface VocabularyTensors {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
  readonly slots: Uint32Array
}

export const ID_END = 0xff
/**
 * Slots an id, rounded up: 57 % full, a known id is found after 1.7 slots and a stranger known for one after 3.2 (Knuth, TAOCP 3, §6.4, eq. 22
 * and 23), most of them in one cache line. Never quite full: a search ends at an empty slot.
 */
const SLOTS_PER_ID = 1.75
/** A character takes up to four bytes. */
const ID_BYTES_MAX = 4 * ID_CHARACTERS_MAX
/** A character takes up to two UTF-16 units; a longer string cannot be in any vocabulary. */
const ID_UNITS_MAX = 2 * ID_CHARACTERS_MAX
/** A UTF-16 unit takes at most three bytes. */
const UNIT_BYTES_MAX = 3
/** u32 offsets reach no further: a hundred million ids of 40 bytes. */
const BLOB_BYTES_MAX = 2 ** 32 - 1

const encoder = new TextEncoder()
/** The id being looked up, as it would stand in `bytes`. */
const scratch = new Uint8Array(UNIT_BYTES_MAX * ID_UNITS_MAX + 1)

export class Vocabulary {
  readonly tensors: VocabularyTensors
  readonly size: number
  readonly #indexBits: number
  readonly #slotCount: number
  readonly #text: Buffer

  private constructor(tensors: VocabularyTensors) {
    this.tensors = tensors
    this.size = tensors.offsets.length - 1
    this.#indexBits = indexBits(this.size)
    this.#slotCount = tensors.slots.length / 2
    this.#text = Buffer.from(tensors.bytes.buffer, tensors.bytes.byteOffset, tensors.bytes.byteLength)
  }

  /** The i-th id gets index i. The ids are distinct, well-formed and of at most ID_CHARACTERS_MAX characters: readers saw to that. */
  static fromIds(ids: Iterable<string>): Vocabulary {
    const builder = new VocabularyBuilder()
    for (const id of ids) builder.add(id)
    return builder.finish()
  }

  /** Arrays that are not on shared memory yet are copied there. */
  static fromTensors({ bytes, offsets, slots }: VocabularyTensors): Vocabulary {
    assert(offsets.length >= 1, 'a vocabulary has at least one offset')
    assert(offsets[0] === 0, "a vocabulary's first offset is 0")
    assert(offsets[offsets.length - 1] === bytes.length, "a vocabulary's last offset is the length of its bytes")
    assert(slots.length === 2 * slotCountOf(offsets.length - 1), 'a vocabulary has slots for its size')
    return new Vocabulary({
      bytes: isShared(bytes) ? bytes : copyTo(sharedBytes(bytes.length), bytes),
      offsets: isShared(offsets) ? offsets : copyTo(sharedWords(offsets.length), offsets),
      slots: isShared(slots) ? slots : copyTo(sharedWords(slots.length), slots),
    })
  }

  /** -1 for an unknown id. */
  indexOf(id: string): number {
    const length = encode(id)
    if (length < 0) return -1
    const { bytes, slots } = this.tensors
    const h = idHash(scratch, 0, length)
    const mask = indexMask(this.#indexBits)
    const tag = h << this.#indexBits
    for (let at = 2 * slotOf(h, this.#slotCount); slots[at] !== 0; at = next(at, slots)) {
      if (((slots[at] ^ tag) & ~mask) !== 0) continue
      if (same(bytes, slots[at + 1], scratch, 0)) return (slots[at] & mask) - 1
    }
    return -1
  }

  idAt(index: number): string {
    assert(index >= 0 && index < this.size, 'an index lies in its vocabulary')
    return this.#text.toString('utf8', this.tensors.offsets[index], this.tensors.offsets[index + 1] - 1)
  }
}

/** For ids that come in pieces. */
export class VocabularyBuilder {
  #bytes = new Uint8Array(1 << 16)
  #offsets = new Uint32Array(1 << 12)
  #size = 0

  add(id: string): void {
    assert(id.isWellFormed(), 'an id is well-formed Unicode')
    const start = this.#reserve(UNIT_BYTES_MAX * id.length)
    this.#close(encoder.encodeInto(id, this.#bytes.subarray(start)).written)
  }

  /** An id as UTF-8: readers that make strings of it may drop a byte order mark, which is a character of an id like any other. */
  addUtf8(id: Uint8Array): void {
    const start = this.#reserve(id.length)
    this.#bytes.set(id, start)
    this.#close(id.length)
  }

  finish(): Vocabulary {
    const offsets = copyTo(sharedWords(this.#size + 1), this.#offsets.subarray(0, this.#size + 1))
    const blobBytes = offsets[this.#size]
    const bytes = copyTo(sharedBytes(blobBytes), this.#bytes.subarray(0, blobBytes))
    return Vocabulary.fromTensors({ bytes, offsets, slots: buildSlots(bytes, offsets) })
  }

  /** Where the next id begins; room for it, ID_END and its offset. */
  #reserve(idBytes: number): number {
    const start = this.#offsets[this.#size]
    const room = start + idBytes + 1
    if (this.#bytes.length < room)
      this.#bytes = copyTo(new Uint8Array(Math.max(room, 2 * this.#bytes.length)), this.#bytes)
    if (this.#offsets.length === this.#size + 1)
      this.#offsets = copyTo(new Uint32Array(2 * this.#offsets.length), this.#offsets)
    return start
  }

  #close(idBytes: number): void {
    assert(idBytes <= ID_BYTES_MAX, 'an id is not longer than ids may be')
    const end = this.#offsets[this.#size] + idBytes
    assert(end < BLOB_BYTES_MAX, 'the ids of a vocabulary fit 4 GB')
    this.#bytes[end] = ID_END
    this.#offsets[++this.#size] = end + 1
  }
}

function buildSlots(bytes: Uint8Array, offsets: Uint32Array): Uint32Array {
  const size = offsets.length - 1
  const slotCount = slotCountOf(size)
  const slots = sharedWords(2 * slotCount)
  const bits = indexBits(size)
  const mask = indexMask(bits)
  for (let index = 0; index < size; index++) {
    const start = offsets[index]
    const h = idHash(bytes, start, offsets[index + 1] - 1)
    const tag = h << bits
    let at = 2 * slotOf(h, slotCount)
    for (; slots[at] !== 0; at = next(at, slots)) {
      if (((slots[at] ^ tag) & ~mask) !== 0) continue
      assert(!same(bytes, slots[at + 1], bytes, start), 'the ids of a vocabulary are distinct')
    }
    slots[at] = (index + 1) | tag
    slots[at + 1] = start
  }
  return slots
}

const slotCountOf = (size: number): number => Math.ceil(SLOTS_PER_ID * size) + 1

/** How many bits index + 1 needs: at most 31, for 2³¹ ids would need 4 GB for their ID_END alone. */
export const indexBits = (size: number): number => 32 - Math.clz32(size)
const indexMask = (bits: number): number => (1 << bits) - 1

/** The slot after one; the first after the last. */
const next = (at: number, slots: Uint32Array): number => (at + 2 === slots.length ? 0 : at + 2)

/**
 * The id and ID_END in `scratch`; its length in bytes without ID_END, or -1 if it can be in no vocabulary. Most ids are short and ASCII: a loop
 * beats the call of encodeInto.
 */
function encode(id: string): number {
  let length = id.length
  if (length > ID_UNITS_MAX) return -1
  for (let i = 0; i < length; i++) {
    const unit = id.charCodeAt(i)
    if (unit >= 0x80) {
      if (!id.isWellFormed()) return -1
      length = encoder.encodeInto(id, scratch).written
      break
    }
    scratch[i] = unit
  }
  scratch[length] = ID_END
  return length
}

/** Whether the ids that begin here and there are the same, ID_END included. */
function same(here: Uint8Array, i: number, there: Uint8Array, j: number): boolean {
  while (here[i] === there[j] && here[i] !== ID_END) {
    i++
    j++
  }
  return here[i] === there[j]
}

const sharedBytes = (length: number) => new Uint8Array(new SharedArrayBuffer(length))
const sharedWords = (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length))

const isShared = (array: Uint8Array | Uint32Array): boolean => array.buffer instanceof SharedArrayBuffer

function copyTo<T extends Uint8Array | Uint32Array>(target: T, source: ArrayLike<number>): T {
  target.set(source)
  return target
}

/** All of `known` in its order, then `fresh`, UTF-8 that it has not, each once, by their bytes ascending; `fresh` is put in order. */
export function extended(known: Vocabulary, fresh: Buffer[]): Vocabulary {
  if (fresh.length === 0) return known
  const builder = new VocabularyBuilder()
  const { bytes, offsets } = known.tensors
  for (let index = 0; index < known.size; index++)
    builder.addUtf8(bytes.subarray(offsets[index], offsets[index + 1] - 1))
  for (const each of fresh.sort(Buffer.compare)) builder.addUtf8(each)
  return builder.finish()
}
