/**
 * A kind of work: what has to happen between a resource's pending status and its final one.
 *
 *   describe   in the engine, inside the transaction that takes the work up: everything the body needs, as JSON
 *   run        in the compute process: the body. Absent for work that needs none
 *   settle     in the engine, inside the transaction that ends the work: what the result means for the records
 *   after      in the engine, in that same transaction: what follows from it for others
 *
 * All three may throw a Refusal: the resource then fails with its sentence as failureReason.
 */
import type { Resource, Resources } from '../resources/resources.ts'
import type { ResourceType } from '../resources/types.ts'
import type { ComputeContext } from './computeContext.ts'

export interface WorkKind<Body, Hidden, Description, Result> {
  readonly name: string
  /** What the work makes; absent: any type. */
  readonly makes?: ResourceType<Body, Hidden>
  /** No other body runs in its dataset group while it does, and what was asked for later begins after it has ended (schedule.ts). */
  readonly alone?: boolean
  /** Of work of such kinds on one parent, what was asked for later begins after the earlier has ended (schedule.ts). */
  readonly ordered?: boolean
  /** Nobody has asked for it: it runs while nobody's work waits or runs, and is begun again later when some comes (schedule.ts). */
  readonly background?: boolean
  describe?(resource: Resource<Body, Hidden>, resources: Resources, attempt: Attempt): Promise<Description>
  run?(description: Description, context: ComputeContext): Promise<Result>
  /** The resource's changed members; undefined: unchanged. `gone`: the resource was removed and has no status any more. */
  settle?(
    resource: Resource<Body, Hidden>,
    result: Result,
    resources: Resources,
  ): Promise<{ body?: Body; hidden?: Hidden } | 'gone' | undefined>
  /** In the same transaction, once the resource stands as settled: the requests that this leads to. Not after a failure. */
  after?(resource: Resource<Body, Hidden>, resources: Resources): Promise<void>
}

/** Names what one attempt writes in the artifacts bucket. */
export interface Attempt {
  readonly workId: number
  readonly attempt: number
}

export type AnyWorkKind = WorkKind<unknown, unknown, unknown, unknown>

export const workKind = <Body, Hidden, Description, Result>(
  declared: WorkKind<Body, Hidden, Description, Result>,
): WorkKind<Body, Hidden, Description, Result> => declared
