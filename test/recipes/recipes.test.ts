import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/lib/refusal.ts'
import { hrnnColdstart } from '../../src/recipes/hrnnColdstart.ts'
import { recipeByArn, recipes } from '../../src/recipes/index.ts'
import { popularityCount } from '../../src/recipes/popularityCount.ts'
import { similarItems } from '../../src/recipes/similarItems.ts'
import { sims } from '../../src/recipes/sims.ts'
import { trendingNow } from '../../src/recipes/trendingNow.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'

const ARN = 'arn:aws:personalize:::'

test('what is described, as in spec/recipes.md §1, §2 and §7', () => {
  const rows = recipes.map(recipe => {
    assert.equal(recipe.recipeArn, `${ARN}recipe/${recipe.name}`)
    assert.ok(recipe.algorithmArn.startsWith(`${ARN}algorithm/`))
    assert.ok(recipe.featureTransformationArn.startsWith(`${ARN}feature-transformation/`))
    const { record, scores, reasons } = recipe.batch ?? {}
    return [
      recipe.name,
      recipe.type,
      recipe.algorithmArn.split('/')[1],
      recipe.featureTransformationArn.split('/')[1],
      new Date(recipe.creationDateTime * 1000).toISOString().slice(0, 10),
      record ?? 'no batch',
      ...(scores ? ['scores'] : []),
      ...(reasons ? ['reasons'] : []),
      ...(recipe.legacy ? ['legacy'] : []),
    ].join(' | ')
  })
  const old = 'JSON-percentile-filtering | 2019-06-10'
  assert.deepEqual(rows, [
    'aws-item-affinity | USER_SEGMENTATION | aws-item-affinity | item-affinity | 2021-07-15 | no batch',
    'aws-item-attribute-affinity | USER_SEGMENTATION | aws-item-attribute-affinity | item-attribute-affinity | 2021-08-25 | no batch',
    'aws-next-best-action | PERSONALIZED_ACTIONS | aws-next-best-action | aws-next-best-action | 2023-08-11 | no batch',
    'aws-popularity-count | POPULAR_ITEMS | aws-popularity-count | sims | 2019-06-10 | userId',
    `aws-personalized-ranking | PERSONALIZED_RANKING | aws-personalized-ranking | ${old} | userId and itemList | scores`,
    'aws-personalized-ranking-v2 | PERSONALIZED_RANKING | aws-personalized-ranking-v2 | aws-personalized-ranking-v2 | 2024-01-01 | userId and itemList | scores',
    'aws-semantic-similarity | RELATED_ITEMS | aws-semantic-similarity | aws-semantic-similarity | 2024-06-01 | itemId',
    'aws-similar-items | RELATED_ITEMS | aws-similar-items | aws-similar-items | 2021-10-05 | itemId',
    'aws-sims | RELATED_ITEMS | aws-sims | sims | 2019-06-10 | itemId',
    'aws-trending-now | POPULAR_ITEMS | aws-trending-now-custom | aws-trending-now | 2023-02-01 | no batch',
    `aws-user-personalization | USER_PERSONALIZATION | aws-user-personalization | ${old} | userId | scores`,
    'aws-user-personalization-v2 | USER_PERSONALIZATION | aws-user-personalization-v2 | aws-user-personalization-v2 | 2024-01-01 | userId | scores | reasons',
    `aws-hrnn | USER_PERSONALIZATION | aws-hrnn | ${old} | userId | scores | legacy`,
    'aws-hrnn-coldstart | USER_PERSONALIZATION | aws-hrnn-coldstart | featurize_coldstart | 2019-06-10 | userId | scores | legacy',
    'aws-hrnn-metadata | USER_PERSONALIZATION | aws-hrnn-metadata | featurize_metadata | 2019-06-10 | userId | scores | legacy',
  ])
  for (const { status, description, lastUpdatedDateTime, creationDateTime } of recipes) {
    assert.equal(status, 'ACTIVE')
    assert.ok(description.length > 40)
    assert.ok(lastUpdatedDateTime > creationDateTime)
  }
})

