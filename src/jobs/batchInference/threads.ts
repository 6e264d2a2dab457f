/**
 * The threads of a job: each takes the next shard when it has done one, so at most `threadCount` shards are under way. A thread that dies
 * takes down nothing but its shard, which another tries again.
 */
import { Worker } from 'node:worker_threads'
import type { Log } from '../../lib/log.ts'
import { Refusal } from '../../lib/refusal.ts'
import { formatAddress, ObjectError } from '../../objects/objectStore.ts'
import { SHARD_TRIES_MAX, THREAD_HEAP_MB_MAX } from './limits.ts'
import type { ShardOutcome, ShardTask, ThreadData, ThreadReport } from './thread.ts'

export interface ShardJob {
  /** The task of this try; a part of its own, so that a thread believed dead cannot disturb its successor. */
  task(tries: number): ShardTask
  /** Records answered so far, in this try. */
  progress(records: number, failed: number): void
  /** Awaited before the thread gets its next shard. */
  done(outcome: ShardOutcome, task: ShardTask): Promise<void>
}

export interface ThreadsOptions {
  readonly threadCount: number
  readonly threadScript: URL
  readonly data: Omit<ThreadData, 'slot'>
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * Does every job; when this settles, no thread is left. Throws what a thread refuses, `signal.reason`, or, when one shard has
 * killed SHARD_TRIES_MAX threads, an error that names its lines.
 */
export async function answerShards(jobs: Iterable<ShardJob>, options: ThreadsOptions): Promise<void> {
  const queue = jobs[Symbol.iterator]()
  const living = new Set<Worker>()
  const failure = new AbortController()
  const signal = AbortSignal.any([options.signal, failure.signal])

  const start = (slot: number): Worker => {
    const thread = new Worker(options.threadScript, {
      workerData: { ...options.data, slot },
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB_MAX },
    })
    living.add(thread)
    // An error between two shards has nobody else to hear it; the thread is then found dead.
    return thread.on('error', () => {}).on('exit', () => living.delete(thread))
  }

  const serve = async (slot: number): Promise<void> => {
    let thread: Worker | undefined
    for (let next = queue.next(); !next.done; next = queue.next()) {
      for (let tries = 1; ; tries++) {
        const task = next.value.task(tries)
        if (thread === undefined || !living.has(thread)) thread = start(slot)
        const end = await answerShard(thread, task, next.value, signal)
        if (end.died === undefined) {
          await next.value.done(end.outcome, task)
          break
        }
        await thread.terminate()
        thread = undefined
        options.log.warn('a batch inference thread died', { lines: linesOf(task), tries, cause: end.died.message })
        if (tries === SHARD_TRIES_MAX) {
          throw new Error(`${linesOf(task)} could not be answered in ${tries} tries`, { cause: end.died })
        }
      }
    }
  }

  const fail = (error: unknown) => failure.abort(error)
  await Promise.all(Array.from({ length: options.threadCount }, (_, slot) => serve(slot).catch(fail)))
  await Promise.all(Array.from(living, thread => thread.terminate()))
  signal.throwIfAborted()
}

type ShardEnd = { readonly outcome: ShardOutcome; readonly died?: undefined } | { readonly died: Error }

function answerShard(thread: Worker, task: ShardTask, job: ShardJob, signal: AbortSignal): Promise<ShardEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<ShardEnd>()
  const receive = (report: ThreadReport) => {
    if (report.type === 'progress') job.progress(report.records, report.failed)
    else if (report.type === 'done') resolve({ outcome: report })
    else reject(report.code === undefined ? new Refusal(report.message) : new ObjectError(report.code, report.message))
  }
  const die = (error: Error) => resolve({ died: error })
  const leave = (code: number) => resolve({ died: new Error(`the thread left with code ${code}`) })
  const stop = () => reject(signal.reason)
  thread.on('message', receive).on('error', die).on('exit', leave)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  else thread.postMessage(task)
  return promise.finally(() => {
    thread.off('message', receive).off('error', die).off('exit', leave)
    signal.removeEventListener('abort', stop)
  })
}

const linesOf = ({ from, shard }: ShardTask): string => `${formatAddress(from)} from line ${shard.firstLine}`
