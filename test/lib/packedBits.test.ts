import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BitWriter, packedWords, unpackBits, wordsOf } from '../../src/lib/packedBits.ts'
import { seededRandom } from '../../src/lib/random.ts'

/** Written in pieces of `piece` numbers. */
function packed(values: Uint32Array, bits: number, piece: number): Uint32Array {
  const found: number[] = []
  const writer = new BitWriter(bits, words => {
    for (const word of words) found.push(word)
  })
  for (let from = 0; from < values.length; from += piece) writer.write(values.subarray(from, from + piece))
  writer.finish()
  return Uint32Array.from(found)
}

test('every width, pieces of any size: what is written comes back, from any place', () => {
  const random = seededRandom(1)
  for (let bits = 1; bits <= 32; bits++) {
    for (const count of [0, 1, 31, 32, 33, 500]) {
      const values = Uint32Array.from({ length: count }, (_, i) =>
        i % 5 === 0 ? 2 ** bits - 1 : random.below(2 ** bits),
      )
      const words = packed(values, bits, 1 + random.below(40))
      assert.equal(words.length, packedWords(count, bits))
      const out = new Uint32Array(count + 2)
      unpackBits(words, bits, 0, out, 1, count)
      assert.deepEqual([...out], [0, ...values, 0], `${bits} bits, ${count} numbers`)
      const from = random.below(count + 1)
      const { first, end } = wordsOf(from, count, bits)
      const part = new Uint32Array(count - from)
      unpackBits(words.slice(first, end + 1), bits, from * bits - 32 * first, part, 0, count - from)
      assert.deepEqual(part, values.slice(from))
    }
  }
})

test('more words than a writer holds, ending with the last word it holds and not', () => {
  for (const count of [2 ** 18, 2 ** 18 + 1, 2 ** 19 + 7])
    for (const bits of [32, 31]) {
      const values = Uint32Array.from({ length: count }, (_, i) => (i * 7919) % 2 ** bits)
      const out = new Uint32Array(count)
      unpackBits(packed(values, bits, 1000), bits, 0, out, 0, count)
      assert.deepEqual(out, values)
    }
})
