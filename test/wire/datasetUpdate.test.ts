import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importFile, interactionsSchema, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { itemsSchema, usersSchema } from '../support/metadata.ts'
import { arnOf, call, NOW_SECONDS, ROLE, refuses, settled, type TestServer, testServer } from '../support/server.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
const put = (server: TestServer, name: string, text: string) =>
  writeFileSync(join(server.dataFolder, 'buckets/bucket', name), text)

async function makeSchema(server: TestServer, name: string, schema: string): Promise<string> {
  return (await call<{ schemaArn: string }>(server, 'CreateSchema', { name, schema })).schemaArn
}

test('a dataset gets a schema with more fields; what it held is read with them', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const datasetArn = await makeDataset(server, group, usersSchema(), 'Users')
  put(server, 'a.csv', 'USER_ID,AGE\nann,30\nbob,\n')
  await importFile(server, datasetArn, 's3://bucket/a.csv')
  const schemaArn = await makeSchema(
    server,
    'more',
    usersSchema([{ name: 'CITY', type: ['null', 'string'], categorical: true }]),
  )
  assert.deepEqual(await call(server, 'UpdateDataset', { datasetArn, schemaArn }), { datasetArn })
  await settled(server, 'DescribeDataset', { datasetArn })
  assert.deepEqual(await call(server, 'DescribeDataset', { datasetArn }), {
    dataset: {
      name: 'group-users',
      datasetArn,
      datasetGroupArn: group,
      datasetType: 'USERS',
      schemaArn,
      status: 'ACTIVE',
      latestDatasetUpdate: { schemaArn, status: 'ACTIVE', ...dates },
      ...dates,
    },
  })
  put(server, 'b.csv', 'USER_ID,CITY,AGE\ncat,Rome,40\nbob,Bonn,\n')
  const more = { jobName: 'more', importMode: 'INCREMENTAL' }
  assert.equal((await importFile(server, datasetArn, 's3://bucket/b.csv', more)).status, 'ACTIVE')
  const { datasetExportJobArn } = await call(server, 'CreateDatasetExportJob', {
    jobName: 'e',
    datasetArn,
    ingestionMode: 'ALL',
    roleArn: ROLE,
    jobOutput: { s3DataDestination: { path: 's3://bucket/out' } },
  })
  assert.equal((await settled(server, 'DescribeDatasetExportJob', { datasetExportJobArn })).status, 'ACTIVE')
  assert.equal(
    readFileSync(join(server.dataFolder, 'buckets/bucket/out/e/part-00000.csv'), 'utf8'),
    'USER_ID,AGE,CITY\nann,30,\ncat,40,Rome\nbob,,Bonn\n',
  )
  // The old schema is free again, the new one is not.
  await refuses(
    server,
    'DeleteSchema',
    { schemaArn },
    'ResourceInUseException',
    `The schema ${schemaArn} is used by the dataset ${datasetArn}.`,
  )
  await call(server, 'DeleteSchema', { schemaArn: arnOf('schema/group-users') })
})

test('a column that no part has yet is null', async t => {
  const server = await testServer(t)
  const datasetArn = await makeDataset(server, await makeGroup(server), itemsSchema(), 'Items')
  put(server, 'a.csv', 'ITEM_ID,GENRE,TEXT,PRICE,STOCK,NEW\na,x,,,,\n')
  await importFile(server, datasetArn, 's3://bucket/a.csv')
  const schemaArn = await makeSchema(server, 'more', itemsSchema([{ name: 'WEIGHT', type: ['null', 'double'] }]))
  await call(server, 'UpdateDataset', { datasetArn, schemaArn })
  await settled(server, 'DescribeDataset', { datasetArn })
  const { datasetExportJobArn } = await call(server, 'CreateDatasetExportJob', {
    jobName: 'e',
    datasetArn,
    ingestionMode: 'BULK',
    roleArn: ROLE,
    jobOutput: { s3DataDestination: { path: 's3://bucket' } },
  })
  assert.equal((await settled(server, 'DescribeDatasetExportJob', { datasetExportJobArn })).status, 'ACTIVE')
  assert.equal(
    readFileSync(join(server.dataFolder, 'buckets/bucket/e/part-00000.csv'), 'utf8'),
    'ITEM_ID,GENRE,TEXT,PRICE,STOCK,NEW,WEIGHT\na,x,,,,,\n',
  )
})

test('a solution that was there before can still be trained and deleted', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  await makeDataset(server, group)
  const datasetArn = await makeDataset(server, group, usersSchema(), 'Users')
  const solutionArn = await makeSolution(server, group)
  const described = await call(server, 'DescribeSolution', { solutionArn })
  const schemaArn = await makeSchema(
    server,
    'more',
    usersSchema([{ name: 'CITY', type: ['null', 'string'], categorical: true }]),
  )
  await call(server, 'UpdateDataset', { datasetArn, schemaArn })
  await settled(server, 'DescribeDataset', { datasetArn })
  assert.deepEqual(await call(server, 'DescribeSolution', { solutionArn }), described)
})

test('UpdateDataset refuses a schema that does not keep what there is', async t => {
  const server = await testServer(t)
  const group = await makeGroup(server)
  const interactions = await makeDataset(server, group)
  const datasetArn = await makeDataset(server, group, usersSchema(), 'Users')
  const other = (fields: object[]) =>
    JSON.stringify({ ...JSON.parse(usersSchema()), fields: [{ name: 'USER_ID', type: 'string' }, ...fields] })
  const age = { name: 'AGE', type: ['null', 'int'] }
  const cases: [object, string, string][] = [
    [
      { datasetArn: interactions, schemaArn: arnOf('schema/group-interactions') },
      'InvalidInputException',
      `The dataset ${interactions} is of type INTERACTIONS: only the schemas of ITEMS and USERS can be replaced.`,
    ],
    [
      { schemaArn: arnOf('schema/none') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('schema/none')} does not exist.`,
    ],
    [
      { datasetArn: arnOf('dataset/none/USERS'), schemaArn: arnOf('schema/none') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('dataset/none/USERS')} does not exist.`,
    ],
    [
      { schemaArn: await makeSchema(server, 's1', interactionsSchema()) },
      'InvalidInputException',
      'The schema is one for INTERACTIONS, and a schema for USERS was expected.',
    ],
    [
      { schemaArn: await makeSchema(server, 's2', other([{ name: 'SIZE', type: 'int' }])) },
      'InvalidInputException',
      'The new schema has no field AGE: it must keep all fields of the old one.',
    ],
    [
      { schemaArn: await makeSchema(server, 's3', other([{ name: 'AGE', type: ['null', 'long'] }])) },
      'InvalidInputException',
      'The new schema has another type of the field AGE: fields of the old one must stay as they are.',
    ],
    [
      { schemaArn: await makeSchema(server, 's4', other([{ name: 'AGE', type: 'int' }])) },
      'InvalidInputException',
      'The new schema has another type of the field AGE: fields of the old one must stay as they are.',
    ],
    [
      { schemaArn: await makeSchema(server, 's5', other([{ ...age, categorical: true }])) },
      'InvalidInputException',
      "The new schema has another attribute 'categorical' of the field AGE: fields of the old one must stay as they are.",
    ],
    [
      { schemaArn: await makeSchema(server, 's6', other([age, { name: 'SIZE', type: 'int' }])) },
      'InvalidInputException',
      'The new schema adds the field SIZE, whose type must be a union with null: old records have none.',
    ],
  ]
  for (const [change, name, message] of cases) {
    await refuses(server, 'UpdateDataset', { datasetArn, ...change }, name, message)
  }
})
