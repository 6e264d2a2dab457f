import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { itemsSchema } from '../support/metadata.ts'
import { arnOf, call, NOW_SECONDS, ROLE, refuses, settled, testServer } from '../support/server.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
const v2 = 'arn:aws:personalize:::recipe/aws-user-personalization-v2'

const ecommerce = [
  'aws-ecomm-customers-who-viewed-x-also-viewed',
  'aws-ecomm-frequently-bought-together',
  'aws-ecomm-popular-items-by-purchases',
  'aws-ecomm-popular-items-by-views',
  'aws-ecomm-recommended-for-you',
]

test('recipes are listed in the order of their names and described', async t => {
  const server = await testServer(t)
  type Recipes = { recipes: { name: string }[]; nextToken?: string }
  const { recipes } = await call<Recipes>(server, 'ListRecipes')
  assert.deepEqual(
    recipes.map(({ name }) => name),
    [
      ...ecommerce,
      'aws-item-affinity',
      'aws-item-attribute-affinity',
      'aws-next-best-action',
      'aws-personalized-ranking',
      'aws-personalized-ranking-v2',
      'aws-popularity-count',
      'aws-semantic-similarity',
      'aws-similar-items',
      'aws-sims',
      'aws-trending-now',
      'aws-user-personalization',
      'aws-user-personalization-v2',
      'aws-vod-because-you-watched-x',
      'aws-vod-more-like-x',
      'aws-vod-most-popular',
      'aws-vod-top-picks',
      'aws-vod-trending-now',
    ],
  )
  const page = await call<Recipes>(server, 'ListRecipes', { maxResults: 12 })
  const rest = await call<Recipes>(server, 'ListRecipes', { maxResults: 12, nextToken: page.nextToken })
  assert.deepEqual([...page.recipes, ...rest.recipes], recipes)
  const ofDomain = await call<Recipes>(server, 'ListRecipes', { domain: 'ECOMMERCE' })
  assert.deepEqual(
    ofDomain.recipes,
    ecommerce.map(name => ({
      name,
      recipeArn: `arn:aws:personalize:::recipe/${name}`,
      status: 'ACTIVE',
      domain: 'ECOMMERCE',
      creationDateTime: Date.UTC(2019, 5, 10) / 1000,
      lastUpdatedDateTime: 1718815639.191,
    })),
  )
  const { recipe } = await call<{ recipe: object }>(server, 'DescribeRecipe', { recipeArn: v2 })
  assert.deepEqual(Object.keys(recipe), [
    'name',
    'recipeArn',
    'algorithmArn',
    'featureTransformationArn',
    'status',
    'description',
    'creationDateTime',
    'lastUpdatedDateTime',
    'recipeType',
  ])
  assert.deepEqual(
    { ...recipe, description: '', creationDateTime: 0, lastUpdatedDateTime: 0 },
    {
      name: 'aws-user-personalization-v2',
      recipeArn: v2,
      algorithmArn: 'arn:aws:personalize:::algorithm/aws-user-personalization-v2',
      featureTransformationArn: 'arn:aws:personalize:::feature-transformation/aws-user-personalization-v2',
      status: 'ACTIVE',
      description: '',
      creationDateTime: 0,
      lastUpdatedDateTime: 0,
      recipeType: 'USER_PERSONALIZATION',
    },
  )
})

test('an unknown recipe names those there are', async t => {
  const server = await testServer(t)
  const recipeArn = 'arn:aws:personalize:::recipe/aws-ffnn'
  const message = `Resource Arn ${recipeArn} does not exist. This version of sommelier has the recipes aws-item-affinity, aws-item-attribute-affinity, aws-next-best-action, aws-popularity-count, aws-personalized-ranking, aws-personalized-ranking-v2, aws-semantic-similarity, aws-similar-items, aws-sims, aws-trending-now, aws-user-personalization, aws-user-personalization-v2.`
  await refuses(server, 'DescribeRecipe', { recipeArn }, 'ResourceNotFoundException', message)
  const input = { name: 's', datasetGroupArn: await makeGroup(server), recipeArn }
  await refuses(server, 'CreateSolution', input, 'ResourceNotFoundException', message)
})

