/** Bodies in signed chunks, by the example of the S3 documentation ("Signature calculations … multiple chunks"). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../src/protocol/errors.ts'
import { verify } from '../../src/protocol/sigv4.ts'
import { joinChunks } from '../../src/protocol/sigv4Chunks.ts'
import { type HttpMessage, readClaims } from '../../src/protocol/sigv4Claims.ts'

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

test('where signatures are not checked the chunks are joined all the same', () => {
  const unsigned = [chunk('{"a":', '0'.repeat(64)), chunk('1}', '1'.repeat(64)), chunk('', '2'.repeat(64))].join('')
  assert.equal(Buffer.from(joinChunks(Buffer.from(unsigned))).toString(), '{"a":1}')
})
