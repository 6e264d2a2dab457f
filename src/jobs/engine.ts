/**
 * The engine: takes queued work up, runs it, ends it. One loop over one table:
 *
 *   take up   one transaction: the work becomes `running`, its resource follows its lifecycle's arrow `begin`, its description is made
 *   run       in a compute process, or nothing at all; progress and checkpoints are written as they come
 *   end       one transaction: the kind settles its records, the resource follows `done`, `failed` or `stopped`, and so does the work
 *
 * A piece of work is done at least once and published once: what an attempt writes carries the attempt's number, and only the transaction
 * that ends the work makes it count. After kill -9, start() finds work still `running` and queues it again; nothing stays IN_PROGRESS.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { type ObjectStoreConfig, withRole } from '../objects/open.ts'
import type { Resource, ResourcesOptions } from '../resources/resources.ts'
import { type StateStore, StateUnwritable, type StoredWork, type Transaction } from '../resources/stateStore.ts'
import { typeNamed } from '../resources/types.ts'
import { AUTOMATIC_LOOK_MS, automaticStarter } from './automatic.ts'
import { type Compute, type Outcome, startCompute } from './computeRunner.ts'
import { endings, stackOf } from './endings.ts'
import { workKindNamed } from './index.ts'
import { progressWriter } from './progressWriter.ts'
import { pauseMs, type Scheduled, schedule } from './schedule.ts'
import { sweep } from './sweep.ts'
import type { AnyWorkKind } from './workKind.ts'

/** A state that cannot be written, on a full disk, is tried again this often until it can. */
const WRITE_RETRY_MS = 1_000
/** Queued work looked at when the engine wakes: more than all quotas together let in. */
const QUEUE_LOOK = 10_000

export interface EngineOptions extends ResourcesOptions {
  readonly state: StateStore
  readonly stores: { readonly objects: ObjectStoreConfig; readonly artifacts: ObjectStoreConfig }
  readonly scratchFolder: string
  readonly threads: number
  readonly filterEventsPerType?: number | undefined
  readonly exactProbabilities?: boolean
  /** Whether solutions with performAutoTraining are trained by their schedule. */
  readonly autoTraining: boolean
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
  readonly group: string | undefined
  readonly parent: string | undefined
  /** Whose rights on the users' buckets the work has, where roles are assumed. */
  readonly roleArn: string | undefined
  readonly description: unknown
  readonly finished: ReadonlyMap<string, unknown>
}

