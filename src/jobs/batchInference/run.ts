/**
 * The body of a batch inference job:
 *
 *   list inputs ─► probe output ─► survey ─► shards ─► threads ─► parts ─► publish: one output object per input
 *
 * What is done is done for good. Three kinds of checkpoint carry a job over a crash, each durable before anything relies on it:
 *
 *   plan            the inputs and their versions; a later attempt answers the same ones, whatever has been put beside them
 *   part/i/s        shard s of input i is answered, in this object of the staging folder (`staging.ts`)
 *   published/i     the output of input i is in its place; its parts are no longer needed (`publish.ts`)
 *
 * Every part of a shard has the same content, whoever wrote it, so an interrupted job ends with the bytes of an undisturbed one.
 */
import { assert } from '../../lib/assert.ts'
import { Refusal } from '../../lib/refusal.ts'
import { siblingModule } from '../../lib/siblingModule.ts'
import { ObjectError } from '../../objects/objectStore.ts'
import type { ComputeContext } from '../computeContext.ts'
import { type BatchDescription, type BatchResult, STAGES } from './description.ts'
import { type BatchInput, checkPaths, listInputs, probeOutput } from './inputs.ts'
import { SHARD_BYTES } from './limits.ts'
import { loadThreadData } from './model.ts'
import { RecordProgress } from './progress.ts'
import { type Published, publishedCheckpoint, publishInput } from './publish.ts'
import { adoptParts, partAddress, partCheckpoint, partKey, removeStaged, type StagedInput } from './staging.ts'
import { surveyInputs } from './survey.ts'
import { answerShards, type ShardJob } from './threads.ts'

/** For tests: smaller shards, and threads that die. */
export interface BatchTuning {
  readonly shardBytes?: number
  readonly threadScript?: URL
}

/**
 * Throws Refusal for what the job's owner can mend; the staging folder is then empty. Throws `context.signal.reason` when aborted. After
 * anything but a Refusal, and after an ObjectError 'Unavailable', another attempt goes on where this one ended.
 */
export async function runBatchInference(
  description: BatchDescription,
  context: ComputeContext,
  tuning: BatchTuning = {},
): Promise<BatchResult> {
  const { stagingPrefix, numResults } = description
  assert(stagingPrefix.endsWith('/'), 'a staging prefix ends in a slash')
  assert(numResults >= 1, 'at least one result is asked for')
  try {
    const result = await new BatchRun(description, context, tuning).run()
    await removeStaged(stagingPrefix, context.artifacts)
    return result
  } catch (error) {
    const mayGoOn = !(error instanceof Refusal) || (error instanceof ObjectError && error.code === 'Unavailable')
    if (!mayGoOn) await removeStaged(stagingPrefix, context.artifacts)
    throw error
  }
}

class BatchRun {
  readonly #description: BatchDescription
  readonly #context: ComputeContext
  readonly #tuning: BatchTuning
  readonly #published: Published[] = []
  readonly #stageSeconds = { read: 0, parse: 0, lookup: 0, rank: 0, format: 0, write: 0 }

  constructor(description: BatchDescription, context: ComputeContext, tuning: BatchTuning) {
    this.#description = description
    this.#context = context
    this.#tuning = tuning
  }

  async run(): Promise<BatchResult> {
    const inputs = await this.#plan()
    const staged = await this.#stage(inputs)
    await this.#answer(staged)
    const total = (count: (one: Published) => number) => this.#published.reduce((sum, one) => sum + count(one), 0)
    return {
      inputs: inputs.length,
      records: total(one => one.records),
      failed: total(one => one.failed),
      bytes: total(one => one.bytes),
      stageSeconds: this.#stageSeconds,
    }
  }

