/** How recipes of each type are judged: what is asked, what may be answered, what is foretold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { userMetrics } from '../../src/models/metrics.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { listAt, splitByUsers } from '../../src/models/splits.ts'
import { boughtTogether } from '../../src/recipes/boughtTogether.ts'
import { similarItems } from '../../src/recipes/similarItems.ts'
import { sims } from '../../src/recipes/sims.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { trendingNow } from '../../src/recipes/trendingNow.ts'
import { interactionsOf, walks } from '../models/toy.ts'

const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)
const options = { ...quietControl, threads: 2, openRanker: open }
const dataOf = (interactions: Interactions) => ({ interactions, catalogueItemCount: interactions.itemCount })
const people = walks({ userCount: 300, itemCount: 40, eventCount: 20 })

test('related items: the newest item of the input is the question and no answer; its repeats are not asked for', async () => {
  for (const recipe of [similarItems, sims, boughtTogether]) {
    const { metrics } = await trainSolution(recipe, dataOf(people), { seed: 3 }, options)
    const { training, test: held } = splitByUsers(people, 3)
    const configured = recipe.configure({})
    const model = await configured.train(dataOf(training), options)
    let [reciprocal, precision] = [0, 0]
    for (let row = 0; row < held.userCount; row++) {
      const question = listAt(held.inputs, row).at(-1)!
      const scores = plainScores(model, [question])
      const ranked = [...scores.keys()].filter(item => item !== question).sort((a, b) => scores[b] - scores[a] || a - b)
      const truth = new Set(listAt(held.truths, row).filter(item => item !== question))
      const user = userMetrics(ranked, truth.size > 0 ? truth : new Set([question]))
      reciprocal += user.mean_reciprocal_rank_at_25
      precision += user.precision_at_5
    }
    assert.ok(Math.abs(metrics.service.mean_reciprocal_rank_at_25 - reciprocal / held.userCount) < 1e-9, recipe.name)
    assert.ok(Math.abs(metrics.service.precision_at_5 - precision / held.userCount) < 1e-9, recipe.name)
  }
})

test('related items: a walk is followed, popularity is not', async () => {
  const { metrics, baseline } = await trainSolution(similarItems, dataOf(people), { seed: 3 }, options)
  assert.ok(metrics.service.mean_reciprocal_rank_at_25 > 0.7)
  assert.ok(baseline.service.mean_reciprocal_rank_at_25 < 0.3)
})

const FASHION_ITEMS = 400
/** Hourly for ten days: every item now and then, and for six hours each of the first forty rises, one after the other. */
function fashions(): Interactions {
  const random = seededRandom(6)
  const events: { user: number; item: number; hour: number }[] = []
  for (let hour = 0; hour < 240; hour++) {
    const fashion = Math.floor(hour / 6)
    for (let n = 0; n < 8; n++) events.push({ user: random.below(60), item: random.below(FASHION_ITEMS), hour })
    for (let n = 0; n < 8 * (hour % 6); n++) events.push({ user: random.below(60), item: fashion, hour })
  }
  const histories = Array.from({ length: 60 }, (_, user) => events.filter(each => each.user === user))
  return {
    ...interactionsOf(
      histories.map(each => each.map(({ item }) => item)),
      FASHION_ITEMS,
    ),
    times: Float64Array.from(histories.flat(), ({ hour }) => 3600 * hour),
  }
}

test('trends: beside the usual metrics how much of the increase was foretold', async () => {
  const settings = { seed: 1, featureTransformationParameters: { trend_discovery_frequency: '1 hour' } }
  const { metrics, baseline, model, histories, report } = await trainSolution(
    trendingNow,
    dataOf(fashions()),
    settings,
    options,
  )
  assert.ok(metrics.service.trend_prediction_accuracy > 0.4)
  assert.ok(metrics.service.trend_prediction_accuracy > 2 * baseline.service.trend_prediction_accuracy)
  assert.ok(metrics.service.trend_prediction_accuracy <= 1)
  assert.equal(Object.keys(metrics.service).length, 9)
  assert.ok(report && 'trends' in report)
  assert.deepEqual(report.trends, {
    moments: 10,
    model: metrics.service.trend_prediction_accuracy,
    popularity: baseline.service.trend_prediction_accuracy,
  })
  assert.deepEqual(Object.keys(baseline.service), Object.keys(metrics.service))
  assert.equal(histories.items.length, 0)
  const best = model.prior.indexOf(Math.max(...model.prior))
  assert.equal(best, 39)
})

test('trends: where nothing ever rises nothing is foretold', async () => {
  const still = { ...people, times: people.times.map(() => 1_000_000) }
  const { metrics } = await trainSolution(trendingNow, dataOf(still), { seed: 1 }, options)
  assert.equal(metrics.service.trend_prediction_accuracy, 0)
})
