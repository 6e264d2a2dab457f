import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/lib/refusal.ts'
import { recipeByArn, recipes } from '../../src/recipes/index.ts'
import { popularityCount } from '../../src/recipes/popularityCount.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'

test('what is listed and described, as in spec/recipes.md §1, §2 and §7', () => {
  const facts = recipes.map(({ recipeArn, type, algorithmArn, featureTransformationArn, creationDateTime, batch }) => ({
    recipeArn,
    type,
    algorithmArn,
    featureTransformationArn,
    created: new Date(creationDateTime * 1000).toISOString().slice(0, 10),
    batch,
  }))
  assert.deepEqual(facts, [
    {
      recipeArn: 'arn:aws:personalize:::recipe/aws-popularity-count',
      type: 'POPULAR_ITEMS',
      algorithmArn: 'arn:aws:personalize:::algorithm/aws-popularity-count',
      featureTransformationArn: 'arn:aws:personalize:::feature-transformation/sims',
      created: '2019-06-10',
      batch: { record: 'userId', scores: false, reasons: false },
    },
    {
      recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization',
      type: 'USER_PERSONALIZATION',
      algorithmArn: 'arn:aws:personalize:::algorithm/aws-user-personalization',
      featureTransformationArn: 'arn:aws:personalize:::feature-transformation/JSON-percentile-filtering',
      created: '2019-06-10',
      batch: { record: 'userId', scores: true, reasons: false },
    },
    {
      recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization-v2',
      type: 'USER_PERSONALIZATION',
      algorithmArn: 'arn:aws:personalize:::algorithm/aws-user-personalization-v2',
      featureTransformationArn: 'arn:aws:personalize:::feature-transformation/aws-user-personalization-v2',
      created: '2024-01-01',
      batch: { record: 'userId', scores: true, reasons: true },
    },
  ])
  for (const { status, description, lastUpdatedDateTime, creationDateTime } of recipes) {
    assert.equal(status, 'ACTIVE')
    assert.ok(description.length > 40)
    assert.ok(lastUpdatedDateTime > creationDateTime)
  }
})

test('parameters have the defaults and ranges of spec/recipes.md §4', () => {
  const rows = (parameters: (typeof recipes)[number]['hyperparameters']) =>
    Object.entries(parameters).map(([name, { kind, default: standard, range, tunable }]) =>
      [name, standard, range ? `${range.min}..${range.max}` : 'true/false', kind, tunable].join(' '),
    )
  assert.deepEqual(rows(userPersonalizationV2.hyperparameters), [
    'apply_recency_bias true true/false categorical false',
  ])
  assert.deepEqual(rows(userPersonalizationV2.featureTransformationParameters), [])
  assert.deepEqual(rows(userPersonalization.hyperparameters), [
    'hidden_dimension 149 32..256 integer true',
    'bptt 32 2..32 integer true',
    'recency_mask true true/false categorical true',
  ])
  assert.deepEqual(rows(userPersonalization.featureTransformationParameters), [
    'min_user_history_length_percentile 0 0..1 continuous false',
    'max_user_history_length_percentile 0.99 0..1 continuous false',
  ])
  assert.deepEqual(rows(popularityCount.hyperparameters), [])
  assert.deepEqual(rows(popularityCount.featureTransformationParameters), [])
})

test('found by ARN, or not at all', () => {
  for (const recipe of recipes) assert.equal(recipeByArn(recipe.recipeArn), recipe)
  assert.equal(recipeByArn('arn:aws:personalize:::recipe/aws-sims'), undefined)
  assert.equal(recipeByArn('aws-popularity-count'), undefined)
})

const refused = (recipe: (typeof recipes)[number], settings: Parameters<typeof recipe.configure>[0], message: string) =>
  assert.throws(() => recipe.configure(settings), new Refusal(message))

test('settings are refused by name, value and what was expected', () => {
  refused(
    userPersonalizationV2,
    { hyperparameters: { apply_recency_bias: 'maybe' } },
    "The hyperparameter apply_recency_bias is 'maybe', where true or false was expected.",
  )
  refused(
    userPersonalization,
    { hyperparameters: { bptt: '33' } },
    "The hyperparameter bptt is '33', where an integer from 2 to 32 was expected.",
  )
  refused(
    userPersonalization,
    { hyperparameters: { apply_recency_bias: 'true' } },
    "The recipe aws-user-personalization has no hyperparameter 'apply_recency_bias': it takes hidden_dimension, bptt, recency_mask.",
  )
  refused(
    userPersonalization,
    { featureTransformationParameters: { max_user_history_length_percentile: '99' } },
    "The feature transformation parameter max_user_history_length_percentile is '99', where a number from 0 to 1 was expected.",
  )
  refused(
    userPersonalization,
    {
      featureTransformationParameters: {
        min_user_history_length_percentile: '0.9',
        max_user_history_length_percentile: '.5',
      },
    },
    'The feature transformation parameter min_user_history_length_percentile is 0.9, where at most max_user_history_length_percentile, 0.5, was expected.',
  )
  refused(
    popularityCount,
    { hyperparameters: { seed: '1' } },
    "The recipe aws-popularity-count has no hyperparameter 'seed': it takes none.",
  )
})
