/** The recipe about actions, the whole way through the API: three datasets imported, trained, measured, deployed. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { actionInteractionsSchema, actionsSchema, csvOf, people } from './support/actions.ts'
import { importFile, interactionsSchema, makeDataset, makeGroup, makeSolution } from './support/flow.ts'
import { call, ROLE, refuses, settled, type TestServer, testServer } from './support/server.ts'
import { trainedVersion } from './support/serving.ts'

const csv = csvOf(people())
const RECIPE = 'aws-next-best-action'

async function imported(server: TestServer, group: string, type: string, schema: string, text: string) {
  const datasetArn = await makeDataset(server, group, schema, type)
  writeFileSync(join(server.dataFolder, 'buckets', 'bucket', `${type}.csv`), text)
  const job = await importFile(server, datasetArn, `s3://bucket/${type}.csv`, { jobName: type })
  assert.deepEqual([job.status, job.failureReason], ['ACTIVE', undefined])
}

test('actions and what people did with them are imported, trained on and deployed', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  await imported(server, group, 'Interactions', interactionsSchema(), csv.interactions)
  const solutionArn = await makeSolution(server, group, RECIPE)

  const { solutionVersionArn: early } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
    solutionArn,
  })
  const failed = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn: early })
  assert.deepEqual(
    [failed.status, failed.failureReason],
    ['CREATE FAILED', 'The dataset ACTIONS has no data, and the recipe is about actions: import them first.'],
  )

  await imported(server, group, 'Actions', actionsSchema, csv.actions)
  await imported(server, group, 'Action_Interactions', actionInteractionsSchema, csv.actionInteractions)
  const solutionVersionArn = await trainedVersion(server, solutionArn)
  const { metrics } = await call<{ metrics: Record<string, number> }>(server, 'GetSolutionMetrics', {
    solutionVersionArn,
  })
  assert.deepEqual(
    Object.keys(metrics).sort(),
    [
      'area_under_curve',
      'coverage',
      ...['normalized_discounted_cumulative_gain', 'precision', 'recall'].flatMap(name =>
        [10, 25, 5].map(cutoff => `${name}_at_${cutoff}`),
      ),
    ].sort(),
  )
  // Of five actions one is shown to nobody and one is taken by too few.
  assert.equal(metrics.coverage, 3 / 5)
  assert.ok(metrics.area_under_curve > 0.5)

  const { campaignArn } = await call<{ campaignArn: string }>(server, 'CreateCampaign', {
    name: 'campaign',
    solutionVersionArn,
  })
  const campaign = await settled(server, 'DescribeCampaign', { campaignArn })
  assert.deepEqual([campaign.status, campaign.failureReason], ['ACTIVE', undefined])

  await refuses(
    server,
    'CreateBatchInferenceJob',
    {
      jobName: 'j',
      solutionVersionArn,
      jobInput: { s3DataSource: { path: 's3://bucket/in' } },
      jobOutput: { s3DataDestination: { path: 's3://bucket/out' } },
      roleArn: ROLE,
    },
    'InvalidInputException',
    `The solution version ${solutionVersionArn} is of ${RECIPE}: that recipe does not support batch inference jobs.`,
  )

  // Who is deleted is gone from the model too, and it still answers.
  writeFileSync(join(server.dataFolder, 'buckets', 'bucket', 'gone.csv'), 'USER_ID\nuser-0\nuser-7\n')
  const { dataDeletionJobArn } = await call<{ dataDeletionJobArn: string }>(server, 'CreateDataDeletionJob', {
    jobName: 'gone',
    datasetGroupArn: group,
    dataSource: { dataLocation: 's3://bucket/gone.csv' },
    roleArn: ROLE,
  })
  const deletion: { status: string; failureReason?: string; numDeleted?: number } = await settled(
    server,
    'DescribeDataDeletionJob',
    { dataDeletionJobArn },
  )
  // Of each twelve events with items and eight with actions.
  assert.deepEqual([deletion.status, deletion.failureReason, deletion.numDeleted], ['COMPLETED', undefined, 40])
  const { campaignArn: again } = await call<{ campaignArn: string }>(server, 'CreateCampaign', {
    name: 'again',
    solutionVersionArn,
  })
  assert.equal((await settled(server, 'DescribeCampaign', { campaignArn: again })).status, 'ACTIVE')
})
