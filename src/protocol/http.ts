/**
 * Bytes in, bytes out, on `node:http`: body limit, request ids, time-outs, and a stop that lets running requests finish.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Log } from '../lib/log.ts'
import { CONTENT_TYPE, formatError } from './awsJson.ts'
import type { Dispatch } from './dispatch.ts'
import { ServiceError } from './errors.ts'

/** The largest legal request, a PutItems of ten items with 32 000 characters of properties each, stays below 2 MiB even when escaped. */
export const BODY_BYTES_MAX = 2 * 1024 * 1024
/** A client that sends its request slower than this is holding a connection, not using it. */
const REQUEST_MS_MAX = 30_000
/** How often connections are looked through for such clients. */
const LOOK_MS = 1_000
/** Headers of a signed request are about 1 KB; session tokens make up to 8 KB. */
const HEADER_BYTES_MAX = 32 * 1024
/** SDK clients keep connections open between polls; longer than the 60 s of load balancers in front, so that those close first. */
const KEEP_ALIVE_MS = 65_000
/** Connections at once: far above any client pool, far below the file descriptor limit. */
const CONNECTIONS_MAX = 1_000
/** How long a stop waits for requests that are being answered. */
const STOP_MS_MAX = 5_000

export interface HttpServer {
  readonly port: number
  /** Takes no new request, finishes the running ones, closes. */
  stop(): Promise<void>
}

export async function startHttp(
  /** `requestMsMax`: for tests, a shorter patience. */
  options: { host: string; port: number; log: Log; requestMsMax?: number },
  dispatch: Dispatch,
): Promise<HttpServer> {
  const { requestMsMax = REQUEST_MS_MAX, log } = options
  const listener = (request: IncomingMessage, response: ServerResponse) => void answer(request, response, dispatch, log)
  const server = createServer(
    {
      requestTimeout: requestMsMax,
      headersTimeout: requestMsMax,
      connectionsCheckingInterval: Math.min(LOOK_MS, requestMsMax),
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // We refuse its absence ourselves, by name.
      requireHostHeader: false,
    },
    listener,
  )
  server.maxConnections = CONNECTIONS_MAX
  // Expectations other than 100-continue may be passed over (RFC 9110, 10.1.1).
  server.on('checkExpectation', listener)
  server.on('clientError', refuseUnread)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return { port: (server.address() as AddressInfo).port, stop: () => stop(server) }
}

async function answer(request: IncomingMessage, response: ServerResponse, dispatch: Dispatch, log: Log): Promise<void> {
  const requestId = randomUUID()
  const requests = unansweredOn(request.socket).add(request)
  response.once('close', () => requests.delete(request))
  try {
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      throw new ServiceError('MalformedHttpRequestException', "The header 'Host' is missing.")
    }
    if (request.method !== 'POST' || request.url?.split('?')[0] !== '/') {
      throw new ServiceError(
        'UnknownOperationException',
        `${request.method} ${request.url?.slice(0, 200)} is not an operation of this service: requests are POST /.`,
      )
    }
    const body = await readBody(request)
    const { method, url, rawHeaders, headers } = request
    // Never from the query: a page of another site can send that without being asked whether it may.
    const target = headers['x-amz-target']
    const text = await dispatch({
      target: typeof target === 'string' ? target : undefined,
      method,
      url: url!,
      rawHeaders,
      body,
    })
    send(response, 200, requestId, text)
  } catch (error) {
    if (!request.complete) response.setHeader('Connection', 'close')
    if (error instanceof ServiceError) {
      response.setHeader('x-amzn-ErrorType', error.name)
      send(response, error.status, requestId, formatError(error))
    } else if (!response.destroyed) {
      log.error('a request failed', { requestId, error: error instanceof Error ? error.stack : String(error) })
      const failure = new ServiceError(
        'InternalFailure',
        `The request failed for a reason of ours; the log has it under ${requestId}.`,
      )
      send(response, failure.status, requestId, formatError(failure))
    }
  }
}

/**
 * What is not HTTP, comes too slowly or has too large a head never becomes a request: it is refused on the bare socket, which is closed.
 * Names as in AWS's list of common errors.
 */
function refuseUnread({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  const error =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new ServiceError('RequestTimeoutException', 'The request did not come in time.')
      : code === 'HPE_HEADER_OVERFLOW'
        ? new ServiceError(
            'RequestEntityTooLargeException',
            `The request's head is larger than ${HEADER_BYTES_MAX} bytes.`,
          )
        : new ServiceError('MalformedHttpRequestException', 'The request is not HTTP/1.1 as RFC 9112 has it.')
  // Nobody is there any more, or an earlier request on this connection has yet to be answered: this would be taken for its answer.
  if (code === 'ECONNRESET' || !socket.writable || [...unansweredOn(socket)].some(request => request.complete)) {
    socket.destroy()
    return
  }
  const text = formatError(error)
  const head = {
    'Content-Type': CONTENT_TYPE,
    'Content-Length': Buffer.byteLength(text),
    'x-amzn-RequestId': randomUUID(),
    'x-amzn-ErrorType': error.name,
    Connection: 'close',
  }
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${text}`, () =>
    socket.destroy(),
  )
}

/** Requests that have begun to arrive and whose answer is not out yet. */
const unanswered = new WeakMap<Duplex, Set<IncomingMessage>>()
function unansweredOn(socket: Duplex): Set<IncomingMessage> {
  const found = unanswered.get(socket) ?? new Set()
  unanswered.set(socket, found)
  return found
}

function send(response: ServerResponse, status: number, requestId: string, text: string): void {
  const bytes = Buffer.from(text)
  response.writeHead(status, {
    'Content-Type': CONTENT_TYPE,
    'Content-Length': bytes.length,
    'x-amzn-RequestId': requestId,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(bytes)
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const tooLarge = () =>
    new ServiceError('RequestEntityTooLargeException', `The request body is larger than ${BODY_BYTES_MAX} bytes.`)
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed on return: a client that sends too much shall still read why it was refused.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), STOP_MS_MAX)
  await closed
  clearTimeout(timer)
}
