/** Who may call a server, over the wire: the three modes, policies, accounts and regions. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { CreateSchemaCommand, ListSchemasCommand, PersonalizeClient } from '@aws-sdk/client-personalize'
import { type AccessKey, changeKeyFile, keyFilePath } from '../../src/access/keyFile.ts'
import { ALLOW_ALL } from '../../src/access/policy.ts'
import { services } from '../../src/api/index.ts'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { manualClock, systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { signedHeaders } from '../../src/lib/sigv4.ts'
import type { HttpMessage } from '../../src/protocol/sigv4Claims.ts'
import { ACCESS_KEY_ID, inSignedChunks, NOW_MS, SECRET, type SignedBy, signed } from '../protocol/signing.ts'
import { interactionsSchema } from '../support/flow.ts'
import { post, type TestServer, temporaryFolder, testServer } from '../support/server.ts'

type Answer = [status: number, body: unknown]

const key = (more: Partial<AccessKey> = {}): AccessKey => ({
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET,
  account: '000000000000',
  user: 'nightly',
  policy: ALLOW_ALL,
  createdAt: '2023-11-14T22:13:20.123Z',
  ...more,
})

const keep = (server: TestServer, ...keys: AccessKey[]) => changeKeyFile(keyFilePath(server.dataFolder), () => keys)

/** A message as it was signed, byte for byte. */
async function send(server: TestServer, message: HttpMessage): Promise<Answer> {
  const { port } = new URL(server.url)
  const { method, url: path, rawHeaders, body } = message
  const headers: Record<string, string> = { 'content-length': `${body.length}` }
  for (let i = 0; i < rawHeaders.length; i += 2) headers[rawHeaders[i]] = rawHeaders[i + 1]
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers })
  const answered = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', response => {
      buffer(response).then(bytes => resolve([response.statusCode!, JSON.parse(bytes.toString() || '{}')]), reject)
    })
  })
  request.end(body)
  return answered
}

async function ask(server: TestServer, operation: string, input: object = {}, by: SignedBy = {}): Promise<Answer> {
  const [prefix, name] = operation.includes('.') ? operation.split('.') : ['AmazonPersonalize', operation]
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${prefix}.${name}` }
  return send(server, await signed({ host: new URL(server.url).host, headers, body: JSON.stringify(input) }, by))
}

const no = (status: number, __type: string, message: string): Answer => [status, { __type, message }]
const denied = (action: string, resource: string, user = 'nightly', account = '000000000000') =>
  no(
    400,
    'AccessDeniedException',
    `User: arn:aws:iam::${account}:user/${user} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
  )
const arn = (resource: string, account = '000000000000', region = 'us-east-1') =>
  `arn:aws:personalize:${region}:${account}:${resource}`
const missing = (of: string) => no(400, 'ResourceNotFoundException', `Resource Arn ${of} does not exist.`)

