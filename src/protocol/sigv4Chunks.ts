/**
 * A body in signed chunks (`aws-chunked`): each carries a signature that stands on the one before it, the first on the request's own.
 *
 *   hex size ";chunk-signature=" 64 hex digits CRLF  bytes CRLF   … until a chunk of size 0
 *
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html. Forms with trailers, and unsigned ones, are refused before.
 */
import { timingSafeEqual } from 'node:crypto'
import { type Scope, scopeText, sha256Hex, signatureOf } from '../lib/sigv4.ts'
import { doesNotMatch, incomplete } from './accessError.ts'

/** Stands in `x-amz-content-sha256` and in place of the body's hash. */
export const STREAMING_SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'

const ALGORITHM = 'AWS4-HMAC-SHA256-PAYLOAD'
const EMPTY_HASH = sha256Hex(new Uint8Array())
/** The longest head: eight digits of size and the signature. */
const HEAD_BYTES_MAX = 100
const HEAD = /^([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})$/

interface Proof {
  readonly key: Uint8Array
  readonly time: string
  readonly scope: Scope
  /** The request's own signature. */
  readonly seed: Buffer
}

/** The chunks' content; with `proof` each is compared with its signature. Throws SignatureDoesNotMatch, IncompleteSignature. */
export function joinChunks(body: Uint8Array, proof?: Proof): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const contents: Uint8Array[] = []
  let before = proof?.seed
  for (let at = 0; ; ) {
    const headEnd = bytes.subarray(at, at + HEAD_BYTES_MAX).indexOf('\r\n')
    const match = headEnd === -1 ? null : HEAD.exec(bytes.toString('latin1', at, at + headEnd))
    if (!match) throw incomplete(`The chunk at byte ${at} of the body does not begin with its size and signature.`)
    const start = at + headEnd + 2
    const end = start + Number.parseInt(match[1], 16)
    if (end + 2 > bytes.length || bytes.toString('latin1', end, end + 2) !== '\r\n') {
      throw incomplete(`The chunk at byte ${at} of the body does not end where its size says.`)
    }
    const content = bytes.subarray(start, end)
    const signature = Buffer.from(match[2], 'hex')
    if (proof && before) {
      const of = `${scopeText(proof.scope)}\n${before.toString('hex')}\n${EMPTY_HASH}\n${sha256Hex(content)}`
      const expected = signatureOf(proof.key, `${ALGORITHM}\n${proof.time}\n${of}`)
      if (!timingSafeEqual(expected, signature)) throw doesNotMatch()
      before = signature
    }
    at = end + 2
    contents.push(content)
    if (content.length > 0) continue
    if (at !== bytes.length) throw incomplete('The body goes on after its last chunk.')
    return Buffer.concat(contents)
  }
}
