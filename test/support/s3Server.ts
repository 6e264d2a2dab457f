/**
 * An S3 server for tests, in this process: path style, the requests that `src/objects/s3.ts` makes and no others, objects as files of a
 * temporary folder (so that what they weigh is not counted as ours). Errors are AWS's XML. It looks at who signs, not at the signature.
 * Answers as in the S3 API reference; the same suite runs against moto (scripts/withMoto.mjs).
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

export interface S3Server {
  readonly endpoint: string
  /** Buckets to which every request is answered with AccessDenied. */
  readonly forbidden: Set<string>
  /** Multipart uploads neither completed nor aborted. */
  unfinishedCount(): number
  close(): Promise<void>
  /**
   * Called before each answer with 'GET /bucket/key?query'. May wait, or throw an S3Fault; answers after how many bytes of a body the
   * line is cut.
   */
  interfere: (request: string) => Promise<number | undefined> | number | undefined
}

export class S3Fault extends Error {
  readonly code: string
  readonly status: number
  constructor(status: number, code: string, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}

interface Stored {
  readonly path: string
  readonly bytes: number
  readonly etag: string
}

interface Call {
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export const ACCESS_KEY = 'AKIATEST'
const PART_BYTES_MIN = 5 * 1024 * 1024

export async function startS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'sommelier-s3-'))
  const buckets = new Map<string, Map<string, Stored>>()
  const uploads = new Map<string, { bucket: string; key: string; parts: Map<number, Stored> }>()
  let fileCount = 0

  async function store(content: AsyncIterable<Uint8Array>): Promise<Stored> {
    const path = join(folder, `${fileCount++}`)
    const hash = createHash('md5')
    let bytes = 0
    await pipeline(
      content,
      async function* (chunks) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          bytes += chunk.length
          yield chunk
        }
      },
      createWriteStream(path),
    )
    return { path, bytes, etag: `"${hash.digest('hex')}"` }
  }

  function objectsOf(bucket: string): Map<string, Stored> {
    const found = buckets.get(bucket)
    if (!found) throw new S3Fault(404, 'NoSuchBucket', 'The specified bucket does not exist')
    return found
  }

  function uploadOf({ query }: Call) {
    const upload = uploads.get(query.get('uploadId')!)
    if (!upload) throw new S3Fault(404, 'NoSuchUpload', 'The specified upload does not exist.')
    return upload
  }

  const operations: Record<string, (call: Call) => Promise<void> | void> = {
    CreateBucket({ bucket, response }) {
      if (buckets.has(bucket))
        throw new S3Fault(409, 'BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.')
      buckets.set(bucket, new Map())
      response.end()
    },
    HeadBucket({ bucket, response }) {
      objectsOf(bucket)
      response.end()
    },
    ListObjectsV2({ bucket, query, response }) {
      const after = Buffer.from(query.get('continuation-token') ?? '', 'base64url').toString()
      const keys = [...objectsOf(bucket).keys()].filter(key => key.startsWith(query.get('prefix') ?? '')).sort(byUtf8)
      const left = keys.slice(after === '' ? 0 : keys.indexOf(after) + 1)
      const page = left.slice(0, PAGE_KEY_COUNT)
      const entries = page.map(key => {
        const { bytes, etag } = objectsOf(bucket).get(key)!
        return `<Contents><Key>${escapeXml(key)}</Key><ETag>${escapeXml(etag)}</ETag><Size>${bytes}</Size></Contents>`
      })
      const more = left.length > page.length
      const token = more
        ? `<NextContinuationToken>${Buffer.from(page.at(-1)!).toString('base64url')}</NextContinuationToken>`
        : ''
      sendXml(
        response,
        200,
        `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${entries.join('')}</ListBucketResult>`,
      )
    },
    async PutObject({ bucket, key, request, response }) {
      objectsOf(bucket)
      const stored = await store(request)
      if (stored.bytes !== Number(request.headers['content-length']))
        throw new S3Fault(400, 'IncompleteBody', 'The body is too short.')
      objectsOf(bucket).set(key, stored)
      response.setHeader('etag', stored.etag).end()
    },
    async GetObject({ bucket, key, request, response, query }) {
      const found = objectsOf(bucket).get(key)
      if (!found) throw new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.')
      const match = request.headers['if-match']
      if (match !== undefined && match !== found.etag) {
        throw new S3Fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
      }
      const [start, end] = rangeOf(request.headers.range, found.bytes)
      const range = { 'content-range': `bytes ${start}-${end - 1}/${found.bytes}` }
      const headers = { etag: found.etag, 'content-length': end - start, ...(request.headers.range ? range : {}) }
      response.writeHead(request.headers.range ? 206 : 200, headers)
      const cutAt = Number(query.get('cut') ?? Number.POSITIVE_INFINITY)
      if (request.method === 'HEAD' || end === start) return void response.end()
      if (cutAt >= end - start) return pipeline(createReadStream(found.path, { start, end: end - 1 }), response)
      if (cutAt > 0)
        await pipeline(createReadStream(found.path, { start, end: start + cutAt - 1 }), response, { end: false })
      response.flushHeaders()
      response.socket?.end()
    },
    DeleteObject({ bucket, key, response }) {
      objectsOf(bucket).delete(key)
      response.writeHead(204).end()
    },
    CreateMultipartUpload({ bucket, key, response }) {
      objectsOf(bucket)
      const id = `upload-${fileCount++}`
      uploads.set(id, { bucket, key, parts: new Map() })
      sendXml(
        response,
        200,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      )
    },
    async UploadPart(call) {
      const upload = uploadOf(call)
      const part = await store(call.request)
      upload.parts.set(Number(call.query.get('partNumber')), part)
      call.response.setHeader('etag', part.etag).end()
    },
    async CompleteMultipartUpload(call) {
      const upload = uploadOf(call)
      const wanted = [...(await text(call.request)).matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(match =>
        Number(match[1]),
      )
      const parts = wanted.map(number => upload.parts.get(number))
      if (parts.includes(undefined))
        throw new S3Fault(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
      if (wanted.some((number, i) => i > 0 && number <= wanted[i - 1]))
        throw new S3Fault(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
      if (parts.slice(0, -1).some(part => part!.bytes < PART_BYTES_MIN))
        throw new S3Fault(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
      const path = join(folder, `${fileCount++}`)
      let bytes = 0
      for (const part of parts) {
        await appendFile(path, await readFile(part!.path))
        bytes += part!.bytes
      }
      const etag = `"${createHash('md5')
        .update(parts.map(part => part!.etag).join())
        .digest('hex')}-${parts.length}"`
      objectsOf(upload.bucket).set(upload.key, { path, bytes, etag })
      uploads.delete(call.query.get('uploadId')!)
      sendXml(
        call.response,
        200,
        `<CompleteMultipartUploadResult><ETag>${escapeXml(etag)}</ETag></CompleteMultipartUploadResult>`,
      )
    },
    AbortMultipartUpload(call) {
      uploadOf(call)
      uploads.delete(call.query.get('uploadId')!)
      call.response.writeHead(204).end()
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://localhost')
    const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent)
    try {
      const cut = await self.interfere(`${request.method} ${request.url}`)
      if (cut !== undefined) url.searchParams.set('cut', `${cut}`)
      checkSigner(request)
      if (self.forbidden.has(bucket)) throw new S3Fault(403, 'AccessDenied', 'Access Denied')
      const name = operationOf(request.method!, rest.join('/'), url.searchParams)
      await operations[name]({ bucket, key: rest.join('/'), query: url.searchParams, request, response })
    } catch (error) {
      if (!(error instanceof S3Fault)) return void response.destroy(error as Error)
      request.resume()
      const body = `<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message><RequestId>1</RequestId></Error>`
      if (request.method === 'HEAD') response.writeHead(error.status).end()
      else sendXml(response, error.status, body)
    }
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const self: S3Server = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forbidden: new Set(),
    interfere: () => undefined,
    unfinishedCount: () => uploads.size,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await rm(folder, { recursive: true })
    },
  }
  return self
}

/** Small, so that a test of paging need not make a thousand objects. */
const PAGE_KEY_COUNT = 7

function operationOf(method: string, key: string, query: URLSearchParams): string {
  const routes: Record<string, string | undefined> =
    key === ''
      ? { PUT: 'CreateBucket', HEAD: 'HeadBucket', GET: query.get('list-type') === '2' ? 'ListObjectsV2' : undefined }
      : query.has('uploadId')
        ? { PUT: 'UploadPart', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }
        : {
            PUT: 'PutObject',
            GET: 'GetObject',
            HEAD: 'GetObject',
            DELETE: 'DeleteObject',
            POST: query.has('uploads') ? 'CreateMultipartUpload' : undefined,
          }
  const name = routes[method]
  if (name === undefined)
    throw new S3Fault(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.')
  return name
}

function checkSigner(request: IncomingMessage): void {
  const credential = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[^/]+\/s3\/aws4_request, SignedHeaders=/.exec(
    request.headers.authorization ?? '',
  )
  if (!credential) throw new S3Fault(403, 'AccessDenied', 'Access Denied')
  if (credential[1] !== ACCESS_KEY) {
    throw new S3Fault(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  }
}

function rangeOf(header: string | undefined, bytes: number): [number, number] {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '')
  if (!match) return [0, bytes]
  const start = Number(match[1])
  if (start >= bytes) throw new S3Fault(416, 'InvalidRange', 'The requested range is not satisfiable')
  return [start, match[2] === '' ? bytes : Math.min(bytes, Number(match[2]) + 1)]
}

function sendXml(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`)
}

async function text(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await Array.fromAsync(request)).toString()
}

const byUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

const escapeXml = (value: string) => value.replace(/[&<>"\r]/g, char => `&#${char.charCodeAt(0)};`)
