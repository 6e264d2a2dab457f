/** Jobs with the rights of their roles: AssumeRole against a Security Token Service of the tests, S3 with what that gives. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOfStream } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { type ObjectStoreConfig, openObjectStore, withRole } from '../../src/objects/open.ts'
import { verify } from '../../src/protocol/sigv4.ts'
import { readClaims } from '../../src/protocol/sigv4Claims.ts'
import { importFile, interactionsSchema, makeDataset, makeGroup } from '../support/flow.ts'
import { ACCESS_KEY, startS3Server } from '../support/s3Server.ts'
import { call, ROLE, settled, temporaryFolder } from '../support/server.ts'
import { at, bytesOf, keysOf, refuses, textOf } from './contract.ts'

// The server's own key: STS knows it, S3 does not. The chain of credentials looks at nothing of the machine that runs the test.
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'AKIASERVER',
  AWS_SECRET_ACCESS_KEY: SECRET,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
})

const STRANGER = 'arn:aws:iam::000000000000:role/stranger'
const FORBIDDEN = 'arn:aws:iam::000000000000:role/forbidden'

interface Sts {
  readonly endpoint: string
  readonly asked: Record<string, string>[]
  /** Answers instead, while there are any. */
  readonly instead: { status: number; body: string }[]
  sessionSeconds: number
}

