/**
 * What a signature says of itself, in the Authorization header or in the query (a presigned request). Read, not believed: `sigv4.ts` does
 * the checking. Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html; sentences as services of AWS answer.
 */
import { ALGORITHM, basicTime, decode, type Scope } from '../lib/sigv4.ts'
import { doesNotMatch, incomplete, missingToken } from './accessError.ts'

/** A request's bytes, before anybody has believed any of them. */
export interface HttpMessage {
  readonly method: string
  /** Path and query as they stand in the request line. */
  readonly url: string
  /** Name, value, name, value, …, as they came. */
  readonly rawHeaders: readonly string[]
  readonly body: Uint8Array
}

export interface Claims {
  readonly accessKeyId: string
  readonly scope: Scope
  /** When it was signed, `20231114T221320Z`. */
  readonly time: string
  readonly timeMs: number
  /** Presigned requests carry how long they hold. */
  readonly expiresSeconds: number | undefined
  readonly signedHeaders: readonly string[]
  readonly signature: Buffer
  readonly sessionToken: string | undefined
  readonly headers: ReadonlyMap<string, string>
  readonly path: string
  /** Without the signature. */
  readonly query: string
}

/** A presigned request holds for a week at most. */
const EXPIRES_SECONDS_MAX = 604_800
/** Sentences repeat what was sent, but no more of it than a line can hold. */
const ECHO_CHARACTERS_MAX = 200

const CREDENTIAL = /^([^\s/,=]{1,128})\/(\d{8})\/([a-z0-9-]{1,32})\/([a-z0-9-]{1,32})\/([^/]*)$/
const BASIC_TIME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** Throws MissingAuthenticationToken, IncompleteSignature. */
export function readClaims({ url, rawHeaders }: HttpMessage): Claims {
  const headers = headersOf(rawHeaders)
  const at = url.indexOf('?')
  const [path, query] = at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
  const authorization = headers.get('authorization')
  const presigned = /(?:^|&)X-Amz-(?:Algorithm|Signature|Credential)=/.test(query)
  if (authorization === undefined && !presigned) throw missingToken()
  if (authorization !== undefined && presigned) {
    throw incomplete(
      'The request is signed twice, in the Authorization header and in the query: one of them was expected.',
    )
  }
  const parts = authorization === undefined ? inQuery(query) : inHeader(authorization, headers)
  return {
    ...readCredential(parts.credential, parts.time),
    time: parts.time,
    expiresSeconds: parts.expiresSeconds,
    signedHeaders: ascending(parts.signedHeaders.toLowerCase().split(';')),
    signature: signatureBytes(parts.signature),
    sessionToken: parts.sessionToken,
    headers,
    path,
    query: presigned ? withoutSignature(query) : query,
  }
}

/** The first header of a name, which is in lower case. */
export function headerOf({ rawHeaders }: HttpMessage, name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].length === name.length && rawHeaders[i].toLowerCase() === name) return rawHeaders[i + 1]
  }
  return undefined
}

/** As nearly every client lists them anyway. */
const ascending = (names: string[]): string[] =>
  names.every((name, i) => i === 0 || names[i - 1] < name) ? names : [...new Set(names)].sort()

/** By name in lower case; the values of one name joined by ','. */
export function headersOf(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i].toLowerCase()
    const before = headers.get(name)
    headers.set(name, before === undefined ? raw[i + 1] : `${before},${raw[i + 1]}`)
  }
  return headers
}

interface Parts {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly time: string
  readonly expiresSeconds: number | undefined
  readonly sessionToken: string | undefined
}

function inHeader(authorization: string, headers: ReadonlyMap<string, string>): Parts {
  const [scheme] = authorization.split(/[\s,]/, 1)
  if (scheme !== ALGORITHM) throw incomplete(`Unsupported AWS 'algorithm': '${echo(scheme)}'.`)
  const given = new Map<string, string>()
  for (const each of authorization.slice(scheme.length).split(',')) {
    const part = each.trim()
    const [, name, value] = /^([A-Za-z]+)=(\S+)$/.exec(part) ?? []
    if (name === undefined) {
      throw incomplete(`'${echo(part)}' not a valid key=value pair (missing equal-sign) in Authorization header.`)
    }
    if (given.has(name)) throw incomplete(`Authorization header contains '${echo(name)}' twice.`)
    given.set(name, value)
  }
  const date = headers.get('x-amz-date') ?? fromDate(headers.get('date'))
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter(name => !given.has(name))
  if (date === undefined || missing.length > 0) {
    const sentences = missing.map(name => `Authorization header requires '${name}' parameter.`)
    if (date === undefined) {
      sentences.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    }
    throw incomplete(sentences.join(' '))
  }
  return {
    credential: given.get('Credential')!,
    signedHeaders: given.get('SignedHeaders')!,
    signature: given.get('Signature')!,
    time: date,
    expiresSeconds: undefined,
    sessionToken: headers.get('x-amz-security-token'),
  }
}

