/**
 * The output of an input while it is not whole, where objects are files: one file beside the bucket, which threads write at their shards'
 * places and which becomes the object at the end, without a second copy. Shards end in any order; what counts after a crash is how many
 * are done from the first one on. A checkpoint says so when the file is safe on the disk up to there, every second at most.
 */
import { assert } from '../../lib/assert.ts'
import { stopwatchSeconds } from '../../lib/clock.ts'
import { formatAddress, ObjectError, type ObjectStore } from '../../objects/objectStore.ts'
import type { ComputeContext } from '../computeContext.ts'
import { type BatchInput, explained } from './inputs.ts'
import { CHECKPOINT_SECONDS } from './limits.ts'
import { type Answered, totalOf } from './outcome.ts'
import type { GrowingOutput, StagedInput, UnfinishedInput } from './staging.ts'

/** The value of a `file/…` checkpoint: the first `shards` shards, up to byte `end` of the input, are the first `bytes` bytes of the file. */
interface Written extends Answered {
  readonly shards: number
  readonly end: number
}

const fileCheckpoint = (input: number): string => `file/${input}`

const NOTHING_WRITTEN: Written = { shards: 0, end: 0, records: 0, failed: 0, bytes: 0 }

/** Takes over what earlier attempts wrote of this input. */
export async function stageFile(
  unfinished: UnfinishedInput,
  context: ComputeContext,
  checkpointSeconds = CHECKPOINT_SECONDS,
): Promise<StagedInput> {
  const { index, input, shards } = unfinished
  const { objects, scratchFolder, signal, finished } = context
  const inWords = (side: 'input' | 'output') => (error: unknown) => {
    const path = formatAddress(side === 'input' ? input.from : input.to)
    throw error instanceof ObjectError ? explained(error, side, path) : error
  }
  // The survey has read it: what is missing now was removed since.
  const from = await objects.localFile(input.from, scratchFolder, { signal }).catch(inWords('input'))
  const file = await grow(objects, input).catch(inWords('output'))
  const known = finished.get(fileCheckpoint(index)) as Written | undefined
  const there = known !== undefined && file.bytes >= known.bytes && (shards[known.shards - 1]?.end ?? 0) === known.end
  const earlier = there ? known : NOTHING_WRITTEN
  /** The first ones, in a row. */
  let written = earlier
  let saved = Promise.resolve()
  /** How many shards the last checkpoint tells of. */
  let savedShards = earlier.shards
  let savedSeconds = Number.NEGATIVE_INFINITY
  /** Shards that are done behind one that is not. */
  const ahead = new Map<number, Answered>()

  const save = async (): Promise<void> => {
    const now = written
    savedSeconds = stopwatchSeconds()
    await file.sync()
    await context.checkpoint(fileCheckpoint(index), now)
  }
  const output: GrowingOutput = {
    earlier: { records: earlier.records, failed: earlier.failed, bytes: earlier.bytes },
    isDone: s => s < written.shards || ahead.has(s),
    files: {
      input: from,
      output: file.path,
      from: earlier.bytes,
    },
    async done(s, { records, failed, bytes }) {
      assert(records === shards[s].records, 'every record of a shard is answered')
      ahead.set(s, { records, failed, bytes })
      for (let next = ahead.get(written.shards); next; next = ahead.get(written.shards)) {
        ahead.delete(written.shards)
        const end = shards[written.shards].end
        written = { ...totalOf([written, next]), shards: written.shards + 1, end }
      }
      if (written.shards === savedShards || stopwatchSeconds() - savedSeconds < checkpointSeconds) return
      savedShards = written.shards
      savedSeconds = stopwatchSeconds()
      saved = saved.then(save)
      await saved
    },
    async place() {
      await saved
      assert(written.shards === shards.length, 'every shard is answered before its input is published')
      await file.place(written.bytes).catch(inWords('output'))
      return { records: written.records, failed: written.failed, bytes: written.bytes }
    },
    clear: async () => {},
  }
  return { ...unfinished, output }
}

function grow(objects: ObjectStore, { to, fileName }: BatchInput) {
  assert(objects.growingFile !== undefined, 'objects are files')
  return objects.growingFile(to, fileName)
}

/** Of a job that is over. */
export async function removeFiles(inputs: readonly BatchInput[], objects: ObjectStore): Promise<void> {
  if (objects.growingFile === undefined) return
  for (const input of inputs) await (await grow(objects, input)).remove()
}
