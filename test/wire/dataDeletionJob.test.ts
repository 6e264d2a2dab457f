import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { schemaText } from '../filters/sample.ts'
import { importFile, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { itemsSchema, usersSchema } from '../support/metadata.ts'
import { walks } from '../support/sequences.ts'
import {
  arnOf,
  call,
  NOW_SECONDS,
  post,
  ROLE,
  refuses,
  settled,
  type TestServer,
  testServer,
} from '../support/server.ts'
import { walksImported } from '../support/serving.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
const bucketOf = (server: TestServer) => join(server.dataFolder, 'buckets/bucket')
function put(server: TestServer, name: string, text: string): void {
  mkdirSync(join(bucketOf(server), name, '..'), { recursive: true })
  writeFileSync(join(bucketOf(server), name), text)
}

/** Somebody whose events nobody else could have made: only they know the item 'item-of-mallory'. */
const MALLORY = Array.from({ length: 40 }, (_, i) => `item-of-mallory,${1_600_000_000 + i},mallory`).join('\n')
const withMallory = `${walks().csv}${MALLORY}\n`

async function requested(server: TestServer, datasetGroupArn: string, dataLocation: string, jobName = 'forget') {
  const job = { jobName, datasetGroupArn, dataSource: { dataLocation }, roleArn: ROLE }
  return (await call<{ dataDeletionJobArn: string }>(server, 'CreateDataDeletionJob', job)).dataDeletionJobArn
}

type Job = { status: string; failureReason?: string; numDeleted?: number }
const ended = (server: TestServer, dataDeletionJobArn: string): Promise<Job> =>
  settled(server, 'DescribeDataDeletionJob', { dataDeletionJobArn })

async function exported(server: TestServer, datasetArn: string, jobName: string): Promise<string[]> {
  const { datasetExportJobArn } = await call(server, 'CreateDatasetExportJob', {
    jobName,
    datasetArn,
    ingestionMode: 'BULK',
    roleArn: ROLE,
    jobOutput: { s3DataDestination: { path: 's3://bucket/exports' } },
  })
  assert.equal((await settled(server, 'DescribeDatasetExportJob', { datasetExportJobArn })).status, 'ACTIVE')
  const text = readFileSync(join(bucketOf(server), 'exports', jobName, 'part-00000.csv'), 'utf8')
  return text.trimEnd().split('\n').slice(1)
}

async function trained(server: TestServer, solutionArn: string): Promise<string> {
  const { solutionVersionArn } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
    solutionArn,
  })
  assert.equal((await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })).status, 'ACTIVE')
  return solutionVersionArn
}

/** What a version recommends to each. */
async function recommended(
  server: TestServer,
  solutionVersionArn: string,
  users: string[],
  jobName: string,
  filterArn?: string,
) {
  put(server, `${jobName}/users.json`, users.map(userId => `${JSON.stringify({ userId })}\n`).join(''))
  const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', {
    jobName,
    solutionVersionArn,
    numResults: 50,
    ...(filterArn && { filterArn }),
    jobInput: { s3DataSource: { path: `s3://bucket/${jobName}/users.json` } },
    jobOutput: { s3DataDestination: { path: `s3://bucket/${jobName}/out/` } },
    roleArn: ROLE,
  })
  assert.equal((await settled(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })).status, 'ACTIVE')
  const lines = readFileSync(join(bucketOf(server), jobName, 'out/users.json.out'), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map(line => (JSON.parse(line) as { output: { recommendedItems: string[] } }).output.recommendedItems)
}

