/**
 * AWS Signature Version 4: what is signed, and how. Both sides use it: `protocol/sigv4.ts` checks signatures, the command line and the
 * calls to STS make them. Texts are latin1: a character is a byte of the wire.
 *
 *   canonical request   method, path, query, signed headers, their names, hash of the body; a line each
 *   string to sign      algorithm, time, scope, hash of the canonical request
 *   signature           HMAC of that with a key derived from the secret for one day, region and service
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHmac, hash } from 'node:crypto'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

export interface CanonicalParts {
  readonly method: string
  /** As it stands in the request line. */
  readonly path: string
  /** As it stands in the request line, without '?'. */
  readonly query: string
  /** Names in lower case and ascending order; values as they came, one name's joined by ','. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Hex, or one of the words that stand in its place. */
  readonly bodyHash: string
}

export interface Scope {
  /** YYYYMMDD. */
  readonly date: string
  readonly region: string
  readonly service: string
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export const sha256Hex = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

export function canonicalRequest({ method, path, query, headers, bodyHash }: CanonicalParts): string {
  let lines = ''
  let names = ''
  for (const [name, value] of headers) {
    lines += `${name}:${collapsed(value)}\n`
    names += names === '' ? name : `;${name}`
  }
  return `${method}\n${canonicalPath(path)}\n${canonicalQuery(query)}\n${lines}\n${names}\n${bodyHash}`
}

/** Only the white space of ASCII: a byte 0xA0 is a part of some letter. */
const collapsed = (value: string): string => value.replace(/[\t-\r ]+/g, ' ').replace(/^ | $/g, '')

export const scopeText = ({ date, region, service }: Scope): string => `${date}/${region}/${service}/aws4_request`

export const stringToSign = (time: string, scope: Scope, canonical: string): string =>
  `${ALGORITHM}\n${time}\n${scopeText(scope)}\n${sha256Hex(Buffer.from(canonical, 'latin1'))}`

const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export function signingKey(secretAccessKey: string, { date, region, service }: Scope): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, date), region), service), 'aws4_request')
}

/** 32 bytes. */
export const signatureOf = (key: Uint8Array, text: string): Buffer =>
  createHmac('sha256', key).update(text, 'latin1').digest()

/** `20231114T221320Z`. */
export const basicTime = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** The headers of a request with those that sign it added. All of `headers` is signed, and `host`. */
export function signedHeaders(
  request: { method: string; url: URL; headers: Readonly<Record<string, string>>; body: Uint8Array },
  credentials: Credentials,
  place: { region: string; service: string; nowMs: number },
): Record<string, string> {
  const time = basicTime(place.nowMs)
  const scope = { date: time.slice(0, 8), region: place.region, service: place.service }
  const sent: Record<string, string> = { ...request.headers, 'x-amz-date': time }
  if (credentials.sessionToken !== undefined) sent['x-amz-security-token'] = credentials.sessionToken
  const headers = Object.entries({ ...sent, host: request.url.host }).sort(([a], [b]) => (a < b ? -1 : 1))
  const { pathname: path, search } = request.url
  const bodyHash = sha256Hex(request.body)
  const canonical = canonicalRequest({ method: request.method, path, query: search.slice(1), headers, bodyHash })
  const key = signingKey(credentials.secretAccessKey, scope)
  const signature = signatureOf(key, stringToSign(time, scope, canonical)).toString('hex')
  const names = headers.map(([name]) => name).join(';')
  return {
    ...sent,
    authorization: `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText(scope)}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

/** Every byte but the unreserved characters of RFC 3986 as %XX. */
const encode = (text: string): string =>
  text.replace(/[^A-Za-z0-9\-._~]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

export const decode = (text: string): string =>
  text.replace(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))

/** Without empty, '.' and '..' segments, and encoded once more than it came (every service but S3 does so). */
function canonicalPath(path: string): string {
  if (path === '/' || path === '') return '/'
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(encode(segment))
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  const pairs = query.split('&').map(pair => {
    const at = pair.indexOf('=')
    const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    return [encode(decode(name)), encode(decode(value))]
  })
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
  return pairs.map(pair => pair.join('=')).join('&')
}
