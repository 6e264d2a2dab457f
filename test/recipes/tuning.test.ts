/** Searching hyperparameters: what may be searched, and that the search finds what is better. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { tuningOf } from '../../src/jobs/tuningOf.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { integer } from '../../src/recipes/parameters.ts'
import { popularityCount } from '../../src/recipes/popularityCount.ts'
import { recipe } from '../../src/recipes/recipe.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { checkTuning, TUNING_TRIES_DEFAULT, type TuningControl, tune } from '../../src/recipes/tuning.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { walks } from '../models/toy.ts'

const interactions = walks({ userCount: 150, itemCount: 40, eventCount: 20 })
const data = { interactions, catalogueItemCount: 40 }
const options = {
  ...quietControl,
  threads: 2,
  openRanker: (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0),
}

test('hpoConfig is read, with or without the prefixes that answers show', () => {
  const hpoConfig = {
    hpoResourceConfig: { maxNumberOfTrainingJobs: '7' },
    algorithmHyperParameterRanges: {
      integerHyperParameterRanges: [{ name: 'training.bptt', minValue: 2, maxValue: 9 }],
      continuousHyperParameterRanges: [{ name: 'factor', minValue: 0.1, maxValue: 0.2 }],
      categoricalHyperParameterRanges: [{ name: 'data.recency_mask', values: ['true'] }],
    },
  }
  assert.deepEqual(tuningOf({ hpoConfig }), {
    tries: 7,
    ranges: [
      { name: 'bptt', min: 2, max: 9 },
      { name: 'factor', min: 0.1, max: 0.2 },
      { name: 'recency_mask', values: ['true'] },
    ],
  })
  assert.deepEqual(tuningOf({}), { tries: TUNING_TRIES_DEFAULT, ranges: [] })
})

test('a range that cannot be searched is refused in a sentence', () => {
  const refused = (range: object, message: string) =>
    assert.throws(() => checkTuning(userPersonalization, { tries: 1, ranges: [range as never] }), new Refusal(message))
  refused(
    { name: 'width', min: 1, max: 2 },
    'The range of width cannot be searched: of aws-user-personalization the hyperparameters hidden_dimension, bptt, recency_mask can.',
  )
  refused({ name: 'bptt', min: 1, max: 20 }, "The range of bptt has '1', where an integer from 2 to 32 was expected.")
  refused(
    { name: 'bptt', min: 9, max: 3 },
    'The range of bptt goes from 9 to 3: a maximum not below the minimum was expected.',
  )
  refused(
    { name: 'recency_mask', values: ['maybe'] },
    "The range of recency_mask has 'maybe', where true or false was expected.",
  )
  refused({ name: 'recency_mask', values: [] }, 'The range of recency_mask has no values: at least one was expected.')
  assert.throws(
    () => checkTuning(popularityCount, { tries: 1, ranges: [] }),
    new Refusal('The recipe aws-popularity-count has no hyperparameter that can be searched for.'),
  )
})

test('on walks the newest event says everything: the search finds the mask, tries nothing twice, and is repeatable', async () => {
  const ranges = [{ name: 'recency_mask', values: ['false', 'true'] }]
  const stages = new Set<string>()
  const search = (scores?: TuningControl['scores']) =>
    tune(
      userPersonalization,
      data,
      { seed: 1, hyperparameters: { recency_mask: 'false', hidden_dimension: '32' }, tuning: { ranges, tries: 10 } },
      { ...options, ...(scores && { scores }), progress: ({ stage }) => stages.add(stage.split(':')[0]) },
    )
  assert.deepEqual((await search()).texts, { recency_mask: 'true' })
  assert.deepEqual([...stages], ['search, try 1 of at most 10', 'search, try 2 of at most 10'])
  const again = await search()
  assert.deepEqual(again.texts, { recency_mask: 'true' })
  assert.equal(again.tries, 2)

  // What was kept is not tried again: with the score of one try from before, only the other is made.
  const kept = new Map<string, unknown>()
  const keep = async (name: string, score: number) => void kept.set(name, score)
  assert.deepEqual(await search({ found: new Map(), keep }), again)
  assert.deepEqual([...kept.keys()], ['search/aws-user-personalization/0', 'search/aws-user-personalization/1'])
  stages.clear()
  const found = new Map([['search/aws-user-personalization/0', kept.get('search/aws-user-personalization/0')]])
  assert.deepEqual(await search({ found, keep }), again)
  assert.deepEqual([...stages], ['search, try 2 of at most 10'])
})

test('the search ends when eight tries in a row brought nothing better, or when the training jobs are used up', async () => {
  // What a try is worth is what this says, by the number of the try: no model has a part in it.
  const searched = async (tries: number, scoreOf: (number: number) => number) => {
    const recipeOfScores = recipe({
      name: 'aws-scores',
      type: 'USER_PERSONALIZATION',
      algorithm: 'aws-scores',
      featureTransformation: 'aws-scores',
      description: 'For this test.',
      creationDateTime: 0,
      limits: { itemCount: 1000, interactionCount: 1_000_000 },
      batch: undefined,
      hyperparameters: { width: integer({ min: 1, max: 1_000_000, default: 7, tunable: true }) },
      featureTransformationParameters: {},
      evaluate: () => async () => {
        const service = { mean_reciprocal_rank_at_25: scoreOf(number++) }
        const metrics = { userCount: 1, service, textbook: {}, standardErrors: {} }
        return { metrics, baseline: metrics, sharpness: undefined }
      },
      train: () => {
        throw new Error('nothing is trained')
      },
    })
    let number = 0
    return tune(recipeOfScores, data, { seed: 1, tuning: { ranges: [], tries } }, options)
  }
  const level = await searched(40, () => 0.5)
  assert.equal(level.tries, 1 + 8)
  assert.deepEqual(level.texts, { width: '7' }, 'the first try is what would be trained without a search')
  const late = await searched(40, number => (number === 8 ? 0.6 : 0.5))
  assert.equal(late.tries, 9 + 8)
  assert.equal(late.score, 0.6)
  assert.equal((await searched(40, number => number)).tries, 40)
  assert.equal((await searched(3, () => 0.5)).tries, 3)
})

test('what the search has chosen is what is trained', async () => {
  const settings = { seed: 1, hyperparameters: { bptt: '3' } }
  const ranges = [{ name: 'hidden_dimension', min: 40, max: 40 }]
  const trained = await trainSolution(userPersonalization, data, { ...settings, tuning: { ranges, tries: 2 } }, options)
  assert.deepEqual(trained.tuned, { hidden_dimension: '40' })
  const plain = await trainSolution(
    userPersonalization,
    data,
    { ...settings, hyperparameters: { bptt: '3', hidden_dimension: '40' } },
    options,
  )
  assert.deepEqual(trained.model, plain.model)
  assert.equal(plain.tuned, undefined)
})