const artifacts = (server: TestServer): string[] =>
  readdirSync(join(server.dataFolder, 'artifacts'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

test('users vanish from the datasets and from the models there are', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group)
  const users = await makeDataset(server, group, usersSchema(), 'Users')
  put(server, 'a.csv', withMallory)
  put(server, 'users.csv', 'USER_ID,AGE\nmallory,33\nuser-1,21\nuser-2,\n')
  await importFile(server, interactions, 's3://bucket/a.csv')
  await importFile(server, users, 's3://bucket/users.csv', { jobName: 'users' })
  const version = await trained(server, await makeSolution(server, group))
  const [before] = await recommended(server, version, ['mallory'], 'before')
  assert.ok(before.includes('item-of-mallory'))

  put(server, 'forget/a.csv', 'USER_ID\nmallory\nnobody\n')
  put(server, 'forget/deep/er/b.CSV', '"USER_ID"\r\nuser-1\r\nmallory\r\n')
  put(server, 'forget/notes.txt', 'USER_ID\nuser-2\n')
  const dataDeletionJobArn = await requested(server, group, 's3://bucket/forget/')
  const { numDeleted, ...job } = await ended(server, dataDeletionJobArn)
  // Of interactions 40 of the one and 30 of the other, and the records of both.
  assert.equal(numDeleted, 40 + 30 + 2, JSON.stringify(job))

  assert.deepEqual(await exported(server, users, 'u'), ['user-2,'])
  const rows = await exported(server, interactions, 'i')
  assert.equal(rows.length, 59 * 30)
  assert.ok(rows.every(row => !/^(mallory|user-1),/.test(row)))

  const [mallory, first, stranger, known] = await recommended(
    server,
    version,
    ['mallory', 'user-1', 'stranger', 'user-2'],
    'after',
  )
  assert.deepEqual([mallory, first], [stranger, stranger])
  assert.notDeepEqual(known, stranger)
  assert.ok(![...stranger, ...known].includes('item-of-mallory'), 'an item that nobody else knew')
  const models = artifacts(server).filter(path => path.endsWith('.safetensors'))
  assert.equal(models.length, 3, 'the old model is gone')
  assert.deepEqual(
    models.filter(path => /mallory|user-1\0/.test(readFileSync(path, 'latin1'))),
    [],
  )
  const next = await trained(server, arnOf(`solution/${version.split('/')[1]}`))
  const [again, strangerAgain] = await recommended(server, next, ['mallory', 'stranger'], 'next')
  assert.deepEqual(again, strangerAgain)
})

test('what is kept for filters goes with the data it was made of, and is made anew without those who are gone', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group)
  const few = MALLORY.split('\n').slice(0, 20).join('\n')
  put(server, 'a.csv', `${walks().csv}${few}\n`)
  await importFile(server, interactions, 's3://bucket/a.csv')
  const version = await trained(server, await makeSolution(server, group))
  const filterExpression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
  const { filterArn } = await call<{ filterArn: string }>(server, 'CreateFilter', {
    name: 'seen',
    datasetGroupArn: group,
    filterExpression,
  })
  await settled(server, 'DescribeFilter', { filterArn })
  const kept = () => artifacts(server).filter(path => path.includes('/events/'))
  const keptText = () => kept().map(path => readFileSync(path, 'latin1'))
  const everybody = walks().lastItem.keys().toArray()
  const before = await recommended(server, version, ['mallory', 'user-2'], 'before', filterArn)
  assert.deepEqual(kept(), [], 'the histories are all that anybody did')
  assert.ok(!before[0].includes('item-of-mallory'))
  await post(server, 'Sommelier.ExplainFilter', JSON.stringify({ datasetGroupArn: group, filterExpression }))
  assert.equal(kept().length, 5)
  assert.ok(keptText().some(text => text.includes('mallory')))

  put(server, 'gone.csv', 'USER_ID\nmallory\n')
  await ended(server, await requested(server, group, 's3://bucket/gone.csv'))
  await exported(server, interactions, 'i')
  assert.deepEqual(kept(), [])
  const [mallory, , second] = await recommended(server, version, ['mallory', 'nobody', 'user-2'], 'after', filterArn)
  assert.equal(kept().length, 5, 'the histories are no longer known to be all')
  assert.ok(keptText().every(text => !text.includes('mallory')))
  assert.ok(mallory.length > 0 && !mallory.includes('item-of-mallory'))
  assert.deepEqual(
    second,
    before[1].filter(item => item !== 'item-of-mallory'),
  )

  const names = kept()
  await recommended(server, version, everybody, 'again', filterArn)
  assert.deepEqual(kept(), names, 'made once')
  put(server, 'b.csv', walks(undefined, 2).csv)
  await importFile(server, interactions, 's3://bucket/b.csv', { jobName: 'b' })
  await exported(server, interactions, 'j')
  assert.deepEqual(kept(), [], 'a full import is other data')
})

