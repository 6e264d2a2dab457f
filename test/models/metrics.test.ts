import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import {
  leaveOneOutMetrics,
  metricsCollector,
  placeOfTarget,
  userMetrics,
  weightedGains,
} from '../../src/models/metrics.ts'

const close = (actual: number, expected: number, tolerance = 5e-5) =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual} is not ${expected}`)

/** A list of 25 with hits at those places (from 1), against a truth of so many items. */
function hitsAt(places: number[], truthCount = places.length) {
  const ranked = Array.from({ length: 25 }, (_, place) => (places.includes(place + 1) ? place : 1000 + place))
  const truth = new Set([
    ...places.map(place => place - 1),
    ...Array.from({ length: truthCount - places.length }, (_, i) => 5000 + i),
  ])
  return userMetrics(ranked, truth)
}

test('the worked example of the guide: hits at 2 and 5', () => {
  const metrics = hitsAt([2, 5])
  close(metrics.mean_reciprocal_rank_at_25, 0.5)
  close(metrics.normalized_discounted_cumulative_gain_at_5, 0.6241)
  close(metrics.precision_at_5, 0.4)
  close(metrics.precision_at_10, 0.2)
  close(metrics.precision_at_25, 0.08)
})

test('the worked example of the guide: first hits at 4, 2 and 6', () => {
  const collector = metricsCollector(10_000)
  for (const place of [4, 2, 6]) {
    const ranked = Array.from({ length: 25 }, (_, i) => i + 1)
    collector.add(ranked, new Set([place]))
  }
  close(collector.result().service.mean_reciprocal_rank_at_25, 0.3056)
})

test('the ideal is the same hits on top, in the textbook min(k, truth)', () => {
  const metrics = hitsAt([1], 3)
  assert.equal(metrics.normalized_discounted_cumulative_gain_at_5, 1)
  close(metrics.textbook_normalized_discounted_cumulative_gain_at_5, 1 / (1 + 1 / Math.log2(3) + 1 / 2))
  const many = hitsAt([1, 2, 3, 4, 5], 40)
  assert.equal(many.textbook_normalized_discounted_cumulative_gain_at_5, 1)
  assert.ok(many.textbook_normalized_discounted_cumulative_gain_at_10 < 1)
})

test('the worked weights of the guide: .3 and .1 are rewards of 1.5 and .5', () => {
  const rewards = new Map([
    [7, 0.3 / 0.2],
    [8, 0.1 / 0.2],
  ])
  const at5 = (ranked: number[]) =>
    weightedGains(ranked, rewards).normalized_discounted_cumulative_gain_with_event_weights_at_5
  const ideal = 1 + 1 / Math.log2(3)
  close(at5([7, 8]), (1.5 + 0.5 / Math.log2(3)) / ideal)
  close(at5([8, 7]), (0.5 + 1.5 / Math.log2(3)) / ideal)
  close(at5([1, 2, 8]), 0.5 / 2)
  assert.deepEqual(Object.values(weightedGains([1, 2, 3], rewards)), [0, 0, 0])
  const ones = new Map([
    [7, 1],
    [9, 1],
  ])
  const ranked = [1, 7, 2, 3, 4, 5, 9]
  const plain = userMetrics(ranked, new Set(ones.keys()))
  for (const cutoff of [5, 10, 25] as const)
    assert.equal(
      weightedGains(ranked, ones)[`normalized_discounted_cumulative_gain_with_event_weights_at_${cutoff}`],
      plain[`normalized_discounted_cumulative_gain_at_${cutoff}`],
    )
})

test('average rewards: the value found among the first 25, of all value of what was done, in the mean of users', () => {
  const values = Float64Array.from({ length: 60 }, (_, item) => item + 1)
  const collector = metricsCollector(60)
  const list = Array.from({ length: 25 }, (_, place) => place)
  const first = collector.add(list, new Set([3, 9, 29]), undefined, values)
  close(first.average_rewards_at_k, (4 + 10) / (4 + 10 + 30), 1e-12)
  // Everything is found; and of the twenty-sixth place nothing counts.
  assert.equal(collector.add(list, new Set([0, 24]), undefined, values).average_rewards_at_k, 1)
  assert.equal(collector.add([...list, 40], new Set([40]), undefined, values).average_rewards_at_k, 0)
  close((collector.result().service as Record<string, number>).average_rewards_at_k, (14 / 44 + 1 + 0) / 3, 1e-12)
})

test('nobody hit: zeros, not NaN', () => {
  for (const value of Object.values(hitsAt([], 2))) assert.equal(value, 0)
})

test('a list may be shorter than the cut-off; precision still divides by the cut-off', () => {
  const metrics = userMetrics([3], new Set([3]))
  assert.equal(metrics.precision_at_5, 0.2)
  assert.equal(metrics.precision_at_25, 0.04)
  assert.equal(metrics.mean_reciprocal_rank_at_25, 1)
  assert.equal(userMetrics([], new Set([3])).mean_reciprocal_rank_at_25, 0)
})

test('places after the twenty-fifth do not count', () => {
  const ranked = Array.from({ length: 40 }, (_, i) => i)
  const collector = metricsCollector(100)
  collector.add(ranked, new Set([25]))
  const { service } = collector.result()
  assert.equal(service.mean_reciprocal_rank_at_25, 0)
  assert.equal(service.coverage, 0.25)
})

test('agrees with the formulas written out, on random lists', () => {
  const random = seededRandom(5)
  for (let run = 0; run < 200; run++) {
    const ranked = Array.from({ length: random.below(30) }, (_, i) => i * 3)
    const truth = new Set(Array.from({ length: 1 + random.below(12) }, () => random.below(90)))
    const metrics = userMetrics(ranked, truth)
    const relevant = ranked.slice(0, 25).map(item => (truth.has(item) ? 1 : 0))
    for (const k of [5, 10, 25] as const) {
      const top = relevant.slice(0, k)
      const dcg = (list: number[]) => list.reduce<number>((sum, rel, i) => sum + rel / Math.log(i + 2), 0)
      const ideal = dcg(top.toSorted((a, b) => b - a))
      const textbook = dcg(Array.from({ length: Math.min(k, truth.size) }, () => 1))
      close(metrics[`normalized_discounted_cumulative_gain_at_${k}`], ideal === 0 ? 0 : dcg(top) / ideal, 1e-12)
      close(metrics[`textbook_normalized_discounted_cumulative_gain_at_${k}`], dcg(top) / textbook, 1e-12)
      close(metrics[`precision_at_${k}`], top.filter(rel => rel === 1).length / k, 1e-12)
    }
    const first = relevant.indexOf(1)
    close(metrics.mean_reciprocal_rank_at_25, first < 0 ? 0 : 1 / (first + 1), 1e-12)
  }
})

test('names are those of GetSolutionMetrics, textbook values apart, errors beside', () => {
  const collector = metricsCollector(50)
  collector.add([1, 2], new Set([1]))
  collector.add([1, 3], new Set([9]))
  const result = collector.result()
  assert.deepEqual(Object.keys(result.service).sort(), [
    'coverage',
    'mean_reciprocal_rank_at_25',
    'normalized_discounted_cumulative_gain_at_10',
    'normalized_discounted_cumulative_gain_at_25',
    'normalized_discounted_cumulative_gain_at_5',
    'precision_at_10',
    'precision_at_25',
    'precision_at_5',
  ])
  assert.deepEqual(Object.keys(result.textbook).sort(), [
    'textbook_normalized_discounted_cumulative_gain_at_10',
    'textbook_normalized_discounted_cumulative_gain_at_25',
    'textbook_normalized_discounted_cumulative_gain_at_5',
  ])
  assert.equal(result.userCount, 2)
  assert.equal(result.service.coverage, 3 / 50)
  assert.equal(result.service.mean_reciprocal_rank_at_25, 0.5)
  assert.equal(result.standardErrors.mean_reciprocal_rank_at_25, 0.5)
})

test('leave-one-out: places count ties half and skip what is excluded, but never the target', () => {
  const scores = [5, 3, 3, 9, 3, 1]
  assert.equal(placeOfTarget(scores, 3, new Set()), 0)
  assert.equal(placeOfTarget(scores, 2, new Set()), 3)
  assert.equal(placeOfTarget(scores, 2, new Set([3, 4])), 1.5)
  assert.equal(placeOfTarget(scores, 2, new Set([2, 0])), 2)
  assert.equal(placeOfTarget(scores, 5, new Set([0, 1, 2, 3, 4])), 0)
})

test('leave-one-out: hit rate, NDCG and MRR of known places', () => {
  const metrics = leaveOneOutMetrics([0, 9, 9.5, 10, 2])
  close(metrics.hitRateAt10, 4 / 5, 1e-12)
  close(metrics.ndcgAt10, (1 + 1 / Math.log2(11) + 1 / Math.log2(11.5) + 1 / 2) / 5, 1e-12)
  close(metrics.meanReciprocalRank, (1 + 1 / 10 + 1 / 10.5 + 1 / 11 + 1 / 3) / 5, 1e-12)
})
