/** Recipes, algorithms and feature transformations as they are described on the wire, field by field, beside the tables of spec/recipes.md §1, §3, §4, §6. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recipes } from '../../src/recipes/index.ts'
import { call, testServer } from '../support/server.ts'

/** type; algorithm; feature transformation; created. `|` separates parameters of each kind: name default range, `T` where it can be searched for. */
type Row = readonly [
  type: string,
  algorithm: string,
  transformation: string,
  created: string,
  hyper: string,
  data: string,
]

const recurrent = (hiddenDimension: number) =>
  `hidden_dimension ${hiddenDimension} 32..256 T | bptt 32 2..32 T | recency_mask true true/false T`
const percentiles = 'min_user_history_length_percentile 0.0 | max_user_history_length_percentile 0.99'
const ofSims =
  'min_user_history_length_percentile 0.005 | max_user_history_length_percentile 0.995 | min_item_interaction_count_percentile 0.01 | max_item_interaction_count_percentile 0.9'
const user = 'USER_PERSONALIZATION'
const json = 'JSON-percentile-filtering'
const v2 = 'apply_recency_bias true true/false'
const ofItems = 'item_id_hidden_dim 100 30..200 T | item_metadata_hidden_dim 100 30..200 T'
const trend = 'trend_discovery_frequency 3 hours'
const coldstart = `${percentiles} | cold_start_max_interactions 15 | cold_start_max_duration 5.0 | cold_start_relative_from latestItem`
const old = '2019-06-10'

const CUSTOM: Readonly<Record<string, Row>> = {
  'aws-item-affinity': [
    'USER_SEGMENTATION',
    'aws-item-affinity',
    'item-affinity',
    '2021-07-15',
    'hidden_dimension 149 32..256',
    '',
  ],
  'aws-item-attribute-affinity': [
    'USER_SEGMENTATION',
    'aws-item-attribute-affinity',
    'item-attribute-affinity',
    '2021-08-25',
    'hidden_dimension 149 32..256',
    '',
  ],
  'aws-next-best-action': [
    'PERSONALIZED_ACTIONS',
    'aws-next-best-action',
    'aws-next-best-action',
    '2023-08-11',
    '',
    'action_optimization_period 14',
  ],
  'aws-popularity-count': ['POPULAR_ITEMS', 'aws-popularity-count', 'sims', old, '', ofSims],
  'aws-personalized-ranking': [
    'PERSONALIZED_RANKING',
    'aws-personalized-ranking',
    json,
    old,
    recurrent(149),
    percentiles,
  ],
  'aws-personalized-ranking-v2': [
    'PERSONALIZED_RANKING',
    'aws-personalized-ranking-v2',
    'aws-personalized-ranking-v2',
    '2024-01-01',
    v2,
    '',
  ],
  'aws-semantic-similarity': [
    'RELATED_ITEMS',
    'aws-semantic-similarity',
    'aws-semantic-similarity',
    '2024-06-01',
    '',
    '',
  ],
  'aws-similar-items': ['RELATED_ITEMS', 'aws-similar-items', 'aws-similar-items', '2021-10-05', ofItems, ''],
  'aws-sims': [
    'RELATED_ITEMS',
    'aws-sims',
    'sims',
    old,
    'popularity_discount_factor 0.5 0..1 T | min_cointeraction_count 3 0..10 T',
    ofSims,
  ],
  'aws-trending-now': ['POPULAR_ITEMS', 'aws-trending-now-custom', 'aws-trending-now', '2023-02-01', '', trend],
  'aws-user-personalization': [user, 'aws-user-personalization', json, old, recurrent(149), percentiles],
  'aws-user-personalization-v2': [
    user,
    'aws-user-personalization-v2',
    'aws-user-personalization-v2',
    '2024-01-01',
    v2,
    '',
  ],
  'aws-hrnn': [user, 'aws-hrnn', json, old, recurrent(43), percentiles],
  'aws-hrnn-coldstart': [user, 'aws-hrnn-coldstart', 'featurize_coldstart', old, recurrent(149), coldstart],
  'aws-hrnn-metadata': [user, 'aws-hrnn-metadata', 'featurize_metadata', old, recurrent(43), percentiles],
}

const related = 'RELATED_ITEMS'
const popular = 'POPULAR_ITEMS'
const DOMAIN: Readonly<Record<string, string>> = {
  'aws-ecomm-customers-who-viewed-x-also-viewed': related,
  'aws-ecomm-frequently-bought-together': related,
  'aws-ecomm-popular-items-by-purchases': popular,
  'aws-ecomm-popular-items-by-views': popular,
  'aws-ecomm-recommended-for-you': user,
  'aws-vod-because-you-watched-x': related,
  'aws-vod-more-like-x': related,
  'aws-vod-most-popular': popular,
  'aws-vod-top-picks': user,
  'aws-vod-trending-now': popular,
}

const ROWS: Readonly<Record<string, Row>> = {
  ...CUSTOM,
  ...Object.fromEntries(Object.entries(DOMAIN).map(([name, type]) => [name, [type, name, name, old, '', ''] as const])),
}

