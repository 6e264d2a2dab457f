/** AWS JSON 1.1 as clients meet it: whole answers, headers included. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { BODY_BYTES_MAX } from '../../src/protocol/http.ts'
import { call, post, refuses, testServer } from '../support/server.ts'

const said = (answer: { status: number; text: string }) => [answer.status, JSON.parse(answer.text)]

test('an answer has its content type, its length and a request id of its own', async t => {
  const server = await testServer(t)
  const [first, second] = [
    await post(server, 'AmazonPersonalize.ListSchemas', '{}'),
    await post(server, 'AmazonPersonalize.ListSchemas', ''),
  ]
  assert.deepEqual([first.status, first.text, second.text], [200, '{"schemas":[]}', '{"schemas":[]}'])
  assert.equal(first.headers.get('content-type'), 'application/x-amz-json-1.1')
  assert.equal(first.headers.get('content-length'), '14')
  assert.match(first.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.notEqual(first.headers.get('x-amzn-requestid'), second.headers.get('x-amzn-requestid'))
})

test('an error names itself in the body and in a header', async t => {
  const server = await testServer(t)
  const answer = await post(
    server,
    'AmazonPersonalize.DescribeSchema',
    '{"schemaArn":"arn:aws:personalize:us-east-1:000000000000:schema/none"}',
  )
  assert.deepEqual(said(answer), [
    400,
    {
      __type: 'ResourceNotFoundException',
      message: 'Resource Arn arn:aws:personalize:us-east-1:000000000000:schema/none does not exist.',
    },
  ])
  assert.equal(answer.headers.get('x-amzn-errortype'), 'ResourceNotFoundException')
  assert.equal(answer.headers.get('content-type'), 'application/x-amz-json-1.1')
})

test('what is not an operation is an UnknownOperationException', async t => {
  const server = await testServer(t)
  const unknown = (message: string) => [400, { __type: 'UnknownOperationException', message }]
  assert.deepEqual(
    said(await post(server, 'AmazonPersonalize.MakeTea', '{}')),
    unknown("'AmazonPersonalize.MakeTea' is not an operation of this service."),
  )
  assert.deepEqual(
    said(await post(server, 'Kinesis_20131202.ListStreams', '{}')),
    unknown("'Kinesis_20131202.ListStreams' is not an operation of this service."),
  )
  assert.deepEqual(
    said(await post(server, undefined, '{}')),
    unknown("The header 'X-Amz-Target' is missing: it names the operation, as in 'AmazonPersonalize.ListSchemas'."),
  )
  assert.deepEqual(
    said(await post(server, '__proto__', '{}')),
    unknown("'__proto__' in the header 'X-Amz-Target' does not name an operation."),
  )
  const get = await fetch(`${server.url}/favicon.ico`)
  assert.deepEqual(
    said({ status: get.status, text: await get.text() }),
    unknown('GET /favicon.ico is not an operation of this service: requests are POST /.'),
  )
})

test('a body that is not a JSON object is a SerializationException', async t => {
  const server = await testServer(t)
  for (const body of ['{', '[]', '"x"', 'null', new Uint8Array([0x7b, 0xff, 0x7d])]) {
    const answer = await post(server, 'AmazonPersonalize.ListSchemas', body)
    const { __type, message } = JSON.parse(answer.text)
    assert.deepEqual([answer.status, __type], [400, 'SerializationException'])
    assert.match(message, /^The request body is not (JSON in UTF-8: .+|a JSON object)\.$/)
  }
})

test('a member of the wrong JSON type is a SerializationException that names it', async t => {
  const server = await testServer(t)
  const wrong: [object, string][] = [
    [{ maxResults: 'ten' }, "STRING_VALUE can not be converted to an Integer: 'maxResults' takes an Integer."],
    [{ maxResults: 1.5 }, "NUMBER_VALUE can not be converted to an Integer: 'maxResults' takes an Integer."],
    [{ nextToken: 7 }, "NUMBER_VALUE can not be converted to a String: 'nextToken' takes a String."],
    [{ nextToken: [] }, "Start of list found where not expected: 'nextToken' takes a String."],
    [{ nextToken: {} }, "Start of structure or map found where not expected: 'nextToken' takes a String."],
    [{ nextToken: true }, "TRUE_VALUE can not be converted to a String: 'nextToken' takes a String."],
  ]
  for (const [input, message] of wrong)
    await refuses(server, 'ListSchemas', input as never, 'SerializationException', message)
})

test('every violated constraint is told at once, and a sensitive value is not repeated', async t => {
  const server = await testServer(t)
  await refuses(
    server,
    'CreateDatasetGroup',
    { name: '-x', domain: 'BOOKS', tags: [{ tagKey: '', tagValue: 'top secret <>' }, { tagValue: 'a' }] },
    'InvalidInputException',
    [
      "5 validation errors detected: Value '-x' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9][a-zA-Z0-9\\-_]*",
      "Value 'BOOKS' at 'domain' failed to satisfy constraint: Member must satisfy enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]",
      "Value '***' at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '***' at 'tags.1.member.tagValue' failed to satisfy constraint: Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$",
      "Value null at 'tags.2.member.tagKey' failed to satisfy constraint: Member must not be null",
    ].join('; '),
  )
  await refuses(
    server,
    'ListSchemas',
    { maxResults: 101 },
    'InvalidInputException',
    "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
  )
})

test('null members count as absent, unknown ones are ignored, prototypes stay clean', async t => {
  const server = await testServer(t)
  const body = '{"name":"g","domain":null,"__proto__":{"domain":"ECOMMERCE"},"constructor":1,"more":[]}'
  const answer = await post(server, 'AmazonPersonalize.CreateDatasetGroup', body)
  assert.deepEqual(said(answer), [
    200,
    { datasetGroupArn: 'arn:aws:personalize:us-east-1:000000000000:dataset-group/g' },
  ])
})

test('a body above the limit is refused before it is read', async t => {
  const server = await testServer(t)
  const answer = await post(server, 'AmazonPersonalize.ListSchemas', ' '.repeat(BODY_BYTES_MAX + 1))
  assert.deepEqual(said(answer), [
    413,
    {
      __type: 'RequestEntityTooLargeException',
      message: `The request body is larger than ${BODY_BYTES_MAX} bytes.`,
    },
  ])
  await call(server, 'ListSchemas')
})

test('a chunked body above the limit is refused too', async t => {
  const server = await testServer(t)
  const { port } = new URL(server.url)
  const socket = connect(Number(port), '127.0.0.1')
  t.after(() => socket.destroy())
  socket.write(
    'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AmazonPersonalize.ListSchemas\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  const chunk = ' '.repeat(0x10000)
  for (let i = 0; i <= BODY_BYTES_MAX / chunk.length; i++) socket.write(`10000\r\n${chunk}\r\n`)
  socket.on('error', () => {})
  const [first] = (await socket.take(1).toArray()) as Buffer[]
  assert.match(first.toString(), /^HTTP\/1\.1 413 /)
})

test('the region is that of the credential scope, and keeps resources apart', async t => {
  const server = await testServer(t)
  const signed = {
    Authorization:
      'AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/personalize/aws4_request, SignedHeaders=host, Signature=00',
  }
  const create = await post(server, 'AmazonPersonalize.CreateDatasetGroup', '{"name":"g"}', signed)
  const arn = 'arn:aws:personalize:eu-west-1:000000000000:dataset-group/g'
  assert.deepEqual(said(create), [200, { datasetGroupArn: arn }])
  assert.deepEqual(await call(server, 'ListDatasetGroups'), { datasetGroups: [] })
  await refuses(
    server,
    'DescribeDatasetGroup',
    { datasetGroupArn: arn },
    'ResourceNotFoundException',
    `Resource Arn ${arn} does not exist.`,
  )
})
