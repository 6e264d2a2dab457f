import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventCounts, logShares, popularityModel, uniqueUserCounts } from '../../src/models/popularity.ts'
import { interactionsOf } from './toy.ts'

const data = interactionsOf([[0, 0, 0, 1], [1, 2, 1], [], [1]], 4)

test('events count each time, users once', () => {
  assert.deepEqual([...eventCounts(data)], [3, 4, 1, 0])
  assert.deepEqual([...uniqueUserCounts(data)], [1, 3, 1, 0])
})

test('the softmax of the logarithms is the share; an item never seen counts half', () => {
  const shares = [...logShares(eventCounts(data))].map(Math.exp)
  for (const [item, count] of [3, 4, 1, 0.5].entries()) assert.ok(Math.abs(shares[item] - count / 8.5) < 1e-7)
})

test('everybody gets the prior, whose order is that of the counts', () => {
  const model = popularityModel(uniqueUserCounts(data))
  assert.equal(model.rows, undefined)
  assert.equal(model.kernel.length, 0)
  assert.equal(model.sharpness, 1)
  assert.ok(model.prior[1] > model.prior[0])
  assert.equal(model.prior[0], model.prior[2])
})

test('no items, no users: an empty model', () => {
  assert.equal(popularityModel(uniqueUserCounts(interactionsOf([]))).prior.length, 0)
})
