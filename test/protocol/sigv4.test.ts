/** Signatures of others are taken, and no byte that matters can be changed under one. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { unknownKey } from '../../src/protocol/accessError.ts'
import { ServiceError } from '../../src/protocol/errors.ts'
import { type SigningKeys, SKEW_MS, verify } from '../../src/protocol/sigv4.ts'
import { type HttpMessage, readClaims } from '../../src/protocol/sigv4Claims.ts'
import { ACCESS_KEY_ID, NOW_MS, SECRET, type SignedBy, signed, type ToSign } from './signing.ts'

interface Told {
  secretAccessKey?: string
  keys?: SigningKeys
  service?: string
  nowMs?: number
}

const known = [ACCESS_KEY_ID, 'SSIAEXAMPLEEXAMPLE22', 'AKIDEXAMPLE', 'A']

function checked(message: HttpMessage, told: Told = {}): Uint8Array {
  const claims = readClaims(message)
  if (!known.includes(claims.accessKeyId)) throw unknownKey()
  const by = { secretAccessKey: SECRET, keys: new Map(), service: 'personalize', nowMs: NOW_MS }
  return verify(message, claims, { ...by, ...told })
}

function refused(message: HttpMessage, name: string, sentence: string | RegExp, told: Told = {}): void {
  assert.throws(
    () => checked(message, told),
    (error: unknown) => {
      assert.ok(error instanceof ServiceError, String(error))
      assert.equal(error.name, name)
      if (typeof sentence === 'string') assert.equal(error.message, sentence)
      else assert.match(error.message, sentence)
      return true
    },
  )
}

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

const json = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonPersonalize.ListSchemas' }

/** Made by botocore 1.43.11, which signs for boto3 and the AWS CLI, at 2023-11-14T22:13:20Z with SECRET. */
const vectors: { name: string; method: string; url: string; headers: [string, string][]; body: string }[] = JSON.parse(
  readFileSync(new URL('botocore.json', import.meta.url), 'utf8'),
)
for (const { name, method, url, headers, body } of vectors) {
  test(`botocore's signature is taken: ${name}`, () => {
    const message = { method, url, rawHeaders: headers.flat(), body: Buffer.from(body, 'latin1') }
    assert.equal(checked(message), message.body)
  })
}

test("the example of AWS's own signing test suite", () => {
  const message = {
    method: 'GET',
    url: '/',
    rawHeaders: [
      ['Host', 'example.amazonaws.com'],
      ['X-Amz-Date', '20150830T123600Z'],
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
      ],
    ].flat(),
    body: Buffer.alloc(0),
  }
  const told = { service: 'service', nowMs: Date.parse('2015-08-30T12:36:00Z') }
  assert.equal(checked(message, told).length, 0)
})