test('a solution is created, described with its defaults, listed and deleted', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const solutionArn = await makeSolution(server, datasetGroupArn)
  const summary = {
    name: 'solution-aws-user-personalization-v2',
    solutionArn,
    status: 'ACTIVE',
    ...dates,
    recipeArn: v2,
  }
  assert.deepEqual(await call(server, 'DescribeSolution', { solutionArn }), {
    solution: {
      ...summary,
      performHPO: false,
      performAutoML: false,
      performAutoTraining: true,
      performIncrementalUpdate: false,
      datasetGroupArn,
    },
  })
  assert.deepEqual(await call(server, 'ListSolutions', { datasetGroupArn }), { solutions: [summary] })
  await call(server, 'DeleteSolution', { solutionArn })
  await assert.rejects(settled(server, 'DescribeSolution', { solutionArn }))
})

test('a solution echoes its configuration as it was given', async t => {
  const server = await testServer(t)
  const given = {
    eventType: 'purchase',
    solutionConfig: {
      eventValueThreshold: '10.5',
      algorithmHyperParameters: { bptt: '20' },
      featureTransformationParameters: { max_user_history_length_percentile: '0.9' },
      trainingDataConfig: { excludedDatasetColumns: { ITEMS: ['PRICE'] } },
    },
  }
  const group = await makeGroup(server)
  await makeDataset(server, group, itemsSchema(), 'Items')
  const solutionArn = await makeSolution(server, group, 'aws-user-personalization', given)
  const { solution } = await call<{ solution: typeof given }>(server, 'DescribeSolution', { solutionArn })
  assert.deepEqual([solution.eventType, solution.solutionConfig], [given.eventType, given.solutionConfig])
})

test('CreateSolution compares the columns of its training with the schemas', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  await makeDataset(server, datasetGroupArn)
  await makeDataset(server, datasetGroupArn, itemsSchema(), 'Items')
  const at = 'solutionConfig.trainingDataConfig'
  const cases: [object, string][] = [
    [{ excludedDatasetColumns: { ITEM: ['PRICE'] } }, `${at}.excludedDatasetColumns has 'ITEM': did you mean ITEMS?`],
    [
      { includedDatasetColumns: { FILMS: [] } },
      `${at}.includedDatasetColumns has 'FILMS': one of INTERACTIONS, ITEMS, USERS, ACTIONS, ACTION_INTERACTIONS was expected.`,
    ],
    [
      { excludedDatasetColumns: { USERS: ['AGE'] } },
      `${at}.excludedDatasetColumns has 'USERS': the dataset group ${datasetGroupArn} has no dataset of type USERS.`,
    ],
    [
      { excludedDatasetColumns: { Items: ['PRIZE'] } },
      `${at}.excludedDatasetColumns.Items has 'PRIZE', which is not in the schema of ITEMS; did you mean PRICE?`,
    ],
    [
      { includedDatasetColumns: { INTERACTIONS: ['DEVICE'] } },
      `${at}.includedDatasetColumns.INTERACTIONS has 'DEVICE', which is not in the schema of INTERACTIONS; it has USER_ID, ITEM_ID, TIMESTAMP.`,
    ],
    [
      { excludedDatasetColumns: { ITEMS: ['PRICE', 'ITEM_ID'] } },
      `${at}.excludedDatasetColumns.ITEMS has 'ITEM_ID': training cannot do without it.`,
    ],
    [
      { excludedDatasetColumns: { ITEMS: ['PRICE'] }, includedDatasetColumns: { Items: ['PRICE'] } },
      `${at}.includedDatasetColumns has 'Items', and ITEMS is there already: one list for each was expected.`,
    ],
  ]
  const input = { name: 's', datasetGroupArn, recipeArn: 'arn:aws:personalize:::recipe/aws-popularity-count' }
  for (const [trainingDataConfig, message] of cases) {
    const asked = { ...input, solutionConfig: { trainingDataConfig } }
    await refuses(server, 'CreateSolution', asked, 'InvalidInputException', message)
  }
  const trainingDataConfig = {
    excludedDatasetColumns: { ITEMS: ['PRICE'] },
    includedDatasetColumns: { Interactions: ['ITEM_ID', 'TIMESTAMP'] },
  }
  await call(server, 'CreateSolution', { ...input, solutionConfig: { trainingDataConfig } })
})

