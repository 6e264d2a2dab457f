/** What the engine and a compute process say to each other, over the process's IPC channel. */
import type { ProgressReport } from '../lib/work.ts'
import type { ObjectStoreConfig } from '../objects/open.ts'

/** The first message down: all that the process will ever know of the service. */
export interface Assignment {
  readonly kind: string
  readonly description: unknown
  readonly attempt: number
  readonly finished: ReadonlyMap<string, unknown>
  readonly stores: { readonly objects: ObjectStoreConfig; readonly artifacts: ObjectStoreConfig }
  readonly scratchFolder: string
  readonly threads: number
  readonly filterEventsPerType?: number | undefined
  readonly exactProbabilities?: boolean
}

export type ToCompute =
  | { readonly say: 'begin'; readonly assignment: Assignment; readonly kernelsChecked: boolean }
  | { readonly say: 'saved'; readonly checkpoint: number }
  | { readonly say: 'stop' }

export type FromCompute =
  | { readonly say: 'kernelsAgree' }
  | { readonly say: 'progress'; readonly report: ProgressReport }
  | { readonly say: 'checkpoint'; readonly number: number; readonly name: string; readonly value: unknown }
  | { readonly say: 'done'; readonly result: unknown }
  /** The caller's fault: `reason` is the failureReason. `retry`: the fault may pass by itself. */
  | { readonly say: 'refused'; readonly reason: string; readonly retry: boolean }
  | { readonly say: 'broken'; readonly error: string }
  /** The kernels do not compute here what their plain twins do while V8's revectorizer is on. */
  | { readonly say: 'kernelsDiffer'; readonly names: readonly string[] }
