import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interactionsSchema, makeDataset, makeGroup } from '../support/flow.ts'
import { arnOf, call, NOW_SECONDS, refuses, testServer } from '../support/server.ts'

const dates = { creationDateTime: NOW_SECONDS, lastUpdatedDateTime: NOW_SECONDS }

test('a schema is created, described, listed and deleted', async t => {
  const server = await testServer(t)
  const schema = interactionsSchema()
  const schemaArn = arnOf('schema/s')
  assert.deepEqual(await call(server, 'CreateSchema', { name: 's', schema }), { schemaArn })
  assert.deepEqual(await call(server, 'DescribeSchema', { schemaArn }), {
    schema: { name: 's', schemaArn, schema, ...dates },
  })
  assert.deepEqual(await call(server, 'ListSchemas'), { schemas: [{ name: 's', schemaArn, ...dates }] })
  assert.equal(await call(server, 'DeleteSchema', { schemaArn }), undefined)
  const gone = `Resource Arn ${schemaArn} does not exist.`
  await refuses(server, 'DescribeSchema', { schemaArn }, 'ResourceNotFoundException', gone)
  await refuses(server, 'DeleteSchema', { schemaArn }, 'ResourceNotFoundException', gone)
})

test('a name is taken once per account and region, and free again after the delete', async t => {
  const server = await testServer(t)
  const input = { name: 's', schema: interactionsSchema() }
  await call(server, 'CreateSchema', input)
  await refuses(
    server,
    'CreateSchema',
    input,
    'ResourceAlreadyExistsException',
    `Another resource with Arn ${arnOf('schema/s')} already exists.`,
  )
  await call(server, 'DeleteSchema', { schemaArn: arnOf('schema/s') })
  await call(server, 'CreateSchema', input)
})

test('what is wrong with a schema is an InvalidInputException that says it', async t => {
  const server = await testServer(t)
  const wrong = interactionsSchema().replace('"USER_ID"', '"CUSTOMER"')
  await refuses(
    server,
    'CreateSchema',
    { name: 's', schema: wrong },
    'InvalidInputException',
    'The schema has no field USER_ID, which an INTERACTIONS schema must have.',
  )
})

test('a schema in use stays', async t => {
  const server = await testServer(t)
  await makeDataset(server, await makeGroup(server))
  await refuses(
    server,
    'DeleteSchema',
    { schemaArn: arnOf('schema/group-interactions') },
    'ResourceInUseException',
    `The schema ${arnOf('schema/group-interactions')} is used by the dataset ${arnOf('dataset/group/INTERACTIONS')}.`,
  )
})

test('pages are newest first, stable while things come and go, and their tokens are nobody else’s', async t => {
  const server = await testServer(t)
  const create = (name: string) => call(server, 'CreateSchema', { name, schema: interactionsSchema() })
  for (let i = 0; i < 5; i++) await create(`s${i}`)
  type Page = { schemas: { name: string }[]; nextToken?: string }
  const list = (input: object) => call<Page>(server, 'ListSchemas', { ...input })
  const first = await list({ maxResults: 2 })
  await create('later')
  await call(server, 'DeleteSchema', { schemaArn: arnOf('schema/s3') })
  await call(server, 'DeleteSchema', { schemaArn: arnOf('schema/s1') })
  const second = await list({ maxResults: 2, nextToken: first.nextToken })
  const names = [first, second].map(({ schemas }) => schemas.map(({ name }) => name))
  assert.deepEqual(names, [
    ['s4', 's3'],
    ['s2', 's0'],
  ])
  assert.equal(second.nextToken, undefined)
  const message = 'The nextToken was not given out by this list operation with these parameters.'
  const { nextToken } = first
  for (const [operation, input] of [
    ['ListSchemas', { nextToken: 'nonsense' }],
    ['ListSchemas', { nextToken: '' }],
    ['ListSchemas', { nextToken: `${nextToken}A` }],
    ['ListDatasetGroups', { nextToken }],
  ] as const) {
    await refuses(server, operation, input, 'InvalidNextTokenException', message)
  }
})
