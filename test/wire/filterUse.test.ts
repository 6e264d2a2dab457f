/** Who may use a filter, and when: jobs want it ACTIVE, and keep it while they run. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { filterOfJob, filterOfSegmentJob } from '../../src/api/filter.ts'
import { manualClock } from '../../src/lib/clock.ts'
import { defaultLimits } from '../../src/resources/limits.ts'
import { Resources } from '../../src/resources/resources.ts'
import { openSqlite } from '../../src/resources/sqlite.ts'
import { datasetGroup, filter } from '../../src/resources/types.ts'
import { call, ROLE, refuses, settled, temporaryFolder, testServer } from '../support/server.ts'
import { trained } from '../support/serving.ts'

test('a filter that is not ACTIVE is refused by both kinds of jobs', async () => {
  const state = openSqlite(temporaryFolder())
  const options = { clock: manualClock(0), limits: defaultLimits, secret: 'secret' }
  await state.transact(async transaction => {
    // Nobody carries out the work here, so the filter stays as it is moved.
    const resources = new Resources(transaction, { account: '000000000000', region: 'us-east-1' }, options)
    const group = await resources.create(datasetGroup, { path: 'g', name: 'g', body: { name: 'g' }, hidden: {} })
    const arn = await resources.create(filter, {
      path: 'filter/f',
      name: 'f',
      parent: group,
      body: { name: 'f', datasetGroupArn: group, filterExpression: 'INCLUDE ItemID WHERE Items.YEAR > 1990' },
      hidden: { fields: ['ITEMS.YEAR'] },
    })
    for (const status of ['CREATE PENDING', 'CREATE IN_PROGRESS', 'CREATE FAILED', 'DELETE PENDING'] as const) {
      await transaction.update(arn, { status, updatedMs: 1 })
      const refusal = {
        name: 'ResourceInUseException',
        message: `Resource Arn ${arn} is in status ${status}: ACTIVE is needed.`,
      }
      await assert.rejects(filterOfJob(resources, arn, group, 'userId'), refusal)
      await assert.rejects(filterOfSegmentJob(resources, arn, group, 'aws-item-affinity'), refusal)
    }
  })
  await state.close()
})

test('a filter stays while a batch segment job uses it, and can go when that is over', async t => {
  const server = await testServer(t)
  const { datasetGroupArn, solutionVersionArn } = await trained(server, 'aws-item-affinity')
  const { filterArn } = await call<{ filterArn: string }>(server, 'CreateFilter', {
    name: 'f',
    datasetGroupArn,
    filterExpression: 'INCLUDE UserID WHERE Interactions.EVENT_TYPE IN (*)',
  })
  await settled(server, 'DescribeFilter', { filterArn })
  writeFileSync(join(server.dataFolder, 'buckets/bucket/in.json'), '{"itemId":"item-7"}\n')
  const { batchSegmentJobArn } = await call<{ batchSegmentJobArn: string }>(server, 'CreateBatchSegmentJob', {
    jobName: 'j',
    solutionVersionArn,
    filterArn,
    jobInput: { s3DataSource: { path: 's3://bucket/in.json' } },
    jobOutput: { s3DataDestination: { path: 's3://bucket/out/' } },
    roleArn: ROLE,
  })
  const used = (status: string) =>
    refuses(
      server,
      'DeleteFilter',
      { filterArn },
      'ResourceInUseException',
      `The filter ${filterArn} is used by ${batchSegmentJobArn}, which is ${status}.`,
    )
  // It may have begun already, which is as good.
  await used('CREATE PENDING').catch(() => used('CREATE IN_PROGRESS'))
  assert.equal((await settled(server, 'DescribeBatchSegmentJob', { batchSegmentJobArn })).status, 'ACTIVE')
  await call(server, 'DeleteFilter', { filterArn })
})
