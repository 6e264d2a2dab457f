/** performAutoML's choice: who is tried, by what, and what becomes of candidates that the data do not suit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { candidatesOf } from '../../src/jobs/candidatesOf.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { ofUsers } from '../../src/models/splits.ts'
import { chooseRecipe } from '../../src/recipes/chooseRecipe.ts'
import { popularityCount } from '../../src/recipes/popularityCount.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { walks } from '../models/toy.ts'

const data = { interactions: walks({ userCount: 120, itemCount: 30, eventCount: 15 }), catalogueItemCount: 30 }
const options = {
  ...quietControl,
  threads: 2,
  openRanker: (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0),
}

test('who walks is not foretold by popularity: the other candidate is taken, whatever the order, with what its search found', async () => {
  const read = async () => data
  const chosen = await chooseRecipe([popularityCount, userPersonalization], { seed: 1 }, read, options)
  assert.equal(chosen.recipe.name, 'aws-user-personalization')
  const [first, second] = chosen.choice.candidates
  assert.deepEqual([first.recipe, second.recipe], ['aws-user-personalization', 'aws-popularity-count'])
  assert.ok(first.score > 2 * second.score)
  assert.deepEqual(chosen.tuned, first.hyperparameters)
  assert.deepEqual(Object.keys(first.hyperparameters), ['hidden_dimension', 'bptt', 'recency_mask'])
  // Nothing to search: one try.
  assert.deepEqual([second.tries, second.hyperparameters], [1, {}])
  const again = await chooseRecipe([userPersonalization, popularityCount], { seed: 1 }, read, options)
  assert.deepEqual(again.choice, chosen.choice)
  const byPrecision = { seed: 1, objective: 'precision_at_5' }
  const other = await chooseRecipe([popularityCount], byPrecision, read, options)
  assert.deepEqual([other.choice.metric, other.tuned], ['precision_at_5', undefined])
})

/** Every other user without the newest event. */
function withShorter(interactions: Interactions): Interactions {
  const long = ofUsers(
    interactions,
    Uint32Array.from({ length: 120 }, (_, user) => user),
  )
  const keep = Array.from(long.items.keys()).filter(at => !(at % 30 === 14))
  const offsets = long.offsets.map((offset, user) => offset - Math.ceil(user / 2))
  return {
    ...long,
    offsets,
    items: long.items.filter((_, at) => at % 30 !== 14),
    times: long.times.filter((_, at) => keep.includes(at)),
  }
}

test('everybody is asked about, and those whom a recipe leaves out are not learnt from', async () => {
  const { recipe } = await chooseRecipe([userPersonalization], { seed: 1 }, async () => data, options)
  const settings = {
    hyperparameters: { hidden_dimension: '32' },
    featureTransformationParameters: { max_user_history_length_percentile: '0.5' },
  }
  const [asked, plain] = [recipe.configure(settings), userPersonalization.configure(settings)]
  const mixed = { ...data, interactions: withShorter(data.interactions) }
  assert.equal(asked.select(mixed), mixed)
  const kept = plain.select(mixed)
  assert.ok(kept.interactions.userCount < mixed.interactions.userCount)
  assert.deepEqual(await asked.train(mixed, options), await plain.train(kept, options))
})

test('a candidate that refuses the data is passed over, unless all do', async () => {
  const read = async ({ name }: { name: string }) => {
    if (name === 'aws-user-personalization') throw new Refusal('too much.')
    return data
  }
  const chosen = await chooseRecipe([userPersonalization, popularityCount], { seed: 1 }, read, options)
  assert.deepEqual(
    chosen.choice.candidates.map(({ recipe }) => recipe),
    ['aws-popularity-count'],
  )
  await assert.rejects(chooseRecipe([userPersonalization], { seed: 1 }, read, options), new Refusal('too much.'))
})

test('candidates are those named, each once, or the two that there are', () => {
  const arn = (name: string) => `arn:aws:personalize:::recipe/${name}`
  assert.deepEqual(candidatesOf({}), {
    recipeArns: [arn('aws-user-personalization-v2'), arn('aws-user-personalization')],
    objective: undefined,
  })
  const recipeList = [arn('aws-hrnn'), arn('aws-hrnn')]
  assert.deepEqual(candidatesOf({ autoMLConfig: { metricName: 'coverage', recipeList } }), {
    recipeArns: [arn('aws-hrnn')],
    objective: 'coverage',
  })
})
