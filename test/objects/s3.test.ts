import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { openObjectStore } from '../../src/objects/open.ts'
import { ACCESS_KEY, S3Fault, startS3Server } from '../support/s3Server.ts'
import { at, bytesOf, chunks, contract, keysOf, refuses, temporaryFolder, textOf } from './contract.ts'

const MEGABYTE = 1024 * 1024

// The chain of credentials ends here, and looks at nothing of the machine that runs the test.
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: ACCESS_KEY,
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
})

const openAt = (endpoint: string) =>
  openObjectStore({ kind: 's3', endpoint, region: 'us-east-1', forcePathStyle: true })

contract('S3 store, server of the tests', async () => {
  const server = await startS3Server()
  return {
    store: openAt(server.endpoint),
    missingBucket: bucket => `There is no bucket '${bucket}' (s3://${bucket}).`,
    async cleaned() {
      // Uploads are aborted behind the rejection; turns of the event loop bring the requests.
      while (server.unfinishedCount() > 0) await new Promise(resolve => setImmediate(resolve))
    },
    close: () => server.close(),
  }
})

async function start(context: TestContext) {
  const server = await startS3Server()
  context.after(() => server.close())
  const store = openAt(server.endpoint)
  await store.createBucket('contract')
  return { server, store }
}

test('access that is denied is said to be, with what S3 said', async context => {
  const { server, store } = await start(context)
  await store.createBucket('private')
  server.forbidden.add('private')
  const x = at('x', 'private')
  const denied = (doing: string, reason = 'AccessDenied: Access Denied') =>
    `Access to s3://private/x was denied: it could not be ${doing}. ${reason}.`
  await refuses(store.read(x), 'AccessDenied', denied('read'))
  await refuses(store.write(x, bytesOf('1')), 'AccessDenied', denied('written'))
  await refuses(store.write(x, chunks(Buffer.alloc(17 * MEGABYTE))), 'AccessDenied', denied('written'))
  await refuses(store.remove(x), 'AccessDenied', denied('removed'))
  await refuses(Array.fromAsync(store.list('private', 'x')), 'AccessDenied', denied('listed'))
  // The answer to a HEAD request has no body, so only its status is known.
  await refuses(store.head(x), 'AccessDenied', denied('read', 'The answer was HTTP 403'))
  await refuses(store.localFile(x, '/nowhere'), 'AccessDenied', denied('read', 'The answer was HTTP 403'))
})

test('a wrong key and no key at all', async context => {
  const { server } = await start(context)
  context.after(() => {
    process.env.AWS_ACCESS_KEY_ID = ACCESS_KEY
  })
  process.env.AWS_ACCESS_KEY_ID = 'AKIAWRONG'
  await refuses(
    openAt(server.endpoint).read(at('x')),
    'AccessDenied',
    'Access to s3://contract/x was denied: it could not be read. InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.',
  )
  delete process.env.AWS_ACCESS_KEY_ID
  await refuses(
    openAt(server.endpoint).read(at('x')),
    'AccessDenied',
    /^Access to s3:\/\/contract\/x was denied: no credentials were found\. CredentialsProviderError: .+\.$/,
  )
})

test('a server that is not there', async context => {
  const { server, store } = await start(context)
  await server.close()
  server.close = async () => {}
  await refuses(
    store.read(at('x')),
    'Unavailable',
    `s3://contract/x could not be read. connect ECONNREFUSED ${server.endpoint.slice('http://'.length)}.`,
  )
})

test('what fails for the moment is tried again', async context => {
  const { server, store } = await start(context)
  let failures = 2
  server.interfere = () => {
    if (failures-- > 0) throw new S3Fault(500, 'InternalError', 'We encountered an internal error. Please try again.')
    return undefined
  }
  await store.write(at('x'), bytesOf('1'))
  assert.equal(await textOf(store, at('x')), '1')
})

test('a line that is cut in the middle of an object is taken up again where it was cut', async context => {
  const { server, store } = await start(context)
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => `${i}\n`).join(''))
  await store.write(at('x'), content)
  let cuts = 0
  server.interfere = request => (request.startsWith('GET') && cuts++ % 3 < 2 ? 300_000 : undefined)
  assert.ok(content.equals(await buffer(await store.read(at('x')))))
  assert.ok(cuts >= 3)
  const range = { start: 1000, end: 700_000 }
  assert.ok(content.subarray(1000, 700_000).equals(await buffer(await store.read(at('x'), { range }))))
  const path = await store.localFile(at('x'), await temporaryFolder(context))
  assert.ok(content.equals(await readFile(path)))
})

