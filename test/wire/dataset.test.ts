import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interactionsSchema, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { arnOf, call, NOW_SECONDS, ROLE, refuses, settled, testServer } from '../support/server.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }
const tags = [{ tagKey: 'team', tagValue: 'search' }]

test('a dataset group is created, becomes ACTIVE, is described, listed and deleted', async t => {
  const server = await testServer(t)
  const datasetGroupArn = arnOf('dataset-group/g')
  const created = await call(server, 'CreateDatasetGroup', { name: 'g', domain: 'ECOMMERCE', tags })
  assert.deepEqual(created, { datasetGroupArn, domain: 'ECOMMERCE' })
  await settled(server, 'DescribeDatasetGroup', { datasetGroupArn })
  const datasetGroup = { name: 'g', datasetGroupArn, status: 'ACTIVE', domain: 'ECOMMERCE', ...dates }
  assert.deepEqual(await call(server, 'DescribeDatasetGroup', { datasetGroupArn }), { datasetGroup })
  assert.deepEqual(await call(server, 'ListDatasetGroups'), { datasetGroups: [datasetGroup] })
  assert.equal(await call(server, 'DeleteDatasetGroup', { datasetGroupArn }), undefined)
  await assert.rejects(settled(server, 'DescribeDatasetGroup', { datasetGroupArn }))
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceNotFoundException',
    `The given dataset group does not exist: ${datasetGroupArn}`,
  )
})

test('roleArn and kmsKeyArn of a group go together', async t => {
  const server = await testServer(t)
  await refuses(
    server,
    'CreateDatasetGroup',
    { name: 'g', roleArn: ROLE },
    'InvalidInputException',
    'roleArn was given without kmsKeyArn: they go together.',
  )
})

test('tags: a reserved prefix and more than 50 are refused', async t => {
  const server = await testServer(t)
  await refuses(
    server,
    'CreateDatasetGroup',
    { name: 'g', tags: [{ tagKey: 'aws:x', tagValue: '' }] },
    'InvalidInputException',
    "A tag key must not start with 'aws:': that prefix is reserved.",
  )
  const many = Array.from({ length: 51 }, (_, i) => ({ tagKey: `k${i}`, tagValue: '' }))
  await refuses(
    server,
    'CreateDatasetGroup',
    { name: 'g', tags: many },
    'TooManyTagsException',
    '51 tags were given: a resource carries at most 50.',
  )
})

test('a dataset is created, described, listed and deleted; its group waits for that', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server, 'g')
  const datasetArn = await makeDataset(server, datasetGroupArn)
  assert.equal(datasetArn, arnOf('dataset/g/INTERACTIONS'))
  const summary = { name: 'g-interactions', datasetArn, datasetType: 'INTERACTIONS', status: 'ACTIVE', ...dates }
  assert.deepEqual(await call(server, 'DescribeDataset', { datasetArn }), {
    dataset: { ...summary, datasetGroupArn, schemaArn: arnOf('schema/g-interactions') },
  })
  assert.deepEqual(await call(server, 'ListDatasets', { datasetGroupArn }), { datasets: [summary] })
  assert.deepEqual(await call(server, 'ListDatasets'), { datasets: [summary] })
  assert.deepEqual(await call(server, 'ListDatasets', { datasetGroupArn: arnOf('dataset-group/none') }), {
    datasets: [],
  })
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceInUseException',
    `The dataset group ${datasetGroupArn} still has datasets: delete them first.`,
  )
  await call(server, 'DeleteDataset', { datasetArn })
  await assert.rejects(settled(server, 'DescribeDataset', { datasetArn }))
  await call(server, 'DeleteDatasetGroup', { datasetGroupArn })
})

