/**
 * Bytes in, bytes out, on `node:http`: body limit, request ids, time-outs, and a stop that lets running requests finish.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../lib/log.ts'
import { CONTENT_TYPE, formatError } from './awsJson.ts'
import type { Dispatch } from './dispatch.ts'
import { ServiceError } from './errors.ts'

/** The largest legal request, a PutItems of ten items with 32 000 characters of properties each, stays below 2 MiB even when escaped. */
export const BODY_BYTES_MAX = 2 * 1024 * 1024
/** A client that sends its request slower than this is holding a connection, not using it. */
const REQUEST_MS_MAX = 30_000
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
  options: { host: string; port: number; log: Log },
  dispatch: Dispatch,
): Promise<HttpServer> {
  const server = createServer(
    {
      requestTimeout: REQUEST_MS_MAX,
      headersTimeout: REQUEST_MS_MAX,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => void answer(request, response, dispatch, options.log),
  )
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return { port: (server.address() as AddressInfo).port, stop: () => stop(server) }
}

async function answer(request: IncomingMessage, response: ServerResponse, dispatch: Dispatch, log: Log): Promise<void> {
  const requestId = randomUUID()
  try {
    if (request.method !== 'POST' || request.url?.split('?')[0] !== '/') {
      throw new ServiceError(
        'UnknownOperationException',
        `${request.method} ${request.url?.slice(0, 200)} is not an operation of this service: requests are POST /.`,
      )
    }
    const body = await readBody(request)
    const target = request.headers['x-amz-target']
    const text = await dispatch({
      target: typeof target === 'string' ? target : undefined,
      authorization: request.headers.authorization,
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