/** ROLE gets the key that the S3 server takes, STRANGER another, nobody else any. Signatures are checked. */
async function startSts(t: TestContext): Promise<Sts> {
  const self: { -readonly [K in keyof Sts]: Sts[K] } = { endpoint: '', asked: [], instead: [], sessionSeconds: 3_600 }
  const server = createServer(async (request, response) => {
    const body = await textOfStream(request)
    const message = {
      method: request.method!,
      url: request.url!,
      rawHeaders: request.rawHeaders,
      body: Buffer.from(body),
    }
    const claims = readClaims(message)
    assert.equal(claims.accessKeyId, 'AKIASERVER')
    verify(message, claims, { secretAccessKey: SECRET, keys: new Map(), service: 'sts', nowMs: systemClock.nowMs() })
    const asked = Object.fromEntries(new URLSearchParams(body))
    self.asked.push(asked)
    const other = self.instead.shift()
    if (other) return void response.writeHead(other.status).end(other.body)
    if (asked.RoleArn !== ROLE && asked.RoleArn !== STRANGER) {
      const said = `User: arn:aws:iam::000000000000:user/server is not authorized to perform: sts:AssumeRole on resource: ${asked.RoleArn}`
      return void response
        .writeHead(403)
        .end(`<ErrorResponse><Error><Code>AccessDenied</Code><Message>${said}</Message></Error></ErrorResponse>`)
    }
    const expiration = new Date(systemClock.nowMs() + self.sessionSeconds * 1000).toISOString()
    const id = asked.RoleArn === ROLE ? ACCESS_KEY : 'ASIASTRANGER'
    response.end(
      `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t&amp;/+=</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  })
  self.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return self
}

async function start(t: TestContext) {
  const [sts, s3] = [await startSts(t), await startS3Server()]
  t.after(() => s3.close())
  const config: ObjectStoreConfig = {
    kind: 's3',
    endpoint: s3.endpoint,
    region: 'eu-west-1',
    forcePathStyle: true,
    assume: { endpoint: sts.endpoint, externalId: 'installation/7' },
  }
  const as = (role: string | undefined) => openObjectStore(withRole(config, role, 'sommelier-17'))
  await as(ROLE).createBucket('contract')
  sts.asked.length = 0
  return { sts, s3, as }
}

test('a store has the rights of its role, and asks for them once', async t => {
  const { sts, as } = await start(t)
  const store = as(ROLE)
  await store.write(at('x'), bytesOf('1'))
  assert.equal(await textOf(store, at('x')), '1')
  assert.deepEqual(await keysOf(store, ''), ['x'])
  assert.deepEqual(sts.asked, [
    {
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: ROLE,
      RoleSessionName: 'sommelier-17',
      DurationSeconds: '3600',
      ExternalId: 'installation/7',
    },
  ])
  await refuses(
    as(STRANGER).read(at('x')),
    'AccessDenied',
    'Access to s3://contract/x was denied: it could not be read. InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.',
  )
})

test('credentials are asked for again before they end', async t => {
  const { sts, as } = await start(t)
  sts.sessionSeconds = 60
  const store = as(ROLE)
  for (const name of ['a', 'b']) await store.write(at(name), bytesOf('1'))
  assert.ok(sts.asked.length >= 2)
})

test('a role that may not be assumed, and no role at all', async t => {
  const { as } = await start(t)
  await refuses(
    as(FORBIDDEN).read(at('x')),
    'AccessDenied',
    `The role ${FORBIDDEN} could not be assumed. AccessDenied: User: arn:aws:iam::000000000000:user/server is not authorized to perform: sts:AssumeRole on resource: ${FORBIDDEN}.`,
  )
  for (const attempt of [
    () => as(undefined).read(at('x')),
    () => as(undefined).write(at('x'), bytesOf('1')),
    () => as(undefined).localFile(at('x'), '/nowhere'),
    () => Array.fromAsync(as(undefined).list('contract', '')),
  ]) {
    await refuses(attempt(), 'AccessDenied', 'Access was denied: the job names no roleArn to assume.')
  }
})

test('what fails for the moment is tried again, and then told as such', async t => {
  const { sts, as } = await start(t)
  const busy = { status: 503, body: '' }
  const throttled = {
    status: 400,
    body: '<Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>',
  }
  sts.instead.push(busy, throttled)
  assert.deepEqual(await keysOf(as(ROLE), ''), [])
  sts.instead.push(throttled, throttled, throttled)
  await refuses(
    as(ROLE).read(at('x')),
    'Unavailable',
    `The role ${ROLE} could not be assumed now. Throttling: Rate exceeded.`,
  )
  sts.instead.push({ status: 200, body: '<html>' })
  await refuses(
    as(ROLE).read(at('x')),
    'Unavailable',
    `The role ${ROLE} could not be assumed now. The answer was not that of a Security Token Service.`,
  )
})

test('a Security Token Service that is not there', async () => {
  const config = {
    kind: 's3',
    region: 'us-east-1',
    forcePathStyle: true,
    assume: { endpoint: 'http://127.0.0.1:1' },
  } as const
  await refuses(
    openObjectStore(withRole(config, ROLE, 's-1')).read(at('x')),
    'Unavailable',
    new RegExp(`^The role ${ROLE} could not be assumed now\\. (bad port|connect ECONNREFUSED 127\\.0\\.0\\.1:1)\\.$`),
  )
})

test('folders know no roles, and S3 only where it was asked to', () => {
  const folder = { kind: 'folder', root: '/nowhere' } as const
  assert.equal(withRole(folder, ROLE, 's-1'), folder)
  const plain = { kind: 's3', region: 'us-east-1', forcePathStyle: false } as const
  assert.equal(withRole(plain, ROLE, 's-1'), plain)
})

test('a job sees what its role sees, and fails with the words of the reference', async t => {
  const { sts, s3, as } = await start(t)
  const rows = Array.from({ length: 1_000 }, (_, i) => `u${i % 50},i${i % 20},${i},click\n`)
  await as(ROLE).write(at('rows.csv'), bytesOf(`USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n${rows.join('')}`))
  const dataFolder = temporaryFolder()
  const flags = ['--port', '0', '--data', dataFolder, '--objects', 's3', '--assume-roles', '--external-id', 'house/7']
  const environment = { AWS_ENDPOINT_URL_S3: s3.endpoint, AWS_ENDPOINT_URL_STS: sts.endpoint, AWS_REGION: 'eu-west-1' }
  const app = await startApp(readConfig(flags, environment), silentLog, systemClock)
  t.after(() => app.stop())
  const server = { url: `http://127.0.0.1:${app.port}`, dataFolder }
  const group = await makeGroup(server)
  const dataset = await makeDataset(server, group, interactionsSchema([{ name: 'EVENT_TYPE', type: 'string' }]))
  const importAs = (jobName: string, more: object) =>
    importFile(server, dataset, 's3://contract/rows.csv', { jobName, ...more })

  sts.asked.length = 0
  assert.equal((await importAs('allowed', { roleArn: ROLE })).status, 'ACTIVE')
  assert.deepEqual(
    [sts.asked[0].RoleArn, sts.asked[0].ExternalId, /^sommelier-\d+$/.test(sts.asked[0].RoleSessionName)],
    [ROLE, 'house/7', true],
  )
  const refused = await importAs('forbidden', { roleArn: FORBIDDEN })
  const said = `The role ${FORBIDDEN} could not be assumed. AccessDenied: User: arn:aws:iam::000000000000:user/server is not authorized to perform: sts:AssumeRole on resource: ${FORBIDDEN}.`
  assert.deepEqual(
    [refused.status, refused.failureReason],
    [
      'CREATE FAILED',
      `Failed to create a data import job for INTERACTIONS dataset. Insufficient privileges for accessing data in Amazon S3. ${said}`,
    ],
  )
  const stranger = await importAs('stranger', { roleArn: STRANGER })
  assert.equal(stranger.status, 'CREATE FAILED')
  assert.match(
    stranger.failureReason ?? '',
    /^Failed to create a data import job for INTERACTIONS dataset\. Insufficient privileges for accessing data in Amazon S3\. /,
  )

  // A report is written with the rights of its metric attribution, not of the import.
  const { metricAttributionArn } = await call(server, 'CreateMetricAttribution', {
    name: 'clicks',
    datasetGroupArn: group,
    metrics: [{ eventType: 'click', metricName: 'clicks', expression: 'SAMPLECOUNT()' }],
    metricsOutputConfig: { roleArn: FORBIDDEN, s3DataDestination: { path: 's3://contract/reports/' } },
  })
  await settled(server, 'DescribeMetricAttribution', { metricAttributionArn })
  const reported = await importAs('reported', { roleArn: ROLE, publishAttributionMetricsToS3: true })
  assert.equal(reported.status, 'CREATE FAILED')
  assert.match(
    reported.failureReason ?? '',
    /^The metric attribution report could not be written to \S+ .+\. The role /,
  )
  assert.ok(reported.failureReason?.endsWith(said))
})

test('the configuration refuses what does not go together', () => {
  const refusal = (flags: string[], sentence: string) =>
    assert.throws(() => readConfig(flags, {}), new Refusal(sentence))
  refusal(['--assume-roles'], '--assume-roles (SOMMELIER_ASSUME_ROLES) goes with --objects s3: folders know no roles.')
  refusal(
    ['--objects', 's3', '--assume-roles', '--external-id', 'a b'],
    "--external-id (SOMMELIER_EXTERNAL_ID) was 'a b': two or more letters, digits and +=,.@:/- was expected.",
  )
  const config = readConfig(['--objects', 's3', '--assume-roles'], { AWS_REGION: 'eu-west-1' })
  assert.deepEqual(config.stores.objects, {
    kind: 's3',
    region: 'eu-west-1',
    forcePathStyle: false,
    assume: { endpoint: 'https://sts.eu-west-1.amazonaws.com' },
  })
})
