/** The keys a server knows: those of the key file, read again when it changes, and the one of its environment. */
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { Refusal } from '../lib/refusal.ts'
import type { SigningKeys } from '../protocol/sigv4.ts'
import { type AccessKey, keyFileVersion, readKeyFile } from './keyFile.ts'
import { type Policy, parsePolicy } from './policy.ts'

/** A key of the environment, which no file can revoke. */
export type OwnKey = Omit<AccessKey, 'createdAt'>

export interface KnownKey extends OwnKey {
  readonly rules: Policy
  /** Gone with the key, so a changed secret is never met by an old derived key. */
  readonly signingKeys: SigningKeys
}

/** A revoked key works this much longer. Asking for the file's date costs two microseconds, so it could be less. */
const LOOK_MS = 1_000

export class Keyring {
  readonly #path: string
  readonly #own: OwnKey | undefined
  readonly #clock: Clock
  readonly #log: Log
  #keys = new Map<string, KnownKey>()
  #version: string | undefined
  #lookedMs: number

  /** Throws Refusal when the file cannot be trusted or understood. */
  constructor(path: string, own: OwnKey | undefined, { clock, log }: { clock: Clock; log: Log }) {
    this.#path = path
    this.#own = own
    this.#clock = clock
    this.#log = log
    this.#lookedMs = clock.nowMs()
    this.#load()
  }

  get size(): number {
    return this.#keys.size
  }

  /** A key that was just made is found at once, one that was revoked after LOOK_MS at most. */
  find(accessKeyId: string): KnownKey | undefined {
    const known = this.#keys.get(accessKeyId)
    const nowMs = this.#clock.nowMs()
    // The distance, since a clock may be set back.
    if (known && Math.abs(nowMs - this.#lookedMs) < LOOK_MS) return known
    this.#lookedMs = nowMs
    if (keyFileVersion(this.#path) === this.#version) return known
    try {
      this.#load()
      this.#log.info('the access keys were read again', { count: this.size })
    } catch (error) {
      // Somebody's slip of the pen does not lock everybody out; once it is mended the file is read again.
      if (!(error instanceof Refusal)) throw error
      this.#log.error('the access keys stay as they were', { reason: error.message })
    }
    return this.#keys.get(accessKeyId)
  }

  #load(): void {
    // First the version, then the content: what changes in between is seen the next time.
    this.#version = keyFileVersion(this.#path)
    const keys = [...readKeyFile(this.#path), ...(this.#own ? [this.#own] : [])]
    this.#keys = new Map(
      keys.map(key => [key.accessKeyId, { ...key, rules: parsePolicy(key.policy), signingKeys: new Map() }]),
    )
  }
}
