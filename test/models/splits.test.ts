import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Interactions } from '../../src/models/interactions.ts'
import {
  listAt,
  newestEvents,
  ofUsers,
  someTested,
  splitByUsers,
  splitLastEvents,
  usersByHistoryLength,
} from '../../src/models/splits.ts'
import { historiesOf, interactionsOf } from './toy.ts'

/** Users 0 … count-1; user u has u + 1 events, each named after the user. */
const staircase = (count: number) =>
  interactionsOf(
    Array.from({ length: count }, (_, user) => Array.from({ length: user + 1 }, (_, event) => user * 100 + event)),
  )

test('a tenth of the users is tested, on the newest tenth of their events, and not learnt from', () => {
  const data = staircase(50)
  const { training, test } = splitByUsers(data, 7)
  assert.equal(test.userCount, 5)
  assert.equal(training.userCount, 45)
  const inputs = historiesOf({ userCount: test.userCount, ...test.inputs })
  const truths = historiesOf({ userCount: test.userCount, ...test.truths })
  const tested = inputs.map((input, row) => [...input, ...truths[row]])
  for (const [row, history] of tested.entries()) {
    assert.equal(truths[row].length, Math.ceil(history.length / 10))
    assert.deepEqual(history, historiesOf(data)[history.length - 1])
  }
  const all = [...tested, ...historiesOf(training)].sort((a, b) => a.length - b.length)
  assert.deepEqual(all, historiesOf(data))
  assert.equal(training.itemCount, data.itemCount)
})

test('the seed decides who is tested, and nothing else does', () => {
  const data = staircase(200)
  assert.deepEqual(splitByUsers(data, 3), splitByUsers(data, 3))
  assert.notDeepEqual(splitByUsers(data, 3).test, splitByUsers(data, 4).test)
})

test('over many seeds everybody is tested, about equally often', () => {
  const data = interactionsOf(Array.from({ length: 20 }, (_, user) => [user, user]))
  const times = new Array(20).fill(0)
  for (let seed = 0; seed < 500; seed++) for (const user of splitByUsers(data, seed).test.truths.items) times[user]++
  assert.ok(
    times.every(count => count > 25 && count < 80),
    `${times}`,
  )
})

test('users with fewer than two events are never tested, always learnt from', () => {
  const data = interactionsOf([[], [1], [2], [3], [4, 5], []])
  for (let seed = 0; seed < 10; seed++) {
    const { training, test } = splitByUsers(data, seed)
    assert.deepEqual(historiesOf({ userCount: 1, ...test.inputs }), [[4]])
    assert.deepEqual(historiesOf({ userCount: 1, ...test.truths }), [[5]])
    assert.deepEqual(historiesOf(training), [[], [1], [2], [3], []])
  }
})

test('leave-one-out: last event is the truth, training lacks the last two', () => {
  const { training, test } = splitLastEvents(interactionsOf([[1, 2, 3, 4], [5], [6, 7], [], [8, 8, 8]]))
  assert.deepEqual(historiesOf(training), [[1, 2], [], [], [], [8]])
  assert.deepEqual(historiesOf({ userCount: 3, ...test.inputs }), [[1, 2, 3], [6], [8, 8]])
  assert.deepEqual(historiesOf({ userCount: 3, ...test.truths }), [[4], [7], [8]])
  assert.deepEqual([...training.times], [1_000_000, 1_000_001, 1_000_007])
})

test('newest events: as many as asked for, oldest first, nobody left out', () => {
  const lists = newestEvents(interactionsOf([[1, 2, 3], [], [4]]), 2)
  assert.deepEqual(historiesOf({ userCount: 3, ...lists }), [[2, 3], [], [4]])
  assert.deepEqual(newestEvents(interactionsOf([[1, 2, 3]]), 0), {
    offsets: new Uint32Array(2),
    items: new Int32Array(0),
  })
})

const selectByHistoryLength = (data: Interactions, percentiles: { min: number; max: number }) =>
  ofUsers(data, usersByHistoryLength(data, percentiles))
const lengthsKept = (count: number, min: number, max: number) =>
  historiesOf(selectByHistoryLength(staircase(count), { min, max })).map(history => history.length)

test('percentiles of the history length are inclusive nearest ranks', () => {
  assert.deepEqual(
    lengthsKept(100, 0, 1),
    Array.from({ length: 100 }, (_, i) => i + 1),
  )
  assert.deepEqual(
    lengthsKept(100, 0, 0.99),
    Array.from({ length: 99 }, (_, i) => i + 1),
  )
  assert.deepEqual(lengthsKept(10, 0.25, 0.75), [3, 4, 5, 6, 7, 8])
  assert.deepEqual(lengthsKept(10, 1, 1), [10])
  assert.deepEqual(lengthsKept(25, 0, 0.99).length, 25)
  assert.deepEqual(lengthsKept(0, 0, 0.99), [])
})

test('users of equal length stay or go together', () => {
  const data = interactionsOf([[1], [1], [1], [1, 2], [1, 2, 3]])
  assert.deepEqual(historiesOf(selectByHistoryLength(data, { min: 0, max: 0.2 })), [[1], [1], [1]])
  assert.deepEqual(historiesOf(selectByHistoryLength(data, { min: 0.7, max: 1 })), [
    [1, 2],
    [1, 2, 3],
  ])
})

test('the weights of events stay with them, whoever is left out', () => {
  const data = { ...interactionsOf([[1, 2], [3], [4, 5, 6]]), weights: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6) }
  assert.deepEqual(ofUsers(data, Uint32Array.of(2, 0)).weights, Float32Array.of(0.4, 0.5, 0.6, 0.1, 0.2))
  assert.deepEqual(splitLastEvents(data).training.weights, Float32Array.of(0.4))
})

test('of many tested users some are asked, evenly chosen, with all that is theirs', () => {
  const data = staircase(300)
  const weighted = { ...data, weights: Float32Array.from(data.items, item => item / 7) }
  const { test } = splitByUsers(weighted, 7)
  assert.equal(someTested(test, test.userCount), test)
  const some = someTested(test, 4)
  assert.equal(some.userCount, 4)
  const rowOf = (user: number) => test.users.indexOf(user)
  assert.deepEqual([...some.users].map(rowOf), [0, 7, 15, 22])
  for (const [row, user] of some.users.entries()) {
    assert.deepEqual(listAt(some.inputs, row), listAt(test.inputs, rowOf(user)))
    assert.deepEqual(listAt(some.truths, row), listAt(test.truths, rowOf(user)))
  }
  assert.deepEqual(
    some.truthWeights,
    Float32Array.from(some.truths.items, item => item / 7),
  )
})
