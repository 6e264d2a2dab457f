/**
 * The parts of unfinished output, objects of the service's own store below the job's staging prefix, one a shard:
 *
 *   <stagingPrefix><input>-<shard>.<attempt>-<try>
 *
 * A part counts when a checkpoint names it and it is there with the bytes it had. Everything else there is what some attempt left behind.
 */
import type { ObjectAddress, ObjectStore } from '../../objects/objectStore.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../computeContext.ts'
import type { BatchInput } from './inputs.ts'
import type { Shard } from './lines.ts'

export interface StagedInput {
  /** Its place among the job's inputs, which names its checkpoints and parts. */
  readonly index: number
  readonly input: BatchInput
  readonly shards: readonly StagedShard[]
}

export interface StagedShard {
  readonly lines: Shard
  /** Set once its lines are answered, durably. */
  part: Part | undefined
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

export const partCheckpoint = (input: number, shard: number): string => `part/${input}/${shard}`

export const partAddress = (key: string): ObjectAddress => ({ bucket: ARTIFACTS_BUCKET, key })

export const partKey = (stagingPrefix: string, input: number, shard: number, attempt: number, tries: number): string =>
  `${stagingPrefix}${input}-${shard}.${attempt}-${tries}`

/** Takes over what earlier attempts finished of these inputs, and removes everything else that is staged. */
export async function adoptParts(
  inputs: readonly StagedInput[],
  stagingPrefix: string,
  { artifacts, finished, signal }: ComputeContext,
): Promise<void> {
  const bytesOf = new Map<string, number>()
  for await (const { key, bytes } of artifacts.list(ARTIFACTS_BUCKET, stagingPrefix, { signal }))
    bytesOf.set(key, bytes)
  for (const { index, shards } of inputs) {
    shards.forEach((shard, s) => {
      const part = finished.get(partCheckpoint(index, s)) as Part | undefined
      const { start, end } = shard.lines
      if (part === undefined || part.start !== start || part.end !== end || bytesOf.get(part.key) !== part.bytes) return
      shard.part = part
      bytesOf.delete(part.key)
    })
  }
  for (const key of bytesOf.keys()) await artifacts.remove(partAddress(key))
}

export async function removeStaged(stagingPrefix: string, artifacts: ObjectStore): Promise<void> {
  for await (const { key } of artifacts.list(ARTIFACTS_BUCKET, stagingPrefix)) await artifacts.remove(partAddress(key))
}
