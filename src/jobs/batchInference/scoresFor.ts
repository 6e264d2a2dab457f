/** What a model gives every item for one subject, before anything is added or chosen: by their history, by what is told of them, or as to everybody. */
import type { NewcomerRanker } from '../../inference/newcomerRanker.ts'
import type { Ranker } from '../../inference/queries.ts'
import type { SubjectHistories } from './histories.ts'

export interface ScoringTools {
  readonly ranker: Ranker
  /** Inverse temperature of the model's softmax. */
  readonly sharpness: number
  /** Undefined when the model gives everybody the same. */
  readonly histories: SubjectHistories | undefined
  /** Of recipes about people, where something is told of them. */
  readonly newcomers: NewcomerRanker | undefined
}

const NO_HISTORY = new Int32Array(0)

/**
 * f32[items], valid until the ranker is asked again; `subject` is an index, -1 for one that the model does not know. With `only`, different items, what the
 * others have means nothing.
 */
export function scoresFor(
  { ranker, sharpness, histories, newcomers }: ScoringTools,
  subject: number,
  only?: ArrayLike<number>,
): { readonly scores: Float32Array; readonly sharpness: number } {
  if (histories?.has(subject)) {
    const { offsets, items } = histories.gather(Int32Array.of(subject), 1, ranker.historyLength)
    return { scores: ranker.scoreAll(items.subarray(offsets[0], offsets[1]), only), sharpness }
  }
  // These are log-probabilities as they are.
  if (newcomers?.knows(subject)) return { scores: newcomers.scores(subject), sharpness: 1 }
  return { scores: ranker.scoreAll(NO_HISTORY, only), sharpness }
}
