import assert from 'node:assert/strict'
import { globSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeGroup } from '../support/flow.ts'
import { usersSchema } from '../support/metadata.ts'
import {
  arnOf,
  call,
  described,
  NOW_SECONDS,
  refuses,
  settled,
  type TestServer,
  testServer,
} from '../support/server.ts'
import { shop } from '../support/serving.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
const recipe = (name: string) => `arn:aws:personalize:::recipe/${name}`
const mostViewed = recipe('aws-ecomm-popular-items-by-views')
const recommenderArn = arnOf('recommender/r')

interface Recommender {
  readonly status: string
  readonly failureReason?: string
  readonly recommenderConfig: object
  readonly modelMetrics?: Record<string, number>
  readonly latestRecommenderUpdate?: { readonly status: string }
}
const recommenderOf = async (server: TestServer): Promise<Recommender> =>
  (await call<{ recommender: Recommender }>(server, 'DescribeRecommender', { recommenderArn })).recommender
const updated = (server: TestServer): Promise<Recommender> =>
  described<Recommender>(server, 'DescribeRecommender', { recommenderArn }, ({ latestRecommenderUpdate }) =>
    /ACTIVE|FAILED/.test(latestRecommenderUpdate?.status ?? ''),
  )
const models = (server: TestServer): string[] => globSync(join(server.dataFolder, 'artifacts/sommelier/models/*'))

test('a recommender trains, is described with metrics, listed, stopped, started, updated and deleted', async t => {
  const server = await testServer(t)
  const { datasetGroupArn, datasetArn } = await shop(server)
  const created = await call(server, 'CreateRecommender', { name: 'r', datasetGroupArn, recipeArn: mostViewed })
  assert.deepEqual(created, { recommenderArn })
  const making = await recommenderOf(server)
  assert.match(making.status, /^CREATE (PENDING|IN_PROGRESS)$/)
  assert.equal(making.modelMetrics, undefined)
  await refuses(
    server,
    'DeleteDataset',
    { datasetArn },
    'ResourceInUseException',
    `The dataset ${datasetArn} is used by ${recommenderArn}, which is ${(await recommenderOf(server)).status}.`,
  )
  for (const [operation, participle] of [
    ['StopRecommender', 'stopped'],
    ['StartRecommender', 'started'],
    ['DeleteRecommender', 'deleted'],
    ['UpdateRecommender', 'updated'],
  ] as const) {
    await refuses(
      server,
      operation,
      { recommenderArn, ...(participle === 'updated' && { recommenderConfig: {} }) },
      'ResourceInUseException',
      `Resource Arn ${recommenderArn} is in status ${(await recommenderOf(server)).status} and cannot be ${participle} now.`,
    )
  }
  await settled(server, 'DescribeRecommender', { recommenderArn })
  const summary = {
    name: 'r',
    recommenderArn,
    datasetGroupArn,
    recipeArn: mostViewed,
    recommenderConfig: { minRecommendationRequestsPerSecond: 1 },
    status: 'ACTIVE',
    ...dates,
  }
  const { modelMetrics, ...active } = await recommenderOf(server)
  assert.deepEqual(active, summary)
  assert.deepEqual(Object.keys(modelMetrics ?? {}).sort(), [
    'coverage',
    'mean_reciprocal_rank_at_25',
    'normalized_discounted_cumulative_gain_at_10',
    'normalized_discounted_cumulative_gain_at_25',
    'normalized_discounted_cumulative_gain_at_5',
    'precision_at_10',
    'precision_at_25',
    'precision_at_5',
  ])
  assert.deepEqual(await call(server, 'ListRecommenders', { datasetGroupArn }), { recommenders: [summary] })
  assert.deepEqual(await call(server, 'ListRecommenders'), { recommenders: [summary] })
  const none = { datasetGroupArn: arnOf('dataset-group/none') }
  assert.deepEqual(await call(server, 'ListRecommenders', none), { recommenders: [] })
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceInUseException',
    `The dataset group ${datasetGroupArn} still has datasets: delete them first.`,
  )
  await call(server, 'DeleteDataset', { datasetArn })
  await assert.rejects(settled(server, 'DescribeDataset', { datasetArn }))
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceInUseException',
    `The dataset group ${datasetGroupArn} still has recommenders: delete them first.`,
  )

  const before = models(server)
  assert.deepEqual(await call(server, 'StopRecommender', { recommenderArn }), { recommenderArn })
  assert.equal((await settled(server, 'DescribeRecommender', { recommenderArn })).status, 'INACTIVE')
  await refuses(
    server,
    'StopRecommender',
    { recommenderArn },
    'ResourceInUseException',
    `Resource Arn ${recommenderArn} is in status INACTIVE and cannot be stopped now.`,
  )
  await refuses(
    server,
    'UpdateRecommender',
    { recommenderArn, recommenderConfig: {} },
    'ResourceInUseException',
    `Resource Arn ${recommenderArn} is in status INACTIVE and cannot be updated now.`,
  )
  assert.deepEqual(await call(server, 'StartRecommender', { recommenderArn }), { recommenderArn })
  assert.equal((await settled(server, 'DescribeRecommender', { recommenderArn })).status, 'ACTIVE')
  assert.deepEqual(models(server), before)

  assert.equal(await call(server, 'DeleteRecommender', { recommenderArn }), undefined)
  await assert.rejects(settled(server, 'DescribeRecommender', { recommenderArn }))
  await refuses(
    server,
    'DescribeRecommender',
    { recommenderArn },
    'ResourceNotFoundException',
    `Resource Arn ${recommenderArn} does not exist.`,
  )
  await call(server, 'DeleteDatasetGroup', { datasetGroupArn })
  while (models(server).length > 0) await new Promise(resolve => setTimeout(resolve, 10))
})

