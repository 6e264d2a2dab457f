/**
 * The output of an input while it is not whole: as parts, objects of the service's own store below the job's staging prefix, one a shard,
 * where objects are no files:
 *
 *   <stagingPrefix><input>-<shard>.<attempt>-<try>
 *
 * A part counts when a checkpoint names it and it is there with the bytes it had. Everything else there is what some attempt left behind.
 */
import { assert } from '../../lib/assert.ts'
import { formatAddress, type ObjectAddress, ObjectError, type ObjectStore } from '../../objects/objectStore.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../computeContext.ts'
import { type BatchInput, explained } from './inputs.ts'
import type { Shard } from './lines.ts'
import { type Answered, type ShardOutcome, totalOf } from './outcome.ts'
import type { RecordProgress } from './progress.ts'

export interface StagedInput {
  /** Its place among the job's inputs, which names its checkpoints and parts. */
  readonly index: number
  readonly input: BatchInput
  readonly shards: readonly Shard[]
  readonly output: GrowingOutput
}

/** What is answered of an input, durably. */
export interface GrowingOutput {
  /** What earlier attempts answered. */
  readonly earlier: Answered
  isDone(shard: number): boolean
  /** Of files: their paths, and where the first shard that is not done begins. */
  readonly files: { readonly input: string; readonly output: string; readonly from: number } | undefined
  done(shard: number, outcome: ShardOutcome): Promise<void>
  /** Once every shard is done: the output in its place, whole or not at all. */
  place(progress: RecordProgress, signal: AbortSignal): Promise<Answered>
  /** After the checkpoint that says so: what is no longer needed goes. */
  clear(): Promise<void>
}

/** The value of a `part/…` checkpoint. */
export interface Part {
  readonly key: string
  /** The bytes of the input that it answers. */
  readonly start: number
  readonly end: number
  readonly records: number
  readonly failed: number
  readonly bytes: number
}

const partCheckpoint = (input: number, shard: number): string => `part/${input}/${shard}`

export const partAddress = (key: string): ObjectAddress => ({ bucket: ARTIFACTS_BUCKET, key })

export const partKey = (stagingPrefix: string, input: number, shard: number, attempt: number, tries: number): string =>
  `${stagingPrefix}${input}-${shard}.${attempt}-${tries}`

export interface UnfinishedInput extends Pick<StagedInput, 'index' | 'input' | 'shards'> {}

/** Takes over what earlier attempts finished of these inputs, and removes everything else that is staged. */
export async function stageParts(
  inputs: readonly UnfinishedInput[],
  stagingPrefix: string,
  context: ComputeContext,
): Promise<StagedInput[]> {
  const { artifacts, finished, signal } = context
  const bytesOf = new Map<string, number>()
  for await (const { key, bytes } of artifacts.list(ARTIFACTS_BUCKET, stagingPrefix, { signal }))
    bytesOf.set(key, bytes)
  const staged = inputs.map(unfinished => {
    const parts = unfinished.shards.map(({ start, end }, s) => {
      const part = finished.get(partCheckpoint(unfinished.index, s)) as Part | undefined
      if (part === undefined || part.start !== start || part.end !== end || bytesOf.get(part.key) !== part.bytes)
        return undefined
      bytesOf.delete(part.key)
      return part
    })
    return { ...unfinished, output: outputOfParts(unfinished, parts, context) }
  })
  for (const key of bytesOf.keys()) await artifacts.remove(partAddress(key))
  return staged
}

function outputOfParts(
  { index, input, shards }: UnfinishedInput,
  parts: (Part | undefined)[],
  context: ComputeContext,
): GrowingOutput {
  const whole = (): Part[] =>
    parts.map((part, s) => {
      assert(part?.records === shards[s].records, 'every record of a shard is answered before its input is published')
      return part
    })
  return {
    earlier: totalOf(parts.filter(part => part !== undefined)),
    isDone: s => parts[s] !== undefined,
    files: undefined,
    async done(s, { key, records, failed, bytes }) {
      const { start, end } = shards[s]
      assert(key !== undefined, 'a shard of parts is one')
      const part = { key, start, end, records, failed, bytes }
      await context.checkpoint(partCheckpoint(index, s), part)
      parts[s] = part
    },
    async place(progress, signal) {
      await writeOutput(input.to, whole(), context, progress, signal)
      return totalOf(whole())
    },
    async clear() {
      for (const { key } of whole()) await context.artifacts.remove(partAddress(key))
    },
  }
}

export async function removeStaged(stagingPrefix: string, artifacts: ObjectStore): Promise<void> {
  for await (const { key } of artifacts.list(ARTIFACTS_BUCKET, stagingPrefix)) await artifacts.remove(partAddress(key))
}

/** The object made of the parts. */
async function writeOutput(
  to: ObjectAddress,
  parts: readonly Part[],
  { objects, artifacts }: ComputeContext,
  progress: RecordProgress,
  signal: AbortSignal,
): Promise<void> {
  try {
    await objects.write(to, concatenated(parts, artifacts, progress, signal), { signal })
  } catch (error) {
    throw error instanceof ObjectError ? explained(error, 'output', formatAddress(to)) : error
  }
}

async function* concatenated(
  parts: readonly Part[],
  artifacts: ObjectStore,
  progress: RecordProgress,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (const { key, bytes } of parts) {
    let read = 0
    for await (const chunk of await artifacts.read(partAddress(key), { signal })) {
      read += chunk.length
      yield chunk
      progress.written(chunk.length)
    }
    assert(read === bytes, 'a part has the bytes that were written')
  }
}
