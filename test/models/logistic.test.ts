import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { fitLogistic, sigmoid } from '../../src/models/logistic.ts'

test('without features it is the rule of succession: (s + 1) / (n + 2)', () => {
  for (const [successes, count] of [
    [0, 0],
    [0, 5],
    [3, 4],
    [7, 7],
    [1, 1000],
  ]) {
    const { intercept } = fitLogistic(
      new Float64Array(0),
      Uint8Array.from({ length: count }, (_, i) => (i < successes ? 1 : 0)),
      0,
      1,
    )
    assert.ok(Math.abs(sigmoid(intercept) - (successes + 1) / (count + 2)) < 1e-9)
  }
})

test('at the result the derivative is zero, also where outcomes can be told apart perfectly', () => {
  const random = seededRandom(3)
  for (const separable of [false, true]) {
    const [count, width, regularization] = [60, 3, 0.5]
    const x = Float64Array.from({ length: count * width }, () => 4 * random.uniform() - 2)
    const y = Uint8Array.from({ length: count }, (_, i) => (separable ? +(x[i * width] > 0) : random.below(2)))
    const { intercept, weights } = fitLogistic(x, y, width, regularization)
    const gradient = weights.map(weight => -regularization * weight)
    let ofIntercept = 1 - 2 * sigmoid(intercept)
    for (let i = 0; i < count; i++) {
      let logit = intercept
      for (let j = 0; j < width; j++) logit += weights[j] * x[i * width + j]
      ofIntercept += y[i] - sigmoid(logit)
      for (let j = 0; j < width; j++) gradient[j] += (y[i] - sigmoid(logit)) * x[i * width + j]
    }
    for (const each of [...gradient, ofIntercept]) assert.ok(Math.abs(each) < 1e-6, `${each}`)
    assert.equal(weights[0] > 3, separable)
  }
})
