/**
 * The object store port: where users keep their files (`s3://bucket/key`) and where the service keeps what it makes of them.
 * Adapters: `folder.ts` (the default) and `s3.ts`; both pass `test/objects/contract.ts`.
 */
import type { Readable } from 'node:stream'
import { Refusal } from '../lib/refusal.ts'

export interface ObjectAddress {
  readonly bucket: string
  readonly key: string
}

export interface ObjectInfo {
  readonly key: string
  readonly bytes: number
  /** Changes whenever the content does. */
  readonly etag: string
}

/** Bytes [start, end) of an object; `end` beyond the object means its end, and a `start` there gives no bytes. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Every method throws ObjectError when the store refuses or fails, and `signal.reason`, promptly, when the signal is aborted. */
export interface ObjectStore {
  /** Makes the bucket where it is absent. For the service's own bucket and for demonstrations; users make theirs themselves. */
  createBucket(bucket: string): Promise<void>
  /** Every object whose key starts with `prefix`, in ascending order of the key's UTF-8 bytes. */
  list(bucket: string, prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<ObjectInfo>
  /** Absent object: undefined. Absent bucket: ObjectError. */
  head(address: ObjectAddress, options?: { signal?: AbortSignal }): Promise<ObjectInfo | undefined>
  /** The bytes of one version of the object: a write meanwhile is not mixed in. What fails later destroys the stream with an ObjectError. */
  read(address: ObjectAddress, options?: { range?: ByteRange; signal?: AbortSignal }): Promise<Readable>
  /** The object appears whole when this resolves, or not at all; an older one of that name stays until then. */
  write(
    address: ObjectAddress,
    content: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { signal?: AbortSignal },
  ): Promise<void>
  /** Removing what is not there succeeds. */
  remove(address: ObjectAddress): Promise<void>
  /**
   * The object as a local file that may be read, never written. `folder` takes the copy where the store needs one (S3); the folder store
   * answers with its own file. The caller removes `folder` when done.
   */
  localFile(address: ObjectAddress, folder: string, options?: { signal?: AbortSignal }): Promise<string>
  /**
   * A file that is to become the object, to be written by its path, by many at once, and on after a crash: the same `name` finds what it
   * holds. Only where objects are files; elsewhere there is no such method.
   */
  growingFile?(address: ObjectAddress, name: string): Promise<GrowingFile>
}

export interface GrowingFile {
  readonly path: string
  /** What it holds now. */
  readonly bytes: number
  /** What was written so far survives a power cut. */
  sync(): Promise<void>
  /** Its first `bytes` bytes become the object, whole or not at all. */
  place(bytes: number): Promise<void>
  remove(): Promise<void>
}

export type ObjectErrorCode = 'InvalidAddress' | 'NoSuchBucket' | 'NoSuchObject' | 'AccessDenied' | 'Unavailable'

export class ObjectError extends Refusal {
  override name = 'ObjectError'
  readonly code: ObjectErrorCode
  constructor(code: ObjectErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** For the sentence that tells what could not be done. */
export type Doing = 'made' | 'listed' | 'read' | 'written' | 'removed'

export const noSuchObject = (address: ObjectAddress): ObjectError =>
  new ObjectError('NoSuchObject', `There is no object ${formatAddress(address)}.`)

/** `s3://bucket/key` in its parts; the key may be empty (all of a bucket). Throws ObjectError InvalidAddress. */
export function parseAddress(path: string): ObjectAddress {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(path)
  if (!match) throw new ObjectError('InvalidAddress', `'${path}' is not an S3 path: s3://bucket/key was expected.`)
  return { bucket: match[1], key: match[2] ?? '' }
}

export const formatAddress = (address: ObjectAddress): string => `s3://${address.bucket}/${address.key}`
