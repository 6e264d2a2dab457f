/**
 * Who may call. Three modes:
 *
 *   off       everybody, everything: for a server that only its own machine can reach
 *   lenient   whoever sends a well-formed signature, which is not checked: for tests of clients. Who it is follows from the key id
 *   strict    whoever signs with a key we know, as far as the key's policy goes
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { expiredToken, foreignPage, foreignRole, notAuthorized, unknownKey } from '../protocol/accessError.ts'
import { regionOf } from '../protocol/credentialScope.ts'
import { verify } from '../protocol/sigv4.ts'
import { chunkedForm, joinChunks } from '../protocol/sigv4Chunks.ts'
import { type Claims, type HttpMessage, headerOf, headersOf, readClaims } from '../protocol/sigv4Claims.ts'
import { isLoopback } from './configure.ts'
import type { Keyring, KnownKey } from './keyring.ts'
import { decide, type Policy } from './policy.ts'

export interface Caller {
  /** Of the resources this caller sees. */
  readonly account: string
  readonly region: string
  /** Absent: nobody in particular, who may do everything. */
  readonly identity?: { readonly arn: string; readonly rules: Policy }
}

/** What a request is about. */
export interface Subjects {
  readonly resources: readonly string[]
  /** Roles that are to be passed to the service. */
  readonly roles: readonly string[]
}

export interface GuardOptions {
  readonly keyring: Keyring
  /** Of callers who are not known. */
  readonly account: string
  /** What the credential scope has to name. */
  readonly service: string
  readonly clock: Clock
}

export type Authenticate = (message: HttpMessage) => { readonly caller: Caller; readonly body: Uint8Array }

/**
 * Nobody is asked who they are. A page that a browser on this machine has loaded from elsewhere is not of this machine, even where it has
 * talked the browser into thinking so (DNS rebinding): with `loopback` only pages of loopback addresses may call. Clients that are not
 * browsers have no Origin.
 */
export function off(scope: { account: string; region: string }, loopback: boolean): Authenticate {
  return message => {
    const origin = loopback ? headerOf(message, 'origin') : undefined
    if (origin !== undefined && !isLoopback(URL.parse(origin)?.hostname.replace(/^\[|\]$/g, '') ?? '')) {
      throw foreignPage(origin)
    }
    return { caller: { ...scope, region: regionOf(message) ?? scope.region }, body: wholeBody(message) }
  }
}

/** Throws MissingAuthenticationToken, IncompleteSignature, InvalidClientTokenId, SignatureDoesNotMatch, RequestExpired. */
export function strict({ keyring, service, clock }: GuardOptions): Authenticate {
  return message => {
    const claims = readClaims(message)
    const key = keyring.find(claims.accessKeyId)
    if (!key) throw unknownKey()
    const nowMs = clock.nowMs()
    checkSession(key, claims, nowMs)
    const { secretAccessKey, signingKeys: keys } = key
    return { body: verify(message, claims, { secretAccessKey, keys, service, nowMs }), caller: callerOf(key, claims) }
  }
}

/** A key id of twelve digits is an account id; any other unknown one is the server's own account. */
export function lenient({ keyring, account }: GuardOptions): Authenticate {
  return message => {
    const claims = readClaims(message)
    const { accessKeyId, scope } = claims
    const key = keyring.find(accessKeyId)
    return {
      body: wholeBody(message),
      caller: key
        ? callerOf(key, claims)
        : { account: /^\d{12}$/.test(accessKeyId) ? accessKeyId : account, region: scope.region },
    }
  }
}

/** Where signatures are not checked, the chunks of a body are joined all the same. Throws IncompleteSignature, MalformedHttpRequestException. */
function wholeBody(message: HttpMessage): Uint8Array {
  const form = chunkedForm(headerOf(message, 'x-amz-content-sha256'))
  return form ? joinChunks({ form, body: message.body, headers: headersOf(message.rawHeaders) }) : message.body
}

/** Throws AccessDeniedException unless the caller may do `action` with every one of `resources`, and pass every one of `roles`. */
export function authorize({ account, identity }: Caller, action: string, { resources, roles }: Subjects): void {
  if (!identity) return
  const check = (what: string, arn: string) => {
    const decision = decide(identity.rules, what, arn)
    if (decision !== 'allowed') throw notAuthorized(identity.arn, what, arn, decision === 'denied')
  }
  for (const arn of resources) check(action, arn)
  for (const arn of roles) {
    check('iam:PassRole', arn)
    if (arn.split(':')[4] !== account) throw foreignRole()
  }
}

const callerOf = ({ account, user, rules }: KnownKey, { scope }: Claims): Caller => ({
  account,
  region: scope.region,
  identity: { arn: `arn:aws:iam::${account}:user/${user}`, rules },
})

/** A temporary key comes with its token and before its end; a lasting one comes without. */
function checkSession({ sessionToken, expiresAt }: KnownKey, claims: Claims, nowMs: number): void {
  if (sessionToken === undefined && claims.sessionToken === undefined) return
  if (sessionToken === undefined || claims.sessionToken === undefined) throw unknownKey()
  if (!timingSafeEqual(digest(sessionToken), digest(claims.sessionToken))) throw unknownKey()
  if (nowMs >= Date.parse(expiresAt!)) throw expiredToken()
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
