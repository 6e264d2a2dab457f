/** Popularity and freshness in the order of related items: by the formula, and nothing where neither counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemFacts } from '../../src/models/itemFacts.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { influenced } from '../../src/models/rankingInfluence.ts'
import { relatedItemsModel } from '../../src/models/relatedItems.ts'
import { interactionsOf } from './toy.ts'

const DAY = 86_400
const rows = {
  offsets: Uint32Array.of(0, 3, 3, 3, 3),
  items: Int32Array.of(1, 2, 3),
  values: Float32Array.of(0.9, 0.8, 0.7),
}
const model = relatedItemsModel([{ name: 'texts', rows, weight: 1 }], new Float32Array(4).fill(-Math.log(4)))
/** Item 2 has all events; item 3 is made on the day of the newest event, item 1 sixty days before. */
const facts = {
  eventCounts: Uint32Array.of(0, 0, 98, 0),
  createdSeconds: Float64Array.of(0, 40 * DAY, 10 * DAY, 100 * DAY),
  newestSeconds: 100 * DAY,
}
const scores = (popularity: number, freshness: number) => [
  ...plainScores(influenced(model, facts, { popularity, freshness }), [0]),
]
const near = (found: readonly number[], expected: readonly number[]) => {
  assert.equal(found.length, expected.length)
  for (const [i, value] of found.entries()) assert.ok(Math.abs(value - expected[i]) < 1e-6, `${found} ${expected}`)
}

test('without influence it is the model itself; at 1 what is popular, or new, comes first', () => {
  assert.equal(influenced(model, facts, { popularity: 0, freshness: 0 }), model)
  near(scores(0, 0), [0, 0.9, 0.8, 0.7])
  const unseen = Math.log(2) / Math.log(100)
  near(scores(1, 0), [0, 0.9 * unseen, 0.8, 0.7 * unseen])
  near(scores(0, 1), [0, 0.9 / 3, 0.8 / 4, 0.7])
  near(scores(0.5, 0.5), [
    0,
    0.9 * (0.5 + 0.5 * unseen) * (0.5 + 0.5 / 3),
    0.8 * (0.5 + 0.5 / 4),
    0.7 * (0.5 + 0.5 * unseen),
  ])
})

test('what has no rows stays as it is; without events age is counted to the newest item, and nothing is popular', () => {
  const prior = relatedItemsModel([], new Float32Array(4))
  assert.equal(influenced(prior, facts, { popularity: 1, freshness: 1 }), prior)
  const undone = itemFacts(interactionsOf([], 4), Float64Array.of(Number.NaN, 70 * DAY, 10 * DAY, 100 * DAY))
  assert.equal(undone.newestSeconds, 100 * DAY)
  near([...plainScores(influenced(model, undone, { popularity: 1, freshness: 1 }), [0])], [0, 0.9 / 2, 0.8 / 4, 0.7])
  assert.equal(itemFacts(interactionsOf([], 2)).newestSeconds, 0)
})
