/** How a piece of work ends: what its outcome means for the records, for another try, and for the sentence its owner reads. */
import { assert } from '../lib/assert.ts'
import type { Log } from '../lib/log.ts'
import { Refusal } from '../lib/refusal.ts'
import { type Resource, Resources, type ResourcesOptions } from '../resources/resources.ts'
import type { StoredWork, Transaction } from '../resources/stateStore.ts'
import { typeNamed } from '../resources/types.ts'
import type { Outcome } from './computeRunner.ts'
import type { AnyWorkKind } from './workKind.ts'

/** A compute process that died may have met another's memory need; one that always dies is the work's own fault. */
const CRASHES_MAX = 3
/** An object store that is out of reach, or a disk that is full, is tried again after 5, 10, 20, 40 s; then the job says so. */
const TRIES_MAX = 5
const RETRY_MS = 5_000
/** A compute process that died is tried again after 1 and 2 s: what it lacked may be there by then. */
const CRASH_RETRY_MS = 1_000
/** The longest pause before another try: 40 s. */
export const PAUSE_MS_MAX = Math.max(RETRY_MS * 2 ** (TRIES_MAX - 2), CRASH_RETRY_MS * 2 ** (CRASHES_MAX - 2))
/** Finished work kept for `sommelier jobs`. */
const FINISHED_WORK_KEPT = 1_000
const INTERNAL_FAILURE = 'The work failed for a reason of ours, not of the request; the server log has the details.'

export interface Endings {
  /** The work's resource as it is in this transaction, and the resources of its account and region. */
  ownerOf(transaction: Transaction, work: StoredWork): Promise<Owner>
  /** What an outcome leads to: the final status, or another try. */
  ended(transaction: Transaction, work: StoredWork, kind: AnyWorkKind, outcome: Outcome): Promise<void>
  fail(transaction: Transaction, work: StoredWork, failureReason: string): Promise<void>
  close(transaction: Transaction, work: StoredWork, as: 'done' | 'failed'): Promise<void>
  /** A failureReason for what was thrown. */
  reasonOf(error: unknown): string
}

interface Owner {
  readonly resource: Resource<unknown, unknown>
  readonly resources: Resources
}

export function endings(options: ResourcesOptions & { readonly log: Log }): Endings {
  const { clock, log } = options
  return { ownerOf, ended, fail, close, reasonOf }

  async function ownerOf(transaction: Transaction, work: StoredWork) {
    const resource = await transaction.find(work.arn)
    assert(resource, `${work.arn} has work and no record`)
    const { account, region } = resource
    const resources = new Resources(transaction, { account, region }, options)
    return { resource: resource as Resource<unknown, unknown>, resources }
  }

  async function ended(transaction: Transaction, work: StoredWork, kind: AnyWorkKind, outcome: Outcome): Promise<void> {
    const { resource, resources } = await ownerOf(transaction, work)
    const type = typeNamed(resource.type)
    if (resource.status && type.lifecycle?.arrows[resource.status]?.stopped) {
      await resources.follow(type, resource.arn, 'stopped', work.kind)
      return close(transaction, work, 'done')
    }
    if (outcome.end === 'done') {
      const change = await kind.settle?.(resource, outcome.result, resources)
      if (change === 'gone') return
      await resources.follow(type, resource.arn, 'done', work.kind, change)
      await kind.after?.((await ownerOf(transaction, work)).resource, resources)
      return close(transaction, work, 'done')
    }
    if (outcome.end === 'stopped') return transaction.changeWork(work.id, { state: 'queued' }) // It gave way (schedule.ts).
    if (outcome.end === 'died' && work.crashes + 1 < CRASHES_MAX) {
      log.warn('a compute process died; its work is tried again', { arn: work.arn, how: outcome.how })
      const notBeforeMs = clock.nowMs() + CRASH_RETRY_MS * 2 ** work.crashes
      return transaction.changeWork(work.id, { state: 'queued', crashes: work.crashes + 1, notBeforeMs })
    }
    if (outcome.end === 'refused' && outcome.retry && work.refusals + 1 < TRIES_MAX) {
      log.warn('something is out of reach; the work is tried again', { arn: work.arn, reason: outcome.reason })
      const notBeforeMs = clock.nowMs() + RETRY_MS * 2 ** work.refusals
      return transaction.changeWork(work.id, { state: 'queued', refusals: work.refusals + 1, notBeforeMs })
    }
    return fail(transaction, work, reasonOfOutcome(outcome))
  }

  async function fail(transaction: Transaction, work: StoredWork, failureReason: string): Promise<void> {
    const { resource, resources } = await ownerOf(transaction, work)
    log.warn('work failed', { arn: work.arn, reason: failureReason })
    await resources.follow(typeNamed(resource.type), resource.arn, 'failed', work.kind, { failureReason })
    await close(transaction, work, 'failed')
  }

  async function close(transaction: Transaction, work: StoredWork, as: 'done' | 'failed'): Promise<void> {
    await transaction.changeWork(work.id, { state: as, finishedMs: clock.nowMs() })
    await transaction.clearCheckpoints(work.id)
    await transaction.pruneWork(FINISHED_WORK_KEPT)
  }

  function reasonOfOutcome(outcome: Outcome): string {
    if (outcome.end === 'refused') return outcome.reason
    if (outcome.end === 'died') {
      return `The process that did the work ended unexpectedly ${CRASHES_MAX} times, last with ${outcome.how}: most often the machine has too little memory or disk for it.`
    }
    log.error('work met a mistake of ours', { error: outcome.end === 'broken' ? outcome.error : outcome.end })
    return INTERNAL_FAILURE
  }

  function reasonOf(error: unknown): string {
    if (error instanceof Refusal) return error.message
    log.error('work met a mistake of ours', { error: stackOf(error) })
    return INTERNAL_FAILURE
  }
}

export const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