test('CreateDataset refuses what does not fit', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server, 'g')
  await makeDataset(server, datasetGroupArn)
  const schemaArn = arnOf('schema/g-interactions')
  const input = { name: 'd', schemaArn, datasetGroupArn, datasetType: 'interactions' }
  const cases: [object, string, string][] = [
    [
      {},
      'ResourceAlreadyExistsException',
      `Another resource with Arn ${arnOf('dataset/g/INTERACTIONS')} already exists.`,
    ],
    [
      { datasetType: 'Movies' },
      'InvalidInputException',
      "datasetType was 'Movies': one of INTERACTIONS, ITEMS, USERS, ACTIONS, ACTION_INTERACTIONS was expected.",
    ],
    [
      { datasetType: 'ITEMS' },
      'InvalidInputException',
      'The schema is one for INTERACTIONS, and a schema for ITEMS was expected.',
    ],
    [
      { schemaArn: arnOf('schema/none') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('schema/none')} does not exist.`,
    ],
    [
      { datasetGroupArn: arnOf('dataset-group/none') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('dataset-group/none')} does not exist.`,
    ],
  ]
  for (const [change, name, message] of cases)
    await refuses(server, 'CreateDataset', { ...input, ...change }, name, message)
  await call(server, 'CreateDatasetGroup', { name: 'shop', domain: 'ECOMMERCE' })
  await settled(server, 'DescribeDatasetGroup', { datasetGroupArn: arnOf('dataset-group/shop') })
  await refuses(
    server,
    'CreateDataset',
    { ...input, datasetGroupArn: arnOf('dataset-group/shop') },
    'InvalidInputException',
    `The schema ${schemaArn} is of no domain, the dataset group ${arnOf('dataset-group/shop')} of the domain ECOMMERCE.`,
  )
})

test('CreateDatasetImportJob refuses what cannot be imported', async t => {
  const server = await testServer(t)
  const datasetArn = await makeDataset(server, await makeGroup(server, 'g'))
  const input = { jobName: 'j', datasetArn, dataSource: { dataLocation: 's3://bucket/a.csv' }, roleArn: ROLE }
  const cases: [object, string, string][] = [
    [
      { roleArn: undefined },
      'InvalidInputException',
      'roleArn is missing: the role that may read dataSource.dataLocation.',
    ],
    [
      { dataSource: {} },
      'InvalidInputException',
      'Invalid Data location. dataSource.dataLocation is missing: s3://bucket/key was expected.',
    ],
    [
      { dataSource: { dataLocation: 'https://example.org/a.csv' } },
      'InvalidInputException',
      "Invalid Data location. dataSource.dataLocation was 'https://example.org/a.csv': s3://bucket/key was expected.",
    ],
    [
      { importMode: 'INCREMENTAL' },
      'InvalidInputException',
      `importMode was INCREMENTAL, but the dataset ${datasetArn} has no bulk data yet: the first import is FULL.`,
    ],
    [
      { datasetArn: arnOf('dataset/none/ITEMS') },
      'ResourceNotFoundException',
      `Resource Arn ${arnOf('dataset/none/ITEMS')} does not exist.`,
    ],
  ]
  for (const [change, name, message] of cases) {
    await refuses(server, 'CreateDatasetImportJob', { ...input, ...change }, name, message)
  }
})

test('a group with a solution stays', async t => {
  const server = await testServer(t)
  const datasetGroupArn = await makeGroup(server, 'g')
  const solutionArn = await makeSolution(server, datasetGroupArn)
  await refuses(
    server,
    'DeleteDatasetGroup',
    { datasetGroupArn },
    'ResourceInUseException',
    `The dataset group ${datasetGroupArn} still has solutions: delete them first.`,
  )
  await call(server, 'DeleteSolution', { solutionArn })
  await assert.rejects(settled(server, 'DescribeSolution', { solutionArn }))
  await call(server, 'DeleteDatasetGroup', { datasetGroupArn })
})

test('the schema of a dataset with reserved columns goes through', async t => {
  const server = await testServer(t)
  const more = [
    { name: 'EVENT_TYPE', type: 'string' },
    { name: 'EVENT_VALUE', type: ['null', 'float'] },
  ]
  await makeDataset(server, await makeGroup(server), interactionsSchema(more))
})
