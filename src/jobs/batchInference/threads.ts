/**
 * The threads of a job, which share out the shards among themselves (sharedWork.ts). A thread that dies takes down nothing but its shard:
 * another takes its place and tries that one again.
 */
import { Worker } from 'node:worker_threads'
import { assert } from '../../lib/assert.ts'
import type { Log } from '../../lib/log.ts'
import { Refusal } from '../../lib/refusal.ts'
import { formatAddress, ObjectError } from '../../objects/objectStore.ts'
import { SHARD_TRIES_MAX, THREAD_HEAP_MB_MAX } from './limits.ts'
import type { ShardOutcome } from './outcome.ts'
import { heldShard, NOTHING, shardAt } from './sharedWork.ts'
import type { ThreadData, ThreadReport } from './thread.ts'

export interface ThreadsOptions {
  readonly threadCount: number
  readonly threadScript: URL
  readonly data: Omit<ThreadData, 'slot' | 'again'>
  readonly signal: AbortSignal
  readonly log: Log
  /** Records of a shard answered so far, in this try. */
  progress(shard: number, records: number, failed: number): void
  /** Once for each shard; what it throws ends the work. */
  done(outcome: ShardOutcome): Promise<void>
}

/**
 * Answers every shard that is not done; when this settles, no thread is left. Throws what a thread refuses, `signal.reason`, or, when one
 * shard has killed SHARD_TRIES_MAX threads, an error that names its lines.
 */
export async function answerShards(options: ThreadsOptions): Promise<void> {
  const { threadCount, data, log } = options
  const { work } = data
  const living = new Set<Worker>()
  const settling = new Set<Promise<void>>()
  const failure = new AbortController()
  const signal = AbortSignal.any([options.signal, failure.signal])
  const fail = (error: unknown) => failure.abort(error)
  const tries = new Map<number, number>()

  const settle = (outcome: ShardOutcome) => {
    if (work.done[outcome.shard] === 1) return
    work.done[outcome.shard] = 1
    const settled = options.done(outcome).catch(fail)
    settling.add(settled)
    void settled.then(() => settling.delete(settled))
  }
  const receive = (report: ThreadReport) => {
    if (report.type === 'done') settle(report)
    else if (report.type === 'progress') options.progress(report.shard, report.records, report.failed)
    else fail(report.code === undefined ? new Refusal(report.message) : new ObjectError(report.code, report.message))
  }

  /** Runs threads in this slot, one after the other, until one comes to its end. */
  const serve = async (slot: number): Promise<void> => {
    let again: ThreadData['again']
    while (!signal.aborted) {
      const thread = new Worker(options.threadScript, {
        workerData: { ...data, slot, again } satisfies ThreadData,
        resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB_MAX },
      })
      living.add(thread)
      const cause = await ended(thread.on('message', receive))
      living.delete(thread)
      const shard = heldShard(work, slot)
      if (signal.aborted || (cause === undefined && shard === NOTHING)) return
      again = undefined
      if (shard !== NOTHING && work.done[shard] === 1) continue
      const death = cause ?? new Error('the thread left with code 0')
      const count = (tries.get(shard) ?? 0) + 1
      tries.set(shard, count)
      const lines = shard === NOTHING ? 'a thread of the job' : linesOf(data, shard)
      log.warn('a batch inference thread died', { lines, tries: count, cause: death.message })
      if (count === SHARD_TRIES_MAX)
        throw new Error(`${lines} could not be answered in ${count} tries`, { cause: death })
      if (shard !== NOTHING) again = { shard, tries: count + 1 }
    }
  }

  const stop = () => {
    for (const thread of living) void thread.terminate()
  }
  signal.addEventListener('abort', stop)
  if (!signal.aborted) await Promise.all(Array.from({ length: threadCount }, (_, slot) => serve(slot).catch(fail)))
  signal.removeEventListener('abort', stop)
  await Promise.all(Array.from(living, thread => thread.terminate()))
  await Promise.all(settling)
  signal.throwIfAborted()
  assert(
    work.done.every(done => done === 1),
    'threads end when every shard is answered',
  )
}

/** Resolves when the thread is gone: with what killed it, or with undefined when it came to its end. */
function ended(thread: Worker): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  let error: Error | undefined
  thread.on('error', cause => {
    error = cause as Error
  })
  thread.on('exit', code => resolve(error ?? (code === 0 ? undefined : new Error(`the thread left with code ${code}`))))
  return promise
}

function linesOf({ work, inputs }: Pick<ThreadData, 'work' | 'inputs'>, s: number): string {
  const { input, firstLine } = shardAt(work, s)
  return `${formatAddress(inputs[input].from)} from line ${firstLine}`
}
