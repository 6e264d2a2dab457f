/**
 * What a hostile or hapless client can do below HTTP: requests that two readers would cut differently, and connections that are slow, silent
 * or half closed. Each gets a named refusal or is closed, no hidden request is answered, and nobody else waits.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Log } from '../../src/lib/log.ts'
import { startHttp } from '../../src/protocol/http.ts'

/** The server's patience where a test outlasts it: far below the service's, far above what an honest client needs on a busy machine. */
const SHORT_MS = 1_000
/** What an honest client may wait while others misbehave; it takes a millisecond or two on a quiet machine. */
const HONEST_MS_MAX = 5_000

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: A.Seen\r\n'
const SMUGGLED = 'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: A.Smuggled\r\nContent-Length: 0\r\n\r\n'

interface Bare {
  readonly port: number
  /** Targets and bodies, as they reached the service. */
  readonly seen: string[]
  readonly errors: string[]
}

/** The HTTP layer over a service that repeats what it is asked. */
async function bareServer(t: TestContext, requestMsMax = 2 * HONEST_MS_MAX): Promise<Bare> {
  const seen: string[] = []
  const errors: string[] = []
  const log: Log = { info() {}, warn() {}, error: message => errors.push(message) }
  const options = { host: '127.0.0.1', port: 0, log, requestMsMax }
  const server = await startHttp(options, async ({ target, body }) => {
    seen.push(`${target} ${Buffer.from(body)}`)
    return JSON.stringify({ target })
  })
  t.after(() => server.stop())
  return { port: server.port, seen, errors }
}

async function opened(t: TestContext, { port }: Bare): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Everything the server says until it closes. */
async function said(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', chunk => {
    text += chunk
  })
  if (!socket.closed && !socket.readableEnded) await Promise.race([once(socket, 'end'), once(socket, 'close')])
  return text
}

const statusesIn = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)
const namesIn = (text: string): string[] => [...text.matchAll(/"__type":"(\w+)"/g)].map(([, name]) => name)

async function honest(t: TestContext, server: Bare): Promise<void> {
  const socket = await opened(t, server)
  const start = performance.now()
  socket.write(`${HEAD}Content-Length: 2\r\n\r\n{}`)
  const [answer] = await once(socket, 'data')
  assert.match(answer.toString(), /^HTTP\/1\.1 200 /)
  assert.ok(performance.now() - start < HONEST_MS_MAX, 'an honest client had to wait')
  socket.destroy()
}

const chunked = (chunks: string): string => `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunks}`

/** Requests whose end is not where everybody would see it, or that are none. */
const ambiguous: Record<string, string> = {
  'content length and transfer encoding': `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'transfer encoding and content length': `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'two content lengths': `${HEAD}Content-Length: ${SMUGGLED.length}\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`,
  'two equal content lengths': `${HEAD}Content-Length: 0\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`,
  'a list of content lengths': `${HEAD}Content-Length: 0, 0\r\n\r\n${SMUGGLED}`,
  'a signed content length': `${HEAD}Content-Length: +0\r\n\r\n${SMUGGLED}`,
  'a negative content length': `${HEAD}Content-Length: -1\r\n\r\n${SMUGGLED}`,
  'a hexadecimal content length': `${HEAD}Content-Length: 0x0\r\n\r\n${SMUGGLED}`,
  'a content length beyond all numbers': `${HEAD}Content-Length: 18446744073709551616\r\n\r\n${SMUGGLED}`,
  'an unknown transfer encoding': `${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'chunked, and then something else': `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a folded transfer encoding': `${HEAD}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a blank before the colon': `${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a vertical tab before the value': `${HEAD}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'bare line feeds': `${HEAD.replaceAll('\r\n', '\n')}Content-Length: 0\n\n${SMUGGLED}`,
  'a NUL in a header': `${HEAD}X: a\0b\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`,
  'a bare carriage return in a header': `${HEAD}X: a\rContent-Length: 9\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`,
  'a chunk of negative size': chunked(`-1\r\n\r\n0\r\n\r\n${SMUGGLED}`),
  'a chunk size with a prefix': chunked(`0x0\r\n\r\n${SMUGGLED}`),
  'a chunk size beyond all numbers': chunked(`10000000000000000\r\n${SMUGGLED}`),
  'a chunk size that ends in a line feed': chunked(`0;\n\r\n${SMUGGLED}`),
  'a chunk longer than its size': chunked(`1\r\n{}0\r\n\r\n${SMUGGLED}`),
  'no host': 'POST / HTTP/1.1\r\nX-Amz-Target: A.Seen\r\n\r\n',
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a version to come': 'POST / HTTP/9.9\r\nHost: x\r\n\r\n',
  'a TLS greeting': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
}

