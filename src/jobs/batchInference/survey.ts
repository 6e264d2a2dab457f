/** Every input is read once before the work, to cut it into shards (`lines.ts`) and to count its records. */
import { Refusal } from '../../lib/refusal.ts'
import { formatAddress, ObjectError } from '../../objects/objectStore.ts'
import type { ComputeContext } from '../computeContext.ts'
import { type BatchInput, checkUnchanged, explained } from './inputs.ts'
import { type BatchLimits, SURVEYS_AT_ONCE } from './limits.ts'
import { type Shard, surveyLines } from './lines.ts'

/** The shards of each input. Throws Refusal when one cannot be read, has changed, or holds too many records. */
export async function surveyInputs(
  inputs: readonly BatchInput[],
  limits: BatchLimits,
  shardBytes: number,
  context: ComputeContext,
): Promise<Shard[][]> {
  const { objects, signal } = context
  const total = inputs.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  const read = (bytes: number) => {
    done += bytes
    context.progress({ stage: 'counting records', done, total, unit: 'bytes' })
  }
  const surveys: Shard[][] = new Array(inputs.length)
  const queue = inputs.entries()
  const takeTurns = async () => {
    for (const [i, input] of queue) surveys[i] = await survey(input)
  }
  const survey = async (input: BatchInput): Promise<Shard[]> => {
    const path = formatAddress(input.from)
    try {
      await checkUnchanged(input, objects, signal)
      const shards = await surveyLines(await objects.read(input.from, { signal }), shardBytes, read)
      checkRecords(shards, path, limits)
      return shards
    } catch (error) {
      throw error instanceof ObjectError ? explained(error, 'input', path) : error
    }
  }
  await Promise.all(Array.from({ length: SURVEYS_AT_ONCE }, takeTurns))
  return surveys
}

function checkRecords(shards: readonly Shard[], path: string, { recordsPerFile }: BatchLimits): void {
  const records = shards.reduce((sum, shard) => sum + shard.records, 0)
  if (records <= recordsPerFile) return
  throw new Refusal(`The input '${path}' has ${records} records; at most ${recordsPerFile} were expected in one file.`)
}
