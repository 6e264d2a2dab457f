/**
 * AWS JSON 1.1: one path, the operation in `X-Amz-Target: <prefix>.<operation>`, JSON objects in both directions, errors as
 * `{"__type", "message"}`. Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
import { ServiceError } from './errors.ts'

export const CONTENT_TYPE = 'application/x-amz-json-1.1'

/** `AmazonPersonalize.CreateSchema` in its two parts. */
export function parseTarget(header: string | undefined): { service: string; operation: string } {
  const match = /^([A-Za-z0-9_]+)\.([A-Za-z0-9_]+)$/.exec(header ?? '')
  if (!match) {
    throw new ServiceError(
      'UnknownOperationException',
      header === undefined
        ? "The header 'X-Amz-Target' is missing: it names the operation, as in 'AmazonPersonalize.ListSchemas'."
        : `'${header.slice(0, 200)}' in the header 'X-Amz-Target' does not name an operation.`,
    )
  }
  return { service: match[1], operation: match[2] }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** No request has more than a dozen levels. What is read from here on may be walked by recursion. */
const NESTING_LEVELS_MAX = 100

/** An empty body counts as `{}`. */
export function parseBody(body: Uint8Array): unknown {
  if (body.length === 0) return {}
  if (nestingOf(body) > NESTING_LEVELS_MAX) {
    throw new ServiceError(
      'SerializationException',
      `The request body is nested deeper than ${NESTING_LEVELS_MAX} levels.`,
    )
  }
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(body))
  } catch (error) {
    throw new ServiceError(
      'SerializationException',
      `The request body is not JSON in UTF-8: ${error instanceof Error ? error.message : String(error)}.`,
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ServiceError('SerializationException', 'The request body is not a JSON object.')
  }
  return value
}

/** How deep lists and objects stand in each other. Linear; meaningless where the bytes are not JSON. */
function nestingOf(body: Uint8Array): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (byte === QUOTE) inString = !inString
    else if (inString) i += byte === BACKSLASH ? 1 : 0
    else if (byte === BRACKET || byte === BRACE) deepest = Math.max(deepest, ++depth)
    else if (byte === BRACKET + 2 || byte === BRACE + 2) depth--
  }
  return deepest
}
/** `"`, `\`, `[` and `{`; the last two are closed by the next but one. */
const [QUOTE, BACKSLASH, BRACKET, BRACE] = [0x22, 0x5c, 0x5b, 0x7b]

export const formatBody = (output: unknown): string => JSON.stringify(output)

export const formatError = (error: ServiceError): string =>
  JSON.stringify({ __type: error.name, message: error.message })