test('a line that is cut before the first byte, again and again', async context => {
  const { server, store } = await start(context)
  await store.write(at('x'), bytesOf('0123456789'))
  server.interfere = () => 0
  await refuses(buffer(await store.read(at('x'))), 'Unavailable', 's3://contract/x could not be read. aborted.')
})

test('an object that is replaced while it is read again or copied is not mixed with its successor', async context => {
  const { server, store } = await start(context)
  const other = openAt(server.endpoint)
  const replaced = 's3://contract/x was replaced by another while it was read.'
  await store.write(at('x'), Buffer.alloc(MEGABYTE, 'o'))
  server.interfere = () => 1000
  const stream = await store.read(at('x'))
  server.interfere = () => undefined
  await other.write(at('x'), Buffer.alloc(MEGABYTE, 'n'))
  await refuses(buffer(stream), 'Unavailable', replaced)

  const folder = await temporaryFolder(context)
  server.interfere = async request => {
    if (!request.startsWith('GET')) return undefined
    server.interfere = () => undefined
    await other.write(at('x'), Buffer.alloc(MEGABYTE, 'm'))
    return undefined
  }
  await refuses(store.localFile(at('x'), folder), 'Unavailable', replaced)
  assert.deepEqual(await readdir(folder), [])
})

test('a copy whose folder is gone is refused', async context => {
  const { store } = await start(context)
  await store.write(at('x'), bytesOf('1'))
  await refuses(
    store.localFile(at('x'), '/nowhere'),
    'Unavailable',
    /^s3:\/\/contract\/x could not be copied to '\/nowhere\/[\d-]+-x': no such file or directory \(ENOENT\)\.$/,
  )
})

test('of an upload of which a part or the completion fails nothing is left', async context => {
  const { server, store } = await start(context)
  await store.write(at('x'), bytesOf('old'))
  for (const step of [/^PUT .*partNumber=2/, /^POST .*uploadId=/]) {
    server.interfere = request => {
      if (step.test(request)) throw new S3Fault(400, 'InvalidRequest', 'Not this one.')
      return undefined
    }
    await refuses(
      store.write(at('x'), chunks(Buffer.alloc(17 * MEGABYTE), Buffer.alloc(17 * MEGABYTE))),
      'Unavailable',
      's3://contract/x could not be written. InvalidRequest: Not this one.',
    )
    assert.equal(server.unfinishedCount(), 0)
  }
  server.interfere = () => undefined
  assert.equal(await textOf(store, at('x')), 'old')
  assert.deepEqual(await keysOf(store, ''), ['x'])
})

test('a bucket of another region', async context => {
  const { server, store } = await start(context)
  server.interfere = () => {
    throw new S3Fault(400, 'AuthorizationHeaderMalformed', "The region 'us-east-1' is wrong; expecting 'eu-west-1'")
  }
  await refuses(
    store.write(at('x'), bytesOf('1')),
    'InvalidAddress',
    "s3://contract/x could not be written: the bucket is in another region. AuthorizationHeaderMalformed: The region 'us-east-1' is wrong; expecting 'eu-west-1'.",
  )
})

test('a request that hangs is left when the signal is aborted', async context => {
  const { server, store } = await start(context)
  await store.write(at('x'), bytesOf('1'))
  const reason = new Error('no longer wanted')
  const folder = await temporaryFolder(context)
  const attempts: ((signal: AbortSignal) => Promise<unknown>)[] = [
    signal => store.read(at('x'), { signal }),
    signal => store.head(at('x'), { signal }),
    signal => store.localFile(at('x'), folder, { signal }),
    signal => store.write(at('x'), bytesOf('2'), { signal }),
    signal => Array.fromAsync(store.list('contract', '', { signal })),
  ]
  for (const attempt of attempts) {
    const controller = new AbortController()
    server.interfere = async () => {
      controller.abort(reason)
      return await new Promise<never>(() => {})
    }
    await assert.rejects(attempt(controller.signal), error => error === reason)
  }
})
