import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { intoBaskets } from '../../src/models/baskets.ts'
import { type CoOccurrenceOptions, fitCoOccurrence } from '../../src/models/coOccurrence.ts'
import { historyOf, type Interactions } from '../../src/models/interactions.ts'
import type { SparseRows } from '../../src/models/sparseRows.ts'
import { historiesOf, interactionsOf } from './toy.ts'

const rowsOf = ({ offsets, items, values }: SparseRows): [number, number][][] =>
  Array.from({ length: offsets.length - 1 }, (_, row) =>
    Array.from(items.subarray(offsets[row], offsets[row + 1]), (item, at) => [item, values[offsets[row] + at]]),
  )

const options = { popularityDiscount: 0.5, countMin: 1, rowLength: 100 }

/** By the definition, pair by pair. */
function plain(interactions: Interactions, { popularityDiscount: d, countMin, counts }: CoOccurrenceOptions) {
  const sets = Array.from(
    { length: interactions.userCount },
    (_, user) => new Set([...historyOf(interactions, user)].filter(item => !counts || counts(item))),
  )
  const owners = (...items: number[]) => sets.filter(set => items.every(item => set.has(item))).length
  return Array.from({ length: interactions.itemCount }, (_, i) => {
    const row: [number, number][] = []
    for (let j = 0; j < interactions.itemCount; j++) {
      const count = owners(i, j)
      if (i !== j && count >= Math.max(1, countMin)) row.push([j, Math.fround(count / (owners(i) * owners(j) ** d))])
    }
    return row
  })
}

test('companions by hand: shares of common owners, discounted', async () => {
  const data = interactionsOf([[0, 1, 1], [0, 1], [0, 2], [0], [3]])
  const at = async (popularityDiscount: number) =>
    rowsOf(await fitCoOccurrence(data, { ...options, popularityDiscount }, quietControl))
  assert.deepEqual(await at(1), [
    [
      [1, Math.fround(2 / (4 * 2))],
      [2, Math.fround(1 / 4)],
    ],
    [[0, Math.fround(2 / (2 * 4))]],
    [[0, Math.fround(1 / 4)]],
    [],
  ])
  assert.deepEqual(
    (await at(0))[0],
    [
      [1, 0.5],
      [2, 0.25],
    ],
    'no discount: by the number of common owners alone',
  )
})

test('any data, any options: what the definition says', async () => {
  const random = seededRandom(4)
  for (let round = 0; round < 60; round++) {
    const itemCount = 1 + random.below(12)
    const histories = Array.from({ length: random.below(30) }, () =>
      Array.from({ length: random.below(8) }, () => random.below(itemCount)),
    )
    const data = interactionsOf(histories, itemCount)
    const barred = random.below(3) === 0 ? random.below(itemCount) : -1
    const asked = {
      popularityDiscount: random.uniform(),
      countMin: random.below(4),
      rowLength: 100,
      counts: (item: number) => item !== barred,
    }
    assert.deepEqual(rowsOf(await fitCoOccurrence(data, asked, quietControl)), plain(data, asked))
  }
})

test('of a long row the greatest stay', async () => {
  const data = interactionsOf([
    [0, 1],
    [0, 1],
    [0, 1],
    [0, 2],
    [0, 3],
    [0, 3],
  ])
  const [row] = rowsOf(await fitCoOccurrence(data, { ...options, popularityDiscount: 0, rowLength: 2 }, quietControl))
  assert.deepEqual(
    row.map(([item]) => item),
    [1, 3],
  )
})

test('baskets end where somebody paused for longer than the gap', () => {
  const data = { ...interactionsOf([[1, 2, 3], [], [4], [5, 6]]), times: Float64Array.of(0, 10, 21, 5, 7, 17) }
  const baskets = intoBaskets(data, 10)
  assert.deepEqual(historiesOf(baskets), [[1, 2], [3], [4], [5, 6]])
  assert.equal(baskets.itemCount, 7)
  assert.deepEqual(historiesOf(intoBaskets(interactionsOf([], 3), 10)), [])
})
