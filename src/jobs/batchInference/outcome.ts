/** What is counted of records that are answered. */
import type { StageSeconds } from './description.ts'

export interface Answered {
  readonly records: number
  readonly failed: number
  /** Of output. */
  readonly bytes: number
}

export interface ShardOutcome extends Answered {
  /** Among those of the work. */
  readonly shard: number
  /** Of the part, where it is one. */
  readonly key: string | undefined
  readonly stageSeconds: StageSeconds
}

export const totalOf = (counts: readonly Answered[]): Answered =>
  counts.reduce<Answered>(
    (sum, { records, failed, bytes }) => ({
      records: sum.records + records,
      failed: sum.failed + failed,
      bytes: sum.bytes + bytes,
    }),
    { records: 0, failed: 0, bytes: 0 },
  )