interface Range {
  readonly name: string
  readonly minValue?: number
  readonly maxValue?: number
  readonly values?: readonly string[]
  readonly isTunable: boolean
}

const arn = (kind: string, name: string) => `arn:aws:personalize:::${kind}/${name}`
const LAST_UPDATED = 1718815639.191

test('every recipe, its algorithm and its feature transformation are described as the tables have them', async t => {
  const server = await testServer(t)
  assert.deepEqual(Object.keys(CUSTOM).sort(), recipes.map(({ name }) => name).sort())
  for (const [name, [recipeType, algorithmName, transformationName, created, hyper, data]] of Object.entries(ROWS)) {
    const recipeArn = arn('recipe', name)
    const algorithmArn = arn('algorithm', algorithmName)
    const featureTransformationArn = arn('feature-transformation', transformationName)
    const dates = { creationDateTime: Date.parse(created) / 1000, lastUpdatedDateTime: LAST_UPDATED }
    const { recipe } = await call<{ recipe: { description: string } }>(server, 'DescribeRecipe', { recipeArn })
    const { description, ...facts } = recipe
    assert.ok(description.length > 20, name)
    assert.deepEqual(facts, {
      ...{ name, recipeArn, algorithmArn, featureTransformationArn, recipeType, status: 'ACTIVE', ...dates },
    })

    const { algorithm } = await call<{
      algorithm: {
        defaultHyperParameters: Record<string, string>
        defaultHyperParameterRanges: Record<string, Range[]>
        defaultResourceConfig: object
      }
    }>(server, 'DescribeAlgorithm', { algorithmArn })
    const { defaultHyperParameters, defaultHyperParameterRanges, defaultResourceConfig, ...ofAlgorithm } = algorithm
    assert.deepEqual(ofAlgorithm, { name: algorithmName, algorithmArn, trainingInputMode: 'File', ...dates })
    const ranges = new Map(
      Object.values(defaultHyperParameterRanges)
        .flat()
        .map(range => [range.name, range]),
    )
    const shown = Object.entries(defaultHyperParameters).map(([parameter, value]) => {
      const { minValue, maxValue, values, isTunable } = ranges.get(parameter)!
      return [parameter, value, values?.join('/') ?? `${minValue}..${maxValue}`, ...(isTunable ? ['T'] : [])].join(' ')
    })
    assert.equal(shown.join(' | '), hyper, name)
    assert.equal(ranges.size, shown.length)
    const tries = hyper.includes(' T') ? '10' : '1'
    assert.deepEqual(defaultResourceConfig, { maxNumberOfTrainingJobs: tries, maxParallelTrainingJobs: '1' })

    const { featureTransformation } = await call<{
      featureTransformation: { defaultParameters: Record<string, string> }
    }>(server, 'DescribeFeatureTransformation', { featureTransformationArn })
    const { defaultParameters, ...ofTransformation } = featureTransformation
    assert.deepEqual(ofTransformation, {
      name: transformationName,
      featureTransformationArn,
      status: 'ACTIVE',
      ...dates,
    })
    const defaults = Object.entries(defaultParameters).map(([parameter, value]) => `${parameter} ${value}`)
    assert.equal(defaults.join(' | '), data, name)
  }
})

test('what a training takes at most, as in spec/recipes.md §3', () => {
  const caps = { itemCount: 750_000, interactionCount: 500_000_000 }
  for (const { name, limits, actionCountMax } of recipes) {
    if (name.endsWith('-v2')) assert.deepEqual(limits, { itemCount: 5_000_000, interactionCount: 3_000_000_000 }, name)
    else assert.deepEqual(limits, name === 'aws-semantic-similarity' ? { ...caps, itemCount: 10_000_000 } : caps, name)
    assert.equal(actionCountMax, name === 'aws-next-best-action' ? 1000 : undefined, name)
  }
})

test('who learns from what, as in spec/recipes.md §2', () => {
  const those = (has: (recipe: (typeof recipes)[number]) => boolean) =>
    recipes
      .filter(({ legacy }) => !legacy)
      .filter(has)
      .map(({ name }) => name.slice('aws-'.length))
  const personal = [
    'personalized-ranking',
    'personalized-ranking-v2',
    'user-personalization',
    'user-personalization-v2',
  ]
  assert.deepEqual(
    those(({ batch }) => batch?.contexts === true),
    personal,
  )
  assert.deepEqual(
    those(({ weighsEvents }) => weighsEvents === true),
    ['personalized-ranking-v2', 'user-personalization-v2'],
  )
  assert.deepEqual(
    those(({ objective }) => objective === true),
    ['personalized-ranking', 'user-personalization'],
  )
  assert.deepEqual(
    those(({ explores }) => explores === true),
    ['user-personalization'],
  )
  assert.deepEqual(
    those(({ batch, segments }) => batch === undefined && segments === undefined),
    ['next-best-action', 'trending-now'],
  )
})
