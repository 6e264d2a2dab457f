import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { schemaText } from '../filters/sample.ts'
import { importFile, interactionsSchema, makeDataset, makeGroup } from '../support/flow.ts'
import { itemsSchema } from '../support/metadata.ts'
import { walks } from '../support/sequences.ts'
import { arnOf, call, NOW_SECONDS, ROLE, refuses, settled, type TestServer, testServer } from '../support/server.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
const put = (server: TestServer, name: string, text: string) =>
  writeFileSync(join(server.dataFolder, 'buckets/bucket', name), text)
const got = (server: TestServer, name: string) => readFileSync(join(server.dataFolder, 'buckets/bucket', name), 'utf8')
const output = (path = 's3://bucket/out') => ({ s3DataDestination: { path } })

async function exported(server: TestServer, input: { jobName: string; [member: string]: unknown }) {
  const { datasetExportJobArn } = await call(server, 'CreateDatasetExportJob', {
    roleArn: ROLE,
    jobOutput: output(),
    ...input,
  })
  return settled(server, 'DescribeDatasetExportJob', { datasetExportJobArn })
}

test('what is exported and imported again is the same dataset, whatever is in its values', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const datasetArn = await makeDataset(server, group, itemsSchema(), 'Items')
  const rows = [
    'ITEM_ID,GENRE,TEXT,PRICE,STOCK,NEW',
    'plain,a|b,"words",0.1,5,true',
    '"a,b","say \\"hi\\"","back\\\\slash, and a comma",1e20,-5,false',
    ' leads,trails , " q ",-0.0,9007199254740993,true',
    'null,NULL,,,,',
    '#c,é|ü|\u{1f377},"\t",0.30000000000000004,0,false',
    'back\\slash,\\,"\\\\",1e-07,1,true',
  ]
  put(server, 'a.csv', `${rows.join('\n')}\n`)
  assert.deepEqual((await importFile(server, datasetArn, 's3://bucket/a.csv')).status, 'ACTIVE')
  assert.equal((await exported(server, { jobName: 'first', datasetArn, ingestionMode: 'BULK' })).status, 'ACTIVE')
  const first = got(server, 'out/first/part-00000.csv')
  assert.deepEqual(first.split('\n'), [
    'ITEM_ID,GENRE,TEXT,PRICE,STOCK,NEW',
    'plain,a|b,words,0.1,5,true',
    '"a,b","say \\"hi\\"","back\\\\slash, and a comma",1e+20,-5,false',
    ' leads,trails , q ,-0.0,9007199254740993,true',
    'null,NULL,,,,',
    '"#c",é|ü|\u{1f377},\t,0.30000000000000004,0,false',
    'back\\slash,\\,\\,1e-07,1,true',
    '',
  ])
  const again = { jobName: 'again', importMode: 'FULL' }
  assert.equal((await importFile(server, datasetArn, 's3://bucket/out/first/part-00000.csv', again)).status, 'ACTIVE')
  assert.equal((await exported(server, { jobName: 'second', datasetArn, ingestionMode: 'BULK' })).status, 'ACTIVE')
  assert.equal(got(server, 'out/second/part-00000.csv'), first)
})

test('columns may be called what the engine calls its own, in whatever case', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const words = ['File_Index', 'FILE_ROW_NUMBER', 'rowid', 'index', 'place', 'select', 'id']
  const fields = words.map(name => ({ name, type: ['null', 'string'], categorical: true }))
  const schema = schemaText('ITEMS', [{ name: 'ITEM_ID', type: 'string' }, ...fields])
  const datasetArn = await makeDataset(server, group, schema, 'Items')
  const header = ['ITEM_ID', ...words].join(',')
  const row = (item: string, value: string) => [item, ...words.map((_, i) => `${value}${i}`)].join(',')
  // Twice the same item within an import, and in the next one; the values would order the rows the other way round.
  put(server, 'a.csv', `${[header, row('a', 'z'), row('b', 'y'), row('a', 'x')].join('\n')}\n`)
  put(server, 'b.csv', `${[header, row('b', 'a')].join('\n')}\n`)
  const first = await importFile(server, datasetArn, 's3://bucket/a.csv')
  assert.deepEqual([first.status, first.failureReason], ['ACTIVE', undefined])
  await importFile(server, datasetArn, 's3://bucket/b.csv', { jobName: 'more', importMode: 'INCREMENTAL' })
  for (const ingestionMode of ['BULK', 'ALL'])
    assert.equal((await exported(server, { jobName: ingestionMode, datasetArn, ingestionMode })).status, 'ACTIVE')
  const lines = (mode: string) => got(server, `out/${mode}/part-00000.csv`).trimEnd().split('\n')
  assert.deepEqual(lines('BULK'), [header, row('b', 'y'), row('a', 'x'), row('b', 'a')])
  assert.deepEqual(lines('ALL'), [header, row('a', 'x'), row('b', 'a')])
})