test('strict: a known key, and nothing less', async t => {
  const server = await testServer(t, ['--auth', 'strict'])
  keep(server, key())
  assert.deepEqual(await ask(server, 'ListSchemas'), [200, { schemas: [] }])
  assert.deepEqual(await ask(server, 'ListSchemas', {}, { expiresSeconds: 60 }), [200, { schemas: [] }])
  const unsigned = await post(server, 'AmazonPersonalize.ListSchemas', '{}')
  assert.deepEqual(
    [unsigned.status, JSON.parse(unsigned.text), unsigned.headers.get('x-amzn-errortype')],
    [...no(403, 'MissingAuthenticationToken', 'Missing Authentication Token'), 'MissingAuthenticationToken'],
  )
  assert.deepEqual(
    await ask(server, 'ListSchemas', {}, { accessKeyId: 'SKIAUNKNOWNUNKNOWN22' }),
    no(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'),
  )
  assert.deepEqual(
    await ask(server, 'ListSchemas', {}, { secretAccessKey: 'x'.repeat(40) }),
    no(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    ),
  )
  assert.deepEqual(
    await ask(server, 'ListSchemas', {}, { nowMs: NOW_MS - 600_000 }),
    no(
      400,
      'RequestExpired',
      'Signature expired: 20231114T220320Z is now earlier than 20231114T220820Z (20231114T221320Z - 5 min.)',
    ),
  )
  const half = await post(server, 'AmazonPersonalize.ListSchemas', '{}', { Authorization: 'AWS4-HMAC-SHA256 A=b' })
  assert.deepEqual(
    [half.status, JSON.parse(half.text)],
    no(
      400,
      'IncompleteSignature',
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    ),
  )
})

test('strict: nobody learns from a refusal what the input should have been', async t => {
  const server = await testServer(t, ['--auth', 'strict'])
  const answer = await post(server, 'AmazonPersonalize.CreateSchema', '{"name":')
  assert.equal(JSON.parse(answer.text).__type, 'MissingAuthenticationToken')
})

test('strict: a body in signed chunks', async t => {
  const server = await testServer(t, ['--auth', 'strict'])
  keep(server, key())
  const headers = { 'x-amz-target': 'AmazonPersonalize.ListSchemas' }
  const streaming = { ...headers, 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }
  const message = await signed({ host: new URL(server.url).host, headers: streaming, body: '{}' })
  assert.deepEqual(
    await send(server, message),
    no(400, 'IncompleteSignature', 'The chunk at byte 0 of the body does not begin with its size and signature.'),
  )
})

test('strict: signed chunks with a signed trailer', async t => {
  const server = await testServer(t, ['--auth', 'strict'])
  keep(server, key())
  const body = '{"maxResults":100}'
  const sum = `x-amz-checksum-sha256:${createHash('sha256').update(body).digest('base64')}`
  const headers = {
    'x-amz-target': 'AmazonPersonalize.ListSchemas',
    'content-encoding': 'aws-chunked',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': `${body.length}`,
    'x-amz-trailer': 'x-amz-checksum-sha256',
  }
  const message = await signed({ host: new URL(server.url).host, headers })
  const contents = [body.slice(0, 5), body.slice(5)]
  assert.deepEqual(await send(server, inSignedChunks(message, contents, sum)), [200, { schemas: [] }])
  // A checksum that is signed and wrong all the same: of what was meant, and not of what was sent.
  const other = [body.slice(0, 5), body.slice(5).replace('1', '2')]
  assert.deepEqual(
    await send(server, inSignedChunks(message, other, sum)),
    no(
      400,
      'MalformedHttpRequestException',
      `x-amz-checksum-sha256 was '${sum.slice(22)}': it is '${createHash('sha256').update(other.join('')).digest('base64')}' of the 18 bytes that arrived.`,
    ),
  )
})

for (const mode of ['off', 'lenient']) {
  test(`${mode}: a body in unsigned chunks with a trailer`, async t => {
    const server = await testServer(t, ['--auth', mode])
    const headers = {
      'x-amz-target': 'AmazonPersonalize.ListSchemas',
      'content-encoding': 'aws-chunked',
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    }
    const message = await signed({ host: new URL(server.url).host, headers })
    const chunked = (sum: string) => ({
      ...message,
      body: Buffer.from(`2\r\n{}\r\n0\r\nx-amz-checksum-crc32:${sum}\r\n\r\n`),
    })
    assert.deepEqual(await send(server, chunked('o6a/Qw==')), [200, { schemas: [] }])
    assert.deepEqual(
      await send(server, chunked('AAAAAA==')),
      no(
        400,
        'MalformedHttpRequestException',
        "x-amz-checksum-crc32 was 'AAAAAA==': it is 'o6a/Qw==' of the 2 bytes that arrived.",
      ),
    )
  })
}

test('strict: a temporary key comes with its token, and ends', async t => {
  const server = await testServer(t, ['--auth', 'strict'])
  const invalid = no(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.')
  const sessionToken = 'IQoJb3JpZ2luX2VjEXAMPLE/+='
  keep(server, key({ sessionToken, expiresAt: '2023-11-14T22:13:21Z' }))
  assert.deepEqual(await ask(server, 'ListSchemas', {}, { sessionToken }), [200, { schemas: [] }])
  assert.deepEqual(await ask(server, 'ListSchemas', {}, { sessionToken, expiresSeconds: 9 }), [200, { schemas: [] }])
  assert.deepEqual(await ask(server, 'ListSchemas'), invalid)
  assert.deepEqual(await ask(server, 'ListSchemas', {}, { sessionToken: `${sessionToken}=` }), invalid)

  const lasting = key({ accessKeyId: 'SKIALASTINGLASTING22' })
  const ended = key({ accessKeyId: 'SSIAENDEDENDEDENDE22', sessionToken, expiresAt: '2023-11-14T22:13:20Z' })
  keep(server, lasting, ended)
  assert.deepEqual(await ask(server, 'ListSchemas', {}, { ...lasting, sessionToken }), invalid)
  assert.deepEqual(
    await ask(server, 'ListSchemas', {}, { ...ended, sessionToken }),
    no(403, 'ExpiredTokenException', 'The security token included in the request is expired'),
  )
})

test('strict: a key that is revoked while the server runs is refused within a second', async t => {
  const dataFolder = temporaryFolder()
  const clock = manualClock(NOW_MS)
  const config = readConfig(['--port', '0', '--data', dataFolder, '--auth', 'strict'], {})
  const app = await startApp(config, silentLog, clock)
  t.after(() => app.stop())
  const server = { url: `http://127.0.0.1:${app.port}`, dataFolder }
  keep(server, key())
  assert.equal((await ask(server, 'ListSchemas'))[0], 200)
  keep(server)
  clock.advance(1_000)
  assert.deepEqual(
    await ask(server, 'ListSchemas'),
    no(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'),
  )
})

test('strict: the SDK for JavaScript, with the key of the environment', async t => {
  const dataFolder = temporaryFolder()
  mkdirSync(join(dataFolder, 'buckets'), { recursive: true })
  const environment = { SOMMELIER_ACCESS_KEY_ID: ACCESS_KEY_ID, SOMMELIER_SECRET_ACCESS_KEY: SECRET }
  const config = readConfig(['--port', '0', '--data', dataFolder, '--auth', 'strict'], environment)
  const app = await startApp(config, silentLog, systemClock)
  t.after(() => app.stop())
  const endpoint = `http://127.0.0.1:${app.port}`
  const clientOf = (secretAccessKey: string, region = 'us-east-1') =>
    new PersonalizeClient({
      endpoint,
      region,
      maxAttempts: 1,
      credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey },
    })
  const client = clientOf(SECRET)
  const made = await client.send(new CreateSchemaCommand({ name: 's', schema: interactionsSchema() }))
  assert.equal(made.schemaArn, arn('schema/s'))
  assert.equal((await client.send(new ListSchemasCommand({}))).schemas?.length, 1)
  assert.deepEqual((await clientOf(SECRET, 'eu-west-1').send(new ListSchemasCommand({}))).schemas, [])
  await assert.rejects(clientOf('x'.repeat(40)).send(new ListSchemasCommand({})), { name: 'SignatureDoesNotMatch' })
  const late = new PersonalizeClient({
    endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET },
    systemClockOffset: -6 * 60_000,
  })
  await assert.rejects(late.send(new ListSchemasCommand({})), {
    name: 'RequestExpired',
    message: /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
  })
})

test('lenient: every well-formed signature; the account is the key id, or the key’s, or the server’s', async t => {
  const server = await testServer(t, ['--auth', 'lenient', '--account', '111111111111'])
  keep(server, key({ account: '222222222222' }))
  const accountOf = async (accessKeyId: string) => {
    const [status, body] = await ask(
      server,
      'CreateSchema',
      { name: 's', schema: interactionsSchema() },
      { accessKeyId, secretAccessKey: 'whatever', nowMs: 0 },
    )
    return [status, (body as { schemaArn: string }).schemaArn]
  }
  assert.deepEqual(await accountOf('AKIAIOSFODNN7EXAMPLE'), [200, arn('schema/s', '111111111111')])
  assert.deepEqual(await accountOf(ACCESS_KEY_ID), [200, arn('schema/s', '222222222222')])
  assert.deepEqual(await accountOf('333333333333'), [200, arn('schema/s', '333333333333')])
  const unsigned = await post(server, 'AmazonPersonalize.ListSchemas', '{}')
  assert.deepEqual(
    [unsigned.status, JSON.parse(unsigned.text)],
    no(403, 'MissingAuthenticationToken', 'Missing Authentication Token'),
  )
})

test('off: unsigned, signed by whomever and presigned; the signature still names the region', async t => {
  const server = await testServer(t)
  assert.equal((await post(server, 'AmazonPersonalize.ListSchemas', '{}')).status, 200)
  const by = { accessKeyId: 'any', secretAccessKey: 'any', region: 'eu-west-1', nowMs: 0 }
  const input = (name: string) => ({ name, schema: interactionsSchema() })
  const made = (name: string) => [200, { schemaArn: arn(`schema/${name}`, '000000000000', 'eu-west-1') }]
  assert.deepEqual(await ask(server, 'CreateSchema', input('a'), by), made('a'))
  assert.deepEqual(await ask(server, 'CreateSchema', input('b'), { ...by, expiresSeconds: 1 }), made('b'))
})

test('off: no page of another site, by whatever trick, but those of this machine', async t => {
  const server = await testServer(t)
  const from = async (origin: string) => {
    const answer = await post(server, 'AmazonPersonalize.ListSchemas', '{}', { Origin: origin })
    return [answer.status, JSON.parse(answer.text)]
  }
  for (const origin of ['http://evil.example', 'http://evil.example:8001', 'null', 'http://127.0.0.1.evil.example']) {
    assert.deepEqual(
      await from(origin),
      no(
        400,
        'AccessDeniedException',
        `The request comes from a page of '${origin}', and this server answers only its own machine.`,
      ),
    )
  }
  for (const origin of ['http://127.0.0.1:8001', 'http://localhost:3000', 'http://[::1]:8001']) {
    assert.deepEqual(await from(origin), [200, { schemas: [] }])
  }
  const simple = await fetch(`${server.url}/?X-Amz-Target=AmazonPersonalize.ListSchemas`, {
    method: 'POST',
    body: '{}',
  })
  assert.equal(JSON.parse(await simple.text()).__type, 'UnknownOperationException')
})

async function strictServer(t: TestContext, ...statements: object[]): Promise<TestServer> {
  const server = await testServer(t, ['--auth', 'strict'])
  keep(server, key({ policy: { Version: '2012-10-17', Statement: statements } }))
  return server
}
const allow = (Action: string | string[], Resource: string | string[] = '*') => ({ Effect: 'Allow', Action, Resource })

test('a policy decides by action and by every resource the request names or makes', async t => {
  const server = await strictServer(
    t,
    allow(['personalize:Create*', 'personalize:Describe*'], [arn('*/shop-*'), arn('dataset/shop-*/*')]),
    allow('personalize:DescribeRecipe', 'arn:aws:personalize:::recipe/aws-user-*'),
    allow('sommelier:ListWork'),
    { Effect: 'Deny', Action: '*', Resource: arn('schema/shop-secret') },
  )
  const schema = interactionsSchema()
  assert.deepEqual(await ask(server, 'CreateSchema', { name: 'shop-a', schema }), [
    200,
    { schemaArn: arn('schema/shop-a') },
  ])
  assert.deepEqual(
    await ask(server, 'CreateSchema', { name: 'a', schema }),
    denied('personalize:CreateSchema', arn('schema/a')),
  )
  assert.deepEqual(
    await ask(server, 'CreateSchema', { name: 'shop-secret', schema }),
    no(
      400,
      'AccessDeniedException',
      `User: arn:aws:iam::000000000000:user/nightly is not authorized to perform: personalize:CreateSchema on resource: ${arn('schema/shop-secret')} with an explicit deny in an identity-based policy`,
    ),
  )
  assert.deepEqual(await ask(server, 'ListSchemas'), denied('personalize:ListSchemas', arn('*')))
  assert.deepEqual(
    await ask(server, 'DeleteSchema', { schemaArn: arn('schema/shop-a') }),
    denied('personalize:DeleteSchema', arn('schema/shop-a')),
  )
  // Whether it exists is not told to somebody who may not know.
  assert.deepEqual(
    await ask(server, 'DescribeSchema', { schemaArn: arn('schema/none') }),
    denied('personalize:DescribeSchema', arn('schema/none')),
  )
  assert.deepEqual(
    await ask(server, 'DescribeSchema', { schemaArn: arn('schema/shop-none') }),
    missing(arn('schema/shop-none')),
  )
  const dataset = (schemaArn: string, group: string) =>
    ask(server, 'CreateDataset', { name: 'd', schemaArn, datasetGroupArn: arn(group), datasetType: 'Items' })
  assert.deepEqual(
    await dataset(arn('schema/a'), 'dataset-group/shop-g'),
    denied('personalize:CreateDataset', arn('schema/a')),
  )
  assert.deepEqual(
    await dataset(arn('schema/shop-a'), 'dataset-group/g'),
    denied('personalize:CreateDataset', arn('dataset-group/g')),
  )
  assert.deepEqual(await dataset(arn('schema/shop-a'), 'dataset-group/shop-g'), missing(arn('dataset-group/shop-g')))
  const recipeArn = 'arn:aws:personalize:::recipe/aws-popularity-count'
  assert.deepEqual(await ask(server, 'DescribeRecipe', { recipeArn }), denied('personalize:DescribeRecipe', recipeArn))
  // Recipes are everybody's to use.
  const solution = { name: 'shop-s', datasetGroupArn: arn('dataset-group/shop-g'), recipeArn }
  assert.deepEqual(await ask(server, 'CreateSolution', solution), missing(arn('dataset-group/shop-g')))
  assert.deepEqual(await ask(server, 'Sommelier.ListWork'), [200, { work: [] }])
  assert.deepEqual(
    await ask(server, 'Sommelier.DescribeWork', { resourceArn: arn('dataset-group/shop-g') }),
    denied('sommelier:DescribeWork', arn('dataset-group/shop-g')),
  )
})

test('a dataset is named by its group and its type, an event tracker by nothing, a version by its solution', async t => {
  const server = await strictServer(t, allow('personalize:*', [arn('dataset-group/g'), arn('schema/s')]))
  const datasetGroupArn = arn('dataset-group/g')
  assert.deepEqual(
    await ask(server, 'CreateDataset', {
      name: 'd',
      schemaArn: arn('schema/s'),
      datasetGroupArn,
      datasetType: 'Items',
    }),
    denied('personalize:CreateDataset', arn('dataset/g/ITEMS')),
  )
  assert.deepEqual(
    await ask(server, 'CreateEventTracker', { name: 'e', datasetGroupArn }),
    denied('personalize:CreateEventTracker', arn('event-tracker/*')),
  )
  assert.deepEqual(
    await ask(server, 'CreateSolutionVersion', { solutionArn: arn('solution/s') }),
    denied('personalize:CreateSolutionVersion', arn('solution/s')),
  )
})

test('iam:PassRole is asked for every role in a request, and a role stays in its account', async t => {
  const role = (name: string, account = '000000000000') => `arn:aws:iam::${account}:role/${name}`
  const server = await strictServer(t, allow('personalize:*'), allow('iam:PassRole', 'arn:aws:iam::*:role/shop-*'))
  const importAs = (roleArn: string) =>
    ask(server, 'CreateDatasetImportJob', {
      jobName: 'j',
      datasetArn: arn('dataset/g/ITEMS'),
      dataSource: { dataLocation: 's3://bucket/items.csv' },
      roleArn,
    })
  assert.deepEqual(await importAs(role('other')), denied('iam:PassRole', role('other')))
  assert.deepEqual(
    await importAs(role('shop-a', '111111111111')),
    no(400, 'AccessDeniedException', 'Cross-account pass role is not allowed.'),
  )
  assert.deepEqual(await importAs(role('shop-a')), missing(arn('dataset/g/ITEMS')))
  const nested = { roleArn: role('other'), s3DataDestination: { path: 's3://bucket/metrics/' } }
  assert.deepEqual(
    await ask(server, 'CreateMetricAttribution', {
      name: 'm',
      datasetGroupArn: arn('dataset-group/g'),
      metrics: [],
      metricsOutputConfig: nested,
    }),
    denied('iam:PassRole', role('other')),
  )
})

test('a resource of another account or region does not exist, for any operation', async t => {
  const server = await testServer(t, ['--auth', 'strict'])
  const other = { accessKeyId: 'SKIAOTHEROTHEROTHE22', account: '111111111111' }
  keep(server, key(), key(other))
  const [status, made] = await ask(server, 'CreateDatasetGroup', { name: 'g' })
  assert.deepEqual([status, made], [200, { datasetGroupArn: arn('dataset-group/g') }])
  await ask(server, 'CreateSchema', { name: 's', schema: interactionsSchema() })
  const mine = [arn('dataset-group/g'), arn('schema/s')]
  const strangers = [{ accessKeyId: other.accessKeyId }, { region: 'eu-west-1' }]

  for (const by of strangers) {
    assert.deepEqual(await ask(server, 'ListSchemas', {}, by), [200, { schemas: [] }])
    assert.deepEqual(await ask(server, 'ListDatasetGroups', {}, by), [200, { datasetGroups: [] }])
    assert.deepEqual(await ask(server, 'Sommelier.ListWork', {}, by), [200, { work: [] }])
    for (const { targetPrefix, operations } of services) {
      for (const { name, input } of operations) {
        const members = Object.entries(input.facts.members ?? {})
        const arns = members.filter(([member, { required }]) => required && member.endsWith('Arn'))
        if (arns.length !== 1 || members.some(([member, { required }]) => required && member !== arns[0][0])) continue
        for (const of of mine) {
          const [, body] = await ask(server, `${targetPrefix}.${name}`, { [arns[0][0]]: of }, by)
          assert.match(
            (body as { __type: string }).__type,
            /^ResourceNotFoundException$/,
            `${name} of ${of}: ${JSON.stringify(body)}`,
          )
        }
      }
    }
  }
  assert.equal((await ask(server, 'DescribeSchema', { schemaArn: arn('schema/s') }))[0], 200)
  assert.equal((await ask(server, 'DescribeDatasetGroup', { datasetGroupArn: arn('dataset-group/g') }))[0], 200)
})

test('our own signer signs what the server takes: a query, a session token, an empty body', async t => {
  const server = await testServer(t, ['--auth', 'strict'])
  const sessionToken = 'IQoJb3JpZ2luX2VjEXAMPLE/+='
  keep(server, key({ sessionToken, expiresAt: '2023-11-15T00:00:00Z' }))
  const url = new URL(`${server.url}/?b=2&a=%C3%A9%20`)
  const headers = { 'x-amz-target': 'AmazonPersonalize.ListSchemas', 'x-amz-meta': ' a   b ' }
  const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET, sessionToken }
  const place = { region: 'us-east-1', service: 'personalize', nowMs: NOW_MS }
  const signedBy = signedHeaders({ method: 'POST', url, headers, body: Buffer.alloc(0) }, credentials, place)
  const answer = await fetch(url, { method: 'POST', headers: signedBy })
  assert.deepEqual([answer.status, await answer.text()], [200, '{"schemas":[]}'])
})
