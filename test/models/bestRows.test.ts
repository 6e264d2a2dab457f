/** Against a plain sort. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { bestFew, bestRows } from '../../src/models/bestRows.ts'

function plain(scores: Float32Array, k: number, allowed?: Uint32Array): number[] {
  const open = Array.from(scores.keys()).filter(
    row => allowed === undefined || ((allowed[row >>> 5] >>> (row & 31)) & 1) === 1,
  )
  return open.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k)
}

test('the best rows in order, ties by row, whatever the scores are', () => {
  const random = seededRandom(7)
  const draws: (() => number)[] = [
    () => random.normal(),
    () => random.below(3) - 1,
    () => 0,
    () => -0,
    () => (random.below(2) === 0 ? -0 : 0),
    () => Math.exp(40 * random.normal()) * (random.below(2) === 0 ? 1 : -1),
    () => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, -1e-45, 0][random.below(5)],
  ]
  for (const draw of draws) {
    for (const count of [0, 1, 31, 32, 33, 1000]) {
      const scores = Float32Array.from({ length: count }, draw)
      const allowed = Uint32Array.from({ length: Math.ceil(count / 32) }, () => random.below(2 ** 32))
      for (const k of [0, 1, 5, count, count + 3]) {
        assert.deepEqual([...bestRows(scores, k)], plain(scores, k))
        assert.deepEqual([...bestFew(scores, k)], plain(scores, k))
        assert.deepEqual([...bestFew(scores, k, allowed)], plain(scores, k, allowed))
      }
    }
  }
})
