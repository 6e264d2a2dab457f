import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { quietControl } from '../../src/lib/work.ts'
import { calibrate, evaluateRanking } from '../../src/models/evaluation.ts'
import type { FactorModel, HistoryModel } from '../../src/models/historyModel.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { fitNewItemOffset, offsetForRoom } from '../../src/models/newItemOffset.ts'
import { newestEvents, splitByUsers } from '../../src/models/splits.ts'
import { popularityCount } from '../../src/recipes/popularityCount.ts'
import type { RecipeSettings } from '../../src/recipes/recipe.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'
import { historiesOf, interactionsOf, plainRanker, walks } from '../models/toy.ts'

const itemCount = 40
const people = walks({ userCount: 300, itemCount, eventCount: 20 })
const dataOf = (interactions: Interactions) => ({ interactions, catalogueItemCount: interactions.itemCount })
const data = { interactions: people, catalogueItemCount: 50 }
function factorsOf(model: HistoryModel): FactorModel {
  assert.ok(model.form === 'factors')
  return model
}

const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)
const options = { ...quietControl, threads: 2, openRanker: open }

test('metrics are those of a model that has not seen the tested users, beside those of popularity', async () => {
  const { training, test } = splitByUsers(people, 5)
  const protocol = { itemCount, catalogueItemCount: 50, withoutInputItems: false }
  const { metrics, baseline, model } = await trainSolution(userPersonalizationV2, data, { seed: 5 }, options)

  const evaluated = await userPersonalizationV2.configure({}).train(dataOf(training), options)
  assert.deepEqual(metrics, await evaluateRanking(open(evaluated), test, protocol, quietControl))
  assert.equal(model.sharpness, await calibrate(open(evaluated), itemCount, test, quietControl))
  assert.equal(metrics.userCount, 30)
  assert.ok(metrics.service.mean_reciprocal_rank_at_25 > 0.8)

  const popular = await popularityCount.configure({}).train(dataOf(training), options)
  assert.deepEqual(baseline, await evaluateRanking(plainRanker(popular), test, protocol, quietControl))
  assert.equal(baseline.service.coverage, 25 / 50)
  assert.ok(baseline.service.mean_reciprocal_rank_at_25 < 0.3)
})

test('a pool knows from people who were not learnt from how far it lowers new items, and those it is given are lowered', async () => {
  const { training, test } = splitByUsers(people, 5)
  const rows = (count: number) => ({
    ...{ rowCount: count, featureCount: 2, values: new Float32Array(count).fill(1) },
    offsets: Uint32Array.from({ length: count + 1 }, (_, row) => row),
    features: Int32Array.from({ length: count }, (_, row) => row % 2),
  })
  const features = rows(itemCount)
  const told = { ...data, itemFeatures: features, newItemFeatures: rows(1) }
  const { model } = await trainSolution(userPersonalizationV2, told, { seed: 5 }, options)
  const evaluated = await userPersonalizationV2.configure({}).train(dataOf(training), options)
  assert.ok(model.form === 'pool' && evaluated.form === 'pool')
  const { sharpness, newItemOffset } = model
  const question = { sharpness, features, training, test, seed: 5 }
  const { room } = await fitNewItemOffset({ ...question, model: evaluated, ranker: open(evaluated) }, options)
  const kept = await userPersonalizationV2.configure({}).train(dataOf(people), options)
  assert.ok(kept.form === 'pool')
  assert.equal(newItemOffset, await offsetForRoom({ ...question, model: kept, ranker: open(kept) }, room, options))
  assert.equal(model.itemCount, itemCount + 1)
  const ofFactors = (await trainSolution(userPersonalization, told, { seed: 5 }, options)).model
  assert.equal('newItemOffset' in ofFactors, false)
})

test('the model is fitted on everybody, and every history is kept as far as the model looks', async () => {
  const { model, histories } = await trainSolution(
    userPersonalization,
    data,
    { seed: 5, hyperparameters: { bptt: '7' } },
    options,
  )
  const everybody = await userPersonalization
    .configure({ hyperparameters: { bptt: '7' } })
    .train(dataOf(people), options)
  assert.deepEqual(factorsOf(model).sources, factorsOf(everybody).sources)
  assert.deepEqual(factorsOf(model).targets, factorsOf(everybody).targets)
  assert.deepEqual(histories, newestEvents(people, 7))
})

test('popularity needs no calibration and no histories', async () => {
  const { model, histories, metrics, baseline } = await trainSolution(popularityCount, data, { seed: 5 }, options)
  assert.equal(model.sharpness, 1)
  assert.equal(histories.items.length, 0)
  assert.deepEqual(metrics, baseline)
})

test('progress goes through the stages in order', async () => {
  const stages = new Set<string>()
  const progress = ({ stage }: { stage: string }) => void stages.add(stage)
  await trainSolution(userPersonalizationV2, data, { seed: 5 }, { ...options, progress })
  // The outermost stage: what is planned, an expert's name and its own stages follow.
  const plan = /: 6 experts of 40 items: at most 0\.0 GB to rank by, about \d s to fit/
  assert.ok([...stages].some(stage => plan.test(stage)))
  const outer = new Set(
    [...stages].map(stage => stage.replace(plan, '').replace(/: (directional|EASE)[ ,].*/, ': experts')),
  )
  assert.deepEqual(
    [...outer],
    [
      'evaluation: experts',
      'evaluation: scoring held-out events',
      'evaluation: calibrating',
      'evaluation: ranking for test users',
      'evaluation: resampling test users',
      'training: experts',
      'training: scoring held-out events',
      'training: people without a history',
      'training: people who came lately',
    ],
  )
})

