/** Scores taken apart: the parts add up to what the definition of the model says, and are those worked out by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scoreParts } from '../../src/inference/explain.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { DenseModel, HistoryModel, PoolModel } from '../../src/models/historyModel.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { factorModel, poolModel } from '../models/forms.ts'

const itemCount = 12
const random = seededRandom(4)
const dense: DenseModel = {
  form: 'dense',
  itemCount,
  kernel: Float32Array.of(1, 0.5, -0.25),
  rows: Float32Array.from({ length: itemCount ** 2 }, () => random.normal()),
  prior: Float32Array.from({ length: itemCount }, (_, item) => -item),
  sharpness: 1,
}
const models: [string, HistoryModel][] = [
  ['dense', dense],
  ['prior alone', { ...dense, rows: undefined }],
  ['factors', factorModel(1, itemCount, 16)],
  ['factors with bias', factorModel(2, itemCount, 16, true)],
  ['log pool', poolModel(3, itemCount, 'log')],
  ['log pool with bias', poolModel(4, itemCount, 'log', true)],
  ['linear pool', poolModel(5, itemCount, 'linear')],
  ['linear pool with bias', poolModel(6, itemCount, 'linear', true)],
]
const histories = [[], [3], [3, 3], [1, 2, 3, 4, 5, 6, 7, 8], [0, 11, 0, 11, 0]]

for (const [name, model] of models) {
  test(`${name}: base and weights add up to the score of the model`, () => {
    for (const history of histories) {
      const scores = plainScores(model, history)
      for (let item = 0; item < itemCount; item++) {
        const { base, weights, score } = scoreParts(model, history, item)
        assert.equal(weights.length, history.length)
        assert.ok(Math.abs(score - scores[item]) < 2e-5 * (1 + Math.abs(score)), `${history} → ${item}`)
        assert.equal(
          weights.reduce((sum, weight) => sum + weight, base),
          score,
        )
      }
    }
  })
}

/** Source 0 says 3 for item 2, source 1 says 1; source 2 is against item 0. */
const pool = (combination: 'log' | 'linear'): PoolModel => ({
  form: 'pool',
  itemCount: 3,
  combination,
  epsilon: 0.5,
  experts: [
    {
      name: 'one',
      kernel: Float32Array.of(1, 0.5),
      weight: 2,
      scale: 4,
      offsets: Uint32Array.of(0, 1, 2, 3),
      items: Int32Array.of(2, 2, 0),
      values: Float32Array.of(3, 1, -1),
    },
  ],
  bias: Float32Array.of(0.25, 0, -1),
  prior: new Float32Array(3),
  sharpness: 1,
})

test('a log pool shares out what an expert gains by what each event says to it', () => {
  // Newest is item 1: it says 1, item 0 before it .5 · 3; s = 2.5 / 4.
  const { base, weights, score } = scoreParts(pool('log'), [0, 1], 2)
  const gain = 2 * Math.log(1 + 2.5 / 4 / 0.5)
  assert.ok(Math.abs(base - (-1 + 2 * Math.log(0.5))) < 1e-12)
  assert.ok(Math.abs(weights[0] - gain * 0.6) < 1e-12)
  assert.ok(Math.abs(weights[1] - gain * 0.4) < 1e-12)
  assert.ok(Math.abs(score - (-1 + 2 * Math.log(2.5 / 4 + 0.5))) < 1e-12)
})

test('in a linear pool events add up, and those beyond the kernel weigh nothing', () => {
  const { base, weights } = scoreParts(pool('linear'), [0, 0, 1], 2)
  assert.equal(base, -1)
  assert.deepEqual([...weights], [0, (2 * 1.5) / 4, (2 * 1) / 4])
})

test('an expert that is against an item says nothing', () => {
  assert.deepEqual([...scoreParts(pool('log'), [2], 0).weights], [0])
  assert.deepEqual(scoreParts(pool('linear'), [2], 0), { base: 0.25, weights: Float64Array.of(0), score: 0.25 })
})

test('without events there is the prior and nothing that carried it', () => {
  assert.deepEqual(scoreParts(dense, [], 4), { base: -4, weights: new Float64Array(0), score: -4 })
})