test('items that ITEMS knows stay', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group)
  const items = await makeDataset(server, group, itemsSchema(), 'Items')
  put(server, 'a.csv', withMallory)
  put(server, 'items.csv', 'ITEM_ID,GENRE,TEXT,PRICE,STOCK,NEW\nitem-of-mallory,a,,,,\n')
  await importFile(server, interactions, 's3://bucket/a.csv')
  await importFile(server, items, 's3://bucket/items.csv', { jobName: 'items' })
  const version = await trained(server, await makeSolution(server, group, 'aws-popularity-count'))
  put(server, 'gone.csv', 'USER_ID\nmallory\n')
  assert.equal((await ended(server, await requested(server, group, 's3://bucket/gone.csv'))).numDeleted, 40)
  const [list] = await recommended(server, version, ['stranger'], 'after')
  assert.ok(list.includes('item-of-mallory'))
})

test('the order of requests is the order of effects: nothing imported is lost, nobody comes back but by a later import', async t => {
  const server = await testServer(t, ['--limits', 'pendingImportJobs=off'])
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group)
  const solutionArn = await makeSolution(server, group)
  put(server, 'a.csv', withMallory)
  put(server, 'b.csv', `${walks(undefined, 2).csv}${MALLORY.replaceAll('item-of-mallory', 'another-of-mallory')}\n`)
  const late = Array.from({ length: 1000 }, (_, i) => `item-1,${1_700_000_000 + i},${i < 7 ? 'mallory' : 'late'}`)
  put(server, 'c.csv', `ITEM_ID,TIMESTAMP,USER_ID\n${late.join('\n')}\n`)
  put(server, 'gone.csv', 'USER_ID\nmallory\n')
  await importFile(server, interactions, 's3://bucket/a.csv')
  const importJob = (jobName: string, key: string, importMode: string) => ({
    jobName,
    datasetArn: interactions,
    dataSource: { dataLocation: `s3://bucket/${key}` },
    roleArn: ROLE,
    importMode,
  })
  // All at once: an import before, the deletion, a training that names the data of before, an import after.
  await call(server, 'CreateDatasetImportJob', importJob('second', 'b.csv', 'FULL'))
  const dataDeletionJobArn = await requested(server, group, 's3://bucket/gone.csv')
  const { solutionVersionArn } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
    solutionArn,
  })
  const third = await call(server, 'CreateDatasetImportJob', importJob('third', 'c.csv', 'INCREMENTAL'))

  assert.deepEqual((await ended(server, dataDeletionJobArn)).numDeleted, 40)
  assert.equal((await settled(server, 'DescribeDatasetImportJob', third)).status, 'ACTIVE')
  assert.equal((await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })).status, 'ACTIVE')
  const rows = await exported(server, interactions, 'i')
  assert.equal(rows.length, 60 * 30 + 1000)
  assert.equal(rows.filter(row => row.startsWith('mallory,')).length, 7)
  const [mallory, stranger] = await recommended(server, solutionVersionArn, ['mallory', 'stranger'], 'out')
  assert.deepEqual(mallory, stranger)
  assert.ok(!stranger.some(item => item.endsWith('-of-mallory')))
})

