import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { quietControl } from '../../src/lib/work.ts'
import { sharpened } from '../../src/models/calibration.ts'
import { calibrate, evaluateRanking } from '../../src/models/evaluation.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { positiveValues, withObjective } from '../../src/models/objective.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { popularityModel } from '../../src/models/popularity.ts'
import { splitByUsers } from '../../src/models/splits.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { modelsOfEveryForm } from './forms.ts'
import { walks } from './toy.ts'

const probabilities = (model: HistoryModel, history: number[]) => {
  const weights = Array.from(plainScores(model, history), score => Math.exp(model.sharpness * score))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map(weight => weight / total)
}

test('probabilities are multiplied by the power of the value, with a history and without', () => {
  const values = Float64Array.from({ length: 9 }, (_, item) => 0.1 + item)
  const popular = popularityModel(Float64Array.from(values, (_, item) => 1 + ((item * 7) % 5)))
  for (const model of [popular, ...modelsOfEveryForm(9)])
    for (const strength of [0.25, 1])
      for (const history of [[], [3, 4]]) {
        const [before, after] = [model, withObjective(model, { values, strength })].map(m => probabilities(m, history))
        const wanted = before.map((p, item) => p * values[item] ** strength)
        const total = wanted.reduce((sum, p) => sum + p, 0)
        wanted.forEach((p, item) => {
          assert.ok(Math.abs(after[item] - p / total) < 1e-5, model.form)
        })
      }
})

test('values are above 0 and 1 in the mean, whatever was given', () => {
  assert.deepEqual([...positiveValues(Float64Array.of(1, 3, Number.NaN))], [0.5, 1.5, 1])
  assert.deepEqual([...positiveValues(Float64Array.of(-2, 0, 2))], [0.001, 1, 2])
  assert.deepEqual([...positiveValues(Float64Array.of(0, 0))], [1, 1])
  assert.deepEqual([...positiveValues(Float64Array.of(Number.NaN))], [1])
})

test('the stronger the objective, the more of the value is found', async () => {
  const itemCount = 120
  const people = walks({ userCount: 600, itemCount, eventCount: 20 })
  const { training, test: held } = splitByUsers(people, 3)
  const control = { ...quietControl, threads: 2 }
  const fitted = await userPersonalization
    .configure({})
    .train({ interactions: training, catalogueItemCount: itemCount }, control)
  const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)
  const model = sharpened(fitted, await calibrate(open(fitted), itemCount, held, control))
  // Every tenth item is worth as much as fifty others.
  const values = positiveValues(Float64Array.from({ length: itemCount }, (_, item) => (item % 10 === 0 ? 50 : 1)))
  const protocol = { itemCount, catalogueItemCount: itemCount, withoutInputItems: false, values }
  const rewards: number[] = []
  for (const strength of [0, 0.25, 0.5, 1]) {
    const { service } = await evaluateRanking(open(withObjective(model, { values, strength })), held, protocol, control)
    rewards.push((service as Record<string, number>).average_rewards_at_k)
  }
  assert.ok(rewards[0] > 0 && rewards[3] <= 1)
  assert.ok(rewards[3] > rewards[0] + 0.02, `${rewards}`)
  assert.ok(rewards[1] >= rewards[0] && rewards[2] >= rewards[1] && rewards[3] >= rewards[2], `${rewards}`)
})
