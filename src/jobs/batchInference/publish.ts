/** An input whose shards are all answered gets its output object, whole or not at all; then its parts are no longer needed. */
import { assert } from '../../lib/assert.ts'
import { formatAddress, ObjectError, type ObjectStore } from '../../objects/objectStore.ts'
import type { ComputeContext } from '../computeContext.ts'
import { checkUnchanged, explained } from './inputs.ts'
import type { RecordProgress } from './progress.ts'
import { type Part, partAddress, type StagedInput } from './staging.ts'

/** The value of a `published/…` checkpoint. */
export interface Published {
  readonly records: number
  readonly failed: number
  /** Of the output object. */
  readonly bytes: number
}

export const publishedCheckpoint = (input: number): string => `published/${input}`

export async function publishInput(
  { index, input, shards }: StagedInput,
  context: ComputeContext,
  progress: RecordProgress,
  signal: AbortSignal,
): Promise<Published> {
  await checkUnchanged(input, context.objects)
  const parts = shards.map(({ lines, part }) => {
    assert(part?.records === lines.records, 'every record of a shard is answered before its input is published')
    return part
  })
  await writeOutput(input.to, parts, context, progress, signal)
  const published = parts.reduce(
    (sum, { records, failed, bytes }) => ({
      records: sum.records + records,
      failed: sum.failed + failed,
      bytes: sum.bytes + bytes,
    }),
    { records: 0, failed: 0, bytes: 0 },
  )
  await context.checkpoint(publishedCheckpoint(index), published)
  for (const { key } of parts) await context.artifacts.remove(partAddress(key))
  return published
}

async function writeOutput(
  to: StagedInput['input']['to'],
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
