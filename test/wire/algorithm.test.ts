import assert from 'node:assert/strict'
import { test } from 'node:test'
import { domainRecipes, recipes } from '../../src/recipes/index.ts'
import { call, refuses, testServer } from '../support/server.ts'

const arn = (kind: string, name: string) => `arn:aws:personalize:::${kind}/${name}`
const LAST_UPDATED = 1718815639.191

test('an algorithm is described with the parameters that its recipe takes', async t => {
  const server = await testServer(t)
  const algorithmArn = arn('algorithm', 'aws-user-personalization')
  assert.deepEqual(await call(server, 'DescribeAlgorithm', { algorithmArn }), {
    algorithm: {
      name: 'aws-user-personalization',
      algorithmArn,
      defaultHyperParameters: { hidden_dimension: '149', bptt: '32', recency_mask: 'true' },
      defaultHyperParameterRanges: {
        integerHyperParameterRanges: [
          { name: 'hidden_dimension', minValue: 32, maxValue: 256, isTunable: true },
          { name: 'bptt', minValue: 2, maxValue: 32, isTunable: true },
        ],
        continuousHyperParameterRanges: [],
        categoricalHyperParameterRanges: [{ name: 'recency_mask', values: ['true', 'false'], isTunable: true }],
      },
      defaultResourceConfig: { maxNumberOfTrainingJobs: '10', maxParallelTrainingJobs: '1' },
      trainingInputMode: 'File',
      creationDateTime: Date.UTC(2019, 5, 10) / 1000,
      lastUpdatedDateTime: LAST_UPDATED,
    },
  })
})

test('an algorithm without anything to search has one training job', async t => {
  const server = await testServer(t)
  const algorithmArn = arn('algorithm', 'aws-popularity-count')
  const { algorithm } = await call<{ algorithm: { defaultResourceConfig: object } }>(server, 'DescribeAlgorithm', {
    algorithmArn,
  })
  assert.deepEqual(algorithm.defaultResourceConfig, { maxNumberOfTrainingJobs: '1', maxParallelTrainingJobs: '1' })
})

test('a feature transformation is described with the parameters of featurization', async t => {
  const server = await testServer(t)
  const featureTransformationArn = arn('feature-transformation', 'JSON-percentile-filtering')
  assert.deepEqual(await call(server, 'DescribeFeatureTransformation', { featureTransformationArn }), {
    featureTransformation: {
      name: 'JSON-percentile-filtering',
      featureTransformationArn,
      defaultParameters: {
        min_user_history_length_percentile: '0.0',
        max_user_history_length_percentile: '0.99',
      },
      status: 'ACTIVE',
      creationDateTime: Date.UTC(2019, 5, 10) / 1000,
      lastUpdatedDateTime: LAST_UPDATED,
    },
  })
})

test('whatever DescribeRecipe names can be described, and a solution takes every default as it is shown', async t => {
  const server = await testServer(t)
  for (const { recipeArn, algorithmArn, featureTransformationArn } of [...recipes, ...domainRecipes]) {
    const { recipe } = await call<{ recipe: object }>(server, 'DescribeRecipe', { recipeArn })
    assert.deepEqual({ ...recipe, algorithmArn, featureTransformationArn }, recipe)
    const { algorithm } = await call<{ algorithm: { defaultHyperParameters: Record<string, string> } }>(
      server,
      'DescribeAlgorithm',
      { algorithmArn },
    )
    const { featureTransformation } = await call<{
      featureTransformation: { defaultParameters: Record<string, string> }
    }>(server, 'DescribeFeatureTransformation', { featureTransformationArn })
    const own = recipes.find(each => each.recipeArn === recipeArn)
    if (!own) continue
    // Two recipes may share a transformation, and one of them take none of its parameters: aws-popularity-count with aws-sims.
    const taken = (parameters: typeof own.hyperparameters, shown: Record<string, string>) => {
      for (const name of Object.keys(parameters)) assert.ok(Object.hasOwn(shown, name), `${own.name}: ${name}`)
      const given = Object.entries(shown).filter(([name]) => parameters[name] && !parameters[name].searchOnly)
      return Object.fromEntries(given)
    }
    own.configure({
      hyperparameters: taken(own.hyperparameters, algorithm.defaultHyperParameters),
      featureTransformationParameters: taken(
        own.featureTransformationParameters,
        featureTransformation.defaultParameters,
      ),
    })
  }
})

test('what there is not is refused', async t => {
  const server = await testServer(t)
  for (const [operation, member, kind] of [
    ['DescribeAlgorithm', 'algorithmArn', 'algorithm'],
    ['DescribeFeatureTransformation', 'featureTransformationArn', 'feature-transformation'],
  ]) {
    const none = arn(kind, 'aws-none')
    const message = `Resource Arn ${none} does not exist.`
    await refuses(server, operation, { [member]: none }, 'ResourceNotFoundException', message)
  }
})
