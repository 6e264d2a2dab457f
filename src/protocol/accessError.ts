/** What a caller is told who may not be believed, or may not do what they ask for: names, statuses and words as AWS has them. */
import { ServiceError } from './errors.ts'

export const missingToken = () => new ServiceError('MissingAuthenticationToken', 'Missing Authentication Token')

/** The signature could not be read: `sentence` says what is missing or odd in it. */
export const incomplete = (sentence: string) => new ServiceError('IncompleteSignature', sentence)

export const unknownKey = () =>
  new ServiceError('InvalidClientTokenId', 'The security token included in the request is invalid.')

export const expiredToken = () =>
  new ServiceError('ExpiredTokenException', 'The security token included in the request is expired')

export const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

export const doesNotMatch = (sentence = MISMATCH) => new ServiceError('SignatureDoesNotMatch', sentence)

export const requestExpired = (sentence: string) => new ServiceError('RequestExpired', sentence)

/** `denied`: a statement forbids it; otherwise none allows it. */
export const notAuthorized = (principal: string, action: string, resource: string, denied: boolean) =>
  new ServiceError(
    'AccessDeniedException',
    `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} ${
      denied
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${action} action`
    }`,
  )

export const foreignPage = (origin: string) =>
  new ServiceError(
    'AccessDeniedException',
    `The request comes from a page of '${origin.slice(0, 200)}', and this server answers only its own machine.`,
  )

export const foreignRole = () => new ServiceError('AccessDeniedException', 'Cross-account pass role is not allowed.')
