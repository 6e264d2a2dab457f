import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { uniqueUserCounts } from '../../src/models/popularity.ts'
import { eventsUntil } from '../../src/models/splits.ts'
import { firstOf, increases, trendAccuracy, trendMoments } from '../../src/models/trendAccuracy.ts'
import { chooseTrend, fitTrends } from '../../src/models/trendChoice.ts'
import { HALF_LIVES, newestTime, TRENDS, TrendCounts } from '../../src/models/trends.ts'
import { historiesOf, interactionsOf } from './toy.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const at = (histories: number[][], hours: number[][], itemCount?: number) => ({
  ...interactionsOf(histories, itemCount),
  times: Float64Array.from(hours.flat(), hour => hour * HOUR),
})

const ITEMS = 1000
/**
 * 120 days of 60 people: six events an hour of any item, the first ones more often (1/rank), and `most` times ten at the height of ten fashions. Each
 * lasts `hours` from its first event to its height, when another item follows it.
 */
function fashions(hours: number, most: number): Interactions {
  const random = seededRandom(1)
  const events: { user: number; item: number; hour: number }[] = []
  const add = (item: number, hour: number) =>
    events.push({ user: random.below(60), item, hour: hour + random.uniform() })
  for (let hour = 0; hour < 120 * 24; hour++) {
    for (let n = 0; n < 6; n++) add(Math.floor(ITEMS ** random.uniform()) - 1, hour)
    for (let n = 0; n < 10 * most; n++) {
      const age = hour + ((n % 10) * hours) / 10
      if (random.uniform() < (age % hours) / hours)
        add(ITEMS - 1 - ((10 * Math.floor(age / hours) + (n % 10)) % ITEMS), hour)
    }
  }
  events.sort((a, b) => a.hour - b.hour)
  const histories = Array.from({ length: 60 }, (_, user) => events.filter(each => each.user === user))
  return at(
    histories.map(each => each.map(({ item }) => item)),
    histories.map(each => each.map(({ hour }) => hour)),
    ITEMS,
  )
}

test('scores are by the formula, in decayed events, at one time after another', () => {
  const data = at(
    [
      [0, 1, 1],
      [0, 2],
    ],
    [
      [0, 9, 10],
      [8, 10],
    ],
  )
  const counts = new TrendCounts(data)
  assert.deepEqual(TRENDS.length, new Set(TRENDS.map(trend => JSON.stringify(trend))).size)
  assert.equal(TRENDS.length, 6 + 15)
  for (const now of [8, 9, 10]) {
    counts.advance(now * HOUR)
    const ages = [[now, now - 8], [now - 9, now - 10], [now - 10]].map(each =>
      each.filter(age => age >= 0).map(age => age * HOUR),
    )
    const rate = (item: number, halfLife: number) => {
      const count = ages[item].reduce((sum, age) => sum + 2 ** (-age / halfLife), 0)
      const span = now * HOUR
      return halfLife === Number.POSITIVE_INFINITY
        ? count / span
        : (count * Math.LN2) / halfLife / (1 - 2 ** (-span / halfLife))
    }
    for (const { lately, usually } of TRENDS) {
      const found = counts.scores({ lately, ...(usually !== undefined && { usually }) })
      const wanted = [0, 1, 2].map(
        item => rate(item, HALF_LIVES[lately]) - (usually === undefined ? 0 : rate(item, HALF_LIVES[usually]) / 2),
      )
      // In events: the same factor for every item.
      const span = now * HOUR
      const halfLife = HALF_LIVES[lately]
      const scale = halfLife === Number.POSITIVE_INFINITY ? span : (halfLife / Math.LN2) * (1 - 2 ** (-span / halfLife))
      for (const item of [0, 1, 2]) assert.ok(Math.abs(found[item] - wanted[item] * scale) < 1e-9)
    }
    assert.deepEqual(counts.people, uniqueUserCounts(eventsUntil(data, now * HOUR)))
  }
  assert.deepEqual([...counts.people], [2, 1, 1])
})

test('half-lives follow what rises: shorter where fashions last two days than where they last forty', async () => {
  const chosen = async (hours: number) => {
    const trend = await chooseTrend(fashions(hours, 3), DAY, quietControl)
    assert.ok(trend, 'there are trends')
    return HALF_LIVES[trend.lately]
  }
  const [quick, slow] = [await chosen(48), await chosen(40 * 24)]
  assert.ok(quick < DAY && slow >= DAY, `${quick} s and ${slow} s`)
})

