/** Scores of the items of a list are bit for bit those that all items get, whatever the form of the model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ranker } from '../../src/inference/queries.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { seededRandom, shuffle } from '../../src/lib/random.ts'
import type { DenseModel, HistoryModel } from '../../src/models/historyModel.ts'
import { factorModel, poolModel } from '../models/forms.ts'

const ITEM_COUNT = 77

function denseModel(): DenseModel {
  const random = seededRandom(4)
  const numbers = (length: number) => Float32Array.from({ length }, () => random.normal())
  return {
    form: 'dense',
    itemCount: ITEM_COUNT,
    prior: numbers(ITEM_COUNT),
    sharpness: 1,
    kernel: Float32Array.of(1, 0.5),
    rows: numbers(ITEM_COUNT ** 2),
  }
}

const rankerOf = (model: HistoryModel): Ranker => openRanker(placeModel(model, { threads: 1 }), 0)

for (const [name, model] of Object.entries<HistoryModel>({
  factors: factorModel(3, ITEM_COUNT, 9, true),
  'log pool': poolModel(3, ITEM_COUNT, 'log', true),
  'linear pool': poolModel(3, ITEM_COUNT, 'linear'),
  dense: denseModel(),
}))
  test(`${name}: a list of every length, out of order, with a history and without`, () => {
    const ranker = rankerOf(model)
    const other = rankerOf(model)
    for (const history of [[], [3], [5, 5, 76, 0, 12]].map(list => Int32Array.from(list))) {
      const all = ranker.scoreAll(history).slice()
      for (const length of [0, 1, 3, 4, 5, 15, 16, 17, 32, ITEM_COUNT]) {
        const items = Array.from({ length: ITEM_COUNT }, (_, item) => item)
        shuffle(items, seededRandom(length))
        const list = items.slice(0, length)
        // What another history left there is to go.
        other.scoreAll(Int32Array.of(length % 7))
        const scores = other.scoreAll(history, list)
        for (const item of list) assert.ok(Object.is(scores[item], all[item]), `item ${item} of ${length}`)
      }
      assert.deepEqual(other.scoreAll(history).subarray(0, ITEM_COUNT), all.subarray(0, ITEM_COUNT))
    }
  })

test('what is no item of the model is none of a list either', () => {
  for (const model of [factorModel(3, ITEM_COUNT, 9), poolModel(3, ITEM_COUNT, 'log')]) {
    const ranker = rankerOf(model)
    const message = 'a list names an item that the model does not have'
    for (const item of [-1, ITEM_COUNT]) assert.throws(() => ranker.scoreAll(Int32Array.of(1), [item]), { message })
  }
})
