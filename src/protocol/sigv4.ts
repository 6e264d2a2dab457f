/**
 * Checks Signature Version 4 on a request as it came over the wire: that its maker has the secret, meant this service and this moment, and
 * signed exactly these bytes. Exactly the headers that the signature lists are compared, since every client lists others; the body's hash
 * is always ours. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html; sentences as services of AWS answer.
 */
import { timingSafeEqual } from 'node:crypto'
import { basicTime, canonicalRequest, sha256Hex, signatureOf, signingKey, stringToSign } from '../lib/sigv4.ts'
import { doesNotMatch, MISMATCH, requestExpired } from './accessError.ts'
import { chunkedForm, joinChunks } from './sigv4Chunks.ts'
import { type Claims, echo, type HttpMessage } from './sigv4Claims.ts'

/** Derived keys of one access key, by day, region and service. */
export type SigningKeys = Map<string, Uint8Array>

/** How far a caller's clock may be off: AWS's number. */
export const SKEW_MS = 5 * 60_000
/** A key is used in one region or two, and around midnight on two days. */
const SIGNING_KEYS_MAX = 16
/** It decides what a request does: a signature that leaves it out could be put to another use. */
const MUST_BE_SIGNED = 'x-amz-target'

/** Answers with the body to go on with. Throws SignatureDoesNotMatch, RequestExpired. */
export function verify(
  message: HttpMessage,
  claims: Claims,
  by: { secretAccessKey: string; keys: SigningKeys; service: string; nowMs: number },
): Uint8Array {
  const { scope, time, headers } = claims
  if (scope.service !== by.service) {
    throw doesNotMatch(`Credential should be scoped to correct service: '${by.service}'.`)
  }
  checkTime(claims, by.nowMs)
  checkCoverage(claims)
  const form = chunkedForm(headers.get('x-amz-content-sha256'))
  const canonical = canonicalRequest({
    method: message.method,
    path: claims.path,
    query: claims.query,
    headers: claims.signedHeaders.map(name => [name, headers.get(name)!] as const),
    bodyHash: form ? form.name : sha256Hex(message.body),
  })
  const name = `${scope.date}/${scope.region}/${scope.service}`
  const key = by.keys.get(name) ?? signingKey(by.secretAccessKey, scope)
  if (!timingSafeEqual(signatureOf(key, stringToSign(time, scope, canonical)), claims.signature)) throw doesNotMatch()
  // Kept only now: who has not the secret cannot push another's keys out.
  if (!by.keys.has(name)) {
    if (by.keys.size >= SIGNING_KEYS_MAX) by.keys.clear()
    by.keys.set(name, key)
  }
  return form
    ? joinChunks({ form, body: message.body, headers }, { key, time, scope, seed: claims.signature })
    : message.body
}

function checkTime({ time, timeMs, expiresSeconds }: Claims, nowMs: number): void {
  if (timeMs > nowMs + SKEW_MS) {
    throw requestExpired(
      `Signature not yet current: ${time} is still later than ${basicTime(nowMs + SKEW_MS)} (${basicTime(nowMs)} + 5 min.)`,
    )
  }
  if (expiresSeconds !== undefined) {
    const endMs = timeMs + expiresSeconds * 1000
    if (nowMs > endMs) {
      throw requestExpired(`Signature expired: ${basicTime(endMs)} is now earlier than ${basicTime(nowMs)}.`)
    }
  } else if (timeMs < nowMs - SKEW_MS) {
    throw requestExpired(
      `Signature expired: ${time} is now earlier than ${basicTime(nowMs - SKEW_MS)} (${basicTime(nowMs)} - 5 min.)`,
    )
  }
}

function checkCoverage({ signedHeaders, headers }: Claims): void {
  if (!signedHeaders.includes('host')) {
    throw doesNotMatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
  }
  const absent = signedHeaders.find(name => !headers.has(name))
  if (absent !== undefined) {
    throw doesNotMatch(`The signed header '${echo(absent)}' is not in the request as it arrived.`)
  }
  if (headers.has(MUST_BE_SIGNED) && !signedHeaders.includes(MUST_BE_SIGNED)) {
    throw doesNotMatch(`'${MUST_BE_SIGNED}' must be a 'SignedHeader' in the AWS Authorization.`)
  }
  const payload = headers.get('x-amz-content-sha256') ?? ''
  if (!chunkedForm(payload)?.signed && !/^[0-9a-f]{64}$/.test(payload) && payload !== '') {
    throw doesNotMatch(
      `${MISMATCH} x-amz-content-sha256 was '${echo(payload)}': this service takes requests whose whole body is signed.`,
    )
  }
}
