/**
 * What the body of a long job gets in the compute process: two object stores, a folder of its own, threads, and a way to report.
 * Nothing else of the service is visible there, so a job that dies takes nothing with it.
 */
import type { Log } from '../lib/log.ts'
import type { WorkControl } from '../lib/work.ts'
import type { ObjectStore } from '../objects/objectStore.ts'
import type { ObjectStoreConfig } from '../objects/open.ts'

export interface ComputeContext extends WorkControl {
  /** The users' buckets. */
  readonly objects: ObjectStore
  /** What the service made itself: imported data, models, unfinished output. All of it in the bucket ARTIFACTS_BUCKET. */
  readonly artifacts: ObjectStore
  /** The same two as plain values, for threads that open their own. */
  readonly stores: { readonly objects: ObjectStoreConfig; readonly artifacts: ObjectStoreConfig }
  /** An empty folder, removed when the work ends. */
  readonly scratchFolder: string
  readonly threads: number
  /** Newest events per user and event type that filters look at; all of them without it. */
  readonly filterEventsPerType?: number | undefined
  /** Whether factor models and pools add up the whole catalogue for their probabilities, instead of estimating most of it. */
  readonly exactProbabilities?: boolean
  /** 1 for the first try; names what this try writes, so that a try that was thought dead cannot disturb its successor. */
  readonly attempt: number
  /** What earlier attempts finished, by name. */
  readonly finished: ReadonlyMap<string, unknown>
  /** Durable when this resolves; `value` is JSON and comes back in `finished` of a later attempt. */
  checkpoint(name: string, value: unknown): Promise<void>
  readonly log: Log
}

export const ARTIFACTS_BUCKET = 'sommelier'
