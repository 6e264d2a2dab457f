/**
 * Outside ids ↔ dense indexes, in three arrays on shared memory, so that threads share them and a model file stores them as they are:
 *
 *   bytes    u8[…]        in order of index, each id's UTF-8 and then END, a byte that UTF-8 never contains
 *   offsets  u32[size+1]  id i is bytes[offsets[i], offsets[i + 1] - 1)
 *   slots    u32[2^k, 2]  open addressing with linear probing, at most half full:
 *                         (index + 1 below and the id's hash in the bits above, offsets[index]), or (0, 0) for an empty slot
 *
 * The hash bits spare a walk to `bytes` for ids met in probing, the offset and END spare one to `offsets`: a look-up is one hash and two
 * cache misses. No string is kept: a million ids of 10 characters take 31 MB.
 */
import { assert } from '../lib/assert.ts'
import { ID_CHARACTERS_MAX } from './limits.ts'

export interface VocabularyTensors {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
  readonly slots: Uint32Array
}

const END = 0xff
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
  readonly #hashBits: number
  readonly #text: Buffer

  private constructor(tensors: VocabularyTensors) {
    this.tensors = tensors
    this.size = tensors.offsets.length - 1
    this.#hashBits = hashBits(this.size)
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
    assert(slots.length >= 4 * (offsets.length - 1), 'half of the slots of a vocabulary are empty')
    assert(
      slots.length >= 2 && (slots.length & (slots.length - 1)) === 0,
      "a vocabulary's slots are a power of two in number",
    )
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
    const mask = slots.length - 1
    const h = hash(scratch, 0, length)
    for (let at = (2 * h) & mask; slots[at] !== 0; at = (at + 2) & mask) {
      if (((slots[at] ^ h) & this.#hashBits) !== 0) continue
      if (same(bytes, slots[at + 1], scratch, 0)) return (slots[at] & ~this.#hashBits) - 1
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

  /** Where the next id begins; room for it, END and its offset. */
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
    this.#bytes[end] = END
    this.#offsets[++this.#size] = end + 1
  }
}

function buildSlots(bytes: Uint8Array, offsets: Uint32Array): Uint32Array {
  const size = offsets.length - 1
  const slots = sharedWords(2 * 2 ** Math.ceil(Math.log2(Math.max(2 * size, 1))))
  const mask = slots.length - 1
  const bits = hashBits(size)
  for (let index = 0; index < size; index++) {
    const start = offsets[index]
    const h = hash(bytes, start, offsets[index + 1] - 1)
    let at = (2 * h) & mask
    for (; slots[at] !== 0; at = (at + 2) & mask) {
      if (((slots[at] ^ h) & bits) !== 0) continue
      assert(!same(bytes, slots[at + 1], bytes, start), 'the ids of a vocabulary are distinct')
    }
    slots[at] = (index + 1) | (h & bits)
    slots[at + 1] = start
  }
  return slots
}

/** The bits of a u32 that no index + 1 up to `size` needs. */
const hashBits = (size: number): number => -1 << (32 - Math.clz32(size))

/**
 * The id and END in `scratch`; its length in bytes without END, or -1 if it can be in no vocabulary. Most ids are short and ASCII: a loop
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
  scratch[length] = END
  return length
}

/** FNV-1a, 32 bits, finished with MurmurHash3's mixer because FNV's low bits alone are weak on counting ids. Public domain, both. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i], 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Whether the ids that begin here and there are the same, END included. */
function same(here: Uint8Array, i: number, there: Uint8Array, j: number): boolean {
  while (here[i] === there[j] && here[i] !== END) {
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
