import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { contentNeighbours } from '../../src/models/contentNeighbours.ts'

test('cosines of all pairs of items, without those of an item with itself', async () => {
  const random = seededRandom(2)
  for (let round = 0; round < 40; round++) {
    const rowCount = 1 + random.below(20)
    const featureCount = 1 + random.below(10)
    const dense = Array.from({ length: rowCount }, () => {
      const row = Array.from({ length: featureCount }, () => (random.below(3) === 0 ? 0.1 + random.uniform() : 0))
      const length = Math.hypot(...row) || 1
      return row.map(value => Math.fround(value / length))
    })
    const lists = dense.map(row => [...row.entries()].filter(([, value]) => value !== 0))
    const features = {
      rowCount,
      featureCount,
      offsets: Uint32Array.from([0, ...lists.map((_, row) => lists.slice(0, row + 1).flat().length)]),
      features: Int32Array.from(lists.flat(), ([feature]) => feature),
      values: Float32Array.from(lists.flat(), ([, value]) => value),
    }
    const found = await contentNeighbours(features, 100, quietControl)
    for (let i = 0; i < rowCount; i++) {
      const row = new Map<number, number>()
      for (let at = found.offsets[i]; at < found.offsets[i + 1]; at++) row.set(found.items[at], found.values[at])
      assert.ok(!row.has(i))
      for (let j = 0; j < rowCount; j++) {
        const cosine = i === j ? 0 : dense[i].reduce((sum, value, feature) => sum + value * dense[j][feature], 0)
        assert.ok(Math.abs((row.get(j) ?? 0) - cosine) < 1e-6)
      }
    }
  }
})
