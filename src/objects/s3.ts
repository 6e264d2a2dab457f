/**
 * The object store behind any S3 API. Whole or not at all: an object of more than one part is a multipart upload, which is completed last
 * and aborted when anything fails. Credentials come by the SDK's own chain (variables, profiles, web identity, instance role).
 *
 * The SDK is loaded at the first call: it takes about 100 ms and 30 MB, which a process that works on folders need not pay.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { getSystemErrorMessage } from 'node:util'
import { checkBucketName, checkKey, uniqueName } from './names.ts'
import {
  type ByteRange,
  type Doing,
  formatAddress,
  noSuchObject,
  type ObjectAddress,
  ObjectError,
  type ObjectInfo,
  type ObjectStore,
} from './objectStore.ts'
import { S3Body } from './s3Body.ts'
import { connect, type S3Connection, type S3StoreConfig } from './s3Connection.ts'
import { isAbsent, s3Error } from './s3Errors.ts'
import { chunksOf, orAborted, pullStream } from './streams.ts'

/** S3 takes 10 000 parts: objects up to 156 GiB. */
const PART_BYTES = 16 * 1024 * 1024
/** Two at a time carry some 160 MB/s, more than any thread writes. lib-storage holds about three times as many parts (96 MiB) per object. */
const PARTS_AT_ONCE = 2

/** A download: one request per range, which its bytes outweigh. One connection to S3 gives some 80 MB/s, four fill a small network. */
const RANGE_BYTES = 16 * 1024 * 1024
const RANGES_AT_ONCE = 4

/** What a stream holds ready for its reader. */
const AHEAD_BYTES = 256 * 1024

export const openS3Store = (config: S3StoreConfig): ObjectStore => new S3Store(config)

class S3Store implements ObjectStore {
  readonly #config: S3StoreConfig
  #connection: Promise<S3Connection> | undefined

  constructor(config: S3StoreConfig) {
    this.#config = config
  }

