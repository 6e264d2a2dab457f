/**
 * An answer that says no, in the service's own words: `name` is what clients switch on, `message` a sentence for the person reading it.
 * Every modelled exception is HTTP 400; the common errors carry the statuses of the AWS query documentation.
 */
export class ServiceError extends Error {
  readonly status: number
  constructor(name: ErrorName, message: string) {
    super(message)
    this.name = name
    this.status = statusOf[name]
  }
}

const statusOf = {
  InvalidInputException: 400,
  InvalidNextTokenException: 400,
  LimitExceededException: 400,
  ResourceAlreadyExistsException: 400,
  ResourceInUseException: 400,
  ResourceNotFoundException: 400,
  TooManyTagsException: 400,
  TooManyTagKeysException: 400,
  UnknownOperationException: 400,
  AccessDeniedException: 400,
  IncompleteSignature: 400,
  RequestExpired: 400,
  ExpiredTokenException: 403,
  InvalidClientTokenId: 403,
  MissingAuthenticationToken: 403,
  SignatureDoesNotMatch: 403,
  SerializationException: 400,
  MalformedHttpRequestException: 400,
  RequestTimeoutException: 408,
  RequestEntityTooLargeException: 413,
  InternalFailure: 500,
  ServiceUnavailable: 503,
} as const

export type ErrorName = keyof typeof statusOf
