import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeDataset, makeGroup } from '../support/flow.ts'
import { walks } from '../support/sequences.ts'
import { call, ROLE, refuses, settled, testServer } from '../support/server.ts'

test('no more jobs are pending or in progress than the quota allows, and a finished one makes room', async t => {
  const server = await testServer(t, ['--limits', 'pendingImportJobs=1'])
  writeFileSync(join(server.dataFolder, 'buckets/bucket/a.csv'), walks().csv)
  const datasetArn = await makeDataset(server, await makeGroup(server))
  const job = (jobName: string) => ({
    jobName,
    datasetArn,
    dataSource: { dataLocation: 's3://bucket/a.csv' },
    roleArn: ROLE,
  })
  const { datasetImportJobArn } = await call(server, 'CreateDatasetImportJob', job('first'))
  await refuses(
    server,
    'CreateDatasetImportJob',
    job('second'),
    'LimitExceededException',
    'More than 1 resources with PENDING or IN_PROGRESS status.',
  )
  await settled(server, 'DescribeDatasetImportJob', { datasetImportJobArn })
  await call(server, 'CreateDatasetImportJob', job('second'))
})
