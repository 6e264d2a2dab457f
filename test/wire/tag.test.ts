import assert from 'node:assert/strict'
import { test } from 'node:test'
import { types } from '../../src/resources/types.ts'
import { interactionsSchema, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { arnOf, call, ROLE, refuses, settled, type TestServer, testServer } from '../support/server.ts'

const tag = (tagKey: string, tagValue = '') => ({ tagKey, tagValue })
const tagsOf = async (server: TestServer, resourceArn: string): Promise<object> =>
  (await call<{ tags: object }>(server, 'ListTagsForResource', { resourceArn })).tags

test('tags are added, overwritten, listed by key and taken away; dates of the resource stay', async t => {
  const server = await testServer(t)
  const resourceArn = await makeGroup(server)
  assert.deepEqual(await tagsOf(server, resourceArn), [])
  const tags = [tag('b', '1'), tag('a', 'x'), tag('b', '2')]
  assert.deepEqual(await call(server, 'TagResource', { resourceArn, tags }), {})
  assert.deepEqual(await tagsOf(server, resourceArn), [tag('a', 'x'), tag('b', '2')])
  await call(server, 'TagResource', { resourceArn, tags: [tag('A', 'capital'), tag('b', '3'), tag('__proto__', 'p')] })
  assert.deepEqual(await tagsOf(server, resourceArn), [
    tag('A', 'capital'),
    tag('__proto__', 'p'),
    tag('a', 'x'),
    tag('b', '3'),
  ])
  assert.deepEqual(await call(server, 'UntagResource', { resourceArn, tagKeys: ['b', 'none', 'b', '__proto__'] }), {})
  await call(server, 'TagResource', { resourceArn, tags: [] })
  await call(server, 'UntagResource', { resourceArn, tagKeys: [] })
  assert.deepEqual(await tagsOf(server, resourceArn), [tag('A', 'capital'), tag('a', 'x')])
})

test('tags given at creation are those that are listed, and go with the resource', async t => {
  const server = await testServer(t)
  const { datasetGroupArn } = await call(server, 'CreateDatasetGroup', { name: 'g', tags: [tag('team', 'search')] })
  const resourceArn = String(datasetGroupArn)
  assert.deepEqual(await tagsOf(server, resourceArn), [tag('team', 'search')])
  await settled(server, 'DescribeDatasetGroup', { datasetGroupArn })
  await call(server, 'DeleteDatasetGroup', { datasetGroupArn })
  await assert.rejects(settled(server, 'DescribeDatasetGroup', { datasetGroupArn }))
  await call(server, 'CreateDatasetGroup', { name: 'g' })
  assert.deepEqual(await tagsOf(server, resourceArn), [])
})

test('a resource carries fifty tags and no more; a request takes away fifty keys and no more', async t => {
  const server = await testServer(t)
  const resourceArn = await makeGroup(server)
  const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => tag(`key-${from + i}`))
  await refuses(
    server,
    'TagResource',
    { resourceArn, tags: many(51) },
    'TooManyTagsException',
    '51 tags were given: a resource carries at most 50.',
  )
  await call(server, 'TagResource', { resourceArn, tags: many(50) })
  await call(server, 'TagResource', { resourceArn, tags: many(50) })
  await refuses(
    server,
    'TagResource',
    { resourceArn, tags: many(2, 49) },
    'TooManyTagsException',
    `Resource Arn ${resourceArn} would carry 51 tags: a resource carries at most 50.`,
  )
  await refuses(
    server,
    'TagResource',
    { resourceArn, tags: [tag('aws:x')] },
    'InvalidInputException',
    "A tag key must not start with 'aws:': that prefix is reserved.",
  )
  const tagKeys = many(51).map(({ tagKey }) => tagKey)
  await refuses(
    server,
    'UntagResource',
    { resourceArn, tagKeys },
    'TooManyTagKeysException',
    '51 tag keys were given: a resource carries at most 50 tags.',
  )
  assert.equal(((await tagsOf(server, resourceArn)) as object[]).length, 50)
  await call(server, 'UntagResource', { resourceArn, tagKeys: tagKeys.slice(0, 50) })
  assert.deepEqual(await tagsOf(server, resourceArn), [])
})

test('a tag key or value that violates its shape is not echoed', async t => {
  const server = await testServer(t)
  await refuses(
    server,
    'UntagResource',
    { resourceArn: arnOf('dataset-group/g'), tagKeys: ['secret!'] },
    'InvalidInputException',
    "1 validation error detected: Value '***' at 'tagKeys.1.member' failed to satisfy constraint: Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$",
  )
})

test('what does not exist, cannot carry tags or belongs to another region is refused', async t => {
  const server = await testServer(t)
  const { schemaArn } = await call(server, 'CreateSchema', { name: 's', schema: interactionsSchema() })
  const recipeArn = 'arn:aws:personalize:::recipe/aws-popularity-count'
  const abroad = (await makeGroup(server)).replace('us-east-1', 'eu-west-1')
  for (const [operation, more] of [
    ['TagResource', { tags: [] }],
    ['UntagResource', { tagKeys: [] }],
    ['ListTagsForResource', {}],
  ] as const) {
    await refuses(
      server,
      operation,
      { resourceArn: schemaArn, ...more },
      'InvalidInputException',
      `Resource Arn ${schemaArn} is a schema, which cannot carry tags.`,
    )
    for (const resourceArn of [arnOf('campaign/none'), recipeArn, abroad]) {
      const message = `Resource Arn ${resourceArn} does not exist.`
      await refuses(server, operation, { resourceArn, ...more }, 'ResourceNotFoundException', message)
    }
  }
})

test('every type that the reference lets carry tags does', async t => {
  assert.deepEqual(
    types
      .filter(({ taggable }) => !taggable)
      .map(({ type }) => type)
      .sort(),
    ['metric-attribution', 'schema'],
  )
  const server = await testServer(t)
  const tags = [tag('team', 'search')]
  const datasetGroupArn = await makeGroup(server)
  const datasetArn = await makeDataset(server, datasetGroupArn)
  const solutionArn = await makeSolution(server, datasetGroupArn)
  const { eventTrackerArn } = await call(server, 'CreateEventTracker', { name: 'e', datasetGroupArn })
  const { solutionVersionArn } = await call(server, 'CreateSolutionVersion', { solutionArn })
  const { datasetImportJobArn } = await call(server, 'CreateDatasetImportJob', {
    jobName: 'j',
    datasetArn,
    dataSource: { dataLocation: 's3://bucket/none.csv' },
    roleArn: ROLE,
  })
  for (const resourceArn of [
    datasetGroupArn,
    datasetArn,
    solutionArn,
    solutionVersionArn,
    eventTrackerArn,
    datasetImportJobArn,
  ] as string[]) {
    await call(server, 'TagResource', { resourceArn, tags })
    assert.deepEqual(await tagsOf(server, resourceArn), tags)
  }
})
