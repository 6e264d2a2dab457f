/** How many there may be: every resource count, counted together as the reference does, changed and switched off by the operator. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { manualClock } from '../../src/lib/clock.ts'
import { defaultLimits, type LimitName, limits } from '../../src/resources/limits.ts'
import { Resources } from '../../src/resources/resources.ts'
import { openSqlite } from '../../src/resources/sqlite.ts'
import { datasetGroup, type ResourceType, types } from '../../src/resources/types.ts'
import { interactionsSchema, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { arnOf, call, ROLE, refuses, settled, temporaryFolder, testServer } from '../support/server.ts'

const active = (max: number) => `More than ${max} resources in ACTIVE state. Please delete some and try again.`

test('the numbers are those of the reference', () => {
  assert.deepEqual(defaultLimits, {
    schemas: 500,
    datasetGroups: 5,
    solutions: 10,
    campaigns: 5,
    recommenders: 5,
    filters: 30,
    eventTrackers: 1,
    metricAttributions: 1,
    pendingImportJobs: 5,
    pendingExportJobs: 5,
    pendingDataDeletionJobs: 5,
    pendingSolutionVersions: 20,
    pendingBatchInferenceJobs: 5,
    pendingBatchSegmentJobs: 5,
    importBytes: 100e9,
    incrementalImportBytes: 1e9,
    batchInputFiles: 1_000,
    batchInputBytes: 2 ** 30,
    batchRecordsPerFile: 50_000_000,
    themeRecordsPerFile: 100,
    segmentRecordsPerFile: 500,
    segmentAttributeRecordsPerFile: 10,
    deletionInputBytes: 100e6,
  })
})

test('--limits changes one, switches one off, and refuses what it does not know', () => {
  const read = (value: string) => readConfig(['--limits', value], {}).limits
  assert.deepEqual(read('solutions=3,filters=off,,campaigns=0'), {
    ...defaultLimits,
    solutions: 3,
    filters: Number.POSITIVE_INFINITY,
    campaigns: 0,
  })
  const names = Object.keys(defaultLimits).join(', ')
  for (const pair of ['solutions=-1', 'solutions', 'solutions=', 'toString=3', 'solutions=1e3', 'filters=OFF', '=3']) {
    assert.throws(() => read(`schemas=1,${pair}`), {
      name: 'Refusal',
      message: `--limits (SOMMELIER_LIMITS) has '${pair}': name=value or name=off was expected, with a name out of ${names}.`,
    })
  }
})

test('a sixth dataset group is refused until one is deleted', async t => {
  const server = await testServer(t)
  for (let i = 0; i < 5; i++) await makeGroup(server, `g${i}`)
  await refuses(server, 'CreateDatasetGroup', { name: 'g5' }, 'LimitExceededException', active(5))
  const datasetGroupArn = arnOf('dataset-group/g0')
  await call(server, 'DeleteDatasetGroup', { datasetGroupArn })
  // What is going away does not count any more.
  await makeGroup(server, 'g5')
})

test('solutions are counted in their dataset group, schemas in the region', async t => {
  const server = await testServer(t, ['--limits', 'solutions=1,schemas=2'])
  const [one, other] = [await makeGroup(server, 'one'), await makeGroup(server, 'other')]
  await makeDataset(server, one)
  await makeSolution(server, one)
  await makeSolution(server, other, 'aws-popularity-count')
  const input = {
    name: 'second',
    datasetGroupArn: one,
    recipeArn: 'arn:aws:personalize:::recipe/aws-popularity-count',
  }
  await refuses(server, 'CreateSolution', input, 'LimitExceededException', active(1))
  await call(server, 'CreateSchema', { name: 's', schema: interactionsSchema() })
  await refuses(
    server,
    'CreateSchema',
    { name: 't', schema: interactionsSchema() },
    'LimitExceededException',
    active(2),
  )
})

test('a limit that is off lets everything in', async t => {
  const server = await testServer(t, ['--limits', 'datasetGroups=off'])
  for (let i = 0; i < 12; i++) await call(server, 'CreateDatasetGroup', { name: `g${i}` })
  await settled(server, 'DescribeDatasetGroup', { datasetGroupArn: arnOf('dataset-group/g11') })
})

/** Types with a limit, and a parent that puts them into a group where that is what counts. */
const limited = (types as readonly ResourceType<unknown, unknown>[]).filter(({ limit }) => limit)

test('every limit is one of some resource type', () => {
  assert.deepEqual(limited.map(({ limit }) => limit!.name).sort(), Object.keys(limits).sort())
})

test('every type is held to its limit, by the statuses that count and the place they are counted in', async () => {
  const state = openSqlite(temporaryFolder())
  const max = 2
  const all = Object.fromEntries(Object.keys(limits).map(name => [name, max])) as Record<LimitName, number>
  const options = { clock: manualClock(0), limits: { ...defaultLimits, ...all, datasetGroups: 9 }, secret: 'secret' }
  const scope = { account: '000000000000', region: 'us-east-1' }
  await state.transact(async transaction => {
    const here = new Resources(transaction, scope, options)
    const group = (resources: Resources, name: string) =>
      resources.create(datasetGroup, { path: name, name, body: { name }, hidden: {} })
    const [one, other] = [await group(here, 'one'), await group(here, 'other')]
    const elsewhere = new Resources(transaction, { ...scope, region: 'eu-west-1' }, options)
    const far = await group(elsewhere, 'far')
    for (const type of limited.filter(({ type }) => type !== datasetGroup.type)) {
      const limit = type.limit!
      const make = (name: string, parent = one, resources = here) =>
        resources.create(type, { path: `${type.type}/${name}`, name, parent, body: { name }, hidden: {} })
      const refusal = { name: 'LimitExceededException', message: limit.message(max) }
      const [first] = [await make('a'), await make('b')]
      await assert.rejects(make('c'), refusal, type.type)
      // Another region has its own room, another group only where groups are counted.
      await make('far', far, elsewhere)
      if (limit.within === 'region') await assert.rejects(make('d', other), refusal, type.type)
      else await make('d', other)
      // What is over, or has failed, or goes away, makes room.
      if (limit.statuses?.length) {
        const over = limit.statuses.includes('ACTIVE') ? 'DELETE PENDING' : 'ACTIVE'
        await transaction.update(first, { status: over, updatedMs: 1 })
        await make('e')
        await assert.rejects(make('f'), refusal, type.type)
        await transaction.update(first, { status: 'CREATE FAILED', updatedMs: 1 })
        await assert.rejects(make('f'), refusal, type.type)
      }
    }
  })
  await state.close()
})

test('the sizes of one job can be changed too, and its owner is told what was too much', async t => {
  const server = await testServer(t, ['--limits', 'deletionInputBytes=10'])
  writeFileSync(join(server.dataFolder, 'buckets/bucket/gone.csv'), 'USER_ID\nmallory\n')
  const { dataDeletionJobArn } = await call(server, 'CreateDataDeletionJob', {
    jobName: 'forget',
    datasetGroupArn: await makeGroup(server),
    dataSource: { dataLocation: 's3://bucket/gone.csv' },
    roleArn: ROLE,
  })
  const { status, failureReason } = await settled(server, 'DescribeDataDeletionJob', { dataDeletionJobArn })
  assert.deepEqual(
    [status, failureReason],
    ['FAILED', 'Failed to create a data deletion job. The input has 16 bytes: a data deletion job takes at most 10.'],
  )
})