for (const [what, bytes] of Object.entries(ambiguous)) {
  test(`${what}: refused by name, once, and the connection is closed`, async t => {
    const server = await bareServer(t)
    const socket = await opened(t, server)
    socket.write(bytes, 'latin1')
    const text = await said(socket)
    assert.deepEqual([statusesIn(text), namesIn(text)], [['400'], ['MalformedHttpRequestException']], text)
    assert.deepEqual([server.seen, server.errors], [[], []])
    await honest(t, server)
  })
}

test('a target with a line break in it adds no header: the request is cut where HTTP cuts it', async t => {
  const server = await bareServer(t)
  const socket = await opened(t, server)
  socket.end(
    'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: A.Seen\r\nX-Amz-Target: A.Smuggled\r\nContent-Length: 2\r\n\r\n{}',
  )
  await said(socket)
  assert.deepEqual(server.seen, ['A.Seen, A.Smuggled {}'])
})

test('requests in one packet are answered in their order; after one that is not HTTP comes nothing more', async t => {
  const server = await bareServer(t)
  const socket = await opened(t, server)
  const one = (target: string) => `${HEAD.replace('A.Seen', target)}Content-Length: 2\r\n\r\n{}`
  socket.write(one('A.First') + one('A.Second') + one('A.Third'))
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (statusesIn(text).length === 3) break
  }
  assert.deepEqual(
    [...text.matchAll(/"target":"(.*?)"/g)].map(([, target]) => target),
    ['A.First', 'A.Second', 'A.Third'],
  )
  const spoiled = await opened(t, server)
  spoiled.write(`${one('A.Fourth')}${HEAD}Content-Length: x\r\n\r\n${SMUGGLED}`)
  assert.ok(namesIn(await said(spoiled)).length <= 1)
  assert.ok(!server.seen.some(each => each.startsWith('A.Smuggled')))
})

test('a head above the limit is refused by name', async t => {
  const server = await bareServer(t)
  const expected = ['RequestEntityTooLargeException']
  for (const more of [
    `X: ${'a'.repeat(40_000)}\r\n`,
    Array.from({ length: 4_000 }, (_, i) => `x${i}: y\r\n`).join(''),
  ]) {
    const socket = await opened(t, server)
    socket.write(`${HEAD}${more}\r\n`)
    assert.deepEqual(namesIn(await said(socket)), expected)
  }
  await honest(t, server)
})

test('two hundred clients that never finish are told so and closed, and nobody else waits for them', async t => {
  const server = await bareServer(t, SHORT_MS)
  const beginnings = [
    'POST / HT',
    HEAD,
    `${HEAD}Content-Length: 100\r\n\r\n{`,
    chunked('5\r\n{'),
    // Nothing at all, not even a first byte.
    '',
  ]
  const sockets = await Promise.all(Array.from({ length: 200 }, () => opened(t, server)))
  const endings = sockets.map((socket, i) => {
    if (beginnings[i % 5] !== '') socket.write(beginnings[i % 5])
    return said(socket)
  })
  await honest(t, server)
  const names = (await Promise.all(endings)).map(namesIn)
  names.forEach((each, i) => {
    assert.deepEqual(each, ['RequestTimeoutException'], JSON.stringify(beginnings[i % 5]))
  })
  assert.deepEqual(server.errors, [])
})

test('a client that sends a byte now and then is closed as soon as its time is up', async t => {
  const server = await bareServer(t, SHORT_MS)
  const socket = await opened(t, server)
  const drip = setInterval(() => socket.write('a'), 20)
  t.after(() => clearInterval(drip))
  socket.write(`${HEAD}X: `)
  assert.deepEqual(namesIn(await said(socket)), ['RequestTimeoutException'])
})

test('a client that closes its half after a whole request gets its answer; in the middle of one, nothing is done', async t => {
  const server = await bareServer(t)
  const whole = await opened(t, server)
  whole.end(`${HEAD}Content-Length: 2\r\n\r\n{}`)
  assert.deepEqual(statusesIn(await said(whole)), ['200'])
  const half = await opened(t, server)
  half.end(`${HEAD}Content-Length: 20\r\n\r\n{`)
  assert.ok(!statusesIn(await said(half)).includes('200'))
  const gone = await opened(t, server)
  gone.write(`${HEAD}Content-Length: 20\r\n\r\n{`)
  gone.resetAndDestroy()
  await honest(t, server)
  assert.deepEqual(server.seen, ['A.Seen {}', 'A.Seen {}'])
  assert.deepEqual(server.errors, [])
})

test('a client that asks and asks and never reads holds nobody', async t => {
  const server = await bareServer(t)
  const socket = await opened(t, server)
  socket.pause()
  socket.write(`${HEAD}Content-Length: 2\r\n\r\n{}`.repeat(2_000))
  await honest(t, server)
})
