/**
 * The body of a batch inference job:
 *
 *   list inputs ─► probe output ─► does it fit? ─► survey ─► shards ─► threads ─► a growing file, or parts ─► publish: one output object per input
 *
 * What is done is done for good. Four kinds of checkpoint carry a job over a crash, each durable before anything relies on it:
 *
 *   plan            the inputs and their versions; a later attempt answers the same ones, whatever has been put beside them
 *   file/i          how much of the output of input i is in its file, where objects are files (`fileOutput.ts`)
 *   part/i/s        shard s of input i is answered, in this object of the staging folder, elsewhere (`staging.ts`)
 *   published/i     the output of input i is in its place (`publish.ts`)
 *
 * Every shard has the same answer, whoever wrote it, so an interrupted job ends with the bytes of an undisturbed one.
 */
import { assert } from '../../lib/assert.ts'
import { Refusal } from '../../lib/refusal.ts'
import { siblingModule } from '../../lib/siblingModule.ts'
import { ObjectError } from '../../objects/objectStore.ts'
import type { ComputeContext } from '../computeContext.ts'
import { answeringCosts, costsSoFar } from './costs.ts'
import { type BatchDescription, type BatchResult, noSeconds, STAGES } from './description.ts'
import { removeFiles, stageFile } from './fileOutput.ts'
import { takesValues } from './filtering.ts'
import { type BatchInput, checkPaths, checkUnchanged, listInputs, probeOutput } from './inputs.ts'
import { FILE_SHARD_BYTES, FILE_SHARD_BYTES_WITH_VALUES, PART_SHARD_BYTES } from './limits.ts'
import { checkMemory, loadThreadData } from './model.ts'
import { type Answered, totalOf } from './outcome.ts'
import type { MemoryLimits } from './plan.ts'
import { RecordProgress } from './progress.ts'
import { publishedCheckpoint, publishInput } from './publish.ts'
import type { WorkInput } from './shardOutput.ts'
import { type SharedWork, setPosition, shareWork } from './sharedWork.ts'
import { removeStaged, type StagedInput, stageParts } from './staging.ts'
import { surveyInputs } from './survey.ts'
import { answerShards } from './threads.ts'

/** For tests: smaller shards, threads that die, parts although objects are files, more checkpoints of those, less memory. */
export interface BatchTuning {
  readonly parts?: boolean
  readonly checkpointSeconds?: number
  readonly memory?: MemoryLimits
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
  const run = new BatchRun(description, context, tuning)
  try {
    const result = await run.run()
    await removeStaged(stagingPrefix, context.artifacts)
    return result
  } catch (error) {
    const mayGoOn = !(error instanceof Refusal) || (error instanceof ObjectError && error.code === 'Unavailable')
    if (!mayGoOn) {
      await removeStaged(stagingPrefix, context.artifacts)
      await removeFiles(run.unpublished, context.objects)
    }
    throw error
  }
}

class BatchRun {
  readonly #description: BatchDescription
  readonly #context: ComputeContext
  readonly #tuning: BatchTuning
  readonly #published: Answered[] = []
  readonly #stageSeconds = noSeconds()

  constructor(description: BatchDescription, context: ComputeContext, tuning: BatchTuning) {
    this.#description = description
    this.#context = context
    this.#tuning = tuning
  }

  /** Inputs whose output is not in its place. */
  unpublished: BatchInput[] = []

