/** The report beside the metrics, by values worked out by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietControl } from '../../src/lib/work.ts'
import { meanIntervals, resampleCount } from '../../src/models/bootstrap.ts'
import { evaluationReport, observation } from '../../src/models/evaluationReport.ts'
import { listMeasures } from '../../src/models/listProperties.ts'
import { userMetrics } from '../../src/models/metrics.ts'
import { uniqueUserCounts } from '../../src/models/popularity.ts'
import { itemLists } from '../../src/models/splits.ts'
import { interactionsOf } from './toy.ts'

const lists = (...rows: number[][]) => itemLists(rows.map(row => Int32Array.from(row)))
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, where ${expected} was expected`)

/** U_0 = {a, b, c, d}, U_1 = {a, b}, U_2 = {c}, U_3 = {}; item 0 has twelve events. */
const training = interactionsOf(
  [
    [0, 1, 0, 0, 0, 1],
    [1, 0, 0, 0],
    [0, 2, 0, 0],
    [0, 0],
  ],
  4,
)

test('novelty is the mean self-information in bits; an item that nobody has counts half a person', () => {
  const { propertiesOf } = listMeasures(training)
  near(propertiesOf(lists([0])).novelty, 0)
  near(propertiesOf(lists([1])).novelty, 1)
  near(propertiesOf(lists([2])).novelty, 2)
  near(propertiesOf(lists([3])).novelty, 3)
  near(propertiesOf(lists([0, 1, 2], [3], [])).novelty, (1 + 3) / 2)
})

test('similarity within a list is the mean cosine of its pairs; lists of one item have none', () => {
  const { propertiesOf } = listMeasures(training)
  near(propertiesOf(lists([0, 1])).intraListSimilarity, 2 / Math.sqrt(4 * 2))
  near(propertiesOf(lists([1, 2])).intraListSimilarity, 0)
  near(propertiesOf(lists([0, 3])).intraListSimilarity, 0)
  const three = (2 / Math.sqrt(8) + 1 / Math.sqrt(4) + 0) / 3
  near(propertiesOf(lists([2, 0, 1])).intraListSimilarity, three)
  near(propertiesOf(lists([2, 0, 1], [1, 0], [3], [])).intraListSimilarity, (three + 2 / Math.sqrt(8)) / 2)
  near(propertiesOf(lists([1], [])).intraListSimilarity, 0)
})

test('items with fewer than ten events are cold', () => {
  const { propertiesOf, isCold } = listMeasures(training)
  assert.deepEqual(
    [0, 1, 2, 3].map(item => isCold(item)),
    [false, true, true, true],
  )
  near(propertiesOf(lists([0, 1], [0])).coldItemShare, 1 / 4)
  near(propertiesOf(lists()).coldItemShare, 0)
})

test('popularity of late counts those who came after the moment, each once', () => {
  const times = Float64Array.from(training.items, (_, at) => at)
  const recent = { ...training, times }
  assert.deepEqual([...uniqueUserCounts(recent)], [4, 2, 1, 0])
  // After event 8: of the second person one event of item 0; the others whole.
  assert.deepEqual([...uniqueUserCounts(recent, 8)], [3, 0, 1, 0])
  assert.deepEqual([...uniqueUserCounts(recent, 1000)], [0, 0, 0, 0])
})

test('a bootstrap interval: nothing moves a constant; a coin is as wide as its binomial; equal seeds agree, columns are paired', async () => {
  const constant = new Float64Array(50).fill(0.3)
  const coin = Float64Array.from({ length: 400 }, (_, user) => user % 2)
  const [still] = await meanIntervals([constant], 1, quietControl)
  for (const end of [still.value, still.low, still.high]) near(Math.round(end * 1e9) / 1e9, 0.3)
  const [one, minus, none] = await meanIntervals(
    [coin, coin.map(value => -value), new Float64Array(400)],
    7,
    quietControl,
  )
  assert.equal(one.value, 0.5)
  // 1.96 · √(.25 / 400) = .049
  assert.ok(Math.abs(one.low - 0.451) < 0.008 && Math.abs(one.high - 0.549) < 0.008, JSON.stringify(one))
  assert.deepEqual(none, { value: 0, low: 0, high: 0 })
  assert.ok(Math.abs(minus.low + one.high) < 0.004)
  assert.deepEqual(await meanIntervals([coin], 7, quietControl), [one])
  assert.notDeepEqual(await meanIntervals([coin], 8, quietControl), [one])
  assert.deepEqual(await meanIntervals([], 7, quietControl), [])
  assert.deepEqual([10, 30_000, 60_000, 10_000_000].map(resampleCount), [1000, 1000, 500, 200])
})