  async createBucket(bucket: string): Promise<void> {
    checkBucketName(bucket)
    const { sdk, client } = await this.#connect()
    const { region } = this.#config
    // us-east-1 is the one region that may not be named here (S3 API reference, CreateBucket).
    const elsewhere = { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }
    await this.#attempt('made', { bucket, key: '' }, undefined, async () => {
      try {
        await client.send(new sdk.CreateBucketCommand({ Bucket: bucket, ...(region === 'us-east-1' ? {} : elsewhere) }))
      } catch (error) {
        if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error
      }
    })
  }

  async *list(bucket: string, prefix: string, options: { signal?: AbortSignal } = {}): AsyncGenerator<ObjectInfo> {
    checkBucketName(bucket)
    const { sdk, client } = await this.#connect()
    let token: string | undefined
    do {
      const page = await this.#attempt('listed', { bucket, key: prefix }, options.signal, handling =>
        client.send(
          new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
          handling,
        ),
      )
      for (const { Key, Size, ETag } of page.Contents ?? []) {
        options.signal?.throwIfAborted()
        yield { key: Key!, bytes: Size!, etag: ETag! }
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  async head(address: ObjectAddress, options: { signal?: AbortSignal } = {}): Promise<ObjectInfo | undefined> {
    checkAddress(address)
    const { sdk, client } = await this.#connect()
    return this.#attempt('read', address, options.signal, async handling => {
      try {
        const input = { Bucket: address.bucket, Key: address.key }
        const found = await client.send(new sdk.HeadObjectCommand(input), handling)
        return { key: address.key, bytes: found.ContentLength!, etag: found.ETag! }
      } catch (error) {
        if (!isAbsent(error)) throw error
        // An answer to HEAD has no body to say whether the object or the bucket is absent. The next call fails for an absent bucket.
        await this.#checkBucket(address.bucket, handling)
        return undefined
      }
    })
  }

  async read(address: ObjectAddress, options: { range?: ByteRange; signal?: AbortSignal } = {}): Promise<Readable> {
    const body = await this.#openBody(address, options.range, options.signal)
    return pullStream(body, AHEAD_BYTES, options.signal)
  }

  async write(
    address: ObjectAddress,
    content: Uint8Array | AsyncIterable<Uint8Array>,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    checkAddress(address)
    const { client } = await this.#connect()
    const { Upload } = await import('@aws-sdk/lib-storage')
    let sourceFailure: { error: unknown } | undefined
    async function* source() {
      try {
        yield* chunksOf(content, options.signal)
      } catch (error) {
        sourceFailure = { error }
        throw error
      }
    }
    await this.#attempt('written', address, options.signal, async () => {
      const upload = new Upload({
        client,
        params: { Bucket: address.bucket, Key: address.key, Body: Readable.from(source(), { highWaterMark: 1 }) },
        partSize: PART_BYTES,
        queueSize: PARTS_AT_ONCE,
      })
      // Rejects `done` at once; parts on their way are waited for, and the upload is aborted, behind it.
      const stop = () => void upload.abort()
      options.signal?.addEventListener('abort', stop)
      try {
        await upload.done()
      } finally {
        options.signal?.removeEventListener('abort', stop)
      }
    }).catch(error => {
      throw sourceFailure ? sourceFailure.error : error
    })
  }

  async remove(address: ObjectAddress): Promise<void> {
    checkAddress(address)
    const { sdk, client } = await this.#connect()
    await this.#attempt('removed', address, undefined, () =>
      client.send(new sdk.DeleteObjectCommand({ Bucket: address.bucket, Key: address.key })),
    )
  }

  /** Ranges side by side, all of one version of the object. */
  async localFile(address: ObjectAddress, folder: string, options: { signal?: AbortSignal } = {}): Promise<string> {
    const info = await this.head(address, options)
    if (!info) throw noSuchObject(address)
    const path = join(folder, `${uniqueName()}-${fileName(address.key)}`)
    const handle = await open(path, 'wx').catch(error => Promise.reject(copyError(error, address, path)))
    const failure = new AbortController()
    const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal
    let next = 0
    const work = async () => {
      for (let start = next; start < info.bytes; start = next) {
        next = Math.min(start + RANGE_BYTES, info.bytes)
        await this.#copyRange(address, { start, end: next }, info.etag, handle, signal)
      }
    }
    try {
      // The first reason to stop is the one that stays.
      const workers = Array.from({ length: RANGES_AT_ONCE }, () => work().catch(error => failure.abort(error)))
      await Promise.all(workers)
      signal.throwIfAborted()
      return path
    } catch (error) {
      await unlink(path).catch(() => {}) // It is in a folder that its owner removes.
      throw copyError(error, address, path)
    } finally {
      await handle.close()
    }
  }

  async #copyRange(address: ObjectAddress, range: ByteRange, etag: string, handle: FileHandle, signal: AbortSignal) {
    const body = await this.#openBody(address, range, signal, etag)
    let at = range.start
    for await (const bytes of pullStream(body, AHEAD_BYTES, signal)) {
      for (let written = 0; written < bytes.length; ) {
        written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten
      }
      at += bytes.length
    }
  }

  async #checkBucket(bucket: string, handling: { abortSignal?: AbortSignal }): Promise<void> {
    const { sdk, client } = await this.#connect()
    try {
      await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), handling)
    } catch (error) {
      throw isAbsent(error) ? Object.assign(error as Error, { name: 'NoSuchBucket' }) : error
    }
  }

  async #openBody(address: ObjectAddress, range?: ByteRange, signal?: AbortSignal, etag?: string): Promise<S3Body> {
    checkAddress(address)
    const body = new S3Body(await this.#connect(), address, range, etag)
    const stop = () => void body.close()
    try {
      signal?.addEventListener('abort', stop)
      await this.#attempt('read', address, signal, () => body.open())
      return body
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  #connect() {
    this.#connection ??= connect(this.#config)
    return this.#connection
  }

  /** One exchange with the store: rejects with the signal's reason at once, and with an ObjectError for what S3 and the network throw. */
  async #attempt<T>(
    doing: Doing,
    address: ObjectAddress,
    signal: AbortSignal | undefined,
    work: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    try {
      // The SDK's waits between tries do not hear the signal, so it is raced.
      return await orAborted(work(signal ? { abortSignal: signal } : {}), signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw s3Error(error, doing, address)
    }
  }
}

function checkAddress({ bucket, key }: ObjectAddress): void {
  checkBucketName(bucket)
  checkKey(key)
}

/** What the local disk throws; what comes from S3 is a sentence already. */
function copyError(error: unknown, address: ObjectAddress, path: string): unknown {
  const { errno, code } = error as NodeJS.ErrnoException
  if (error instanceof ObjectError || errno === undefined) return error
  const sentence = `${formatAddress(address)} could not be copied to '${path}': ${getSystemErrorMessage(errno)} (${code}).`
  return new ObjectError('Unavailable', sentence, { cause: error })
}

/** The end of a key as the end of a file's name: readers go by `.csv` and `.gz`. */
const FILE_NAME_CHARS_MAX = 64
const fileName = (key: string) => key.replace(/[^A-Za-z0-9._-]/g, '_').slice(-FILE_NAME_CHARS_MAX)
