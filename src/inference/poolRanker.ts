/**
 * Ranks by a pool of sparse experts, one query after the other: nothing is shared between queries, so blocks would gain nothing. Scores are estimated,
 * and exact where they can decide; probabilities are shares of the estimated sum, or of the exact one where the model was placed so.
 */
import { openKernelRanker, type Scoring } from './kernelRanker.ts'
import type { PlacedPool } from './placePool.ts'
import type { Ranker } from './queries.ts'

/** Each expert's sums, which scores and estimates are made of. */
const block: Scoring['block'] = (kernels, params, count) => {
  for (let q = 0; q < count; q++) kernels.poolSums(params, q)
}
const scores: Scoring['keys'] = (kernels, params, query) => kernels.poolScores(params, query)

const listed: Scoring['listed'] = (kernels, params, query) => kernels.poolListed(params, query)

const estimated: Scoring = {
  block,
  scores,
  listed,
  keys: (kernels, params, query) => kernels.poolEstimate(params, query),
  choose: (kernels, params, query) => kernels.poolChoose(params, query),
}

const exact: Scoring = {
  block,
  scores,
  listed,
  keys(kernels, params, query) {
    kernels.poolScores(params, query)
    kernels.weigh(params, query)
  },
  choose: (kernels, params) => kernels.choose(params, 0),
}

/** One for each thread, on a slot of its own: slot < placePool's `threads`. */
export const openPoolRanker = (placed: PlacedPool, slot: number): Ranker =>
  openKernelRanker(placed, slot, placed.exactTotals ? exact : estimated)
