/** Forms without a kernel of their own rank by plain scores. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { modelsOfEveryForm } from '../models/forms.ts'

test('the best that are allowed and not excluded, by score and then index, with their share of the whole catalogue', () => {
  for (const model of modelsOfEveryForm(40)) {
    const ranker = openRanker(placeModel(model, { threads: 1, exactTotals: true }), 0)
    const history = Int32Array.of(3, 17, 3)
    const { counts, items, probabilities } = ranker.rank({
      count: 2,
      k: 40,
      offsets: Uint32Array.of(0, 3, 3),
      items: history,
      allowed: [Uint32Array.of(0xffff, 0), Uint32Array.of(0xffffffff, 0xff)],
      excluded: { offsets: Uint32Array.of(0, 1, 1), items: Int32Array.of(2) },
    })
    assert.deepEqual([...counts], [15, 40])
    const scores = plainScores(model, history)
    const expected = Array.from({ length: 16 }, (_, item) => item).filter(item => item !== 2)
    expected.sort((a, b) => scores[b] - scores[a] || a - b)
    assert.deepEqual([...items.subarray(0, 15)], expected)
    const weights = Array.from(scores, score => Math.exp(model.sharpness * score))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    for (const [place, item] of expected.entries())
      assert.ok(Math.abs(probabilities[place] - weights[item] / total) < 1e-6)
    assert.ok(Math.abs(probabilities.subarray(40).reduce((sum, each) => sum + each, 0) - 1) < 1e-5)
  }
})
