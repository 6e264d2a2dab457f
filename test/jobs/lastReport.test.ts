/** What stays with a job that is done is what it made: rows, records. Not what its last stage counted. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { arnOf, call, post, ROLE, settled, type TestServer, testServer } from '../support/server.ts'
import { trained } from '../support/serving.ts'

async function lastReport(server: TestServer, resourceArn: string) {
  const { text } = await post(server, 'Sommelier.DescribeWork', JSON.stringify({ resourceArn }))
  const { stage, done, total, failed, unit } = JSON.parse(text).work
  return { stage, done, total, failed, unit }
}

test('an import ends with its rows, a batch job with its records', async t => {
  const server = await testServer(t)
  const { solutionVersionArn } = await trained(server)
  const { datasetImportJobs } = await call<{ datasetImportJobs: { datasetImportJobArn: string }[] }>(
    server,
    'ListDatasetImportJobs',
  )
  const rows = await lastReport(server, datasetImportJobs[0].datasetImportJobArn)
  assert.deepEqual(rows, { stage: 'import: done', done: 1800, total: 1800, failed: undefined, unit: 'rows' })

  writeFileSync(join(server.dataFolder, 'buckets/bucket/users.json'), '{"userId":"user-1"}\n{"userId":"user-2"}\nno\n')
  const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', {
    jobName: 'job',
    solutionVersionArn,
    jobInput: { s3DataSource: { path: 's3://bucket/users.json' } },
    jobOutput: { s3DataDestination: { path: 's3://bucket/out/' } },
    roleArn: ROLE,
  })
  assert.equal((await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })).status, 'ACTIVE')
  const records = await lastReport(server, arnOf('batch-inference-job/job'))
  assert.deepEqual(records, { stage: 'recommendations', done: 3, total: 3, failed: 1, unit: 'records' })
})