test('when nobody is left the dataset is empty and the job says so', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const users = await makeDataset(server, group, usersSchema(), 'Users')
  put(server, 'users.csv', 'USER_ID,AGE\nmallory,33\nuser-1,21\n')
  await importFile(server, users, 's3://bucket/users.csv')
  put(server, 'gone.csv', 'USER_ID\nmallory\nuser-1\n')
  assert.equal((await ended(server, await requested(server, group, 's3://bucket/gone.csv'))).numDeleted, 2)
  assert.deepEqual(await exported(server, users, 'u'), [])
  assert.deepEqual(
    artifacts(server).filter(path => path.endsWith('.parquet')),
    [],
  )
  const once = await ended(server, await requested(server, group, 's3://bucket/gone.csv', 'once-more'))
  assert.deepEqual([once.status, once.numDeleted], ['COMPLETED', 0])
})

test('a data deletion job is described and listed', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server)
  put(server, 'gone.csv', 'USER_ID\nmallory\n')
  const job = {
    jobName: 'forget',
    datasetGroupArn,
    dataSource: { dataLocation: 's3://bucket/gone.csv' },
    roleArn: ROLE,
  }
  const dataDeletionJobArn = arnOf('data-deletion-job/forget')
  assert.deepEqual(await call(server, 'CreateDataDeletionJob', job), { dataDeletionJobArn })
  await ended(server, dataDeletionJobArn)
  assert.deepEqual(await call(server, 'DescribeDataDeletionJob', { dataDeletionJobArn }), {
    dataDeletionJob: { ...job, dataDeletionJobArn, status: 'COMPLETED', numDeleted: 0, ...dates },
  })
  const summary = { jobName: 'forget', datasetGroupArn, dataDeletionJobArn, status: 'COMPLETED', ...dates }
  assert.deepEqual(await call(server, 'ListDataDeletionJobs', { datasetGroupArn }), { dataDeletionJobs: [summary] })
  assert.deepEqual(await call(server, 'ListDataDeletionJobs'), { dataDeletionJobs: [summary] })
})

test('a job that cannot read who is meant fails with the reason', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  put(server, 'two.csv', 'USER_ID,AGE\nmallory,3\n')
  put(server, 'other.csv', 'user\nmallory\n')
  put(server, 'empty.csv', 'USER_ID\n')
  put(server, 'long.csv', `USER_ID\nfine\n${'x'.repeat(257)}\n`)
  put(server, 'none/a.txt', 'USER_ID\nmallory\n')
  const beginning = 'Failed to create a data deletion job.'
  const cases: [string, string][] = [
    ['two.csv', 'The header line of s3://bucket/two.csv has the columns [USER_ID, AGE]: USER_ID alone was expected.'],
    [
      'other.csv',
      'Input CSV is missing the following columns:[USER_ID]. The header line of s3://bucket/other.csv has the columns [user].',
    ],
    ['empty.csv', 'The input has no rows below its header line.'],
    [
      'long.csv',
      `The input has 1 bad row: s3://bucket/long.csv line 3, column USER_ID: '${'x'.repeat(60)}…' (257 characters), where at most 256 characters were expected.`,
    ],
    ['none/', 'Invalid Data location. There is no .csv object under s3://bucket/none/.'],
    ['none', 'Invalid Data location. There is no object s3://bucket/none; the path of a folder ends in /.'],
  ]
  for (const [i, [key, reason]] of cases.entries()) {
    const arn = await requested(server, group, `s3://bucket/${key}`, `job-${i}`)
    const { status, failureReason } = await ended(server, arn)
    assert.deepEqual([status, failureReason], ['FAILED', `${beginning} ${reason}`])
  }
})

