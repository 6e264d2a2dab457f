/** Bodies in chunks, by the two examples of the S3 documentation ("Signature calculations … multiple chunks" and "… trailing headers"). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../src/protocol/errors.ts'
import { verify } from '../../src/protocol/sigv4.ts'
import { chunkedForm, joinChunks } from '../../src/protocol/sigv4Chunks.ts'
import { type HttpMessage, headersOf, readClaims } from '../../src/protocol/sigv4Claims.ts'

const chunk = (content: string, signature: string) =>
  `${content.length.toString(16)};chunk-signature=${signature}\r\n${content}\r\n`
const LAST = chunk('', 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9')
const chunks = [
  chunk('a'.repeat(65_536), 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'),
  chunk('a'.repeat(1_024), '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'),
  LAST,
]

const upload: HttpMessage = {
  method: 'PUT',
  url: '/examplebucket/chunkObject.txt',
  rawHeaders: [
    ['Host', 's3.amazonaws.com'],
    ['x-amz-date', '20130524T000000Z'],
    ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    [
      'Authorization',
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    ],
    ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
    ['Content-Encoding', 'aws-chunked'],
    ['x-amz-decoded-content-length', '66560'],
    ['Content-Length', '66824'],
  ].flat(),
  body: Buffer.from(chunks.join('')),
}

const checked = (body: string | Uint8Array, message = upload) =>
  verify({ ...message, body: Buffer.from(body) }, readClaims(message), {
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    keys: new Map(),
    service: 's3',
    nowMs: Date.parse('2013-05-24T00:00:00Z'),
  })

test('the example is taken, and its chunks are joined', () => {
  assert.equal(Buffer.from(checked(upload.body)).toString(), 'a'.repeat(66_560))
})

test('no byte of a chunk, of its size or of its signature can be changed', () => {
  for (const at of [0, 3, 30, 100, 40_000, 65_620, 65_630, 65_710, 66_700, 66_823]) {
    const body = Buffer.from(upload.body)
    body[at] ^= 1
    assert.throws(() => checked(body), ServiceError, `byte ${at}`)
  }
})

const wrong: [string, string, string, string | undefined][] = [
  ['chunks in another order', [chunks[1], chunks[0], LAST].join(''), 'SignatureDoesNotMatch', undefined],
  ['a chunk less', [chunks[0], LAST].join(''), 'SignatureDoesNotMatch', undefined],
  [
    'no last chunk',
    [chunks[0], chunks[1]].join(''),
    'IncompleteSignature',
    'The chunk at byte 66738 of the body does not begin with its size and signature.',
  ],
  ['more after the last chunk', `${chunks.join('')}x`, 'IncompleteSignature', 'The body goes on after its last chunk.'],
  [
    'a body without chunks',
    '{}',
    'IncompleteSignature',
    'The chunk at byte 0 of the body does not begin with its size and signature.',
  ],
  [
    'a chunk that says to be longer than the body',
    chunks[0].replace('10000;', 'ffffffff;'),
    'IncompleteSignature',
    'The chunk at byte 0 of the body does not end where its size says.',
  ],
]
for (const [what, body, name, message] of wrong) {
  test(`refused: ${what}`, () => {
    assert.throws(() => checked(body), { name, ...(message !== undefined && { message }) })
  })
}

test('a length that is not that of the chunks is refused', () => {
  const rawHeaders = upload.rawHeaders.map(each => (each === '66560' ? '66561' : each))
  assert.throws(() => joined('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', chunks.join(''), rawHeaders), {
    name: 'MalformedHttpRequestException',
    message: "x-amz-decoded-content-length was '66561': the chunks hold 66560 bytes.",
  })
})

/** As where signatures are not checked. */
function joined(formName: string, body: string, rawHeaders: readonly string[] = []): string {
  const form = chunkedForm(formName)
  assert.ok(form)
  return Buffer.from(joinChunks({ form, body: Buffer.from(body), headers: headersOf(rawHeaders) })).toString()
}

test('where signatures are not checked the chunks are joined all the same', () => {
  const body = [chunk('{"a":', '0'.repeat(64)), chunk('1}', '1'.repeat(64)), chunk('', '2'.repeat(64))].join('')
  assert.equal(joined('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', body), '{"a":1}')
})