test('CreateSolution refuses settings it cannot honour', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const input = { name: 's', datasetGroupArn, recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization' }
  const cases: [object, string][] = [
    [{ recipeArn: undefined }, 'recipeArn is missing: it is required unless performAutoML is true.'],
    [
      { performAutoML: true },
      'recipeArn was given, and performAutoML was true: one of them was expected. Candidates go to solutionConfig.autoMLConfig.',
    ],
    [
      { solutionConfig: { autoMLConfig: {} } },
      'solutionConfig.autoMLConfig was given: it goes with performAutoML, and this solution is of aws-user-personalization.',
    ],
    [
      { performAutoML: true, recipeArn: undefined, solutionConfig: { eventValueThreshold: '1' } },
      'solutionConfig.eventValueThreshold was given, and performAutoML is true: nothing but autoMLConfig and autoTrainingConfig counts then.',
    ],
    [
      { performAutoML: true, recipeArn: undefined, performIncrementalUpdate: true },
      'performIncrementalUpdate was true: it is for aws-semantic-similarity, which performAutoML does not choose.',
    ],
    [
      {
        performAutoML: true,
        recipeArn: undefined,
        solutionConfig: { autoMLConfig: { recipeList: ['arn:aws:personalize:::recipe/aws-sims'] } },
      },
      'solutionConfig.autoMLConfig.recipeList[0] is aws-sims, of type RELATED_ITEMS: a recipe of type USER_PERSONALIZATION was expected.',
    ],
    [
      { performAutoML: true, recipeArn: undefined, solutionConfig: { autoMLConfig: { metricName: 'loss' } } },
      "solutionConfig.autoMLConfig.metricName was 'loss': one of coverage, mean_reciprocal_rank_at_25, normalized_discounted_cumulative_gain_at_5, normalized_discounted_cumulative_gain_at_10, normalized_discounted_cumulative_gain_at_25, precision_at_5, precision_at_10, precision_at_25 was expected.",
    ],
    [
      { performHPO: true, solutionConfig: { hpoConfig: { hpoResourceConfig: { maxNumberOfTrainingJobs: '41' } } } },
      "solutionConfig.hpoConfig.hpoResourceConfig.maxNumberOfTrainingJobs was '41': a number from 1 to 40 was expected.",
    ],
    [
      {
        performHPO: true,
        solutionConfig: {
          hpoConfig: {
            algorithmHyperParameterRanges: {
              integerHyperParameterRanges: [{ name: 'hidden_dimension', minValue: 8, maxValue: 64 }],
            },
          },
        },
      },
      "The range of hidden_dimension has '8', where an integer from 32 to 256 was expected.",
    ],
    [
      { performHPO: true, recipeArn: 'arn:aws:personalize:::recipe/aws-popularity-count' },
      'The recipe aws-popularity-count has no hyperparameter that can be searched for.',
    ],
    [
      { solutionConfig: { eventsConfig: { eventParametersList: [{ eventType: 'buy' }] } } },
      'solutionConfig.eventsConfig was given: it is for recipes of the second generation (-v2), this solution is of aws-user-personalization.',
    ],
    [
      { solutionConfig: { optimizationObjective: { itemAttribute: 'PRICE', objectiveSensitivity: 'LOW' } } },
      `solutionConfig.optimizationObjective.itemAttribute was 'PRICE': the dataset group ${datasetGroupArn} has no dataset of type ITEMS.`,
    ],
    [
      { solutionConfig: { eventValueThreshold: 'high' } },
      "solutionConfig.eventValueThreshold was 'high': a number was expected.",
    ],
    [
      { solutionConfig: { algorithmHyperParameters: { bptt: '99' } } },
      "The hyperparameter bptt is '99', where an integer from 2 to 32 was expected.",
    ],
  ]
  for (const [change, message] of cases) {
    await refuses(server, 'CreateSolution', { ...input, ...change }, 'InvalidInputException', message)
  }
})