test('parameters have the defaults and ranges of spec/recipes.md §4', () => {
  const rows = (parameters: (typeof recipes)[number]['hyperparameters']) =>
    Object.entries(parameters).map(([name, { kind, default: standard, range, values, tunable }]) =>
      [name, standard, range ? `${range.min}..${range.max}` : values?.join('/'), kind, ...(tunable ? ['T'] : [])].join(
        ' ',
      ),
    )
  const recurrent = (hiddenDimension: number) => [
    `hidden_dimension ${hiddenDimension} 32..256 integer T`,
    'bptt 32 2..32 integer T',
    'recency_mask true true/false categorical T',
  ]
  const percentiles = [
    'min_user_history_length_percentile 0 0..1 continuous',
    'max_user_history_length_percentile 0.99 0..1 continuous',
  ]
  const transformer = ['apply_recency_bias true true/false categorical']
  const expected: Record<string, [string[], string[]]> = {
    'aws-item-affinity': [['hidden_dimension 149 32..256 integer'], []],
    'aws-item-attribute-affinity': [['hidden_dimension 149 32..256 integer'], []],
    'aws-next-best-action': [[], ['action_optimization_period 14 7..28 integer']],
    'aws-popularity-count': [[], []],
    'aws-personalized-ranking': [recurrent(149), percentiles],
    'aws-personalized-ranking-v2': [transformer, []],
    'aws-semantic-similarity': [[], []],
    'aws-similar-items': [
      ['item_id_hidden_dim 100 30..200 integer T', 'item_metadata_hidden_dim 100 30..200 integer T'],
      [],
    ],
    'aws-sims': [
      ['popularity_discount_factor 0.5 0..1 continuous T', 'min_cointeraction_count 3 0..10 integer T'],
      [
        'min_user_history_length_percentile 0.005 0..1 continuous',
        'max_user_history_length_percentile 0.995 0..1 continuous',
        'min_item_interaction_count_percentile 0.01 0..1 continuous',
        'max_item_interaction_count_percentile 0.9 0..1 continuous',
      ],
    ],
    'aws-trending-now': [[], ['trend_discovery_frequency 3 hours 30 minutes/1 hour/3 hours/1 day categorical']],
    'aws-user-personalization': [recurrent(149), percentiles],
    'aws-user-personalization-v2': [transformer, []],
    'aws-hrnn': [recurrent(43), percentiles],
    'aws-hrnn-coldstart': [
      recurrent(149),
      [
        ...percentiles,
        'cold_start_max_interactions 15 1..1000000 integer',
        'cold_start_max_duration 5 0..3650 continuous',
        'cold_start_relative_from latestItem latestItem/currentTime categorical',
      ],
    ],
    'aws-hrnn-metadata': [recurrent(43), percentiles],
  }
  assert.deepEqual(
    Object.fromEntries(
      recipes.map(({ name, hyperparameters, featureTransformationParameters }) => [
        name,
        [rows(hyperparameters), rows(featureTransformationParameters)],
      ]),
    ),
    expected,
  )
})

test('found by ARN, or not at all', () => {
  for (const recipe of recipes) assert.equal(recipeByArn(recipe.recipeArn), recipe)
  assert.equal(recipeByArn('arn:aws:personalize:::recipe/aws-ffnn'), undefined)
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
    hrnnColdstart,
    { featureTransformationParameters: { cold_start_relative_from: 'yesterday' } },
    "The feature transformation parameter cold_start_relative_from is 'yesterday', where one of latestItem, currentTime was expected.",
  )
  refused(
    similarItems,
    { hyperparameters: { item_id_hidden_dim: '50' } },
    'The hyperparameter item_id_hidden_dim was given: only hyperparameter optimisation chooses it, within a range of hpoConfig.',
  )
  refused(
    sims,
    { featureTransformationParameters: { min_item_interaction_count_percentile: '1' } },
    'The feature transformation parameter min_item_interaction_count_percentile is 1, where at most max_item_interaction_count_percentile, 0.9, was expected.',
  )
  refused(
    trendingNow,
    { featureTransformationParameters: { trend_discovery_frequency: '2 hours' } },
    "The feature transformation parameter trend_discovery_frequency is '2 hours', where one of 30 minutes, 1 hour, 3 hours, 1 day was expected.",
  )
  refused(
    popularityCount,
    { hyperparameters: { seed: '1' } },
    "The recipe aws-popularity-count has no hyperparameter 'seed': it takes none.",
  )
})
