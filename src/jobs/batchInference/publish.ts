/** An input whose shards are all answered gets its output object, whole or not at all; then its parts are no longer needed. */
import type { ComputeContext } from '../computeContext.ts'
import { checkUnchanged } from './inputs.ts'
import type { Answered } from './outcome.ts'
import type { RecordProgress } from './progress.ts'
import type { StagedInput } from './staging.ts'

/** Its value is what was answered. */
export const publishedCheckpoint = (input: number): string => `published/${input}`

export async function publishInput(
  { index, input, output }: StagedInput,
  context: ComputeContext,
  progress: RecordProgress,
  signal: AbortSignal,
): Promise<Answered> {
  await checkUnchanged(input, context.objects, signal)
  const published = await output.place(progress, signal)
  await context.checkpoint(publishedCheckpoint(index), published)
  await output.clear()
  return published
}
