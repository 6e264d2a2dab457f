/**
 * The engine: takes queued work up, runs it, ends it. One loop over one table:
 *
 *   take up   one transaction: the work becomes `running`, its resource goes from … PENDING to … IN_PROGRESS, its description is made
 *   run       in a compute process, or nothing at all; progress and checkpoints are written as they come
 *   end       one transaction: the kind settles its records, the resource reaches its final status, the work is `done` or `failed`
 *
 * A piece of work is done at least once and published once: what an attempt writes carries the attempt's number, and only the transaction
 * that ends the work makes it count. After kill -9, start() finds work still `running` and queues it again; nothing stays IN_PROGRESS.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../lib/assert.ts'
import { type Clock, stopwatchSeconds } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { Refusal } from '../lib/refusal.ts'
import type { ObjectStoreConfig } from '../objects/open.ts'
import { begun } from '../resources/lifecycle.ts'
import type { Resource } from '../resources/resources.ts'
import { Resources, type ResourcesOptions } from '../resources/resources.ts'
import type { StateStore, StoredWork, Transaction } from '../resources/stateStore.ts'
import { typeNamed } from '../resources/types.ts'
import { type Compute, type Outcome, startCompute } from './computeRunner.ts'
import { workKinds } from './index.ts'
import { progressMeter } from './progressMeter.ts'
import { sweep } from './sweep.ts'
import type { AnyWorkKind } from './workKind.ts'

/** An import need not wait for a long training to end; more would fight over two cores and the memory. */
export const COMPUTE_PROCESSES_MAX = 2
/** A compute process that died may have met another's memory need; one that always dies is the work's own fault. */
export const CRASHES_MAX = 3
/** An object store that is out of reach is tried again after 5, 10, 20, 40 s; then the job says so. */
export const ATTEMPTS_MAX = 5
export const RETRY_MS = 5_000
/** Progress is durable this often; the last of it is lost with the machine, not the work. */
export const PROGRESS_SECONDS = 0.5
/** Finished work kept for `sommelier jobs`. */
export const FINISHED_WORK_KEPT = 1_000
/** Queued work looked at when the engine wakes: more than all quotas together let in. */
const QUEUE_LOOK = 10_000

export interface EngineOptions extends ResourcesOptions {
  readonly state: StateStore
  readonly stores: { readonly objects: ObjectStoreConfig; readonly artifacts: ObjectStoreConfig }
  readonly scratchFolder: string
  readonly threads: number
  readonly clock: Clock
  readonly log: Log
}

export interface Engine {
  /** There may be something to do: after every transaction of a request. */
  wake(): void
  /** Compute processes end; what they were at is taken up by the next start. */
  stop(): Promise<void>
}

interface Taken {
  readonly work: StoredWork
  readonly kind: AnyWorkKind
  readonly description: unknown
  readonly finished: ReadonlyMap<string, unknown>
}

