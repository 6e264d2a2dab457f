/** What a batch inference job is told and what it answers: plain JSON, it crosses a process boundary. */

import type { ExplorationSettings } from '../../inference/exploration.ts'
import type { RankingInfluence } from '../../models/rankingInfluence.ts'
import type { BatchFacts } from '../../recipes/recipe.ts'
import type { FilterSnapshot, ThemeSources } from '../../resources/types.ts'
import type { TrainingQuery } from '../readTrainingData.ts'
import type { BatchLimits } from './limits.ts'

export interface BatchDescription {
  /** `s3://bucket/key` of one object, or the beginning of the keys of many. */
  readonly inputPath: string
  /** `s3://bucket/folder`, with or without '/' at the end. */
  readonly outputPath: string
  /** At least 1; the API refuses what is beyond its maximum. */
  readonly numResults: number
  readonly recipe: BatchFacts
  /** Where in ARTIFACTS_BUCKET recipes/modelFile.ts saved the model. */
  readonly modelPrefix: string
  /** What has items that the model is to take in first; absent: nothing. */
  readonly newItems?: { readonly recipeArn: string; readonly query: TrainingQuery } | undefined
  /** Room for new items in every list; absent: none. */
  readonly exploration?: ExplorationSettings | undefined
  /** How far popularity and freshness decide the order of related items; absent: not at all. */
  readonly influence?: RankingInfluence | undefined
  /** What may be recommended; absent: everything. */
  readonly filter?: FilterSnapshot | undefined
  /** Lists get a theme and are ordered by it; for records of items. Absent: as the model ranks them. */
  readonly themes?: ThemeSources | undefined
  /** Where in ARTIFACTS_BUCKET this job, and nobody else, keeps the parts of its output. Ends with '/'; empty when the job is done. */
  readonly stagingPrefix: string
  readonly limits: BatchLimits
}

export interface BatchResult {
  readonly inputs: number
  readonly records: number
  /** Records whose line has an `error`. */
  readonly failed: number
  /** Of all output objects, without `_CHECK`. */
  readonly bytes: number
  /** Of this attempt. */
  readonly stageSeconds: StageSeconds
}

/**
 * Where the threads' time goes, by the clock, added up over the threads: `wait` is for the shard before, whose end is the place to write to, and
 * takes no processor; `read` and `write` are for bytes, the others compute. (The CPU time of a thread is known to the millisecond at best,
 * and a stage of a block takes microseconds.)
 */
export const STAGES = ['read', 'parse', 'lookup', 'rank', 'format', 'write', 'wait'] as const
export type Stage = (typeof STAGES)[number]
export type StageSeconds = { readonly [stage in Stage]: number }

export const noSeconds = (): { [stage in Stage]: number } => ({
  read: 0,
  parse: 0,
  lookup: 0,
  rank: 0,
  format: 0,
  write: 0,
  wait: 0,
})