export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { state, clock, log } = options
  const { close, ended, fail, ownerOf, reasonOf } = endings(options)
  const running = new Map<number, Scheduled & { compute?: Compute; ended: Promise<void> }>()
  let looking = false
  let lookAgain = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const startAutomatic = automaticStarter(options)

  rmSync(options.scratchFolder, { recursive: true, force: true })
  mkdirSync(options.scratchFolder, { recursive: true })
  await state.transact(takeBack)
  await swept()
  wake()
  return { wake, stop }

  function wake(): void {
    lookAgain = true
    if (looking || stopped) return
    looking = true
    setImmediate(async () => {
      while (lookAgain && !stopped) {
        lookAgain = false
        await look().catch((error: unknown) => {
          log.error('the engine stumbled', { error: stackOf(error) })
          setTimeout(wake, WRITE_RETRY_MS).unref()
        })
      }
      looking = false
    })
  }

  async function look(): Promise<void> {
    const { queued, stopping } = await state.transact(async transaction => ({
      queued: await scheduled(transaction, await transaction.workIn(['queued'], { limit: QUEUE_LOOK })),
      stopping: await transaction.workIn(['stopping'], { limit: QUEUE_LOOK }),
    }))
    for (const { id } of stopping) running.get(id)?.compute?.stop()
    const now = clock.nowMs()
    const later = queued.map(({ work }) => pauseMs(work, now)).filter(ms => ms > 0)
    clearTimeout(timer)
    timer = setTimeout(wake, Math.min(...later, AUTOMATIC_LOOK_MS)).unref()
    const { begin: next, giveWay, idle } = schedule(queued, [...running.values()], now)
    for (const id of giveWay) running.get(id)?.compute?.stop()
    for (const work of next) {
      const taken = await takeUp(work)
      if (taken) begin(taken)
    }
    if (idle && (await startAutomatic())) lookAgain = true
  }

  /** Groups and parents matter to the schedule only where some work wants to be alone in its own, or in order. */
  async function scheduled(transaction: Transaction, queued: readonly StoredWork[]): Promise<Scheduled[]> {
    const each = queued.map(work => ({ work, kind: workKindNamed(work.kind), group: undefined, parent: undefined }))
    if (![...each, ...running.values()].some(({ kind }) => kind.alone || kind.ordered)) return each
    return Promise.all(
      each.map(async one => {
        const owner = one.kind.run && (await transaction.find(one.work.arn))
        return owner ? { ...one, group: owner.group, parent: owner.parent } : one
      }),
    )
  }

  /** Undefined: it could not be taken up and has failed, or somebody took it back in the meantime. */
  async function takeUp(queued: StoredWork): Promise<Taken | undefined> {
    const kind = workKindNamed(queued.kind)
    const attempt = queued.attempt + 1
    try {
      return await state.transact(async transaction => {
        const work = await transaction.workOf(queued.arn)
        if (work?.id !== queued.id || work.state !== 'queued') return undefined
        const { resource, resources } = await ownerOf(transaction, work)
        await resources.follow(typeNamed(resource.type), resource.arn, 'begin', work.kind)
        const description = await kind.describe?.(resource, resources, { workId: work.id, attempt })
        await transaction.changeWork(work.id, {
          state: 'running',
          attempt,
          startedMs: work.startedMs ?? clock.nowMs(),
        })
        return {
          work: { ...work, attempt },
          kind,
          group: resource.group,
          parent: resource.parent,
          roleArn: roleOf(resource),
          description,
          finished: await transaction.checkpointsOf(work.id),
        }
      })
    } catch (error) {
      if (error instanceof StateUnwritable) throw error
      // The transaction has left no trace: fail the work from the status it was in.
      await state.transact(async transaction => {
        const { resource, resources } = await ownerOf(transaction, queued)
        await resources.follow(typeNamed(resource.type), resource.arn, 'begin', queued.kind)
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
      running.set(work.id, { ...taken, ended })
      return
    }
    const scratchFolder = join(options.scratchFolder, `${work.id}-${work.attempt}`)
    log.info('work begins', { kind: kind.name, arn: work.arn, attempt: work.attempt })
    const compute = startCompute(
      {
        kind: kind.name,
        description: taken.description,
        attempt: work.attempt,
        finished: taken.finished,
        stores: { ...options.stores, objects: withRole(options.stores.objects, taken.roleArn, `sommelier-${work.id}`) },
        scratchFolder,
        threads: options.threads,
        filterEventsPerType: options.filterEventsPerType,
        ...(options.exactProbabilities !== undefined && { exactProbabilities: options.exactProbabilities }),
      },
      {
        progress: progressWriter(state, work.id, log),
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
    running.set(work.id, { ...taken, compute, ended })
  }

  async function end({ work, kind }: Taken, outcome: Outcome): Promise<void> {
    if (stopped && outcome.end !== 'done') return
    log.info('work ended', { kind: kind.name, arn: work.arn, end: outcome.end })
    await persistently(async () => {
      try {
        await state.transact(transaction => ended(transaction, work, kind, outcome))
      } catch (error) {
        if (error instanceof StateUnwritable) throw error
        await state.transact(transaction => fail(transaction, work, reasonOf(error)))
      }
    })
    if (kind.run || kind.name === 'forget') await swept()
  }

  /** What is left behind now goes with the next sweep. */
  async function swept(): Promise<void> {
    await sweep(state, options.stores.artifacts, log).catch((error: unknown) =>
      log.warn('the artifacts could not be swept', { error: stackOf(error) }),
    )
  }

  /** What was done is not lost because there is no room to write it down: waits for room, or for the engine's stop. */
  async function persistently(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (!(error instanceof StateUnwritable) || stopped) throw error
        log.error('the end of a piece of work cannot be written; trying again', { reason: error.message })
        await delay(WRITE_RETRY_MS)
      }
    }
  }

  /** What was going on when the last process ended, in whatever way, is queued again; what was to be stopped is stopped. */
  async function takeBack(transaction: Transaction): Promise<void> {
    for (const work of await transaction.workIn(['running', 'stopping'], { limit: Number.MAX_SAFE_INTEGER })) {
      if (work.state === 'running') await transaction.changeWork(work.id, { state: 'queued' })
      else {
        const { resource, resources } = await ownerOf(transaction, work)
        await resources.follow(typeNamed(resource.type), resource.arn, 'stopped', work.kind)
        await close(transaction, work, 'done')
      }
    }
  }

  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(timer)
    for (const { compute } of running.values()) compute?.stop()
    await Promise.all([...running.values()].map(({ ended }) => ended))
  }
}

const roleOf = ({ body }: Resource<unknown, unknown>) => (body as { readonly roleArn?: string }).roleArn