async function makeUsers(server: TestServer, datasetGroupArn: string): Promise<void> {
  const schema = usersSchema([{ name: 'TOWN', type: 'string', categorical: true }])
  const { schemaArn } = await call(server, 'CreateSchema', { name: 'users', schema, domain: 'ECOMMERCE' })
  const dataset = { name: 'users', schemaArn, datasetGroupArn, datasetType: 'USERS' }
  const { datasetArn } = await call<{ datasetArn: string }>(server, 'CreateDataset', dataset)
  await settled(server, 'DescribeDataset', { datasetArn })
}

test('an update trains anew when the training columns change, and only then; the old model goes when the new one is there', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await shop(server)
  await makeUsers(server, datasetGroupArn)
  const recommenderConfig = { trainingDataConfig: { excludedDatasetColumns: { USERS: ['AGE', 'TOWN'] } } }
  await call(server, 'CreateRecommender', { name: 'r', datasetGroupArn, recipeArn: mostViewed, recommenderConfig })
  await settled(server, 'DescribeRecommender', { recommenderArn })
  const first = models(server)
  assert.equal(first.length, 1)

  const same = { excludedDatasetColumns: { users: ['TOWN', 'AGE'] } }
  const asked = { minRecommendationRequestsPerSecond: 5, trainingDataConfig: same }
  assert.deepEqual(await call(server, 'UpdateRecommender', { recommenderArn, recommenderConfig: asked }), {
    recommenderArn,
  })
  const { latestRecommenderUpdate, ...during } = await recommenderOf(server)
  assert.deepEqual(during.recommenderConfig, { ...recommenderConfig, minRecommendationRequestsPerSecond: 1 })
  assert.match(latestRecommenderUpdate?.status ?? '', /^CREATE (PENDING|IN_PROGRESS)$/)
  assert.deepEqual({ ...latestRecommenderUpdate, status: '' }, { recommenderConfig: asked, status: '', ...dates })
  await refuses(
    server,
    'StopRecommender',
    { recommenderArn },
    'ResourceInUseException',
    `Resource Arn ${recommenderArn} has an update in status ${(await recommenderOf(server)).latestRecommenderUpdate?.status} and cannot be stopped now.`,
  )
  const quick = await updated(server)
  assert.deepEqual([quick.status, quick.latestRecommenderUpdate?.status], ['ACTIVE', 'ACTIVE'])
  assert.deepEqual(quick.recommenderConfig, asked)
  assert.deepEqual(models(server), first)

  const other = { trainingDataConfig: { excludedDatasetColumns: { USERS: ['AGE'] } } }
  await call(server, 'UpdateRecommender', { recommenderArn, recommenderConfig: other })
  const slow = await updated(server)
  assert.deepEqual(slow.recommenderConfig, { minRecommendationRequestsPerSecond: 5, ...other })
  assert.deepEqual(slow.modelMetrics, quick.modelMetrics)
  while (models(server).length > 1) await new Promise(resolve => setTimeout(resolve, 10))
  assert.notDeepEqual(models(server), first)
})

