import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rankActions } from '../../src/models/rankActions.ts'

const DAY = 86_400
const none = Number.NaN
const rules = (more: object = {}) => ({
  values: Float64Array.of(none, none, none, none),
  expires: Float64Array.of(none, none, none, none),
  repeatDays: Float64Array.of(none, none, none, none),
  ...more,
})
const never = () => undefined
const order = (...args: Parameters<typeof rankActions>) => rankActions(...args).map(({ action }) => action)

test('by probability; of equal ones the more valuable first, then by index', () => {
  const probabilities = Float64Array.of(0.2, 0.5, 0.2, 0.2)
  assert.deepEqual(order(probabilities, rules(), { nowSeconds: 0, lastMet: never }), [1, 0, 2, 3])
  const valued = rules({ values: Float64Array.of(none, 1, 3, 9) })
  assert.deepEqual(order(probabilities, valued, { nowSeconds: 0, lastMet: never }), [1, 3, 2, 0])
  // What an answer does not show does not decide.
  const nearly = Float64Array.of(0.2 + 1e-12, 0.5, 0.2, 0.2)
  assert.deepEqual(order(nearly, valued, { nowSeconds: 0, lastMet: never }), [1, 3, 2, 0])
  assert.deepEqual(rankActions(Float64Array.of(0.25), rules(), { nowSeconds: 0, lastMet: never }), [
    { action: 0, score: 0.25 },
  ])
})

test('what has expired is left out, from that second on', () => {
  const ends = rules({ expires: Float64Array.of(100, none, 101, 99) })
  assert.deepEqual(order(new Float64Array(4), ends, { nowSeconds: 100, lastMet: never }), [1, 2])
})

test('what was met too lately is left out, until its days are over', () => {
  const often = rules({ repeatDays: Float64Array.of(2, 2, none, 0) })
  const lastMet = (action: number) => (action === 1 ? undefined : 1000)
  const at = (nowSeconds: number) => order(new Float64Array(4), often, { nowSeconds, lastMet })
  assert.deepEqual(at(1000), [1, 2, 3])
  assert.deepEqual(at(1000 + 2 * DAY - 1), [1, 2, 3])
  assert.deepEqual(at(1000 + 2 * DAY), [0, 1, 2, 3])
})