test('a column USER_ID of ITEMS is none of the people’s: whoever sold an item does not take it along', async t => {
  const server = await testServer(t)
  for (const type of ['string', 'long']) {
    const { datasetGroupArn } = await walksImported(server, `group-${type}`)
    const fields = ['ITEM_ID', 'USER_ID', 'G'].map(name => ({ name, type: name === 'USER_ID' ? type : 'string' }))
    const schema = schemaText(
      'ITEMS',
      fields.map(each => (each.name === 'G' ? { ...each, categorical: true } : each)),
    )
    const items = await makeDataset(server, datasetGroupArn, schema, 'Items')
    put(server, 'sold.csv', 'ITEM_ID,USER_ID,G\na,7,x\nb,8,y\n')
    await importFile(server, items, 's3://bucket/sold.csv', { jobName: `sold-${type}` })
    put(server, 'gone.csv', 'USER_ID\nuser-1\n7\n')
    const job = await ended(server, await requested(server, datasetGroupArn, 's3://bucket/gone.csv', `gone-${type}`))
    assert.deepEqual([job.status, job.failureReason, job.numDeleted], ['COMPLETED', undefined, 30])
    const { datasetExportJobArn } = await call(server, 'CreateDatasetExportJob', {
      jobName: `left-${type}`,
      datasetArn: items,
      ingestionMode: 'ALL',
      roleArn: ROLE,
      jobOutput: { s3DataDestination: { path: 's3://bucket/left' } },
    })
    await settled(server, 'DescribeDatasetExportJob', { datasetExportJobArn })
    const left = readFileSync(join(server.dataFolder, `buckets/bucket/left/left-${type}/part-00000.csv`), 'utf8')
    assert.equal(left, 'ITEM_ID,USER_ID,G\na,7,x\nb,8,y\n')
  }
})

test('blank lines name nobody: the one who is named has thirty events', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await walksImported(server)
  for (const [i, text] of ['USER_ID\nuser-1\n\n', 'USER_ID\r\n\r\nuser-2\r\n\r\n'].entries()) {
    put(server, `blank-${i}.csv`, text)
    const arn = await requested(server, datasetGroupArn, `s3://bucket/blank-${i}.csv`, `job-${i}`)
    const { status, failureReason, numDeleted } = await ended(server, arn)
    assert.deepEqual([status, failureReason, numDeleted], ['COMPLETED', undefined, 30])
  }
})

test('CreateDataDeletionJob refuses what cannot be done', async t => {
  const server = await testServer(t, ['--limits', 'pendingDataDeletionJobs=0'])
  const input = {
    jobName: 'j',
    datasetGroupArn: await makeGroup(server),
    dataSource: { dataLocation: 's3://bucket/gone.csv' },
    roleArn: ROLE,
  }
  const cases: [object, string, string][] = [
    [
      { datasetGroupArn: arnOf('dataset-group/none') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('dataset-group/none')} does not exist.`,
    ],
    [
      { dataSource: {} },
      'InvalidInputException',
      'Invalid Data location. dataSource.dataLocation is missing: s3://bucket/key was expected.',
    ],
    [
      { dataSource: { dataLocation: 'http://bucket/gone.csv' } },
      'InvalidInputException',
      "Invalid Data location. 'http://bucket/gone.csv' is not an S3 path: s3://bucket/key was expected.",
    ],
    [{}, 'LimitExceededException', 'More than 0 resources with PENDING status.'],
  ]
  for (const [change, name, message] of cases) {
    await refuses(server, 'CreateDataDeletionJob', { ...input, ...change }, name, message)
  }
})

test('a quote or a backslash in an id names that user and no other', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group)
  put(server, 'a.csv', `${walks().csv}item-1,1600000000,ad\nitem-1,1600000000,"a""b"\n`)
  await importFile(server, interactions, 's3://bucket/a.csv')
  put(server, 'gone.csv', 'USER_ID\n"a\\d"\n"a""b"\n')
  const { status, numDeleted } = await ended(server, await requested(server, group, 's3://bucket/gone.csv'))
  assert.deepEqual([status, numDeleted], ['COMPLETED', 1])
  const left = await exported(server, interactions, 'after')
  assert.deepEqual(
    left.filter(row => !row.includes('user-')).map(row => row.includes('ad')),
    [true],
  )
})