test('too little data fails the recommender with the reason; its event type is compared without regard to case', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await shop(server)
  const recipeArn = recipe('aws-ecomm-popular-items-by-purchases')
  await call(server, 'CreateRecommender', { name: 'r', datasetGroupArn, recipeArn })
  const { status, failureReason } = await settled(server, 'DescribeRecommender', { recommenderArn })
  assert.deepEqual(
    [status, failureReason],
    ['CREATE FAILED', 'Dataset has fewer than 1000 interactions after filtering by event type: Purchase'],
  )
  assert.equal((await recommenderOf(server)).modelMetrics, undefined)
  await call(server, 'DeleteRecommender', { recommenderArn })
  await assert.rejects(settled(server, 'DescribeRecommender', { recommenderArn }))
})

test('a recommender whose model cannot be opened any more stays INACTIVE, and starts when it can', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await shop(server)
  const recommenderConfig = { itemExplorationConfig: { explorationWeight: '0.2', explorationItemAgeCutOff: '7' } }
  await call(server, 'CreateRecommender', {
    name: 'r',
    datasetGroupArn,
    recipeArn: recipe('aws-ecomm-recommended-for-you'),
    recommenderConfig,
  })
  assert.equal((await settled(server, 'DescribeRecommender', { recommenderArn })).status, 'ACTIVE')
  await call(server, 'StopRecommender', { recommenderArn })
  await settled(server, 'DescribeRecommender', { recommenderArn })
  const [folder] = models(server)
  const file = join(folder, 'model.safetensors')
  renameSync(file, `${file}.aside`)
  await call(server, 'StartRecommender', { recommenderArn })
  const { status, failureReason } = await settled(server, 'DescribeRecommender', { recommenderArn })
  const key = file.slice(file.indexOf('sommelier/models'))
  assert.deepEqual(
    [status, failureReason],
    ['INACTIVE', `The model's file s3://${key} cannot be used: it is not there.`],
  )
  renameSync(`${file}.aside`, file)
  await call(server, 'StartRecommender', { recommenderArn })
  const started = await settled(server, 'DescribeRecommender', { recommenderArn })
  assert.deepEqual([started.status, started.failureReason], ['ACTIVE', undefined])
})