test('CreateSolution refuses weights of events that mean nothing', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const input = { name: 's', datasetGroupArn, recipeArn: 'arn:aws:personalize:::recipe/aws-user-personalization-v2' }
  const at = 'solutionConfig.eventsConfig.eventParametersList'
  const buy = { eventType: 'buy', weight: 0 }
  const cases: [object[] | undefined, string][] = [
    [undefined, `${at} is missing or empty: at least one type of events was expected.`],
    [[], `${at} is missing or empty: at least one type of events was expected.`],
    [[buy, { weight: 1 }], `${at}[1].eventType is missing: the type of events that the weight is for was expected.`],
    [
      [buy, { eventType: 'BUY' }],
      `${at}[1].eventType was 'BUY', which the list has before: each type once was expected, whatever its case.`,
    ],
    [[buy], `${at} has weights of 0 alone: one above 0 was expected.`],
  ]
  for (const [eventParametersList, message] of cases) {
    const solutionConfig = { eventsConfig: { eventParametersList } }
    await refuses(server, 'CreateSolution', { ...input, solutionConfig }, 'InvalidInputException', message)
  }
  const both = { eventType: 'buy', solutionConfig: { eventsConfig: { eventParametersList: [{ eventType: 'buy' }] } } }
  const message = 'eventType and solutionConfig.eventsConfig were both given: one of them was expected.'
  await refuses(server, 'CreateSolution', { ...input, ...both }, 'InvalidInputException', message)
})

test('CreateSolutionVersion needs a solution, interactions, and a mode that the recipe has', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  const solutionArn = await makeSolution(server, datasetGroupArn)
  await refuses(
    server,
    'CreateSolutionVersion',
    { solutionArn },
    'InvalidInputException',
    `The dataset group ${datasetGroupArn} has no dataset of type INTERACTIONS to train on.`,
  )
  await refuses(
    server,
    'CreateSolutionVersion',
    { solutionArn, trainingMode: 'UPDATE' },
    'InvalidInputException',
    'trainingMode was UPDATE: it is for aws-user-personalization and aws-hrnn-coldstart, this solution is of aws-user-personalization-v2.',
  )
  const none = arnOf('solution/none')
  await refuses(
    server,
    'CreateSolutionVersion',
    { solutionArn: none },
    'ResourceNotFoundException',
    `Resource Arn ${none} does not exist.`,
  )
})

test('a version without data fails with the reason, and then has no metrics, no batch job, no stop', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  await makeDataset(server, datasetGroupArn)
  const solutionArn = await makeSolution(server, datasetGroupArn)
  const { solutionVersionArn } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
    solutionArn,
  })
  assert.match(solutionVersionArn, /:solution\/solution-aws-user-personalization-v2\/[0-9a-f]{8}$/)
  const { status, failureReason } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
  assert.deepEqual(
    [status, failureReason],
    ['CREATE FAILED', 'The dataset has no interactions: none have been imported. Wait until an import job is ACTIVE.'],
  )
  const { solutionVersions } = await call<{ solutionVersions: object[] }>(server, 'ListSolutionVersions', {
    solutionArn,
  })
  const summary = {
    solutionVersionArn,
    status,
    trainingMode: 'FULL',
    trainingType: 'MANUAL',
    failureReason,
    ...dates,
  }
  assert.deepEqual(solutionVersions, [summary])
  const described = await call<{ solution: { latestSolutionVersion: object } }>(server, 'DescribeSolution', {
    solutionArn,
  })
  assert.deepEqual(described.solution.latestSolutionVersion, summary)
  const notActive = `Resource Arn ${solutionVersionArn} is in status CREATE FAILED: ACTIVE is needed.`
  await refuses(server, 'GetSolutionMetrics', { solutionVersionArn }, 'ResourceInUseException', notActive)
  await refuses(
    server,
    'StopSolutionVersionCreation',
    { solutionVersionArn },
    'ResourceInUseException',
    `Resource Arn ${solutionVersionArn} is in status CREATE FAILED: only CREATE PENDING and CREATE IN_PROGRESS can be stopped.`,
  )
  const job = {
    jobName: 'j',
    solutionVersionArn,
    jobInput: { s3DataSource: { path: 's3://bucket/in.json' } },
    jobOutput: { s3DataDestination: { path: 's3://bucket/out/' } },
    roleArn: ROLE,
  }
  await refuses(server, 'CreateBatchInferenceJob', job, 'ResourceInUseException', notActive)
})