const forms: [string, ToSign, SignedBy][] = [
  ['header', { headers: json, body: '{"maxResults":5}' }, {}],
  ['header with a session token', { headers: json }, { sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE/+=' }],
  ['header and a query', { headers: json, query: { b: '2', a: ['é', '1 x'], 'x-amz-y': '~' } }, {}],
  ['header and a path', { headers: json, path: '/personalize-ranking' }, {}],
  ['presigned', { headers: json, body: '{"maxResults":5}' }, { expiresSeconds: 900 }],
  ['presigned with a session token', { headers: json }, { expiresSeconds: 1, sessionToken: 'IQoJb3+/=' }],
]
for (const [form, request, by] of forms) {
  test(`the SDK's signature is taken: ${form}`, async () => {
    const message = await signed(request, by)
    assert.equal(checked(message), message.body)
  })

  test(`nothing in it can be changed: ${form}`, async () => {
    const message = await signed(request, by)
    const passed: string[] = []
    const attempt = (what: string, changed: HttpMessage) => {
      try {
        checked(changed)
        passed.push(what)
      } catch (error) {
        assert.ok(error instanceof ServiceError, `${what}: ${error}`)
      }
    }
    attempt('method', { ...message, method: 'PUT' })
    for (const flip of [1, 0x20, 0x80]) {
      for (let i = 0; i < message.body.length; i++) {
        const body = Buffer.from(message.body)
        body[i] ^= flip
        attempt(`body byte ${i}`, { ...message, body })
      }
    }
    attempt('a shorter body', { ...message, body: message.body.subarray(1) })
    attempt('a longer body', { ...message, body: Buffer.concat([message.body, Buffer.from(' ')]) })
    for (let i = 0; i < message.url.length; i++) {
      const url = `${message.url.slice(0, i)}${message.url[i] === 'x' ? 'y' : 'x'}${message.url.slice(i + 1)}`
      attempt(`url at ${i}: ${url}`, { ...message, url })
    }
    attempt('a query that grows', { ...message, url: `${message.url}${message.url.includes('?') ? '&' : '?'}z=1` })
    const { signedHeaders } = readClaims(message)
    for (let i = 0; i < message.rawHeaders.length; i += 2) {
      const [name, value] = message.rawHeaders.slice(i, i + 2)
      const isSignature = name === 'authorization'
      if (!isSignature && !signedHeaders.includes(name)) continue
      for (let at = 0; at < value.length; at++) {
        const changed = `${value.slice(0, at)}${value[at] === 'x' ? 'y' : 'x'}${value.slice(at + 1)}`
        attempt(`${name} at ${at}: ${changed}`, { ...message, rawHeaders: message.rawHeaders.with(i + 1, changed) })
      }
      attempt(`${name} twice`, { ...message, rawHeaders: [...message.rawHeaders, name, value] })
      attempt(`no ${name}`, { ...message, rawHeaders: message.rawHeaders.toSpliced(i, 2) })
    }
    assert.deepEqual(passed, [])
  })
}

test('a header that is not signed may change, but for the one that names the operation', async () => {
  const message = await signed({ headers: { ...json, 'user-agent': 'aws-sdk-js/3' } })
  const at = message.rawHeaders.indexOf('user-agent')
  assert.ok(checked({ ...message, rawHeaders: message.rawHeaders.with(at + 1, 'curl') }))
  assert.ok(checked({ ...message, rawHeaders: [...message.rawHeaders, 'X-Forwarded-For', '10.0.0.1'] }))
  const plain = await signed({ headers: { 'content-type': 'application/json' } })
  refused(
    { ...plain, rawHeaders: [...plain.rawHeaders, 'X-Amz-Target', 'AmazonPersonalize.DeleteSchema'] },
    'SignatureDoesNotMatch',
    "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
  )
})

test('a thousand requests of all kinds, signed by the SDK', async () => {
  const random = seededRandom(3)
  const characters = [
    'a',
    'Z',
    '0',
    ' ',
    '  ',
    '/',
    '%',
    '+',
    '&',
    '=',
    '~',
    '*',
    "'",
    '(',
    'é',
    '雪',
    '😀',
    '%20',
    '..',
  ]
  const text = (most: number) =>
    Array.from({ length: random.below(most) }, () => characters[random.below(characters.length)]).join('')
  for (let i = 0; i < 1_000; i++) {
    const query = Object.fromEntries(Array.from({ length: random.below(4) }, () => [`k${text(3)}`, text(5)]))
    const path = `/${text(4)}`.split('/').map(encodeURIComponent).join('/')
    const headers = { ...json, 'x-amz-meta-a': `a ${'  b'.repeat(random.below(3))}` }
    const by = {
      region: ['us-east-1', 'cn-north-1'][random.below(2)],
      ...(random.below(2) === 0 && { expiresSeconds: 60 }),
      ...(random.below(3) === 0 && { sessionToken: `${random.uint32()}/+=` }),
    }
    const message = await signed({ headers, query, path, body: text(40) }, by)
    assert.equal(checked(message), message.body, `${message.url} ${JSON.stringify(message.rawHeaders)}`)
  }
})

test('another secret, another service', async () => {
  const message = await signed({ headers: json })
  refused(message, 'SignatureDoesNotMatch', MISMATCH, { secretAccessKey: `${SECRET}x` })
  refused(
    await signed({ headers: json }, { service: 's3' }),
    'SignatureDoesNotMatch',
    "Credential should be scoped to correct service: 'personalize'.",
  )
})

test('a clock may be off by five minutes and no more', async () => {
  const message = await signed({ headers: json }, { nowMs: Math.floor(NOW_MS / 1000) * 1000 })
  const signedMs = Math.floor(NOW_MS / 1000) * 1000
  assert.ok(checked(message, { nowMs: signedMs + SKEW_MS }))
  assert.ok(checked(message, { nowMs: signedMs - SKEW_MS }))
  refused(
    message,
    'RequestExpired',
    'Signature expired: 20231114T221320Z is now earlier than 20231114T221321Z (20231114T221821Z - 5 min.)',
    { nowMs: signedMs + SKEW_MS + 1_000 },
  )
  refused(
    message,
    'RequestExpired',
    'Signature not yet current: 20231114T221320Z is still later than 20231114T221319Z (20231114T220819Z + 5 min.)',
    { nowMs: signedMs - SKEW_MS - 1_000 },
  )
})

test('a presigned request holds as long as it says', async () => {
  const message = await signed({ headers: json }, { expiresSeconds: 3_600 })
  const signedMs = Math.floor(NOW_MS / 1000) * 1000
  assert.ok(checked(message, { nowMs: signedMs + 3_600_000 }))
  refused(message, 'RequestExpired', 'Signature expired: 20231114T231320Z is now earlier than 20231114T231321Z.', {
    nowMs: signedMs + 3_601_000,
  })
  refused(message, 'RequestExpired', /^Signature not yet current: /, { nowMs: signedMs - SKEW_MS - 1_000 })
})

const header = (authorization: string, ...more: string[]): HttpMessage => ({
  method: 'POST',
  url: '/',
  rawHeaders: ['Host', 'x', 'Authorization', authorization, ...more],
  body: Buffer.alloc(0),
})
const DATE = ['X-Amz-Date', '20231114T221320Z']
const SIGNATURE = '0'.repeat(64)
const complete = (change: Partial<Record<'credential' | 'headers' | 'signature', string>> = {}) =>
  `AWS4-HMAC-SHA256 Credential=${change.credential ?? `${ACCESS_KEY_ID}/20231114/us-east-1/personalize/aws4_request`}, SignedHeaders=${change.headers ?? 'host'}, Signature=${change.signature ?? SIGNATURE}`

const odd: [string, HttpMessage, string, string][] = [
  [
    'no signature',
    { ...header(''), rawHeaders: ['Host', 'x'] },
    'MissingAuthenticationToken',
    'Missing Authentication Token',
  ],
  ['another scheme', header('Bearer abc', ...DATE), 'IncompleteSignature', "Unsupported AWS 'algorithm': 'Bearer'."],
  ['an empty header', header('', ...DATE), 'IncompleteSignature', "Unsupported AWS 'algorithm': ''."],
  [
    'nothing but the scheme',
    header('AWS4-HMAC-SHA256', ...DATE),
    'IncompleteSignature',
    "'' not a valid key=value pair (missing equal-sign) in Authorization header.",
  ],
  [
    'words without equal signs',
    header('AWS4-HMAC-SHA256 Credential', ...DATE),
    'IncompleteSignature',
    "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header.",
  ],
  [
    'one part of all',
    header('AWS4-HMAC-SHA256 Credential=a/b/c/d/e'),
    'IncompleteSignature',
    "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
  ],
  [
    'a part twice',
    header(`${complete()}, Signature=${SIGNATURE}`, ...DATE),
    'IncompleteSignature',
    "Authorization header contains 'Signature' twice.",
  ],
  [
    'a short credential',
    header(complete({ credential: `${ACCESS_KEY_ID}/20231114` }), ...DATE),
    'IncompleteSignature',
    `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${ACCESS_KEY_ID}/20231114'`,
  ],
  [
    'an odd region',
    header(complete({ credential: 'A/20231114/US EAST/personalize/aws4_request'.replace(' ', '%20') }), ...DATE),
    'IncompleteSignature',
    "Credential has an element that cannot be read: 'A/20231114/US%20EAST/personalize/aws4_request'.",
  ],
  [
    'another terminator',
    header(complete({ credential: 'A/20231114/us-east-1/personalize/aws5_request' }), ...DATE),
    'SignatureDoesNotMatch',
    "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
  ],
  [
    'another day in the scope',
    header(complete({ credential: 'A/20231115/us-east-1/personalize/aws4_request' }), ...DATE),
    'SignatureDoesNotMatch',
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20231115' != '20231114', from '20231114T221320Z'.",
  ],
  [
    'a day that does not exist',
    header(complete({ credential: 'A/20230230/us-east-1/personalize/aws4_request' }), 'X-Amz-Date', '20230230T000000Z'),
    'IncompleteSignature',
    "Date must be in ISO-8601 'basic format'. Got '20230230T000000Z'. See http://en.wikipedia.org/wiki/ISO_8601",
  ],
  [
    'a date in words',
    header(complete(), 'X-Amz-Date', 'yesterday'),
    'IncompleteSignature',
    "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601",
  ],
  [
    'a signature in upper case',
    header(complete({ signature: 'A'.repeat(64) }), ...DATE),
    'IncompleteSignature',
    `Signature was '${'A'.repeat(64)}': 64 hexadecimal digits in lower case were expected.`,
  ],
  [
    'a host that is not signed',
    header(complete({ headers: 'x-amz-date' }), ...DATE),
    'SignatureDoesNotMatch',
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
  ],
  [
    'a signed header that did not arrive',
    header(complete({ headers: 'host;x-secret' }), ...DATE),
    'SignatureDoesNotMatch',
    "The signed header 'x-secret' is not in the request as it arrived.",
  ],
  ['a wrong signature', header(complete(), ...DATE), 'SignatureDoesNotMatch', MISMATCH],
  [
    'an unsigned body',
    header(complete(), ...DATE, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'),
    'SignatureDoesNotMatch',
    `${MISMATCH} x-amz-content-sha256 was 'UNSIGNED-PAYLOAD': this service takes requests whose whole body is signed.`,
  ],
  [
    'unsigned chunks with a trailer',
    header(complete(), ...DATE, 'x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'),
    'SignatureDoesNotMatch',
    `${MISMATCH} x-amz-content-sha256 was 'STREAMING-UNSIGNED-PAYLOAD-TRAILER': this service takes requests whose whole body is signed.`,
  ],
  [
    'a signature in header and query',
    { ...header(complete(), ...DATE), url: '/?X-Amz-Signature=00' },
    'IncompleteSignature',
    'The request is signed twice, in the Authorization header and in the query: one of them was expected.',
  ],
  [
    'a presigned request with nothing but its algorithm',
    { ...header(''), rawHeaders: ['Host', 'x'], url: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60' },
    'IncompleteSignature',
    "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
  ],
]
for (const [what, message, name, sentence] of odd) {
  test(`refused: ${what}`, () => refused(message, name, sentence))
}

test('a presigned request may hold for a week at most, and longer than no time', async () => {
  const message = await signed({ headers: json }, { expiresSeconds: 60 })
  for (const seconds of ['0', '604801', '-1', '1e3', 'x']) {
    const url = message.url.replace('X-Amz-Expires=60', `X-Amz-Expires=${seconds}`)
    refused(
      { ...message, url },
      'IncompleteSignature',
      `X-Amz-Expires was '${seconds}': seconds from 1 to 604800 were expected.`,
    )
  }
})

test('derived keys are kept, a few of them, and only for signatures that matched', async () => {
  const keys: SigningKeys = new Map()
  for (let i = 0; i < 40; i++) {
    const region = `region-${i}`
    const message = await signed({ headers: json }, { region })
    refused({ ...message, body: Buffer.from('x') }, 'SignatureDoesNotMatch', MISMATCH, { keys })
    assert.ok(!keys.has(`20231114/${region}/personalize`))
    assert.ok(checked(message, { keys }))
    assert.ok(checked(message, { keys }))
    assert.ok(keys.has(`20231114/${region}/personalize`) && keys.size <= 16)
  }
})

test('nothing that fits in the headers makes us think long', () => {
  const long = 32 * 1024
  const texts = [' ', ', ', 'A=', 'a;', '%', '%2', '\t,', '/'].map(part => part.repeat(long / part.length))
  const start = performance.now()
  for (const text of texts) {
    const messages = [
      header(`AWS4-HMAC-SHA256 A${text}B`, ...DATE),
      header(complete({ headers: `host;${text.replace(/[\s,]/g, '')}` }), ...DATE),
      header(complete({ headers: 'host;x-a' }), ...DATE, 'X-A', `a${text}b`),
      header(complete(), 'Date', text),
      { ...header(complete(), ...DATE), url: `/?a${text}&b` },
      { ...header(complete(), ...DATE), url: `/${text}?` },
      { ...header(''), rawHeaders: ['Host', 'x'], url: `/?X-Amz-Algorithm=${text}&X-Amz-Signature=a` },
    ]
    for (const message of messages) assert.throws(() => checked(message), ServiceError)
  }
  assert.ok(performance.now() - start < 2_000, `${performance.now() - start} ms`)
})
