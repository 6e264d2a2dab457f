import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { compareItems, contentNeighbours } from '../../src/models/contentNeighbours.ts'
import type { Features } from '../../src/models/features.ts'
import type { SparseRows } from '../../src/models/sparseRows.ts'

/** Rows of length 1; feature f is in about 1 of f + 1 of them, so that some are rare and some are common. */
function madeUp(rowCount: number, featureCount: number, kinds: number, seed: number): Features {
  const random = seededRandom(seed)
  const drawn = Array.from({ length: kinds }, () => {
    const row = Array.from({ length: featureCount }, (_, f) =>
      random.below(f + 1) === 0 ? 0.1 + random.uniform() * f : 0,
    )
    const length = Math.hypot(...row) || 1
    return [...row.entries()].filter(([, value]) => value !== 0).map(([f, value]) => [f, Math.fround(value / length)])
  })
  const lists = Array.from({ length: rowCount }, () => drawn[random.below(kinds)])
  const offsets = new Uint32Array(rowCount + 1)
  for (const [row, list] of lists.entries()) offsets[row + 1] = offsets[row] + list.length
  return {
    ...{ rowCount, featureCount, offsets },
    features: Int32Array.from(lists.flat(), ([feature]) => feature),
    values: Float32Array.from(lists.flat(), ([, value]) => value),
  }
}

/** As the definition has it: f32, in the order of the features. */
function cosinesOf({ rowCount, offsets, features, values }: Features, item: number): Float32Array {
  const own = new Map<number, number>()
  for (let at = offsets[item]; at < offsets[item + 1]; at++) own.set(features[at], values[at])
  return Float32Array.from({ length: rowCount }, (_, other) => {
    let sum = 0
    for (let at = offsets[other]; other !== item && at < offsets[other + 1]; at++)
      sum = Math.fround(sum + (own.get(features[at]) ?? 0) * values[at])
    return sum
  })
}

const rowAt = ({ offsets, items, values }: SparseRows, row: number) =>
  Array.from({ length: offsets[row + 1] - offsets[row] }, (_, i) => [items[offsets[row] + i], values[offsets[row] + i]])

test('the greatest cosines, bit for bit, of equal ones the lower items, however many are alike', async () => {
  for (const [rowCount, featureCount, kinds, rowLength] of [
    [300, 40, 300, 7],
    [300, 40, 12, 7],
    [300, 3, 4, 20],
    [200, 60, 200, 1],
    [200, 60, 200, 500],
    [1, 5, 1, 3],
  ]) {
    const features = madeUp(rowCount, featureCount, kinds, rowCount + kinds)
    const rows = await contentNeighbours(features, rowLength, quietControl)
    for (let item = 0; item < rowCount; item++) {
      const cosines = cosinesOf(features, item)
      const expected = [...cosines.entries()]
        .filter(([, value]) => value > 0)
        .sort(([a, x], [b, y]) => y - x || a - b)
        .slice(0, rowLength)
        .sort(([a], [b]) => a - b)
      assert.deepEqual(rowAt(rows, item), expected)
    }
  }
})

test('a search that may not read all finds fewer items, each with its whole cosine', async () => {
  const features = madeUp(400, 40, 400, 5)
  const whole = await compareItems(features, { rowLength: 10, meetingsMax: 1e9 }, quietControl)
  const part = await compareItems(features, { rowLength: 10, meetingsMax: 400 * 40 }, quietControl)
  let [shared, others] = [0, 0]
  for (let item = 0; item < 400; item++) {
    const cosines = cosinesOf(features, item)
    const best = new Set(rowAt(whole, item).map(([other]) => other))
    const found = rowAt(part, item)
    for (const [other, value] of found) {
      assert.equal(value, cosines[other])
      if (best.has(other)) shared++
      else others++
    }
  }
  assert.ok(others > 0, 'the bound bites')
  assert.ok(shared > 1600, `what is rare is found all the same: ${shared} of 4000`)
})

test('the same items are compared once; the stage says what it takes', async () => {
  const features = madeUp(50, 10, 50, 6)
  const stages = new Set<string>()
  const control = { ...quietControl, progress: ({ stage }: { stage: string }) => stages.add(stage) }
  const rows = await contentNeighbours(features, 10, control)
  assert.deepEqual([...stages], ['comparing 50 items: at most 0.0 GB, about 1 s'])
  assert.equal(await contentNeighbours(features, 10, control), rows)
  assert.notEqual(await contentNeighbours(features, 11, control), rows)
})

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
