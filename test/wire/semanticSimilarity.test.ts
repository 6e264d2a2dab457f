/** aws-semantic-similarity through the API: with what people did and without, influence on the order, and what it needs of ITEMS. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { call, ROLE, refuses, settled, testServer } from '../support/server.ts'
import { trainedVersion } from '../support/serving.ts'
import { askedFor, itemsSchema, MADE, NAME, ROOM, TEXT, textShop } from '../support/textShop.ts'

const RECIPE = 'aws-semantic-similarity'

test('items about which similar things are written, whether anybody had them or not', async t => {
  const server = await testServer(t)
  const group = await textShop(server)
  const version = await trainedVersion(server, await makeSolution(server, group, RECIPE))
  const records = [{ itemId: 'item-12' }, { itemId: 'lamp-3' }, { itemId: 'bare-0' }, { itemId: 'unheard of' }]
  const [gnome, lamp, bare, unknown] = (await askedFor(server, version, 'plain', records, { numResults: 5 })).map(
    ({ output }) => output!,
  )
  assert.deepEqual(Object.keys(gnome), ['recommendedItems'])
  assert.ok(gnome.recommendedItems.every(item => /^item-1\d$/.test(item) && item !== 'item-12'))
  assert.deepEqual(lamp.recommendedItems.toSorted(), ['lamp-0', 'lamp-1', 'lamp-2', 'lamp-4', 'lamp-5'])
  // Of which nothing is written: what is popular.
  assert.deepEqual(bare, unknown)
  const { metrics } = await call<{ metrics: Record<string, number> }>(server, 'GetSolutionMetrics', {
    solutionVersionArn: version,
  })
  assert.equal(Object.keys(metrics).length, 8)

  const influenced = async (jobName: string, rankingInfluence: object) => {
    const more = { numResults: 5, batchInferenceJobConfig: { rankingInfluence } }
    return (await askedFor(server, version, jobName, [{ itemId: 'lamp-3' }, { itemId: 'item-12' }], more)).map(
      ({ output }) => output!.recommendedItems,
    )
  }
  const [newest] = await influenced('fresh', { FRESHNESS: 1 })
  // A day apart each: the same words, the newer first.
  assert.deepEqual(newest, ['lamp-5', 'lamp-4', 'lamp-2', 'lamp-1', 'lamp-0'])
  assert.deepEqual(await influenced('none', { FRESHNESS: 0, POPULARITY: 0 }), [
    lamp.recommendedItems,
    gnome.recommendedItems,
  ])
  const [, popular] = await influenced('popular', { POPULARITY: 1 })
  assert.ok(popular.every(item => /^item-\d+$/.test(item)))
})

test('no interactions are needed, and without any there are no metrics', async t => {
  const server = await testServer(t)
  const group = await textShop(server, { walked: false })
  const solutionArn = await makeSolution(server, group, RECIPE)
  const version = await trainedVersion(server, solutionArn)
  const { metrics } = await call<{ metrics: object }>(server, 'GetSolutionMetrics', { solutionVersionArn: version })
  assert.deepEqual(metrics, {})
  const more = { numResults: 3, batchInferenceJobConfig: { rankingInfluence: { FRESHNESS: 1, POPULARITY: 1 } } }
  const [{ output }] = await askedFor(server, version, 'asked', [{ itemId: 'lamp-0' }], more)
  assert.deepEqual(output, { recommendedItems: ['lamp-5', 'lamp-4', 'lamp-3'] })

  const job = {
    jobName: 'no',
    solutionVersionArn: version,
    jobInput: { s3DataSource: { path: 's3://shop/in' } },
    jobOutput: { s3DataDestination: { path: 's3://shop/out/' } },
    roleArn: ROLE,
  }
  await refuses(
    server,
    'CreateBatchInferenceJob',
    { ...job, batchInferenceJobMode: 'THEME_GENERATION' },
    'InvalidInputException',
    `batchInferenceJobMode was THEME_GENERATION: it needs a solution version of aws-similar-items, this one is of ${RECIPE}.`,
  )
  await refuses(
    server,
    'CreateSolution',
    {
      name: 'incremental',
      datasetGroupArn: group,
      recipeArn: `arn:aws:personalize:::recipe/${RECIPE}`,
      performIncrementalUpdate: true,
    },
    'InvalidInputException',
    'performIncrementalUpdate was true: this version of sommelier takes in new items with a new solution version. Leave it out.',
  )
})

test('what is written has to be there: a dataset, a field of names, one of text, and items', async t => {
  const server = await testServer(t)
  const empty = await makeGroup(server, 'empty')
  const solutionArn = await makeSolution(server, empty, RECIPE, { name: 'nothing' })
  const message = `The dataset group ${empty} has no dataset of type ITEMS to train on.`
  await refuses(server, 'CreateSolutionVersion', { solutionArn }, 'InvalidInputException', message)
  await makeDataset(server, empty, itemsSchema(), 'Items')
  const needs = (what: string) =>
    `The schema of ITEMS has no ${what}: ${RECIPE} needs one, and reads what is written there.`
  const plain = { ...NAME, itemName: false, categorical: true }
  const cases: [string, string, string][] = [
    [solutionArn, 'nothing', 'The dataset has no items: none have been imported. Wait until an import job is ACTIVE.'],
  ]
  for (const [name, fields, expected] of [
    ['nameless', [plain, TEXT, ROOM, MADE], needs('field with "itemName": true')],
    ['textless', [NAME, ROOM, MADE], needs('field with "textual": true beside the name')],
  ] as const) {
    const group = await textShop(server, { walked: false, name, schema: itemsSchema(fields) })
    cases.push([await makeSolution(server, group, RECIPE, { name }), name, expected])
  }
  for (const [solutionArn, name, expected] of cases) {
    const { solutionVersionArn } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
      solutionArn,
    })
    const { status, failureReason } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
    assert.deepEqual([status, failureReason], ['CREATE FAILED', expected], name)
  }
})