/** The example of the guide's page about trailers. */
const dataChunks = [
  chunk('a'.repeat(65_536), 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'),
  chunk('a'.repeat(1_024), '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'),
  '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n',
]
const SUM = 'x-amz-checksum-crc32c:sOO8/Q=='
const PROOF = 'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435'
const withTrailer = (trailer: string) => [...dataChunks, trailer].join('')
const trailing: HttpMessage = {
  ...upload,
  rawHeaders: [
    ['Host', 's3.amazonaws.com'],
    ['x-amz-date', '20130524T000000Z'],
    ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    [
      'Authorization',
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    ],
    ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
    ['Content-Encoding', 'aws-chunked'],
    ['x-amz-decoded-content-length', '66560'],
    ['x-amz-trailer', 'x-amz-checksum-crc32c'],
  ].flat(),
}

test('the example with a trailer is taken, however its lines end', () => {
  for (const trailer of [
    `${SUM}\r\n${PROOF}\r\n\r\n`,
    `${SUM}\n\r\n${PROOF}\r\n\r\n`,
    `\r\n${SUM}\r\n${PROOF}\r\n\r\n`,
  ]) {
    assert.equal(Buffer.from(checked(withTrailer(trailer), trailing)).toString(), 'a'.repeat(66_560))
  }
})

test('no byte of a trailer, of its checksum or of its signature can be changed', () => {
  const whole = Buffer.from(withTrailer(`${SUM}\r\n${PROOF}\r\n\r\n`))
  for (let at = dataChunks.join('').length; at < whole.length; at++) {
    const body = Buffer.from(whole)
    body[at] ^= 1
    assert.throws(() => checked(body, trailing), ServiceError, `byte ${at}`)
  }
})

const wrongTrailers: [string, string, string, string][] = [
  [
    'no trailer',
    '\r\n',
    'IncompleteSignature',
    'The trailer does not end with x-amz-trailer-signature, of 64 hexadecimal digits in lower case.',
  ],
  [
    'a body that stops within its trailer',
    SUM,
    'IncompleteSignature',
    'The body does not end with a trailer of at most 1024 bytes and an empty line.',
  ],
  [
    'a trailer without end',
    `${'x: y\r\n'.repeat(200)}\r\n`,
    'IncompleteSignature',
    'The body does not end with a trailer of at most 1024 bytes and an empty line.',
  ],
  [
    'a line twice',
    `${SUM}\r\n${SUM}\r\n${PROOF}\r\n\r\n`,
    'IncompleteSignature',
    `The trailer has the line '${SUM}': each name once, a colon and a value were expected.`,
  ],
  [
    'a line that is none',
    `checksum\r\n${PROOF}\r\n\r\n`,
    'IncompleteSignature',
    "The trailer has the line 'checksum': each name once, a colon and a value were expected.",
  ],
  [
    'another trailer under the same signature',
    `x-amz-checksum-crc32c:AAAAAA==\r\n${PROOF}\r\n\r\n`,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  ],
]
for (const [what, trailer, name, message] of wrongTrailers) {
  test(`refused: ${what}`, () => assert.throws(() => checked(withTrailer(trailer), trailing), { name, message }))
}

/** Of 'hello', as Python's hashlib and the SDK for JavaScript (crc32c, crc64nvme) have them. */
const hello = {
  'x-amz-checksum-crc32': 'NhCmhg==',
  'x-amz-checksum-crc32c': 'mnG7TA==',
  'x-amz-checksum-crc64nvme': 'M3eFcAZSQlc=',
  'x-amz-checksum-sha1': 'qvTGHdzF6KLavt4PO0gs2a6pQ00=',
  'x-amz-checksum-sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
}
const unsigned = (trailer: string) => `3\r\nhel\r\n2\r\nlo\r\n0\r\n${trailer}\r\n\r\n`
const UNSIGNED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

test('where signatures are not checked the checksums of an unsigned trailer are', () => {
  for (const [name, value] of Object.entries(hello)) {
    assert.equal(joined(UNSIGNED, unsigned(`${name}:${value}`), ['x-amz-trailer', name]), 'hello')
    const other = `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`
    assert.throws(() => joined(UNSIGNED, unsigned(`${name}:${other}`), ['x-amz-trailer', name]), {
      name: 'MalformedHttpRequestException',
      message: `${name} was '${other}': it is '${value}' of the 5 bytes that arrived.`,
    })
  }
  const promised = ['X-Amz-Trailer', 'x-amz-checksum-crc32']
  const malformed = (message: string) => ({ name: 'MalformedHttpRequestException', message })
  assert.throws(
    () => joined(UNSIGNED, unsigned('x-amz-checksum-sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00='), promised),
    malformed("The trailer has 'x-amz-checksum-sha1': x-amz-trailer promised 'x-amz-checksum-crc32'."),
  )
  assert.throws(
    () => joined(UNSIGNED, unsigned('x-other:1'), ['x-amz-trailer', 'x-other']),
    malformed(
      "The trailer has 'x-other': it takes x-amz-checksum-crc32, x-amz-checksum-crc32c, x-amz-checksum-crc64nvme, x-amz-checksum-sha1, x-amz-checksum-sha256.",
    ),
  )
  assert.throws(() => joined(UNSIGNED, '5;chunk-signature=00\r\nhello\r\n'), {
    name: 'IncompleteSignature',
    message: 'The chunk at byte 0 of the body does not begin with its size.',
  })
})