function inQuery(query: string): Parts {
  const names = ['Algorithm', 'Credential', 'Signature', 'SignedHeaders', 'Date', 'Expires'] as const
  const given = new Map<string, string>()
  for (const pair of query.split('&')) {
    const [, name, value] = /^X-Amz-([A-Za-z-]+)=(.*)$/.exec(pair) ?? []
    if (name === undefined) continue
    if (given.has(name)) throw incomplete(`AWS query-string parameters contain 'X-Amz-${echo(name)}' twice.`)
    given.set(name, decode(value))
  }
  const missing = names
    .filter(name => !given.get(name))
    .map(name => `AWS query-string parameters must include 'X-Amz-${name}'.`)
  if (missing.length > 0) throw incomplete(`${missing.join(' ')} Re-examine the query-string parameters.`)
  const algorithm = given.get('Algorithm')!
  if (algorithm !== ALGORITHM) throw incomplete(`Unsupported AWS 'algorithm': '${echo(algorithm)}'.`)
  const expiresSeconds = /^\d{1,9}$/.test(given.get('Expires')!) ? Number(given.get('Expires')) : 0
  if (expiresSeconds < 1 || expiresSeconds > EXPIRES_SECONDS_MAX) {
    throw incomplete(
      `X-Amz-Expires was '${echo(given.get('Expires')!)}': seconds from 1 to ${EXPIRES_SECONDS_MAX} were expected.`,
    )
  }
  return {
    credential: given.get('Credential')!,
    signedHeaders: given.get('SignedHeaders')!,
    signature: given.get('Signature')!,
    time: given.get('Date')!,
    expiresSeconds,
    sessionToken: given.get('Security-Token'),
  }
}

const withoutSignature = (query: string): string =>
  query
    .split('&')
    .filter(pair => !pair.startsWith('X-Amz-Signature='))
    .join('&')

function readCredential(credential: string, time: string): Pick<Claims, 'accessKeyId' | 'scope' | 'timeMs'> {
  const timeMs = msOf(time)
  if (Number.isNaN(timeMs)) {
    throw incomplete(
      `Date must be in ISO-8601 'basic format'. Got '${echo(time)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    )
  }
  const match = CREDENTIAL.exec(credential)
  if (!match) {
    throw incomplete(
      credential.split('/').length === 5
        ? `Credential has an element that cannot be read: '${echo(credential)}'.`
        : `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${echo(credential)}'`,
    )
  }
  const [, accessKeyId, date, region, service, term] = match
  if (term !== 'aws4_request') {
    throw doesNotMatch(`Credential should be scoped with a valid terminator: 'aws4_request', not '${echo(term)}'.`)
  }
  if (date !== time.slice(0, 8)) {
    throw doesNotMatch(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${time.slice(0, 8)}', from '${time}'.`,
    )
  }
  return { accessKeyId, scope: { date, region, service }, timeMs }
}

function signatureBytes(signature: string): Buffer {
  if (/^[0-9a-f]{64}$/.test(signature)) return Buffer.from(signature, 'hex')
  throw incomplete(`Signature was '${echo(signature)}': 64 hexadecimal digits in lower case were expected.`)
}

/** NaN for what is not a moment: the thirtieth of February, any other text. */
function msOf(time: string): number {
  const match = BASIC_TIME.exec(time)
  if (!match) return Number.NaN
  const [, year, month, day, hour, minute, second] = match
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const ms = Date.parse(text)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text ? ms : Number.NaN
}

/** `Tue, 14 Nov 2023 22:13:20 GMT`, as older clients sign; botocore ends it with `-0000`. */
function fromDate(header: string | undefined): string | undefined {
  const ms = header !== undefined && / (?:GMT|[+-]0000)$/.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(ms) ? header : basicTime(ms)
}

export const echo = (text: string): string =>
  text.length > ECHO_CHARACTERS_MAX ? `${text.slice(0, ECHO_CHARACTERS_MAX)}…` : text