const kernelsOf = async (bias: string) => {
  const recipe = userPersonalizationV2.configure({ hyperparameters: { apply_recency_bias: bias } })
  const model = await recipe.train(dataOf(people), options)
  assert.ok(model.form === 'pool')
  return model.experts.map(({ kernel }) => kernel)
}

test('recency and length of the kernel are what the hyperparameters say', async () => {
  const exponential = (decay: number, length: number) => Float32Array.from({ length }, (_, k) => Math.exp(-k / decay))
  assert.deepEqual(await kernelsOf('true'), [
    exponential(6, 60),
    exponential(30, 200),
    new Float32Array(250).fill(1),
    Float32Array.of(1),
    Float32Array.of(0, 1),
    Float32Array.of(0, 0, 1),
  ])
  assert.deepEqual(await kernelsOf('false'), [new Float32Array(60).fill(1), new Float32Array(60).fill(1)])
  const fitted = async (hyperparameters: Record<string, string> = {}) =>
    factorsOf(await userPersonalization.configure({ hyperparameters }).train(dataOf(people), options))
  const decay = (time: number) => Float32Array.from({ length: 32 }, (_, k) => Math.exp(-1 / time) ** k)
  const standard = await fitted()
  assert.deepEqual(standard.kernels, [decay(1), decay(8)])
  assert.equal(standard.dimension, itemCount) // fewer items than the default of 149
  const other = await fitted({ bptt: '3', recency_mask: 'false', hidden_dimension: '32' })
  assert.deepEqual(other.kernels, [Float32Array.of(1, 1, 1)])
  assert.equal(other.dimension, 32)
})

test('users beyond the percentiles are not learnt from, neither in the evaluation nor in the model', async () => {
  // One robot repeats an item a thousand times; the default percentile of .99 leaves it out, 1 does not.
  const robot = new Array(1000).fill(0)
  const interactions = interactionsOf([...historiesOf(people), robot], itemCount)
  const train = (max: string) =>
    trainSolution(
      userPersonalization,
      { interactions, catalogueItemCount: itemCount },
      { seed: 5, featureTransformationParameters: { max_user_history_length_percentile: max } },
      options,
    )
  const without = await train('0.99')
  const alone = await trainSolution(
    userPersonalization,
    { ...data, catalogueItemCount: itemCount },
    { seed: 5 },
    options,
  )
  assert.deepEqual(without.model, alone.model)
  assert.deepEqual(without.metrics, alone.metrics)
  assert.deepEqual(without.histories, newestEvents(interactions, 32))
  assert.notDeepEqual((await train('1')).model, alone.model)
})

async function refuses(
  interactions: Interactions,
  message: string,
  settings: { eventType?: string } & RecipeSettings = {},
) {
  for (const recipe of [userPersonalization, ...(settings.featureTransformationParameters ? [] : [popularityCount])])
    await assert.rejects(
      trainSolution(recipe, { interactions, catalogueItemCount: itemCount }, { seed: 1, ...settings }, options),
      new Refusal(message),
    )
}
const repeated = (userCount: number, eventCount: number) =>
  Array.from({ length: userCount }, (_, user) =>
    Array.from({ length: eventCount }, (_, event) => (user + event) % itemCount),
  )

test('too little data is refused in the sentences of the reference service', async () => {
  await refuses(interactionsOf([], 0), 'Dataset has fewer than 1000 interactions.')
  await refuses(
    interactionsOf([...repeated(99, 10), [1, 2, 3, 4, 5, 6, 7, 8, 9]]),
    'Dataset has fewer than 1000 interactions.',
  )
  await refuses(
    interactionsOf(repeated(2, 3)),
    'Dataset has fewer than 1000 interactions after filtering by event type: click',
    {
      eventType: 'click',
    },
  )
  await refuses(
    interactionsOf([...repeated(24, 100), ...repeated(500, 1)]),
    'Dataset has fewer than 25 users with at least 2 interactions each.',
  )
  await refuses(
    interactionsOf([...repeated(30, 2), ...repeated(3000, 1)]),
    'Dataset has fewer than 1 % of its users with at least 2 interactions each.',
  )
})

test('just enough data is trained on', async () => {
  const least = interactionsOf([...repeated(25, 39), ...repeated(25, 1)])
  assert.equal(least.items.length, 1000)
  for (const recipe of [popularityCount, userPersonalization, userPersonalizationV2]) {
    const { metrics } = await trainSolution(
      recipe,
      { interactions: least, catalogueItemCount: itemCount },
      { seed: 1 },
      options,
    )
    assert.equal(metrics.userCount, 3)
  }
})

test('percentiles that leave too few users are refused as such', async () => {
  await refuses(
    interactionsOf([...repeated(100, 10), ...repeated(5, 11)]),
    'The feature transformation parameters leave 5 users with at least 2 interactions each to learn from, where at least 25 were expected.',
    {
      featureTransformationParameters: {
        min_user_history_length_percentile: '0.99',
        max_user_history_length_percentile: '1',
      },
    },
  )
})

test('more items than a recipe trains on are refused before any work', async () => {
  const interactions = { ...people, itemCount: 5_000_001 }
  await assert.rejects(
    trainSolution(userPersonalizationV2, { interactions, catalogueItemCount: 5_000_001 }, { seed: 1 }, options),
    new Refusal('The data has 5000001 items, where aws-user-personalization-v2 trains on at most 5000000.'),
  )
})
