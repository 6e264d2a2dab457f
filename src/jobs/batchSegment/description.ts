/** What a batch segment job is told and what it answers: plain JSON, it crosses a process boundary. */
import type { FilterSnapshot, SegmentItems } from '../../resources/types.ts'
import type { BatchLimits } from '../batchInference/limits.ts'

export interface SegmentDescription {
  /** As of a batch inference job. */
  readonly inputPath: string
  readonly outputPath: string
  /** Users of a segment, at least 1. */
  readonly numResults: number
  /** Where in ARTIFACTS_BUCKET recipes/modelFile.ts saved the model. */
  readonly modelPrefix: string
  /** What a record names. */
  readonly record: 'itemId' | 'itemAttributes'
  /** Where attributes are looked up; absent: the records name items, or there is no ITEMS dataset. */
  readonly items: SegmentItems | undefined
  /** Who may be in a segment; absent: everybody. */
  readonly filter: FilterSnapshot | undefined
  readonly limits: BatchLimits
}

export interface SegmentResult {
  readonly inputs: number
  readonly records: number
  /** Records whose line has an `error`. */
  readonly failed: number
  /** Of all output objects, without `_CHECK`. */
  readonly bytes: number
}
