/**
 * Requests nobody should send, from a seed: for each declared operation values of its shape, good and bad, then spoiled as JSON, as text, as
 * bytes and as HTTP. Names and ARNs come from a small set that exists, so that handlers are reached and little is made.
 */
import { gzipSync } from 'node:zlib'
import type { Random } from '../../src/lib/random.ts'
import type { Shape } from '../../src/protocol/shape.ts'
import { sample, smallest, stringOf } from '../support/samples.ts'

type AnyShape = Shape<unknown>

export interface Known {
  readonly targets: readonly { readonly target: string; readonly input: AnyShape }[]
  /** What exists: half of all ARNs are of these. */
  readonly arns: readonly string[]
  /** Texts in languages of their own, by the member that takes them. */
  readonly texts: Readonly<Record<string, readonly string[]>>
}

export interface FuzzRequest {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string | string[]>
  readonly body: Buffer
}

const NAMES = ['alpha', 'beta', 'group', 'x', 'a'.repeat(63), 'constructor', 'A-_9']

const NASTY_STRINGS = [
  ...[
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\udc00\ud800',
    '\u202e\ufeff',
    '﷽'.repeat(90),
    '👩‍👩‍👧‍👦',
    'ﬀ',
    'İ',
    '\r\n\r\nGET / HTTP/1.1',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'NaN',
    'null',
    '1e999',
    '-0',
    '0x10',
    'true',
  ],
  ...[
    '../../../etc/passwd',
    "'; drop table resource; --",
    '%s%n%x',
    '#{7*7}',
    '$LATEST',
    '<b>',
    '\\',
    '"',
    '{"a":1}',
    '[[[',
  ],
  ...[
    's3://',
    's3:///',
    's3://b',
    's3://b/../x',
    's3://__proto__/k',
    'https://b/k',
    's3://b/%00',
    's3://B/k',
    's3://b//',
  ],
  ...[
    'arn:aws:personalize:::recipe/__proto__',
    'arn:aws:personalize:::recipe/',
    'arn:aws:personalize:::algorithm/constructor',
  ],
  ...[
    'arn:aws:personalize:eu-west-1:000000000000:schema/x',
    'arn:aws:personalize::::',
    'arn:aws:personalize:a:b:c:d:e:f',
  ],
  ...['arn:aws:personalize:us-east-1:000000000000:solution/x/$LATEST', 'arn:aws:iam::000000000000:role/x', 'arn:'],
  ...[
    'a'.repeat(300),
    'a'.repeat(25_000),
    '😀'.repeat(2_000),
    'é'.normalize('NFD').repeat(200),
    'rate(0 days)',
    'rate(99999 days)',
  ],
]

/** Numbers as JSON texts: some have no JavaScript number. */
const NASTY_NUMBERS = [
  '0',
  '-0',
  '-1',
  '101',
  '2147483648',
  '9007199254740993',
  '1e308',
  '1e999',
  '-1e999',
  '5e-324',
  '0.1',
  '1'.repeat(400),
]
const RAW = /"@raw:([^"]*)@"/g