test('CreateRecommender refuses what cannot be made', async t => {
  const server = await testServer(t, ['--limits', 'recommenders=1'])
  const { datasetGroupArn } = await shop(server)
  const plain = await makeGroup(server, 'plain')
  const input = { name: 'r', datasetGroupArn, recipeArn: mostViewed }
  const config = (recommenderConfig: object, more: object = {}) => ({ recommenderConfig, ...more })
  const forYou = { recipeArn: recipe('aws-ecomm-recommended-for-you') }
  const cases: [object, string, string][] = [
    [
      { datasetGroupArn: arnOf('dataset-group/none') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('dataset-group/none')} does not exist.`,
    ],
    [
      { datasetGroupArn: plain },
      'InvalidInputException',
      `The dataset group ${plain} is of no domain: recommenders are for groups of ECOMMERCE or VIDEO_ON_DEMAND.`,
    ],
    [
      { recipeArn: recipe('aws-popularity-count') },
      'InvalidInputException',
      `The recipe ${recipe('aws-popularity-count')} is one for solutions: a recommender takes a recipe of a domain, as ListRecipes shows them.`,
    ],
    [
      { recipeArn: recipe('aws-ecomm-none') },
      'ResourceNotFoundException',
      `Resource Arn ${recipe('aws-ecomm-none')} does not exist.`,
    ],
    [
      { recipeArn: recipe('aws-vod-top-picks') },
      'InvalidInputException',
      `The recipe ${recipe('aws-vod-top-picks')} is of the domain VIDEO_ON_DEMAND, the dataset group ${datasetGroupArn} of ECOMMERCE.`,
    ],
    [
      config({ itemExplorationConfig: {} }),
      'InvalidInputException',
      'recommenderConfig.itemExplorationConfig was given: it is for aws-ecomm-recommended-for-you and aws-vod-top-picks, this recommender is of aws-ecomm-popular-items-by-views.',
    ],
    [
      config({ itemExplorationConfig: { explorationItemAgeCutOff: '0.5' } }, forYou),
      'InvalidInputException',
      "recommenderConfig.itemExplorationConfig.explorationItemAgeCutOff was '0.5': a number of days of at least 1 was expected.",
    ],
    [
      config({ trainingDataConfig: { includedDatasetColumns: { ACTIONS: ['VALUE'] } } }),
      'InvalidInputException',
      "recommenderConfig.trainingDataConfig.includedDatasetColumns has 'ACTIONS': one of INTERACTIONS, ITEMS, USERS was expected.",
    ],
    [
      config({ trainingDataConfig: { excludedDatasetColumns: { Interactions: ['EVENT_TYP'] } } }),
      'InvalidInputException',
      "recommenderConfig.trainingDataConfig.excludedDatasetColumns.Interactions has 'EVENT_TYP', which is not in the schema of INTERACTIONS; did you mean EVENT_TYPE?",
    ],
  ]
  for (const [change, name, message] of cases)
    await refuses(server, 'CreateRecommender', { ...input, ...change }, name, message)
  await call(server, 'CreateRecommender', input)
  await refuses(
    server,
    'CreateRecommender',
    { ...input, name: 's' },
    'LimitExceededException',
    'More than 1 resources in ACTIVE state. Please delete some and try again.',
  )
  await refuses(
    server,
    'CreateRecommender',
    input,
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${recommenderArn} already exists.`,
  )
})

test('a use case needs its datasets', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await call(server, 'CreateDatasetGroup', { name: 'films', domain: 'VIDEO_ON_DEMAND' })
  await settled(server, 'DescribeDatasetGroup', { datasetGroupArn })
  const input = { name: 'r', datasetGroupArn, recipeArn: recipe('aws-vod-top-picks') }
  const missing = (type: string) =>
    `The dataset group ${datasetGroupArn} has no dataset of type ${type}: aws-vod-top-picks needs one.`
  await refuses(server, 'CreateRecommender', input, 'InvalidInputException', missing('INTERACTIONS'))
  const field = (name: string) => ({ name, type: 'string' })
  const schema = JSON.stringify({
    type: 'record',
    name: 'Interactions',
    namespace: 'com.amazonaws.personalize.schema',
    fields: [field('USER_ID'), field('ITEM_ID'), { name: 'TIMESTAMP', type: 'long' }, field('EVENT_TYPE')],
    version: '1.0',
  })
  const { schemaArn } = await call(server, 'CreateSchema', { name: 'films', domain: 'VIDEO_ON_DEMAND', schema })
  const { datasetArn } = await call(server, 'CreateDataset', {
    name: 'films',
    schemaArn,
    datasetGroupArn,
    datasetType: 'INTERACTIONS',
  })
  await settled(server, 'DescribeDataset', { datasetArn })
  await refuses(server, 'CreateRecommender', input, 'InvalidInputException', missing('ITEMS'))
})
