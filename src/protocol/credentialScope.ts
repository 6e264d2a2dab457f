/**
 * Which region a request is meant for: SigV4 writes it into the credential scope, `AKID/20231027/us-east-1/personalize/aws4_request`.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
import { type HttpMessage, headerOf } from './sigv4Claims.ts'

const SCOPE =
  /Credential=[^/%\s,]{1,128}(?:\/|%2F)\d{8}(?:\/|%2F)([a-z0-9-]{1,32})(?:\/|%2F)[a-z0-9-]{1,32}(?:\/|%2F)aws4_request/

/** As the request claims, unchecked: in its Authorization header or in its query. undefined: it is not signed. */
export const regionOf = (message: HttpMessage): string | undefined =>
  SCOPE.exec(headerOf(message, 'authorization') ?? message.url)?.[1]
