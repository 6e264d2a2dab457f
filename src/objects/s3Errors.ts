/** What an S3 API, the SDK and the network throw, as sentences. Names of errors: S3 API reference, "Error responses". */
import { type Doing, formatAddress, noSuchObject, type ObjectAddress, ObjectError } from './objectStore.ts'

interface Thrown {
  readonly name?: string
  readonly message?: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  /** Of an AggregateError: one per address of the host that was tried. */
  readonly errors?: readonly Thrown[]
}

/** The bucket is elsewhere; which of the names comes depends on the server and on how the request was signed. */
const WRONG_REGION: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
])

/** An answer of 404 to a HEAD request, which does not say to what. */
export const isAbsent = (error: unknown): boolean => (error as Thrown).$metadata?.httpStatusCode === 404

/** Whether a server answered; else the connection failed. */
export const isAnswer = (error: unknown): boolean => (error as Thrown).$metadata?.httpStatusCode !== undefined

/** The error as an ObjectError. What comes neither from S3 nor from the network is our own mistake and stays as it is. */
export function s3Error(error: unknown, doing: Doing, address: ObjectAddress): unknown {
  if (error instanceof ObjectError) return error
  const thrown = error as Thrown
  const { name = '', $metadata } = thrown
  const path = formatAddress(address)
  const fail = (code: ObjectError['code'], sentence: string) => new ObjectError(code, sentence, { cause: error })

  if (name === 'CredentialsProviderError')
    return fail('AccessDenied', `Access to ${path} was denied: no credentials were found. ${sentenceOf(thrown)}`)
  if (!$metadata && thrown.code === undefined) return error
  if (name === 'NoSuchBucket')
    return fail('NoSuchBucket', `There is no bucket '${address.bucket}' (s3://${address.bucket}).`)
  if (name === 'NoSuchKey') return noSuchObject(address)
  if (name === 'PreconditionFailed') return fail('Unavailable', `${path} was replaced by another while it was read.`)
  if (WRONG_REGION.has(name) || $metadata?.httpStatusCode === 301) {
    return fail(
      'InvalidAddress',
      `${path} could not be ${doing}: the bucket is in another region. ${sentenceOf(thrown)}`,
    )
  }
  if ($metadata?.httpStatusCode === 403 || $metadata?.httpStatusCode === 401) {
    return fail('AccessDenied', `Access to ${path} was denied: it could not be ${doing}. ${sentenceOf(thrown)}`)
  }
  return fail('Unavailable', `${path} could not be ${doing}. ${sentenceOf(thrown)}`)
}

/** `Name: message.`, with what there is of both. An answer to a HEAD request has neither, only a status. */
const NAMELESS: ReadonlySet<string> = new Set(['Error', 'AggregateError', 'Unknown', 'UnknownError'])
function sentenceOf(thrown: Thrown): string {
  const message = thrown.message || thrown.errors?.find(each => each.message)?.message || thrown.code
  const said = [...new Set([thrown.name, message])].filter(part => part && !NAMELESS.has(part)).join(': ')
  return `${(said || `The answer was HTTP ${thrown.$metadata?.httpStatusCode}`).replace(/[.\s]+$/, '')}.`
}
