/** What may be chosen: as if everything else had been excluded one by one, byte for byte. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PriorRanker, priorOrder } from '../../src/inference/priorRanker.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import type { DenseModel } from '../../src/models/historyModel.ts'

function modelOf(random: Random, itemCount: number, withRows: boolean): DenseModel {
  return {
    form: 'dense',
    itemCount,
    kernel: Float32Array.of(1, 0.5),
    // Few different values: many ties.
    rows: withRows ? Float32Array.from({ length: itemCount ** 2 }, () => random.below(4) / 4) : undefined,
    prior: Float32Array.from({ length: itemCount }, () => -random.below(5)),
    sharpness: 2,
  }
}

const setOf = (itemCount: number, items: readonly number[]): Uint32Array => {
  const set = new Uint32Array(Math.ceil(itemCount / 32))
  for (const item of items) set[item >>> 5] |= 1 << (item & 31)
  return set
}

const listsOf = (lists: readonly (readonly number[])[]) => {
  const offsets = new Uint32Array(lists.length + 1)
  for (const [q, list] of lists.entries()) offsets[q + 1] = offsets[q] + list.length
  return { offsets, items: Int32Array.from(lists.flat()) }
}

for (const itemCount of [1, 31, 32, 33, 64, 257])
  test(`allowed items among ${itemCount}`, () => {
    const random = seededRandom(itemCount)
    for (const withRows of [true, false]) {
      const placed = placeModel(modelOf(random, itemCount, withRows), { threads: 1, blockSize: 3 })
      const [ranker, other] = [openRanker(placed, 0), openRanker(placed, 0)]
      const everything = Array.from({ length: itemCount }, (_, item) => item)
      const shares = [0, 1, 0.5, 0.05, 0.95, 0.5, 0.5]
      const allowed = shares.map(share => everything.filter(() => random.uniform() < share))
      const struck = shares.map((_, q) =>
        q < 4 ? [] : [...everything, ...everything].filter(() => random.below(5) === 0),
      )
      const histories = listsOf(
        shares.map(() => Array.from({ length: random.below(4) }, () => random.below(itemCount))),
      )
      const barred = allowed.map((items, q) => [...everything.filter(item => !items.includes(item)), ...struck[q]])
      for (const k of new Set([1, Math.min(7, itemCount), itemCount])) {
        const block = { count: shares.length, k, ...histories }
        const found = structuredClone(
          ranker.rank({ ...block, allowed: allowed.map(items => setOf(itemCount, items)), excluded: listsOf(struck) }),
        )
        const expected = other.rank({ ...block, excluded: listsOf(barred) })
        assert.deepEqual(found.counts, expected.counts)
        for (let q = 0; q < shares.length; q++) {
          assert.equal(found.counts[q], Math.min(k, itemCount - new Set(barred[q]).size), 'all that pass come back')
          const [from, to] = [q * k, q * k + found.counts[q]]
          assert.deepEqual(found.items.subarray(from, to), expected.items.subarray(from, to))
          assert.deepEqual(found.probabilities.subarray(from, to), expected.probabilities.subarray(from, to))
        }
      }
    }
  })

test('who has no history gets from one order what the kernels give', () => {
  const random = seededRandom(3)
  for (const itemCount of [1, 33, 200]) {
    const model = modelOf(random, itemCount, false)
    const ranker = openRanker(placeModel(model, { threads: 1 }), 0)
    // Rows of zeros, so that the kernels rank it: a history of none gets the prior.
    const rows = new Float32Array(itemCount ** 2)
    const kernels = openRanker(placeModel({ ...model, rows }, { threads: 1 }), 0)
    const everything = Array.from({ length: itemCount }, (_, item) => item)
    const k = Math.min(10, itemCount)
    const prior = new PriorRanker(priorOrder(ranker, itemCount), k)
    for (let round = 0; round < 20; round++) {
      const allowed = setOf(
        itemCount,
        everything.filter(() => random.below(3) > 0),
      )
      const struck = everything.filter(() => random.below(8) === 0)
      const given = round === 0 ? {} : { allowed: [allowed], excluded: listsOf([struck]) }
      const asked = { count: 1, k, offsets: new Uint32Array(2), items: new Int32Array(0), ...given }
      const expected = structuredClone(kernels.rank(asked))
      const answered = ranker.rank(asked)
      assert.deepEqual(answered.counts, expected.counts)
      const end = expected.counts[0]
      assert.deepEqual(answered.items.subarray(0, end), expected.items.subarray(0, end))
      assert.deepEqual(answered.probabilities.subarray(0, end), expected.probabilities.subarray(0, end))
      const { count, places } = round === 0 ? prior.rank() : prior.rank(allowed, struck)
      assert.equal(count, expected.counts[0])
      const chosen = Array.from(places.subarray(0, count))
      assert.deepEqual(
        chosen.map(place => prior.order[place]),
        [...expected.items.subarray(0, count)],
      )
      assert.deepEqual(
        chosen.map(place => prior.probabilities[place]),
        [...expected.probabilities.subarray(0, count)],
      )
    }
  }
})

test('a set that is too short, or names an item beyond the last, is a mistake of ours', () => {
  const ranker = openRanker(placeModel(modelOf(seededRandom(1), 33, false), { threads: 1 }), 0)
  const rank = (allowed: Uint32Array) =>
    ranker.rank({ count: 1, k: 1, offsets: new Uint32Array(2), items: new Int32Array(0), allowed: [allowed] })
  assert.throws(() => rank(new Uint32Array(1)), { message: 'a set of items has a bit for each' })
  assert.throws(() => rank(Uint32Array.of(0, 2)), { message: 'no item is beyond the last' })
})