test('resampling stops when it is told to', async () => {
  const reason = new Error('enough')
  const control = { ...quietControl, signal: AbortSignal.abort(reason) }
  await assert.rejects(meanIntervals([Float64Array.of(1)], 1, control), reason)
})

const seen = (rows: number[][], truths: number[][]) => {
  const { add, result } = observation()
  for (const [user, row] of rows.entries()) add(Int32Array.from(row), userMetrics(row, new Set(truths[user])))
  return result()
}

test('the report puts models side by side, and people by the length of their histories', async () => {
  const truths = [[1], [2], [0, 3]]
  const test = {
    userCount: 3,
    users: Uint32Array.of(0, 1, 2),
    inputs: lists([1], [0, 0, 0, 2], new Array(250).fill(0)),
    truths: lists(...truths),
  }
  const model = seen(
    [
      [1, 0],
      [0, 2],
      [3, 0],
    ],
    truths,
  )
  const popularity = seen(
    [
      [0, 1],
      [0, 1],
      [0, 1],
    ],
    truths,
  )
  const recentPopularity = seen([[2], [2], [2]], truths)
  const reported = { training, test, catalogueItemCount: 8, seed: 1, model, popularity, recentPopularity }
  const report = await evaluationReport(reported, quietControl)

  assert.deepEqual([report.userCount, report.confidence, report.resamples, report.listLength], [3, 0.95, 1000, 10])
  const reciprocal = 'mean_reciprocal_rank_at_25'
  near(report.model.metrics[reciprocal].value, (1 + 1 / 2 + 1) / 3)
  near(report.popularity.metrics[reciprocal].value, (1 / 2 + 0 + 1) / 3)
  near(report.recentPopularity.metrics[reciprocal].value, 1 / 3)
  near(report.gain[reciprocal].value, (1 / 2 + 1 / 2 + 0) / 3)
  // With three people the ends are means of the three least and the three greatest.
  near(report.model.metrics[reciprocal].low, 1 / 2)
  near(report.model.metrics[reciprocal].high, 1)
  near(report.gain[reciprocal].low, 0)
  assert.deepEqual(
    [report.model.coverage, report.popularity.coverage, report.recentPopularity.coverage],
    [4 / 8, 2 / 8, 1 / 8],
  )
  near(report.model.novelty, (1 / 2 + 2 / 2 + 3 / 2) / 3)
  near(report.model.coldItemShare, 1 / 2)
  assert.deepEqual(report.cold, { eventCount: 10, itemShare: 3 / 4, heldOutShare: 3 / 4 })
  assert.deepEqual(
    report.byHistoryLength.map(({ from, to, userCount }) => ({ from, to, userCount })),
    [
      { from: 1, to: 1, userCount: 1 },
      { from: 2, to: 4, userCount: 1 },
      { from: 200, to: undefined, userCount: 1 },
    ],
  )
  assert.deepEqual(
    report.byHistoryLength.map(({ model, popularity }) => [model[reciprocal].value, popularity[reciprocal].value]),
    [
      [1, 1 / 2],
      [1 / 2, 0],
      [1, 1],
    ],
  )
  // Two hits of two on top are perfect by the reference; one of two is what papers count for popularity.
  const [reference, textbook] = ['', 'textbook_'].map(prefix => `${prefix}normalized_discounted_cumulative_gain_at_10`)
  const last = report.byHistoryLength[2]
  assert.equal(last.popularity[reference].value, 1)
  near(last.popularity[textbook].value, 1 / (1 + 1 / Math.log2(3)))
  assert.ok(JSON.stringify(report).length < 16_384)
})
