/** Events that come in any order → by user: buckets of neighbouring users in scratch files, each put in order in memory. */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../lib/assert.ts'
import { BUCKET_EVENTS_MAX } from './limits.ts'

/** Words of (user, code), twice as many as events, held for a bucket before they are written: 64 KB. */
const HELD_WORDS = 2 ** 14

/** Events of neighbouring users, in scratch files. */
export class EventBuckets {
  readonly count: number
  readonly usersEach: number
  readonly #paths: string[] = []
  readonly #files: number[] = []
  readonly #held: Uint32Array[] = []
  readonly #filled: Uint32Array
  readonly #written: Float64Array

  constructor(folder: string, userCount: number, eventCount: number, bucketEvents = BUCKET_EVENTS_MAX) {
    const wanted = Math.max(1, Math.min(userCount, Math.ceil(eventCount / bucketEvents)))
    this.usersEach = Math.max(1, Math.ceil(userCount / wanted))
    this.count = Math.ceil(userCount / this.usersEach)
    this.#filled = new Uint32Array(this.count)
    this.#written = new Float64Array(this.count)
    for (let bucket = 0; bucket < this.count; bucket++) {
      const path = join(folder, `bucket-${bucket}`)
      this.#paths.push(path)
      this.#files.push(openSync(path, 'w+'))
      this.#held.push(new Uint32Array(HELD_WORDS))
    }
  }

  add(user: number, code: number): void {
    const bucket = Math.floor(user / this.usersEach)
    const at = this.#filled[bucket]
    const held = this.#held[bucket]
    held[at] = user
    held[at + 1] = code
    this.#filled[bucket] = at + 2
    if (at + 2 === HELD_WORDS) this.#flush(bucket)
  }

  /** Its events, user and code in turns; the bucket is empty then. */
  take(bucket: number): Uint32Array {
    this.#flush(bucket)
    const words = new Uint32Array(this.#written[bucket])
    const bytes = new Uint8Array(words.buffer)
    for (let filled = 0; filled < bytes.length; ) {
      const got = readSync(this.#files[bucket], bytes, filled, Math.min(bytes.length - filled, 2 ** 30), filled)
      assert(got > 0, 'a bucket holds what was written to it')
      filled += got
    }
    this.#remove(bucket)
    return words
  }

  close(): void {
    for (let bucket = 0; bucket < this.count; bucket++) this.#remove(bucket)
  }

  #flush(bucket: number): void {
    const words = this.#held[bucket].subarray(0, this.#filled[bucket])
    writeWhole(this.#files[bucket], new Uint8Array(words.buffer, 0, words.byteLength))
    this.#written[bucket] += words.length
    this.#filled[bucket] = 0
  }

  #remove(bucket: number): void {
    if (this.#files[bucket] < 0) return
    closeSync(this.#files[bucket])
    rmSync(this.#paths[bucket])
    this.#files[bucket] = -1
  }
}

/** Pairs of user and code, in any order → by user the distinct codes, ascending. A counting sort by user, then each user's codes. */
export function distinctByUser(
  pairs: Uint32Array,
  firstUser: number,
  userCount: number,
): { offsets: Float64Array; codes: Uint32Array } {
  const next = new Uint32Array(userCount + 1)
  for (let at = 0; at < pairs.length; at += 2) next[pairs[at] - firstUser + 1]++
  for (let user = 0; user < userCount; user++) next[user + 1] += next[user]
  const codes = new Uint32Array(pairs.length / 2)
  for (let at = 0; at < pairs.length; at += 2) codes[next[pairs[at] - firstUser]++] = pairs[at + 1]
  const offsets = new Float64Array(userCount + 1)
  let kept = 0
  let from = 0
  for (let user = 0; user < userCount; user++) {
    // What began at next[user] ends there now.
    const to = next[user]
    const own = codes.subarray(from, to)
    ascending(own)
    for (let i = 0; i < own.length; i++) if (i === 0 || codes[kept - 1] !== own[i]) codes[kept++] = own[i]
    offsets[user + 1] = kept
    from = to
  }
  return { offsets, codes: codes.subarray(0, kept) }
}

/** A call into the engine costs more than to insert so few. */
const INSERTED_MAX = 48

function ascending(codes: Uint32Array): void {
  if (codes.length > INSERTED_MAX) {
    codes.sort()
    return
  }
  for (let i = 1; i < codes.length; i++) {
    const code = codes[i]
    let place = i
    for (; place > 0 && codes[place - 1] > code; place--) codes[place] = codes[place - 1]
    codes[place] = code
  }
}

export function writeWhole(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
}
