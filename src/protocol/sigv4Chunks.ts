/**
 * A body in chunks (`aws-chunked`), in the three forms that `x-amz-content-sha256` can name. Each chunk of the signed forms carries a
 * signature that stands on the one before it, the first on the request's own; a trailer's stands on that of the last chunk.
 *
 *   hex size [";chunk-signature=" 64 hex digits] CRLF  bytes CRLF   … until a chunk of size 0, then CRLF or the trailer:
 *   name ":" value CRLF …  ["x-amz-trailer-signature:" 64 hex digits CRLF]  CRLF
 *
 * Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
 */
import { timingSafeEqual } from 'node:crypto'
import { type Scope, scopeText, sha256Hex, signatureOf } from '../lib/sigv4.ts'
import { doesNotMatch, incomplete } from './accessError.ts'
import { checksums } from './checksums.ts'
import { ServiceError } from './errors.ts'
import { echo } from './sigv4Claims.ts'

export interface ChunkedForm {
  /** Stands in `x-amz-content-sha256`, and in place of the body's hash. */
  readonly name: string
  readonly signed: boolean
  readonly trailer: boolean
}

const forms: readonly ChunkedForm[] = [
  { name: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', signed: true, trailer: false },
  { name: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', signed: true, trailer: true },
  { name: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', signed: false, trailer: true },
]

/** undefined: the body is as it came. */
export const chunkedForm = (contentSha256: string | undefined): ChunkedForm | undefined =>
  contentSha256 === undefined ? undefined : forms.find(({ name }) => name === contentSha256)

const CHUNK_ALGORITHM = 'AWS4-HMAC-SHA256-PAYLOAD'
const TRAILER_ALGORITHM = 'AWS4-HMAC-SHA256-TRAILER'
const TRAILER_SIGNATURE = 'x-amz-trailer-signature'
const EMPTY_HASH = sha256Hex(new Uint8Array())
/** The longest head: eight digits of size and the signature. */
const HEAD_BYTES_MAX = 100
const SIGNED_HEAD = /^([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})$/
const UNSIGNED_HEAD = /^([0-9a-fA-F]{1,8})$/
/** A checksum or two with their signature; the longest has 88 characters. */
const TRAILER_BYTES_MAX = 1_024

interface Proof {
  readonly key: Uint8Array
  readonly time: string
  readonly scope: Scope
  /** The request's own signature. */
  readonly seed: Buffer
}

interface Chunked {
  readonly form: ChunkedForm
  readonly body: Uint8Array
  /** Names in lower case; of them `x-amz-trailer` and `x-amz-decoded-content-length` are read. */
  readonly headers: ReadonlyMap<string, string>
}

/**
 * The chunks' content, whose checksums in the trailer are right. With `proof` every chunk and the trailer are compared with their
 * signatures. Throws SignatureDoesNotMatch, IncompleteSignature, MalformedHttpRequestException.
 */
export function joinChunks({ form, body, headers }: Chunked, proof?: Proof): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const contents: Uint8Array[] = []
  let before = proof?.seed
  for (let at = 0; ; ) {
    const headEnd = bytes.subarray(at, at + HEAD_BYTES_MAX).indexOf('\r\n')
    const head = form.signed ? SIGNED_HEAD : UNSIGNED_HEAD
    const match = headEnd === -1 ? null : head.exec(bytes.toString('latin1', at, at + headEnd))
    if (!match) {
      const what = form.signed ? 'size and signature' : 'size'
      throw incomplete(`The chunk at byte ${at} of the body does not begin with its ${what}.`)
    }
    const start = at + headEnd + 2
    const end = start + Number.parseInt(match[1], 16)
    const isLast = end === start
    // A trailer stands where the last chunk, which is empty, would end.
    const next = isLast && form.trailer ? end : end + 2
    if (next > bytes.length || bytes.toString('latin1', end, next) !== '\r\n'.slice(0, next - end)) {
      throw incomplete(`The chunk at byte ${at} of the body does not end where its size says.`)
    }
    const content = bytes.subarray(start, end)
    if (proof && before) {
      const claimed = Buffer.from(match[2], 'hex')
      before = checked(proof, CHUNK_ALGORITHM, `${before.toString('hex')}\n${EMPTY_HASH}`, content, claimed)
    }
    at = next
    contents.push(content)
    if (!isLast) continue
    const joined = Buffer.concat(contents)
    if (form.trailer) checkTrailer(bytes.subarray(at), joined, { form, headers }, proof, before)
    else if (at !== bytes.length) throw incomplete('The body goes on after its last chunk.')
    checkLength(joined.length, headers)
    return joined
  }
}

/** The signature, when it is right. */
function checked(
  { key, time, scope }: Proof,
  algorithm: string,
  before: string,
  bytes: Uint8Array,
  claimed: Buffer,
): Buffer {
  const expected = signatureOf(key, `${algorithm}\n${time}\n${scopeText(scope)}\n${before}\n${sha256Hex(bytes)}`)
  if (!timingSafeEqual(expected, claimed)) throw doesNotMatch()
  return claimed
}

function checkTrailer(
  bytes: Buffer,
  content: Buffer,
  { form, headers }: Omit<Chunked, 'body'>,
  proof: Proof | undefined,
  before: Buffer | undefined,
): void {
  const fields = trailerFields(bytes)
  const signature = fields.get(TRAILER_SIGNATURE)
  fields.delete(TRAILER_SIGNATURE)
  if (form.signed && !/^[0-9a-f]{64}$/.test(signature ?? '')) {
    throw incomplete(`The trailer does not end with ${TRAILER_SIGNATURE}, of 64 hexadecimal digits in lower case.`)
  }
  if (proof && before) {
    const lines = [...fields].map(([name, value]) => `${name}:${value}\n`).join('')
    checked(
      proof,
      TRAILER_ALGORITHM,
      before.toString('hex'),
      Buffer.from(lines, 'latin1'),
      Buffer.from(signature!, 'hex'),
    )
  }
  const promised = (headers.get('x-amz-trailer') ?? '').split(',').map(name => name.trim().toLowerCase())
  const found = [...fields.keys()].join(',')
  if (found !== promised.filter(name => name !== '').join(',')) {
    throw malformed(`The trailer has '${echo(found)}': x-amz-trailer promised '${echo(promised.join(','))}'.`)
  }
  for (const [name, given] of fields) {
    const checksum = checksums.get(name)
    if (!checksum) {
      throw malformed(`The trailer has '${echo(name)}': it takes ${[...checksums.keys()].join(', ')}.`)
    }
    const computed = checksum(content).toString('base64')
    if (given !== computed) {
      throw malformed(`${name} was '${echo(given)}': it is '${computed}' of the ${content.length} bytes that arrived.`)
    }
  }
}

/** Some clients put a line feed before the end of a line, as the guide's example does. */
function trailerFields(bytes: Buffer): Map<string, string> {
  const text = bytes.toString('latin1', 0, TRAILER_BYTES_MAX)
  const fields = new Map<string, string>()
  if (bytes.length > TRAILER_BYTES_MAX || !text.endsWith('\r\n')) {
    throw incomplete(`The body does not end with a trailer of at most ${TRAILER_BYTES_MAX} bytes and an empty line.`)
  }
  const lines = text.split(/\n?\r\n/).filter(line => line !== '')
  for (const line of lines) {
    const [, name, value] = /^([A-Za-z0-9-]+):[ \t]*([!-~]*)$/.exec(line) ?? []
    if (name === undefined || fields.has(name.toLowerCase())) {
      throw incomplete(`The trailer has the line '${echo(line)}': each name once, a colon and a value were expected.`)
    }
    fields.set(name.toLowerCase(), value)
  }
  return fields
}

function checkLength(length: number, headers: ReadonlyMap<string, string>): void {
  const promised = headers.get('x-amz-decoded-content-length')
  if (promised === undefined || promised === String(length)) return
  throw malformed(`x-amz-decoded-content-length was '${echo(promised)}': the chunks hold ${length} bytes.`)
}

const malformed = (sentence: string) => new ServiceError('MalformedHttpRequestException', sentence)
