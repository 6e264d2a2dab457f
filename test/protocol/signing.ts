/** Requests as clients sign them: by the signer of the SDK for JavaScript, which shares no line with ours. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { SourceData } from '@smithy/types'
import type { HttpMessage } from '../../src/protocol/sigv4Claims.ts'

export const ACCESS_KEY_ID = 'SKIAEXAMPLEEXAMPLE22'
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
/** 2023-11-14T22:13:20.123Z, as the clock of `testServer`. */
export const NOW_MS = 1_700_000_000_123

function bytesOf(data: SourceData): Uint8Array {
  if (typeof data === 'string' || data instanceof ArrayBuffer) return Buffer.from(data as string)
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

class Sha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: SourceData) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: SourceData): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

export interface ToSign {
  readonly method?: string
  readonly host?: string
  readonly path?: string
  readonly query?: Record<string, string | string[]>
  readonly headers?: Record<string, string>
  readonly body?: string
}

export interface SignedBy {
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly sessionToken?: string
  readonly region?: string
  readonly service?: string
  readonly nowMs?: number
  /** Presigned, for this long. */
  readonly expiresSeconds?: number
}

/** What arrives at a server when the SDK's signer has signed `request`. */
export async function signed(request: ToSign, by: SignedBy = {}): Promise<HttpMessage> {
  const { method = 'POST', host = '127.0.0.1:8001', path = '/', query = {}, headers = {}, body = '{}' } = request
  const { accessKeyId = ACCESS_KEY_ID, secretAccessKey = SECRET, sessionToken, nowMs = NOW_MS } = by
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    region: by.region ?? 'us-east-1',
    service: by.service ?? 'personalize',
    sha256: Sha256,
  })
  const [hostname, port] = host.split(':')
  const plain = {
    method,
    protocol: 'http:',
    hostname,
    port: Number(port),
    path,
    query,
    headers: { host, ...headers },
    body,
  }
  const options = { signingDate: new Date(nowMs) }
  const done =
    by.expiresSeconds === undefined
      ? await signer.sign(plain, options)
      : await signer.presign(plain, {
          ...options,
          expiresIn: by.expiresSeconds,
          // The operation is read from the header alone.
          unhoistableHeaders: new Set(['x-amz-target']),
        })
  const pairs = Object.entries(done.query ?? {}).flatMap(([name, value]) =>
    [value ?? []].flat().map(each => `${encodeURIComponent(name)}=${encodeURIComponent(each)}`),
  )
  return {
    method,
    url: pairs.length === 0 ? done.path : `${done.path}?${pairs.join('&')}`,
    rawHeaders: Object.entries(done.headers).flat(),
    body: Buffer.from(body),
  }
}

/** The body of a message whose `x-amz-content-sha256` is STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, a chunk for each of `contents`. */
export function inSignedChunks(message: HttpMessage, contents: readonly string[], trailer: string): HttpMessage {
  const [, seed] = /Signature=([0-9a-f]{64})/.exec(message.rawHeaders.join('\n'))!
  const hex = (key: Uint8Array | string, text: string) => createHmac('sha256', key).update(text).digest()
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const scope = ['20231114', 'us-east-1', 'personalize', 'aws4_request']
  const key = scope.reduce<Uint8Array | string>((before, part) => hex(before, part), `AWS4${SECRET}`)
  let before = seed
  const next = (word: string, text: string): string => {
    before = hex(key, `AWS4-HMAC-SHA256-${word}\n20231114T221320Z\n${scope.join('/')}\n${before}\n${text}`).toString(
      'hex',
    )
    return before
  }
  const chunks = [...contents, ''].map(content => {
    const signature = next('PAYLOAD', `${sha256('')}\n${sha256(content)}`)
    return `${content.length.toString(16)};chunk-signature=${signature}\r\n${content}${content === '' ? '' : '\r\n'}`
  })
  const end = `${trailer}\r\nx-amz-trailer-signature:${next('TRAILER', sha256(`${trailer}\n`))}\r\n\r\n`
  return { ...message, body: Buffer.from([...chunks, end].join('')) }
}