test('where there are trends, theirs is the list, and foretells half as much again as popularity does', async () => {
  const data = fashions(48, 3)
  let [ours, popular] = [0, 0]
  for (const moment of trendMoments(data.times, 3 * HOUR, 10)) {
    const past = eventsUntil(data, moment)
    const increase = increases(data, moment, 3 * HOUR)
    const { prior } = await fitTrends(past, 3 * HOUR, quietControl)
    ours += trendAccuracy(firstOf(prior), increase)!
    popular += trendAccuracy(firstOf(uniqueUserCounts(past)), increase)!
    const total = prior.reduce((sum, score) => sum + Math.exp(score), 0)
    assert.ok(Math.abs(total - 1) < 1e-5)
  }
  assert.ok(ours > 1.5 * popular, `${ours} and ${popular}`)
})

test('where nothing but chance rises everybody gets what is popular', async () => {
  const still = fashions(48, 0)
  assert.equal(await chooseTrend(still, 3 * HOUR, quietControl), undefined)
  const { prior } = await fitTrends(still, 3 * HOUR, quietControl)
  assert.deepEqual(firstOf(prior), firstOf(uniqueUserCounts(still)))
})

test('a choice is given up when it is no longer wanted', async () => {
  const signal = AbortSignal.abort(new Error('not wanted'))
  await assert.rejects(chooseTrend(fashions(48, 1), HOUR, { ...quietControl, signal }), /^Error: not wanted$/)
})

test('no events, or all at one time: popularity', async () => {
  for (const data of [interactionsOf([], 2), at([[0, 1], [1]], [[1, 1], [1]])]) {
    assert.equal(await chooseTrend(data, HOUR, quietControl), undefined)
    assert.equal((await fitTrends(data, HOUR, quietControl)).prior.length, 2)
  }
})

test('moments are the beginnings of busy intervals in the newest tenth of time, evenly drawn', () => {
  // From 0 to 1000 hours: busy are (909, 910], (949, 950], (950, 951] and (999, 1000].
  const times = Float64Array.of(0, 899, 909.5, 950, 950.5, 1000).map(hour => hour * HOUR)
  const hours = (count: number) => trendMoments(times, HOUR, count).map(moment => moment / HOUR)
  assert.deepEqual(hours(10), [909, 949, 950, 999])
  assert.deepEqual(hours(2), [949, 999])
  assert.deepEqual(hours(1), [999])
  assert.deepEqual(trendMoments(Float64Array.of(5, 5), HOUR, 3), [])
  assert.equal(newestTime(times), 1000 * HOUR)
})

test('the first 25 by value, of equal ones the lower index first', () => {
  const random = seededRandom(3)
  for (const length of [0, 1, 24, 25, 26, 300]) {
    const values = Float64Array.from({ length }, () => random.below(20) - 5)
    const sorted = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b)
    assert.deepEqual(firstOf(values), sorted.slice(0, 25))
  }
})

test('increases are events of the interval after a moment less those of the one before, at least 0', () => {
  // Before: (9, 10], after: (10, 11].
  const data = at([[0, 0, 0, 1, 2, 2, 3]], [[9, 9.5, 10, 10, 10.5, 11, 11.5]])
  assert.deepEqual([...increases(data, 10 * HOUR, HOUR)], [0, 0, 2, 0])
})

test('accuracy is the share of the greatest increase there was to foretell', () => {
  const increase = Float64Array.from({ length: 40 }, (_, item) => (item < 30 ? 30 - item : 0))
  const best = Array.from({ length: 25 }, (_, place) => 30 - place).reduce((sum, value) => sum + value)
  assert.equal(trendAccuracy(Array.from(increase.keys()), increase), 1)
  assert.equal(trendAccuracy([0, 35, 2], increase), (30 + 28) / best)
  assert.equal(trendAccuracy([...Array.from({ length: 25 }, () => 39), 0], increase), 0, 'the first 25 count')
  assert.equal(trendAccuracy([0, 1], new Float64Array(3)), undefined)
})

test('what had been done by a moment, that moment included', () => {
  const data = at([[0, 1, 2], [], [3], [4, 5]], [[1, 2, 3], [], [2], [3, 4]])
  assert.deepEqual(historiesOf(eventsUntil(data, 2 * HOUR)), [[0, 1], [], [3], []])
})
