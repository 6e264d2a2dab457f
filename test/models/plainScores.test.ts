/** The definition in historyModel.ts, by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { historyLength } from '../../src/models/historyModel.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { modelsOfEveryForm } from './forms.ts'

const common = { itemCount: 2, prior: Float32Array.of(-1, -2), sharpness: 1 }

test('factors: the newest event counts by the first weight of each kernel', () => {
  const model = {
    form: 'factors' as const,
    ...common,
    dimension: 2,
    kernels: [Float32Array.of(1, 0.5), Float32Array.of(2)],
    sources: Float32Array.of(1, 0, 0, 1, 4, 0, 0, 8),
    targets: Float32Array.of(1, 1, 2, 0),
    bias: Float32Array.of(0, 100),
  }
  // The newest event is item 1: [0, 1] + 2 · [0, 8]; before it item 0: .5 · [1, 0].
  assert.deepEqual(plainScores(model, [0, 1]), Float32Array.of(17.5, 101))
  assert.deepEqual(plainScores(model, []), model.prior)
  assert.equal(historyLength(model), 2)
})

test('pool: shares above zero, logarithms with epsilon or the shares themselves', () => {
  const expert = {
    name: 'one',
    kernel: Float32Array.of(1, 0.5),
    weight: 2,
    scale: 4,
    offsets: Uint32Array.of(0, 2, 3),
    items: Int32Array.of(0, 1, 0),
    values: Float32Array.of(8, -1, 4),
  }
  const pool = { form: 'pool' as const, ...common, epsilon: 0.5, experts: [expert], bias: undefined }
  // Item 0: 4 + .5 · 8 = 8, a share of 2; item 1: .5 · -1 is below zero, a share of 0.
  assert.deepEqual(plainScores({ ...pool, combination: 'linear' }, [0, 1]), Float32Array.of(4, 0))
  const logarithms = Float32Array.of(2 * Math.fround(Math.log(2.5)), 2 * Math.fround(Math.log(0.5)))
  assert.deepEqual(plainScores({ ...pool, combination: 'log' }, [0, 1]), logarithms)
  assert.equal(historyLength({ ...pool, combination: 'log' }), 2)
})

test('every form answers an empty history with the prior', () => {
  for (const model of modelsOfEveryForm(9)) assert.deepEqual(plainScores(model, []), model.prior)
})
