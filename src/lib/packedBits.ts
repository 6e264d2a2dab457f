/**
 * Numbers in as few bits each as will do.
 *
 *   number i of all   bits [i · bits, (i + 1) · bits) of the words, the lowest bit of a word first; 1 ≤ bits ≤ 32
 *
 * One word more than that takes: a number that ends a word is read with the next one.
 */
import { assert } from './assert.ts'

export const WORD_BITS = 32
/** Words that a writer holds before it hands them on: a megabyte. */
const HELD_WORDS = 2 ** 18

/** Bits that tell 0 … count - 1 apart, at least one. */
export const bitsFor = (count: number): number => Math.max(1, WORD_BITS - Math.clz32(count - 1))

export const packedWords = (count: number, bits: number): number => Math.ceil((count * bits) / WORD_BITS) + 1

/** Words [first, end) hold numbers [from, to). */
export const wordsOf = (from: number, to: number, bits: number): { first: number; end: number } => ({
  first: Math.floor((from * bits) / WORD_BITS),
  end: Math.ceil((to * bits) / WORD_BITS),
})

/** How many bits are 1, those of a word counted in parallel (Warren, Hacker's Delight, §5-1). */
export function countOnes(words: Uint32Array): number {
  let count = 0
  for (let word = 0; word < words.length; word++) {
    let bits = words[word]
    bits -= (bits >>> 1) & 0x55555555
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
    count += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}

/** `count` numbers, the first of which begins at bit `at` of `words`, to `out` from `place` on. */
export function unpackBits(
  words: Uint32Array,
  bits: number,
  at: number,
  out: Int32Array | Uint32Array,
  place: number,
  count: number,
): void {
  assert(place + count <= out.length, 'there is room for what is unpacked')
  const mask = -1 >>> (WORD_BITS - bits)
  let word = Math.floor(at / WORD_BITS)
  let shift = at % WORD_BITS
  for (let i = 0; i < count; i++) {
    let value = words[word] >>> shift
    shift += bits
    if (shift >= WORD_BITS) {
      shift -= WORD_BITS
      word++
      if (shift > 0) value |= words[word] << (bits - shift)
    }
    out[place + i] = value & mask
  }
}

/** All of them, and the word that is more. */
export function packBits(values: Uint32Array, bits: number): Uint32Array<ArrayBuffer> {
  const packed = new Uint32Array(packedWords(values.length, bits))
  let filled = 0
  const writer = new BitWriter(bits, words => {
    packed.set(words, filled)
    filled += words.length
  })
  writer.write(values)
  writer.finish()
  return packed
}

/** Packs numbers as they come. What it hands to `take` is valid until that returns. */
export class BitWriter {
  readonly #bits: number
  readonly #take: (words: Uint32Array) => void
  readonly #words = new Uint32Array(HELD_WORDS)
  #word = 0
  #shift = 0

  constructor(bits: number, take: (words: Uint32Array) => void) {
    assert(bits >= 1 && bits <= WORD_BITS, 'a number takes 1 to 32 bits')
    this.#bits = bits
    this.#take = take
  }

  write(values: Uint32Array): void {
    const words = this.#words
    const bits = this.#bits
    let word = this.#word
    let shift = this.#shift
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      words[word] |= value << shift
      shift += bits
      if (shift < WORD_BITS) continue
      shift -= WORD_BITS
      if (++word === HELD_WORDS) {
        this.#hand(HELD_WORDS)
        word = 0
      }
      if (shift > 0) words[word] = value >>> (bits - shift)
    }
    this.#word = word
    this.#shift = shift
  }

  /** The last words, with the one that is more than is needed. */
  finish(): void {
    this.#hand(this.#word + (this.#shift > 0 ? 1 : 0))
    this.#take(new Uint32Array(1))
  }

  #hand(count: number): void {
    this.#take(this.#words.subarray(0, count))
    this.#words.fill(0, 0, count)
  }
}