test('BULK has every record, ALL the newest of each id, PUT none yet; equal rows come once', async t => {
  const server = await testServer(t)
  const datasetArn = await makeDataset(server, await makeGroup(server), itemsSchema(), 'Items')
  const header = 'ITEM_ID,GENRE,TEXT,PRICE,STOCK,NEW'
  put(server, 'a.csv', `${header}\na,old,,1.5,1,true\nb,same,,2.5,2,true\n`)
  put(server, 'b.csv', `${header}\na,new,,1.5,1,true\nb,same,,2.5,2,true\nc,x,,,,\n`)
  await importFile(server, datasetArn, 's3://bucket/a.csv')
  await importFile(server, datasetArn, 's3://bucket/b.csv', { jobName: 'more', importMode: 'INCREMENTAL' })
  for (const ingestionMode of ['BULK', 'ALL', 'PUT']) {
    assert.equal((await exported(server, { jobName: ingestionMode, datasetArn, ingestionMode })).status, 'ACTIVE')
  }
  const lines = (mode: string) => got(server, `out/${mode}/part-00000.csv`).trimEnd().split('\n')
  assert.deepEqual(lines('BULK'), [header, 'a,old,,1.5,1,true', 'b,same,,2.5,2,true', 'a,new,,1.5,1,true', 'c,x,,,,'])
  assert.deepEqual(lines('ALL'), [header, 'a,new,,1.5,1,true', 'b,same,,2.5,2,true', 'c,x,,,,'])
  assert.deepEqual(lines('PUT'), [header])
})

test('of interactions ALL has every one, in order', async t => {
  const server = await testServer(t)
  const datasetArn = await makeDataset(server, await makeGroup(server))
  const { csv } = walks()
  put(server, 'a.csv', csv)
  await importFile(server, datasetArn, 's3://bucket/a.csv')
  await importFile(server, datasetArn, 's3://bucket/a.csv', { jobName: 'twice', importMode: 'INCREMENTAL' })
  await exported(server, { jobName: 'all', datasetArn, ingestionMode: 'ALL', jobOutput: output('s3://bucket/out/') })
  const [, ...wanted] = csv
    .trimEnd()
    .split('\n')
    .map(line => line.split(','))
  const [header, ...found] = got(server, 'out/all/part-00000.csv').trimEnd().split('\n')
  assert.equal(header, 'USER_ID,ITEM_ID,TIMESTAMP')
  assert.deepEqual(
    found,
    wanted.map(([item, timestamp, user]) => [user, item, timestamp].join(',')),
  )
})

test('an export job is described and listed with its default mode', async t => {
  const server = await testServer(t)
  const datasetArn = await makeDataset(server, await makeGroup(server))
  const job = { jobName: 'j', datasetArn, roleArn: ROLE, jobOutput: output() }
  const datasetExportJobArn = arnOf('dataset-export-job/j')
  assert.deepEqual(await call(server, 'CreateDatasetExportJob', job), { datasetExportJobArn })
  await settled(server, 'DescribeDatasetExportJob', { datasetExportJobArn })
  assert.deepEqual(await call(server, 'DescribeDatasetExportJob', { datasetExportJobArn }), {
    datasetExportJob: { ...job, datasetExportJobArn, ingestionMode: 'PUT', status: 'ACTIVE', ...dates },
  })
  const summary = { jobName: 'j', datasetExportJobArn, status: 'ACTIVE', ...dates }
  assert.deepEqual(await call(server, 'ListDatasetExportJobs', { datasetArn }), { datasetExportJobs: [summary] })
  assert.deepEqual(await call(server, 'ListDatasetExportJobs', { datasetArn: arnOf('dataset/none/ITEMS') }), {
    datasetExportJobs: [],
  })
  await refuses(
    server,
    'CreateDatasetExportJob',
    job,
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${datasetExportJobArn} already exists.`,
  )
})

test('CreateDatasetExportJob refuses what cannot be exported', async t => {
  const server = await testServer(t)
  const datasetArn = await makeDataset(server, await makeGroup(server))
  const input = { jobName: 'j', datasetArn, roleArn: ROLE, jobOutput: output() }
  const cases: [object, string, string][] = [
    [
      { datasetArn: arnOf('dataset/none/ITEMS') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('dataset/none/ITEMS')} does not exist.`,
    ],
    [
      { jobOutput: output('https://example.org/out') },
      'InvalidInputException',
      "Invalid S3 output path: 'https://example.org/out' is not an S3 path: s3://bucket/key was expected.",
    ],
    [
      { ingestionMode: 'SOME' },
      'InvalidInputException',
      "1 validation error detected: Value 'SOME' at 'ingestionMode' failed to satisfy constraint: Member must satisfy enum value set: [BULK, PUT, ALL]",
    ],
  ]
  for (const [change, name, message] of cases) {
    await refuses(server, 'CreateDatasetExportJob', { ...input, ...change }, name, message)
  }
})

test('an export to a bucket that is not there fails with the reason and leaves nothing', async t => {
  const server = await testServer(t)
  const datasetArn = await makeDataset(server, await makeGroup(server), interactionsSchema())
  const { status, failureReason } = await exported(server, {
    jobName: 'j',
    datasetArn,
    jobOutput: output('s3://nowhere/out'),
  })
  const hint = `make it with mkdir '${join(server.dataFolder, 'buckets/nowhere')}'`
  assert.deepEqual(
    [status, failureReason],
    ['CREATE FAILED', `Invalid S3 output path: There is no bucket 'nowhere': ${hint}.`],
  )
})
