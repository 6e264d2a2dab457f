import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { greatest } from '../../src/models/sparseEntries.ts'

/** By a sort of all. */
function plainGreatest(values: Float64Array, count: number): number[] {
  const found = Array.from(values.keys()).filter(index => values[index] !== 0)
  found.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b)
  return found.slice(0, count).sort((a, b) => a - b)
}

test('the entries of greatest size are those that a sort puts first, equal ones among them', () => {
  const random = seededRandom(1)
  for (const length of [0, 1, 2, 7, 100, 1000])
    for (const kinds of [1, 3, 50, 1000])
      for (const count of [0, 1, 2, 10, 99, 2000]) {
        const values = Float64Array.from({ length }, () => (random.below(2 * kinds + 1) - kinds) / 8)
        assert.deepEqual(greatest(values, count), plainGreatest(values, count))
      }
})

test('the greatest of a million are found in a moment', { timeout: 10_000 }, () => {
  const random = seededRandom(2)
  const values = Float64Array.from({ length: 1_000_000 }, () => random.uniform())
  for (let time = 0; time < 20; time++) assert.equal(greatest(values, 500).length, 500)
})
