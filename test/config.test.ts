import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../src/config.ts'

test('without flags and variables: the defaults, frozen', () => {
  const { threads, limits, ...config } = readConfig([], {})
  const root = resolve('data')
  assert.ok(threads >= 1)
  assert.equal(limits.pendingBatchInferenceJobs, 5)
  assert.deepEqual(
    {
      host: config.host,
      port: config.port,
      account: config.account,
      region: config.region,
      dataFolder: config.dataFolder,
    },
    { host: '127.0.0.1', port: 8001, account: '000000000000', region: 'us-east-1', dataFolder: root },
  )
  assert.deepEqual(config.stores, {
    objects: { kind: 'folder', root: `${root}/buckets` },
    artifacts: { kind: 'folder', root: `${root}/artifacts` },
  })
  assert.throws(() => Object.assign(config.stores, { objects: undefined }), TypeError)
})

test('a flag beats its variable, a variable the default', () => {
  assert.equal(readConfig(['--port', '1'], { SOMMELIER_PORT: '2' }).port, 1)
  assert.equal(readConfig([], { SOMMELIER_PORT: '2' }).port, 2)
})

test('S3 is configured by the variables of the SDK', () => {
  const s3 = (environment: Record<string, string>) => readConfig(['--objects', 's3'], environment).stores.objects
  assert.deepEqual(s3({}), { kind: 's3', region: 'us-east-1', forcePathStyle: false })
  assert.deepEqual(s3({ AWS_ENDPOINT_URL: 'http://a', AWS_ENDPOINT_URL_S3: 'http://b', AWS_REGION: 'eu-west-1' }), {
    kind: 's3',
    region: 'eu-west-1',
    endpoint: 'http://b',
    forcePathStyle: true,
  })
})

test('what is wrong is refused with a sentence that names flag and variable', () => {
  const cases: [string[], string | RegExp][] = [
    [['--port', '70000'], "--port (SOMMELIER_PORT) was '70000': a whole number from 0 to 65535 was expected."],
    [['--port', '80x'], "--port (SOMMELIER_PORT) was '80x': a whole number from 0 to 65535 was expected."],
    [['--account', '12'], "--account (SOMMELIER_ACCOUNT) was '12': twelve digits was expected."],
    [
      ['--region', 'Mars!'],
      "--region (SOMMELIER_REGION) was 'Mars!': the name of a region, such as 'us-east-1', was expected.",
    ],
    [['--objects', 'ftp'], "--objects (SOMMELIER_OBJECTS) was 'ftp': 'folder' or 's3' was expected."],
    [['--threads', '0'], "--threads (SOMMELIER_THREADS) was '0': a whole number from 1 to 64 was expected."],
    [
      ['--limits', 'frogs=1'],
      /^--limits \(SOMMELIER_LIMITS\) has 'frogs=1': name=value or name=off was expected, with a name out of /,
    ],
    [['--colour', 'red'], /^Unknown option '--colour'.*'sommelier serve --help' lists the flags\.$/],
    [['stray'], /^Unexpected argument 'stray'.*'sommelier serve --help' lists the flags\.$/],
  ]
  for (const [args, message] of cases) assert.throws(() => readConfig(args, {}), { name: 'Refusal', message })
})
