/** performAutoML over the wire: each version finds its recipe, and is one of that recipe from then on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arnOf, call, post, ROLE, refuses, settled, testServer } from '../support/server.ts'
import { settledSolution, trainedVersion, walksImported } from '../support/serving.ts'

const arn = (name: string) => `arn:aws:personalize:::recipe/${name}`

test('a version of performAutoML has the recipe that did best, says what was tried, and answers like any other', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await walksImported(server)
  const solutionConfig = {
    autoMLConfig: {
      metricName: 'precision_at_5',
      recipeList: [arn('aws-popularity-count'), arn('aws-user-personalization')],
    },
    autoTrainingConfig: { schedulingExpression: 'rate(3 days)' },
  }
  const asked = { name: 'automatic', datasetGroupArn, performAutoML: true, performHPO: false, solutionConfig }
  const solutionArn = await settledSolution(server, asked)
  const describe = async () =>
    (await call<{ solution: Record<string, unknown> }>(server, 'DescribeSolution', { solutionArn })).solution
  const before = await describe()
  assert.deepEqual(
    [before.performAutoML, before.performHPO, before.solutionConfig, before.recipeArn, before.autoMLResult],
    [true, true, solutionConfig, undefined, undefined],
  )
  const update = { solutionArn, trainingMode: 'UPDATE' }
  await refuses(
    server,
    'CreateSolutionVersion',
    update,
    'InvalidInputException',
    `trainingMode was UPDATE: the solution ${solutionArn} has no ACTIVE version of trainingMode FULL to start from.`,
  )
  const solutionVersionArn = await trainedVersion(server, solutionArn)
  const { solutionVersion } = await call<{ solutionVersion: Record<string, unknown> }>(
    server,
    'DescribeSolutionVersion',
    { solutionVersionArn },
  )
  const tuned = solutionVersion.tunedHPOParams as { algorithmHyperParameters: object }
  assert.deepEqual(
    [solutionVersion.recipeArn, solutionVersion.performAutoML, solutionVersion.performHPO],
    [arn('aws-user-personalization'), true, true],
  )
  assert.deepEqual(Object.keys(tuned.algorithmHyperParameters), ['hidden_dimension', 'bptt', 'recency_mask'])
  assert.deepEqual((await describe()).autoMLResult, { bestRecipeArn: arn('aws-user-personalization') })

  const { text } = await post(
    server,
    'Sommelier.DescribeEvaluation',
    JSON.stringify({ resourceArn: solutionVersionArn }),
  )
  const { recipes } = JSON.parse(text)
  assert.equal(recipes.metric, 'precision_at_5')
  assert.deepEqual(
    recipes.candidates.map(({ recipe }: { recipe: string }) => recipe),
    ['aws-user-personalization', 'aws-popularity-count'],
  )
  assert.ok(recipes.candidates[0].score > recipes.candidates[1].score)

  const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', {
    jobName: 'job',
    solutionVersionArn,
    jobInput: { s3DataSource: { path: 's3://bucket/walks.csv' } },
    jobOutput: { s3DataDestination: { path: 's3://bucket/out/' } },
    roleArn: ROLE,
    batchInferenceJobConfig: { itemExplorationConfig: { explorationWeight: '0' } },
  })
  assert.equal((await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })).status, 'ACTIVE')

  const updated = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', update)
  const found: { status: string; recipeArn?: string } = await settled(server, 'DescribeSolutionVersion', updated)
  assert.deepEqual([found.status, found.recipeArn], ['ACTIVE', arn('aws-user-personalization')])
})

test('an update cannot give what would be without effect', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await walksImported(server)
  const solutionArn = await settledSolution(server, { name: 'automatic', datasetGroupArn, performAutoML: true })
  const eventsConfig = { eventParametersList: [{ eventType: 'buy' }] }
  await refuses(
    server,
    'UpdateSolution',
    { solutionArn, solutionUpdateConfig: { eventsConfig } },
    'InvalidInputException',
    'solutionUpdateConfig.eventsConfig was given, and performAutoML is true: nothing but autoMLConfig and autoTrainingConfig counts then.',
  )
  assert.equal(solutionArn, arnOf('solution/automatic'))
})
