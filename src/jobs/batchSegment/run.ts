/**
 * The body of a batch segment job:
 *
 *   list inputs ─► probe output ─► count records ─► for each input: records ─► queries ─► users ranked ─► one output object
 *
 * An input is small (at most 500 records) and its answer large (millions of users a line), so an input is answered at a time, and a line goes out
 * as soon as it is made. Two kinds of checkpoint carry the job over a crash: `plan`, the inputs and their versions, and `published/i`.
 */
import { formatAddress, ObjectError } from '../../objects/objectStore.ts'
import { loadModel, type SavedModel } from '../../recipes/modelFile.ts'
import { answeringCosts, costsSoFar } from '../batchInference/costs.ts'
import { IdRoom } from '../batchInference/idRoom.ts'
import {
  type BatchInput,
  checkPaths,
  checkUnchanged,
  explained,
  listInputs,
  probeOutput,
} from '../batchInference/inputs.ts'
import { PART_SHARD_BYTES } from '../batchInference/limits.ts'
import { surveyInputs } from '../batchInference/survey.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../computeContext.ts'
import type { SegmentDescription, SegmentResult } from './description.ts'
import { IdTexts } from './idTexts.ts'
import { readLines, type SegmentLine } from './lines.ts'
import { SegmentWriter } from './segments.ts'

interface Published {
  readonly records: number
  readonly failed: number
  readonly bytes: number
}

const publishedCheckpoint = (input: number): string => `published/${input}`

/** Throws Refusal for what the job's owner can mend; `context.signal.reason` when aborted. */
export async function runBatchSegment(
  description: SegmentDescription,
  context: ComputeContext,
): Promise<SegmentResult> {
  const { objects, artifacts, signal, finished } = context
  const paths = checkPaths(description)
  const planned = finished.get('plan') as BatchInput[] | undefined
  const inputs = planned ?? (await listInputs(paths, description, objects, signal))
  if (planned === undefined) {
    await probeOutput(paths, objects, signal)
    await context.checkpoint('plan', inputs)
  }
  const surveys = await surveyInputs(inputs, description.limits, PART_SHARD_BYTES, context)
  const total = surveys.flat().reduce((sum, { records }) => sum + records, 0)
  const place = { artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: description.modelPrefix } }
  const room = new IdRoom()
  const saved = await loadModel(place, { signal, usersRoom: (_name, byteCount) => room.reserve(byteCount) })
  const texts = new IdTexts(room, saved.users)
  const since = costsSoFar()
  const done = { records: 0, failed: 0, bytes: 0 }
  for (const [index, input] of inputs.entries()) {
    const before = finished.get(publishedCheckpoint(index)) as Published | undefined
    const published = before ?? (await answerInput(input, description, { saved, texts }, context, { total, ...done }))
    if (before === undefined) await context.checkpoint(publishedCheckpoint(index), published)
    done.records += published.records
    done.failed += published.failed
    done.bytes += published.bytes
  }
  context.progress({ stage: 'segments', done: done.records, total, failed: done.failed, unit: 'records' })
  context.log.info('a batch segment job has answered', { records: done.records, ...answeringCosts(since) })
  return { inputs: inputs.length, ...done }
}

async function answerInput(
  input: BatchInput,
  description: SegmentDescription,
  { saved, texts }: { readonly saved: SavedModel; readonly texts: IdTexts },
  context: ComputeContext,
  before: { readonly total: number; readonly records: number; readonly failed: number },
): Promise<Published> {
  const { objects, signal } = context
  const writer = new SegmentWriter(description, saved, texts, context, ({ records, failed }) =>
    context.progress({
      stage: 'segments',
      done: before.records + records,
      total: before.total,
      failed: before.failed + failed,
      unit: 'records',
    }),
  )
  const lines = await readInput(input, description, context)
  try {
    await objects.write(input.to, writer.answers(lines), { signal })
  } catch (error) {
    throw error instanceof ObjectError ? explained(error, 'output', formatAddress(input.to)) : error
  }
  await checkUnchanged(input, objects, signal)
  return writer.counts
}

/** An input is read whole before the first answer: reading and writing do not wait for one another. */
async function readInput(
  { from }: BatchInput,
  { record }: SegmentDescription,
  { objects, signal }: ComputeContext,
): Promise<SegmentLine[]> {
  try {
    return await readLines(await objects.read(from, { signal }), record)
  } catch (error) {
    throw error instanceof ObjectError ? explained(error, 'input', formatAddress(from)) : error
  }
}