  async run(): Promise<BatchResult> {
    const inputs = await this.#plan()
    const staged = await this.#stage(inputs)
    await this.#answer(staged)
    return { inputs: inputs.length, ...totalOf(this.#published), stageSeconds: this.#stageSeconds }
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
    const { limits, stagingPrefix, filter } = this.#description
    const indexes: number[] = []
    inputs.forEach((_, index) => {
      const published = this.#context.finished.get(publishedCheckpoint(index)) as Answered | undefined
      if (published) this.#published.push(published)
      else indexes.push(index)
    })
    this.unpublished = indexes.map(index => inputs[index])
    if (indexes.length > 0) await checkMemory(this.#description, this.#context, this.#tuning.memory)
    const asFiles = this.#context.objects.growingFile !== undefined && !this.#tuning.parts
    const fileBytes = filter && takesValues(filter) ? FILE_SHARD_BYTES_WITH_VALUES : FILE_SHARD_BYTES
    const shardBytes = this.#tuning.shardBytes ?? (asFiles ? fileBytes : PART_SHARD_BYTES)
    const surveys = await surveyInputs(this.unpublished, limits, shardBytes, this.#context)
    const unfinished = indexes.map((index, i) => ({ index, input: inputs[index], shards: surveys[i] }))
    if (!asFiles) return stageParts(unfinished, stagingPrefix, this.#context)
    const staged: StagedInput[] = []
    for (const one of unfinished) staged.push(await stageFile(one, this.#context, this.#tuning.checkpointSeconds))
    return staged
  }

  /** Answers what is not answered, and publishes each input as soon as its last shard is. */
  async #answer(staged: readonly StagedInput[]): Promise<void> {
    const { signal: wanted, threads, log, attempt } = this.#context
    wanted.throwIfAborted()
    const failure = new AbortController()
    const signal = AbortSignal.any([wanted, failure.signal])
    const answered = staged.map(() => Promise.withResolvers<void>())
    // Those that are never waited for may be rejected all the same.
    for (const { promise } of answered) promise.catch(() => {})
    const { work, inputs, open } = this.#share(staged, threads)
    const left = staged.map(({ shards, output }) => shards.filter((_, s) => !output.isDone(s)).length)
    const settle = (i: number) => {
      if (left[i] === 0) answered[i].resolve()
    }
    const progress = this.#progress(staged)
    for (const i of staged.keys()) settle(i)
    signal.addEventListener('abort', () => {
      for (const { reject } of answered) reject(signal.reason)
    })

    const answer = async () => {
      const threadCount = Math.min(threads, open)
      if (threadCount === 0) return
      const { stagingPrefix } = this.#description
      const records = staged.reduce((sum, { shards, output }) => sum + recordsLeft(shards, output), 0)
      const { memory } = this.#tuning
      const { plan, ...loaded } = await loadThreadData(this.#description, this.#context, threadCount, records, memory)
      log.info('a batch inference job begins', { plan })
      progress.planned(plan)
      const since = costsSoFar()
      await answerShards({
        threadCount,
        threadScript: this.#tuning.threadScript ?? siblingModule(import.meta.url, 'thread'),
        data: { ...loaded, work, inputs, stagingPrefix, attempt },
        signal,
        log,
        progress: (shard, records, failed) => progress.underWay(shard, { records, failed }),
        done: async outcome => {
          const i = inputs.findLastIndex(({ firstShard }) => firstShard <= outcome.shard)
          await staged[i].output.done(outcome.shard - inputs[i].firstShard, outcome)
          for (const stage of STAGES) this.#stageSeconds[stage] += outcome.stageSeconds[stage]
          progress.finished(outcome.shard, outcome)
          left[i]--
          settle(i)
        },
      })
      log.info('a batch inference job has answered', { records, ...answeringCosts(since), ...this.#stageFields() })
    }
    const publish = async () => {
      for (const [i, input] of staged.entries()) {
        await answered[i].promise
        this.#published.push(await publishInput(input, this.#context, progress, signal))
        this.unpublished = this.unpublished.filter(one => one !== input.input)
      }
    }
    const fail = (error: unknown) => failure.abort(error)
    await Promise.all([answer().catch(fail), publish().catch(fail)])
    wanted.throwIfAborted()
    if (failure.signal.aborted) await this.#checkInputs()
    signal.throwIfAborted()
    progress.report()
  }

  /** Throws Refusal where an input is not what was surveyed: then anything may have failed first, as it happened. */
  async #checkInputs(): Promise<void> {
    const { objects, signal } = this.#context
    for (const input of this.unpublished) {
      try {
        await checkUnchanged(input, objects, signal)
      } catch (error) {
        // A store that does not answer now says nothing of why the job failed.
        if (!(error instanceof ObjectError)) throw error
      }
    }
  }

  /** Of the threads' time by the clock, in proportion. */
  #stageFields(): Record<string, string> {
    const all = STAGES.reduce((sum, stage) => sum + this.#stageSeconds[stage], 0) || 1
    const shares = STAGES.map(stage => `${stage} ${((100 * this.#stageSeconds[stage]) / all).toFixed(2)} %`)
    return { stages: shares.join(', ') }
  }

  /** All shards of all inputs in a row, as the threads see them; `open`: how many are not done. */
  #share(staged: readonly StagedInput[], threads: number): { work: SharedWork; inputs: WorkInput[]; open: number } {
    const shards = staged.flatMap(({ shards }, input) => shards.map(shard => ({ ...shard, input })))
    const work = shareWork(shards, threads)
    let firstShard = 0
    const inputs = staged.map(({ index, input: { from, to }, shards, output }): WorkInput => {
      const first = firstShard
      firstShard += shards.length
      for (let s = 0; s < shards.length; s++) work.done[first + s] = output.isDone(s) ? 1 : 0
      const next = work.done.indexOf(0, first)
      if (output.files && next !== -1 && next < firstShard) setPosition(work, next, output.files.from)
      return { from, to, files: output.files, firstShard: first, index }
    })
    return { work, inputs, open: work.done.reduce((count, done) => count + 1 - done, 0) }
  }

  #progress(staged: readonly StagedInput[]): RecordProgress {
    const published = this.#published.reduce((sum, { records }) => sum + records, 0)
    const total = staged.flatMap(({ shards }) => shards).reduce((sum, { records }) => sum + records, published)
    const progress = new RecordProgress(this.#context, total)
    for (const before of [...this.#published, ...staged.map(({ output }) => output.earlier)]) progress.earlier(before)
    for (const { bytes } of this.#published) progress.written(bytes)
    progress.report()
    return progress
  }
}

const recordsLeft = (shards: StagedInput['shards'], output: StagedInput['output']): number =>
  shards.reduce((sum, { records }, s) => sum + (output.isDone(s) ? 0 : records), 0)
