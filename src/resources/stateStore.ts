/**
 * The state port: every resource, and the queue of work they cause, behind transactions. One adapter so far, `sqlite.ts`; each passes
 * `test/resources/contract.ts`. Nothing above this file knows which database is behind it.
 *
 * A record and the work it causes are written in one transaction, so neither is ever there without the other.
 */
import type { Status } from './lifecycle.ts'

export interface StoredResource {
  readonly arn: string
  readonly type: string
  readonly account: string
  readonly region: string
  readonly name: string
  /** ARN of what this hangs on: lists are filtered by it and it cannot be deleted before. */
  readonly parent: string | undefined
  /** ARN of the dataset group it belongs to, at whatever depth. */
  readonly group: string | undefined
  /** Grows with every resource made; the order of lists. */
  readonly sequence: number
  /** Absent for types without one (schemas). */
  readonly status: Status | undefined
  readonly createdMs: number
  readonly updatedMs: number
  readonly failureReason: string | undefined
  /** What Describe shows, in the wire's words. JSON. */
  readonly body: unknown
  /** What only we see: where the data lies, metrics. JSON. */
  readonly hidden: unknown
}

export type NewResource = Omit<StoredResource, 'sequence'>
export type ResourceChange = Partial<Pick<StoredResource, 'status' | 'body' | 'hidden'>> & {
  readonly updatedMs: number
  /** Null takes it away. */
  readonly failureReason?: string | null
}

/** Without account and region: those of everybody. */
export interface ResourceQuery {
  readonly type: string
  readonly account?: string
  readonly region?: string
  readonly parent?: string | undefined
  readonly group?: string | undefined
  readonly statuses?: readonly Status[] | undefined
}

/**
 * queued ──claim──► running ──► done | failed
 *    ▲                 │ └─ stopping ──► done       (its owner wants it no more)
 *    └──── requeue ────┘                            (the process died, or the store was out of reach)
 */
export type WorkState = 'queued' | 'running' | 'stopping' | 'done' | 'failed'

export interface StoredWork {
  readonly id: number
  readonly arn: string
  readonly kind: string
  readonly state: WorkState
  /** How many times it has been claimed. */
  readonly attempt: number
  /** How many of those ended with a dead process. */
  readonly crashes: number
  /** How many ended because something was out of reach that may come back. Both counts begin anew with every checkpoint. */
  readonly refusals: number
  readonly notBeforeMs: number
  readonly queuedMs: number
  readonly startedMs: number | undefined
  readonly finishedMs: number | undefined
  /** The last report, JSON; absent before the first. */
  readonly progress: unknown
}

export type WorkChange = Partial<
  Pick<
    StoredWork,
    'state' | 'attempt' | 'crashes' | 'refusals' | 'notBeforeMs' | 'startedMs' | 'finishedMs' | 'progress'
  >
>

export interface Tag {
  readonly tagKey: string
  readonly tagValue: string
}

export interface Transaction {
  find(arn: string): Promise<StoredResource | undefined>
  /** Fails when the ARN is taken; ask `find` first. */
  insert(resource: NewResource): Promise<void>
  update(arn: string, change: ResourceChange): Promise<void>
  /** The resource with its tags, finished work and checkpoints. */
  remove(arn: string): Promise<void>
  /** Newest first; `before` is the sequence of the last one already seen. */
  list(
    query: ResourceQuery,
    page: { readonly limit: number; readonly before?: number | undefined },
  ): Promise<StoredResource[]>
  count(query: ResourceQuery): Promise<number>

  setTags(arn: string, tags: readonly Tag[]): Promise<void>
  removeTags(arn: string, keys: readonly string[]): Promise<void>
  /** By key. */
  tagsOf(arn: string): Promise<Tag[]>

  enqueue(work: { arn: string; kind: string; nowMs: number }): Promise<void>
  /** Oldest first. */
  workIn(states: readonly WorkState[], page: { limit: number }): Promise<StoredWork[]>
  /** One account's and region's, newest first; `before` is the id of the last one already seen. */
  listWork(
    scope: { readonly account: string; readonly region: string },
    page: { limit: number; before?: number | undefined },
  ): Promise<StoredWork[]>
  /** The newest work of a resource. */
  workOf(arn: string): Promise<StoredWork | undefined>
  changeWork(id: number, change: WorkChange): Promise<void>
  /** Finished work whose resource is there stays for `sommelier jobs`, the newest `keep` of it. */
  pruneWork(keep: number): Promise<void>

  /** What attempts at a piece of work have finished, by name. Gone with the work's end. */
  saveCheckpoint(workId: number, name: string, value: unknown): Promise<void>
  checkpointsOf(workId: number): Promise<Map<string, unknown>>
  clearCheckpoints(workId: number): Promise<void>
}

/** The state cannot be written at the moment: the disk is full, or gives errors. Nothing was changed; later it may work. */
export class StateUnwritable extends Error {
  override name = 'StateUnwritable'
}

export interface StateStore {
  /**
   * Runs `body` alone: it sees and changes a consistent state, durable when this resolves, or leaves no trace when it throws. `body`
   * awaits nothing but the transaction's own methods. Throws StateUnwritable.
   */
  transact<T>(body: (transaction: Transaction) => Promise<T>): Promise<T>
  /** A secret of this installation, the same for its whole life. */
  readonly secret: string
  close(): Promise<void>
}