const METHODS = ['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'PROPFIND']
const PATHS = [
  '//',
  '/x',
  '/%00',
  '/../../etc/passwd',
  '/?a=b',
  '/?X-Amz-Target=x',
  '/recommendations',
  '/events',
  '/%ff',
  `/${'a'.repeat(9000)}`,
]
const TARGETS = [
  '',
  '.',
  'AmazonPersonalize',
  'AmazonPersonalize.',
  '.ListSchemas',
  'AmazonPersonalize.constructor',
  '__proto__.__proto__',
]
const MORE_TARGETS = [
  'AmazonPersonalize.listschemas',
  'Sommelier.ListSchemas',
  'Logs_20140328.PutLogEvents',
  `A.${'b'.repeat(9000)}`,
  'A.b.c',
]
const HEADERS: readonly [string, string | string[]][] = [
  ['Content-Type', 'text/plain; charset=utf-16'],
  ['Content-Type', 'application/x-amz-json-1.0'],
  ['Content-Encoding', 'gzip'],
  ['Authorization', 'AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/personalize/aws4_request'],
  ['Authorization', `AWS4-HMAC-SHA256 Credential=${'x/'.repeat(4000)}`],
  ['Authorization', 'Basic eDp5'],
  [
    'Authorization',
    'AWS4-HMAC-SHA256 Credential=a/20260101/__proto__/personalize/aws4_request, SignedHeaders=host, Signature=00',
  ],
  ['X-Amz-Content-Sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
  ['X-Amz-Content-Sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
  ['X-Amz-Content-Sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'],
  ['X-Amz-Date', '99999999T999999Z'],
  ['Host', ''],
  ['Origin', 'https://example.org'],
  ['X-Forwarded-Host', 'evil'],
  ['Range', 'bytes=0-'],
  ['If-Match', '*'],
  ['X-Amz-Target', ['AmazonPersonalize.ListSchemas', 'AmazonPersonalize.ListDatasets']],
]

export function fuzzRequest(random: Random, known: Known): FuzzRequest {
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]
  const chance = (share: number): boolean => random.uniform() < share

  const nasty = (depth: number): unknown => {
    const kind = random.below(depth > 3 ? 4 : 7)
    if (kind === 0) return `@raw:${pick(NASTY_NUMBERS)}@`
    if (kind === 1) return pick([null, true, false])
    if (kind <= 3) return pick(NASTY_STRINGS)
    if (kind === 4) return Array.from({ length: pick([0, 1, 2, 20]) }, () => nasty(depth + 3))
    if (kind === 5) return Object.fromEntries([0, 1].map(() => [pick(NASTY_STRINGS), nasty(depth + 1)]))
    if (kind === 6 && chance(0.3)) return Array.from({ length: 300 }, () => ({ tagKey: [[]] }))
    let nested: unknown = nasty(depth + 4)
    for (let level = pick([3, 40, 99, 101, 3000]); level > 0; level--) nested = chance(0.5) ? [nested] : { a: nested }
    return nested
  }

  const good = (shape: AnyShape, member: string): unknown => {
    const { facts, type } = shape
    if (facts.members) {
      const entries = Object.entries(facts.members).filter(([, each]) => each.required || chance(0.3))
      return Object.fromEntries(entries.map(([name, each]) => [name, value(each.shape, name)]))
    }
    if (type === 'list')
      return Array.from({ length: (facts.min ?? 0) + random.below(3) }, () => value(facts.member!, member))
    if (type === 'map') return Object.fromEntries([0, 1].map(() => [pick(NAMES), value(facts.member!, member)]))
    if (type === 'boolean') return chance(0.5)
    if (type !== 'string') return pick([facts.min ?? 0, facts.max ?? 1, 1, 5])
    if (known.texts[member]) return spoiledText(pick(known.texts[member]))
    if (facts.enum) return pick(facts.enum)
    if (facts.pattern?.includes('personalize')) return pick(known.arns)
    if (/name$/i.test(member)) return pick(NAMES)
    return stringOf(facts, 1 + random.below(facts.max ?? 100)) ?? sample(shape)
  }
  const value = (shape: AnyShape, member: string): unknown => (chance(0.06) ? nasty(0) : good(shape, member))

  function spoiledText(text: string): string {
    if (chance(0.4)) return text
    const [at, to] = [random.below(text.length + 1), random.below(text.length + 1)]
    return pick([
      text.slice(0, at),
      text.slice(0, at) + pick(NASTY_STRINGS) + text.slice(at),
      text.slice(at) + text.slice(0, to),
    ])
  }

  function spoiledBytes(bytes: Buffer): Buffer {
    const at = random.below(bytes.length + 1)
    const insert = (more: readonly number[]) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.from(more), bytes.subarray(at)])
    switch (random.below(8)) {
      case 0:
        return bytes.subarray(0, at)
      case 1:
        return insert(pick([[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80], [0], [0x1b]]))
      case 2:
        return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])
      case 3:
        return Buffer.from(bytes.toString('utf8'), 'utf16le')
      case 4:
        return gzipSync(bytes)
      case 5:
        return Buffer.from(
          bytes.toString().replace('{', `{"${pick(NASTY_STRINGS.slice(11, 17))}":[1],"name":"one","name":"two",`),
        )
      case 6:
        return Buffer.from(
          pick(['', 'null', '[]', '{', '"', '1', '{"a":1}}', '[{}]', '{"a":NaN}', "{'a':1}", '{"a":1,}', '\u2028{}']),
        )
      default: {
        const flipped = Buffer.from(bytes)
        if (flipped.length > 0) flipped[at % flipped.length] ^= 1 << random.below(8)
        return flipped
      }
    }
  }

  const { target, input } = pick(known.targets)
  const given = chance(0.1) ? { ...smallest(input), [pick(NASTY_STRINGS)]: nasty(0) } : good(input, '')
  const text = JSON.stringify(given).replaceAll(RAW, '$1')
  const headers: FuzzRequest['headers'] = { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': target }
  if (chance(0.04)) headers['X-Amz-Target'] = pick([...TARGETS, ...MORE_TARGETS])
  if (chance(0.01)) delete headers['X-Amz-Target']
  if (chance(0.05)) {
    const [name, text] = pick(HEADERS)
    headers[name] = text
  }
  const body = Buffer.from(text)
  return {
    method: chance(0.02) ? pick(METHODS) : 'POST',
    path: chance(0.02) ? pick(PATHS) : '/',
    headers,
    body: chance(0.15) ? spoiledBytes(body) : body,
  }
}