export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { state, clock, log } = options
  const running = new Map<number, { compute?: Compute; ended: Promise<void> }>()
  let looking = false
  let lookAgain = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  rmSync(options.scratchFolder, { recursive: true, force: true })
  mkdirSync(options.scratchFolder, { recursive: true })
  await state.transact(takeBack)
  await sweep(state, options.stores.artifacts, log)
  wake()
  return { wake, stop }

  function wake(): void {
    lookAgain = true
    if (looking || stopped) return
    looking = true
    setImmediate(async () => {
      while (lookAgain && !stopped) {
        lookAgain = false
        await look().catch((error: unknown) => log.error('the engine stumbled', { error: stackOf(error) }))
      }
      looking = false
    })
  }

  async function look(): Promise<void> {
    const { queued, stopping } = await state.transact(async transaction => ({
      queued: await transaction.workIn(['queued'], { limit: QUEUE_LOOK }),
      stopping: await transaction.workIn(['stopping'], { limit: QUEUE_LOOK }),
    }))
    for (const { id } of stopping) running.get(id)?.compute?.stop()
    const now = clock.nowMs()
    const later = queued.filter(work => work.notBeforeMs > now).map(work => work.notBeforeMs - now)
    clearTimeout(timer)
    if (later.length > 0) timer = setTimeout(wake, Math.min(...later))
    for (const work of queued) {
      if (work.notBeforeMs > now) continue
      const computing = [...running.values()].filter(({ compute }) => compute).length
      if (kindOf(work).run && computing >= COMPUTE_PROCESSES_MAX) continue
      const taken = await takeUp(work)
      if (taken) begin(taken)
    }
  }

  /** Undefined: it could not be taken up and has failed, or somebody took it back in the meantime. */
  async function takeUp(queued: StoredWork): Promise<Taken | undefined> {
    const kind = kindOf(queued)
    const attempt = queued.attempt + 1
    try {
      return await state.transact(async transaction => {
        const work = await transaction.workOf(queued.arn)
        if (work?.id !== queued.id || work.state !== 'queued') return undefined
        const { resource, resources } = await ownerOf(transaction, work)
        const to = begun[resource.status!]
        if (to) await resources.move(typeNamed(resource.type), resource.arn, to)
        const description = await kind.describe?.(resource, resources, { workId: work.id, attempt })
        await transaction.changeWork(work.id, {
          state: 'running',
          attempt,
          startedMs: work.startedMs ?? clock.nowMs(),
        })
        return { work: { ...work, attempt }, kind, description, finished: await transaction.checkpointsOf(work.id) }
      })
    } catch (error) {
      // The transaction has left no trace: fail the work from the status it was in.
      await state.transact(async transaction => {
        const { resource, resources } = await ownerOf(transaction, queued)
        const to = begun[resource.status!]
        if (to) await resources.move(typeNamed(resource.type), resource.arn, to)
        await fail(transaction, { ...queued, attempt }, reasonOf(error))
      })
      return undefined
    }
  }

  function begin(taken: Taken): void {
    const { work, kind } = taken
    if (!kind.run) {
      const ended = end(taken, { end: 'done', result: undefined })
        .catch((error: unknown) => log.error('work could not be ended', { arn: work.arn, error: stackOf(error) }))
        .finally(() => running.delete(work.id))
      running.set(work.id, { ended })
      return
    }
    const scratchFolder = join(options.scratchFolder, `${work.id}-${work.attempt}`)
    mkdirSync(scratchFolder, { recursive: true })
    log.info('work begins', { kind: kind.name, arn: work.arn, attempt: work.attempt })
    const compute = startCompute(
      {
        kind: kind.name,
        description: taken.description,
        attempt: work.attempt,
        finished: taken.finished,
        stores: options.stores,
        scratchFolder,
        threads: options.threads,
      },
      {
        progress: progressWriter(work.id),
        checkpoint: (name, value) => state.transact(transaction => transaction.saveCheckpoint(work.id, name, value)),
      },
      log,
    )
    const ended = compute.outcome
      .then(outcome => end(taken, outcome))
      .catch((error: unknown) => log.error('work could not be ended', { arn: work.arn, error: stackOf(error) }))
      .finally(() => {
        rmSync(scratchFolder, { recursive: true, force: true })
        running.delete(work.id)
        wake()
      })
    running.set(work.id, { compute, ended })
  }

  function progressWriter(workId: number) {
    const meter = progressMeter(stopwatchSeconds)
    let last = { seconds: Number.NEGATIVE_INFINITY, stage: '' }
    return (report: Parameters<typeof meter>[0]) => {
      const progress = meter(report)
      const seconds = stopwatchSeconds()
      const isLast = report.done === report.total
      if (!isLast && report.stage === last.stage && seconds - last.seconds < PROGRESS_SECONDS) return
      last = { seconds, stage: report.stage }
      state
        .transact(transaction => transaction.changeWork(workId, { progress }))
        .catch((error: unknown) => log.warn('progress could not be written', { error: String(error) }))
    }
  }

  async function end({ work, kind }: Taken, outcome: Outcome): Promise<void> {
    if (stopped && outcome.end !== 'done') return
    log.info('work ended', { kind: kind.name, arn: work.arn, end: outcome.end })
    try {
      await state.transact(transaction => ended(transaction, work, kind, outcome))
    } catch (error) {
      await state.transact(transaction => fail(transaction, work, reasonOf(error)))
    }
    if (kind.run || kind.name === 'forget') await sweep(state, options.stores.artifacts, log)
  }

  async function ended(transaction: Transaction, work: StoredWork, kind: AnyWorkKind, outcome: Outcome): Promise<void> {
    const { resource, resources } = await ownerOf(transaction, work)
    if (resource.status === 'CREATE STOPPING') {
      await resources.move(typeNamed(resource.type), resource.arn, 'CREATE STOPPED')
      return close(transaction, work, 'done')
    }
    if (outcome.end === 'done') {
      const change = await kind.settle?.(resource, outcome.result, resources)
      if (change === 'gone') return
      await resources.move(typeNamed(resource.type), resource.arn, 'ACTIVE', change)
      return close(transaction, work, 'done')
    }
    if (outcome.end === 'died' && work.crashes + 1 < CRASHES_MAX) {
      log.warn('a compute process died; its work is tried again', { arn: work.arn, how: outcome.how })
      return transaction.changeWork(work.id, { state: 'queued', crashes: work.crashes + 1 })
    }
    if (outcome.end === 'refused' && outcome.retry && work.attempt < ATTEMPTS_MAX) {
      log.warn('an object store is out of reach; the work is tried again', { arn: work.arn, reason: outcome.reason })
      const notBeforeMs = clock.nowMs() + RETRY_MS * 2 ** (work.attempt - 1)
      return transaction.changeWork(work.id, { state: 'queued', notBeforeMs })
    }
    return fail(transaction, work, reasonOfOutcome(outcome))
  }

  async function fail(transaction: Transaction, work: StoredWork, failureReason: string): Promise<void> {
    const { resource, resources } = await ownerOf(transaction, work)
    log.warn('work failed', { arn: work.arn, reason: failureReason })
    await resources.move(typeNamed(resource.type), resource.arn, 'CREATE FAILED', { failureReason })
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
      return `The process that did the work ended unexpectedly ${CRASHES_MAX} times, last with ${outcome.how}: most often the machine has too little memory for it.`
    }
    log.error('work met a mistake of ours', { error: outcome.end === 'broken' ? outcome.error : outcome.end })
    return INTERNAL_FAILURE
  }

  function reasonOf(error: unknown): string {
    if (error instanceof Refusal) return error.message
    log.error('work met a mistake of ours', { error: stackOf(error) })
    return INTERNAL_FAILURE
  }

  /** What was going on when the last process ended, in whatever way, is queued again; what was to be stopped is stopped. */
  async function takeBack(transaction: Transaction): Promise<void> {
    for (const work of await transaction.workIn(['running', 'stopping'], { limit: Number.MAX_SAFE_INTEGER })) {
      if (work.state === 'running') await transaction.changeWork(work.id, { state: 'queued' })
      else {
        const { resource, resources } = await ownerOf(transaction, work)
        await resources.move(typeNamed(resource.type), resource.arn, 'CREATE STOPPED')
        await close(transaction, work, 'done')
      }
    }
  }

  async function ownerOf(transaction: Transaction, work: StoredWork) {
    const resource = await transaction.find(work.arn)
    assert(resource, `${work.arn} has work and no record`)
    const { account, region } = resource
    const resources = new Resources(transaction, { account, region }, options)
    return { resource: resource as Resource<unknown, unknown>, resources }
  }

  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(timer)
    for (const { compute } of running.values()) compute?.stop()
    await Promise.all([...running.values()].map(({ ended }) => ended))
  }
}

const INTERNAL_FAILURE = 'The work failed for a reason of ours, not of the request; the server log has the details.'

function kindOf(work: StoredWork): AnyWorkKind {
  const found = workKinds.find(({ name }) => name === work.kind)
  assert(found, `no kind of work is called ${work.kind}`)
  return found
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
