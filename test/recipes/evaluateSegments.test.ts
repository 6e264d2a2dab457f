/** The metrics of segments: check values worked out by hand, and the definition of spec/training.md §3 said plainly. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { FactorModel, HistoryModel } from '../../src/models/historyModel.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { evaluateSegments } from '../../src/recipes/evaluateSegments.ts'
import { historiesOf, interactionsOf, walks } from '../models/toy.ts'

const control = {
  ...quietControl,
  threads: 1,
  openRanker: (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0),
}

/** Whoever had item i is drawn to item i with score 1, to all others with 0; a user has had at most one event that counts, the newest. */
function lastItemModel(itemCount: number): FactorModel {
  const unit = new Float32Array(itemCount * itemCount)
  for (let item = 0; item < itemCount; item++) unit[item * itemCount + item] = 1
  return {
    form: 'factors',
    itemCount,
    dimension: itemCount,
    kernels: [Float32Array.of(1)],
    sources: unit,
    targets: unit,
    bias: undefined,
    prior: new Float32Array(itemCount),
    sharpness: 1,
  }
}

const evaluated = (interactions: Interactions) =>
  evaluateSegments(
    async () => lastItemModel(interactions.itemCount),
    { interactions, catalogueItemCount: interactions.itemCount },
    1,
    control,
  )

test('check values, worked out by hand', async () => {
  // Five events each: the newest is held out. 200 users, so a segment has two.
  const idle = Array.from({ length: 196 }, () => [0, 0, 0, 0, 0])
  const histories = [[0, 0, 0, 1, 1], [0, 0, 0, 1, 2], [0, 0, 0, 2, 1], [0, 0, 0, 2, 1], ...idle]
  const { metrics, baseline } = await evaluated(interactionsOf(histories, 3))
  // Item 0: two of the 196 who had it last are first, and both take it. Item 1: users 0 and 1 are first, of its takers 0, 2 and 3 one is found.
  // Item 2: users 2 and 3 are first, its taker is user 1.
  const near = (actual: number, wanted: number) => assert.ok(Math.abs(actual - wanted) < 1e-12, `${actual}, ${wanted}`)
  assert.equal(metrics.userCount, 200)
  near(metrics.service.hits_at_1_percent, (2 + 1 + 0) / 3)
  near(metrics.service.recall_at_1_percent, (2 / 196 + 1 / 3 + 0) / 3)
  // Users 4 and 5, 0 and 1, 2 and 3.
  near(metrics.service.coverage, 6 / 200)
  // Everybody did as much: users 0 and 1 for every item, who take items 1 and 2.
  near(baseline.service.hits_at_1_percent, (0 + 1 + 1) / 3)
  near(baseline.service.recall_at_1_percent, (0 + 1 / 3 + 1) / 3)
  near(baseline.service.coverage, 2 / 200)
})

test('agrees with the definition, on walks', async () => {
  const people = walks({ userCount: 330, itemCount: 30, eventCount: 11 })
  const { metrics } = await evaluated(people)
  const histories = historiesOf(people)
  // A fifth of eleven events, rounded up: the newest three.
  const older = histories.map(history => history.slice(0, -3))
  const newest = histories.map(history => new Set(history.slice(-3)))
  const size = Math.ceil(330 / 100)
  const everybody = Array.from(histories.keys())
  let [hits, recall, items] = [0, 0, 0]
  const chosen = new Set<number>()
  for (let item = 0; item < 30; item++) {
    const takers = everybody.filter(user => newest[user].has(item))
    if (takers.length === 0) continue
    const drawn = (user: number) => (older[user].at(-1) === item ? 1 : 0)
    const segment = everybody.toSorted((a, b) => drawn(b) - drawn(a) || a - b).slice(0, size)
    const found = segment.filter(user => takers.includes(user)).length
    for (const user of segment) chosen.add(user)
    hits += found
    recall += found / takers.length
    items++
  }
  assert.ok(items > 20)
  assert.ok(Math.abs(metrics.service.hits_at_1_percent - hits / items) < 1e-12)
  assert.ok(Math.abs(metrics.service.recall_at_1_percent - recall / items) < 1e-12)
  assert.equal(metrics.service.coverage, chosen.size / 330)
})