  async #plan(): Promise<BatchInput[]> {
    const paths = checkPaths(this.#description)
    const { objects, signal, finished } = this.#context
    const planned = finished.get('plan') as BatchInput[] | undefined
    if (planned !== undefined) return planned
    const inputs = await listInputs(paths, this.#description, objects, signal)
    await probeOutput(paths, objects, signal)
    await this.#context.checkpoint('plan', inputs)
    return inputs
  }

  /** The inputs that are not published yet, with what earlier attempts answered of them. */
  async #stage(inputs: readonly BatchInput[]): Promise<StagedInput[]> {
    const { limits, stagingPrefix } = this.#description
    const indexes: number[] = []
    inputs.forEach((_, index) => {
      const published = this.#context.finished.get(publishedCheckpoint(index)) as Published | undefined
      if (published) this.#published.push(published)
      else indexes.push(index)
    })
    const waiting = indexes.map(index => inputs[index])
    const surveys = await surveyInputs(waiting, limits, this.#tuning.shardBytes ?? SHARD_BYTES, this.#context)
    const staged = indexes.map((index, i) => ({
      index,
      input: inputs[index],
      shards: surveys[i].map(lines => ({ lines, part: undefined })),
    }))
    await adoptParts(staged, stagingPrefix, this.#context)
    return staged
  }

  /** Answers what is not answered, and publishes each input as soon as its last shard is. */
  async #answer(staged: readonly StagedInput[]): Promise<void> {
    const { signal: wanted, threads, log } = this.#context
    wanted.throwIfAborted()
    const failure = new AbortController()
    const signal = AbortSignal.any([wanted, failure.signal])
    const answered = staged.map(() => Promise.withResolvers<void>())
    // Those that are never waited for may be rejected all the same.
    for (const { promise } of answered) promise.catch(() => {})
    const settle = (i: number) => {
      if (staged[i].shards.every(({ part }) => part !== undefined)) answered[i].resolve()
    }
    const progress = this.#progress(staged)
    const jobs = this.#jobs(staged, progress, settle)
    staged.forEach((_, i) => {
      settle(i)
    })
    signal.addEventListener('abort', () => {
      for (const { reject } of answered) reject(signal.reason)
    })

    const answer = async () => {
      const threadCount = Math.min(threads, jobs.length)
      if (threadCount === 0) return
      const data = await loadThreadData(this.#description, this.#context, threadCount)
      const threadScript = this.#tuning.threadScript ?? siblingModule(import.meta.url, 'thread')
      await answerShards(jobs, { threadCount, threadScript, data, signal, log })
    }
    const publish = async () => {
      for (const [i, input] of staged.entries()) {
        await answered[i].promise
        this.#published.push(await publishInput(input, this.#context, progress, signal))
      }
    }
    const fail = (error: unknown) => failure.abort(error)
    await Promise.all([answer().catch(fail), publish().catch(fail)])
    signal.throwIfAborted()
    progress.report()
  }

  #jobs(staged: readonly StagedInput[], progress: RecordProgress, settle: (i: number) => void): ShardJob[] {
    const { stagingPrefix } = this.#description
    const { attempt } = this.#context
    return staged.flatMap(({ index, input, shards }, i) =>
      shards.flatMap((shard, s): ShardJob[] => {
        if (shard.part !== undefined) return []
        return [
          {
            task: tries => ({
              from: input.from,
              shard: shard.lines,
              part: partAddress(partKey(stagingPrefix, index, s, attempt, tries)),
            }),
            progress: (records, failed) => progress.underWay(shard, { records, failed }),
            done: async ({ records, failed, bytes, stageSeconds }, task) => {
              const { start, end } = shard.lines
              const part = { key: task.part.key, start, end, records, failed, bytes }
              await this.#context.checkpoint(partCheckpoint(index, s), part)
              shard.part = part
              for (const stage of STAGES) this.#stageSeconds[stage] += stageSeconds[stage]
              progress.finished(shard, part)
              settle(i)
            },
          },
        ]
      }),
    )
  }

  #progress(staged: readonly StagedInput[]): RecordProgress {
    const shards = staged.flatMap(input => input.shards)
    const published = this.#published.reduce((sum, { records }) => sum + records, 0)
    const progress = new RecordProgress(
      this.#context,
      shards.reduce((sum, { lines }) => sum + lines.records, published),
    )
    for (const before of [...this.#published, ...shards.map(({ part }) => part)]) if (before) progress.earlier(before)
    for (const { bytes } of this.#published) progress.written(bytes)
    progress.report()
    return progress
  }
}
