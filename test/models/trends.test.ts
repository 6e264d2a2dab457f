import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventsUntil } from '../../src/models/splits.ts'
import { increases, trendAccuracy } from '../../src/models/trendAccuracy.ts'
import { rises, trendModel } from '../../src/models/trends.ts'
import { historiesOf, interactionsOf } from './toy.ts'

const HOUR = 3600
const at = (histories: number[][], hours: number[][]) => ({
  ...interactionsOf(histories),
  times: Float64Array.from(hours.flat(), hour => hour * HOUR),
})

test('a rise is what is met of late less what is usual, by the formula', () => {
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
  const rate = (ages: number[], halfLife: number) =>
    ages.reduce((sum, age) => sum + 2 ** (-age / halfLife), 0) / halfLife
  const found = rises(data, HOUR)
  for (const [item, ages] of [[10, 2], [1, 0], [0]].entries())
    assert.ok(Math.abs(found[item] - (rate(ages, 7) - rate(ages, 30))) < 1e-12)
})

test('what rises leads, what goes on follows, what fades is last', () => {
  const steady = Array.from({ length: 400 }, (_, hour) => hour)
  const faded = Array.from({ length: 60 }, (_, event) => 350 + event / 10)
  const rising = Array.from({ length: 20 }, (_, event) => 399 - event / 20)
  const data = at([steady.map(() => 0), faded.map(() => 1), rising.map(() => 2), [3]], [steady, faded, rising, [1]])
  const { prior } = trendModel(data, HOUR)
  assert.deepEqual(
    [...prior.keys()].sort((a, b) => prior[b] - prior[a]),
    [2, 0, 3, 1],
  )
  const total = prior.reduce((sum, score) => sum + Math.exp(score), 0)
  assert.ok(Math.abs(total - 1) < 1e-6)
})

test('no events, no trend', () => {
  assert.deepEqual([...rises(interactionsOf([], 2), HOUR)], [0, 0])
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
