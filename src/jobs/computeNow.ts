/**
 * Arithmetic that a request waits for: in a compute process of its own, like that of a job, so that neither the API's event loop nor its
 * memory is at stake. One at a time, and not for long: what takes more is a job.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../lib/log.ts'
import type { ObjectStoreConfig } from '../objects/open.ts'
import { ServiceError } from '../protocol/errors.ts'
import { type Compute, startCompute } from './computeRunner.ts'

/** Less than the 30 s after which clients give up (cli/wire.ts): a million items take some five seconds. */
const COMPUTE_MS_MAX = 25_000
/** Requests that wait for their turn; more are told to come again. */
const WAITING_MAX = 8

export interface ComputeNowOptions {
  readonly stores: { readonly objects: ObjectStoreConfig; readonly artifacts: ObjectStoreConfig }
  readonly scratchFolder: string
  readonly threads: number
  readonly filterEventsPerType?: number | undefined
  readonly exactProbabilities?: boolean
  readonly log: Log
}

export class ComputeNow {
  readonly #options: ComputeNowOptions
  #running: Compute | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #count = 0
  #stopped = false

  constructor(options: ComputeNowOptions) {
    this.#options = options
  }

  /** The result of a kind of work. Throws InvalidInputException with what the work refuses, ServiceUnavailable when there is no room or no time. */
  async run({ kind, description }: { kind: string; description: unknown }): Promise<unknown> {
    if (this.#waiting >= WAITING_MAX) throw unavailable('The server is busy with requests like this: try again later.')
    this.#waiting++
    const turn = this.#turn.then(() => this.#compute(kind, description))
    this.#turn = turn.catch(() => {}).finally(() => this.#waiting--)
    return turn
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#running?.stop()
    await this.#turn
  }

  async #compute(kind: string, description: unknown): Promise<unknown> {
    if (this.#stopped) throw unavailable('The server is stopping.')
    const { scratchFolder: parent, log, ...given } = this.#options
    const scratchFolder = join(parent, `now-${++this.#count}`)
    mkdirSync(scratchFolder, { recursive: true })
    const compute = startCompute(
      { kind, description, attempt: 1, finished: new Map(), scratchFolder, ...given },
      { progress: () => {}, checkpoint: async () => {} },
      log,
    )
    this.#running = compute
    const timer = setTimeout(() => compute.stop(), COMPUTE_MS_MAX)
    try {
      const outcome = await compute.outcome
      if (outcome.end === 'done') return outcome.result
      if (outcome.end === 'refused') throw new ServiceError('InvalidInputException', outcome.reason)
      if (outcome.end === 'stopped') {
        throw unavailable(`The answer takes more than ${COMPUTE_MS_MAX / 1000} s: the data is too large for it.`)
      }
      throw new Error(`a computation for a request ended: ${outcome.end === 'broken' ? outcome.error : outcome.how}`)
    } finally {
      clearTimeout(timer)
      this.#running = undefined
      rmSync(scratchFolder, { recursive: true, force: true })
    }
  }
}

const unavailable = (sentence: string): ServiceError => new ServiceError('ServiceUnavailable', sentence)
