/** Jobs: they stay in their lists for good, newest first. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importFile, makeDataset, makeGroup } from '../support/flow.ts'
import { arnOf, call, NOW_SECONDS, ROLE, settled, testServer } from '../support/server.ts'
import { trained } from '../support/serving.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
type Jobs = Record<string, { jobName: string }[]>

test('import jobs are listed by dataset and by page, failed ones with their reason', async t => {
  const server = await testServer(t)
  const datasetArn = await makeDataset(server, await makeGroup(server))
  const path = 's3://bucket/none.csv'
  const { failureReason } = await importFile(server, datasetArn, path, { jobName: 'first' })
  await importFile(server, datasetArn, path, { jobName: 'second' })
  const summary = (jobName: string) => ({
    jobName,
    datasetImportJobArn: arnOf(`dataset-import-job/${jobName}`),
    status: 'CREATE FAILED',
    failureReason,
    importMode: 'FULL',
    ...dates,
  })
  const both = { datasetImportJobs: ['second', 'first'].map(summary) }
  assert.deepEqual(await call(server, 'ListDatasetImportJobs', { datasetArn }), both)
  assert.deepEqual(await call(server, 'ListDatasetImportJobs'), both)
  const { nextToken, ...page } = await call(server, 'ListDatasetImportJobs', { maxResults: 1 })
  assert.deepEqual(page, { datasetImportJobs: [summary('second')] })
  assert.deepEqual(await call(server, 'ListDatasetImportJobs', { maxResults: 1, nextToken }), {
    datasetImportJobs: [summary('first')],
  })
  const elsewhere = { datasetArn: arnOf('dataset/none/ITEMS') }
  assert.deepEqual(await call(server, 'ListDatasetImportJobs', elsewhere), { datasetImportJobs: [] })
})

test('batch inference jobs are listed by solution version', async t => {
  const server = await testServer(t)
  const { solutionVersionArn } = await trained(server)
  writeFileSync(join(server.dataFolder, 'buckets/bucket/users.json'), '{"userId":"user-1"}\n')
  for (const jobName of ['first', 'second']) {
    const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', {
      jobName,
      solutionVersionArn,
      jobInput: { s3DataSource: { path: 's3://bucket/users.json' } },
      jobOutput: { s3DataDestination: { path: `s3://bucket/${jobName}/` } },
      roleArn: ROLE,
    })
    assert.equal((await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })).status, 'ACTIVE')
  }
  const summary = (jobName: string) => ({
    jobName,
    batchInferenceJobArn: arnOf(`batch-inference-job/${jobName}`),
    status: 'ACTIVE',
    solutionVersionArn,
    batchInferenceJobMode: 'BATCH_INFERENCE',
    ...dates,
  })
  assert.deepEqual(await call(server, 'ListBatchInferenceJobs', { solutionVersionArn }), {
    batchInferenceJobs: ['second', 'first'].map(summary),
  })
  const { batchInferenceJobs, nextToken } = await call<Jobs>(server, 'ListBatchInferenceJobs', { maxResults: 1 })
  const { batchInferenceJobs: rest } = await call<Jobs>(server, 'ListBatchInferenceJobs', { maxResults: 1, nextToken })
  assert.deepEqual(
    [...batchInferenceJobs, ...rest].map(({ jobName }) => jobName),
    ['second', 'first'],
  )
})
