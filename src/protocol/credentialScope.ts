/**
 * Which region a request is meant for: SigV4 writes it into the credential scope, `AKID/20231027/us-east-1/personalize/aws4_request`.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
const SCOPE = /Credential=[^/\s,]{1,128}\/\d{8}\/([a-z0-9-]{1,32})\/[a-z0-9-]{1,32}\/aws4_request/

/** undefined: the request is not signed. */
export const regionOf = (authorization: string | undefined): string | undefined => SCOPE.exec(authorization ?? '')?.[1]
