/**
 * The bytes of one version of an S3 object. A connection that breaks in the middle, which the SDK's retries do not cover, is taken up again
 * at the byte where it broke, with `If-Match`, so that a long read survives a flaky network and two versions are never mixed.
 */
import type { Readable } from 'node:stream'
import { type ByteRange, formatAddress, type ObjectAddress, ObjectError } from './objectStore.ts'
import type { S3Connection } from './s3Connection.ts'
import { isAnswer, s3Error } from './s3Errors.ts'
import type { PullSource } from './streams.ts'

/** Of connections that broke without a single byte in between. */
const BREAKS_MAX = 5

export class S3Body implements PullSource {
  readonly #connection: S3Connection
  readonly #address: ObjectAddress
  readonly #stop = new AbortController()
  /** The next byte wanted and the end of what is wanted; Infinity until an answer tells it. */
  #at: number
  #end: number
  #etag: string | undefined
  #body: Readable | undefined
  #chunks: AsyncIterator<Uint8Array> | undefined
  #breaks = 0

  constructor(connection: S3Connection, address: ObjectAddress, range?: ByteRange, etag?: string) {
    this.#connection = connection
    this.#address = address
    this.#at = range?.start ?? 0
    this.#end = range?.end ?? Number.POSITIVE_INFINITY
    this.#etag = etag
  }

  /** Asks for the bytes that are still wanted. Throws what the SDK throws. */
  async open(): Promise<void> {
    const wanted = this.#end
    // For no bytes at all one is asked for, so that an absent object is absent here too.
    const last = wanted === Number.POSITIVE_INFINITY ? '' : Math.max(this.#at, wanted - 1)
    const whole = this.#at === 0 && last === ''
    const input = {
      Bucket: this.#address.bucket,
      Key: this.#address.key,
      ...(whole ? {} : { Range: `bytes=${this.#at}-${last}` }),
      ...(this.#etag === undefined ? {} : { IfMatch: this.#etag }),
    }
    try {
      const { sdk, client } = this.#connection
      const answer = await client.send(new sdk.GetObjectCommand(input), { abortSignal: this.#stop.signal })
      if (!whole && answer.ContentRange === undefined) {
        const sentence = `${formatAddress(this.#address)} could not be read: a range was asked for and the whole was sent.`
        throw new ObjectError('Unavailable', sentence)
      }
      this.#etag = answer.ETag
      this.#end = Math.min(wanted, this.#at + answer.ContentLength!)
      this.#body = answer.Body as Readable
      this.#body.on('error', () => {}) // `next` throws it; it may come before anybody asks.
      this.#chunks = this.#body[Symbol.asyncIterator]()
    } catch (error) {
      // A range that begins at or behind the end of the object.
      if ((error as Error).name !== 'InvalidRange') throw error
      this.#end = this.#at
    }
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#at >= this.#end) return undefined
      try {
        if (!this.#chunks) await this.open()
        const chunk = await this.#chunks?.next()
        if (chunk && !chunk.done) {
          this.#at += chunk.value.length
          this.#breaks = 0
          return chunk.value
        }
        if (this.#at < this.#end) throw new Error(`the answer ended before byte ${this.#at} of ${this.#end}`)
      } catch (error) {
        this.#giveUpOrGoOn(error)
      }
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#body?.destroy()
  }

  #giveUpOrGoOn(error: unknown): void {
    this.#body?.destroy()
    this.#chunks = undefined
    // What the server answered is its last word: the SDK has tried again where that could help.
    const isBreak = !(error instanceof ObjectError || isAnswer(error) || this.#stop.signal.aborted)
    if (!isBreak || ++this.#breaks > BREAKS_MAX) throw s3Error(error, 'read', this.#address)
  }
}
