/**
 * The expert behind both User-Personalization recipes: directional ridge (models/directionalRidge.ts), a linear model that predicts the
 * next item from the decayed list of the items before it, with its kernel and its shrinkage chosen here.
 *
 * The kernel is (k+1)^-0.7, k places before the newest: the best single kernel of the study (ML-1M, leave-one-out NDCG@10 .168, against
 * .163 for the best exponential; design/recommenders.md §3.1), and it needs no time scale, which differs between shops and film sites.
 *
 * The regularisation has no scale of its own either. An item seen c times has Σ of squares ≈ c · Σ_k w(k)², so λ = events · Σ_k w(k)² adds
 * to every source item as many events without a successor, whatever the kernel and its length; δ adds a share of the item's own events.
 */

import { fitDirectionalRidge, powerKernel } from '../models/directionalRidge.ts'
import type { DenseModel } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import { eventCounts, logShares } from '../models/popularity.ts'
import type { TrainingControl } from './trainingData.ts'

const RECENCY_EXPONENT = 0.7

/**
 * δ. Between 0 and 1 it hardly matters; .5 was best by leave-one-out on the last events but one (validation NDCG@10 for δ = 0, .3, .5, 1 at
 * λ = 100: ML-1M .1704, .1712, .1720, .1719; Online Retail .2570, .2614, .2619, .2631), and is the study's choice for small data.
 */
const DIAGONAL = 0.5

/**
 * λ in events an item: the study's 30 for little data and 100 for much (§6), over the Σ w² = 2.62 of the kernel of length 60. Where users are
 * few an item's successors are few, and each one is trusted sooner. Between the two it grows linearly in the logarithm of the users: the
 * study's border is 2000, but with a step an evaluation on nine tenths of them would measure another model than the one fitted on all.
 */
const SHRINKAGE_SMALL = { userCount: 1000, eventCount: 11.5 }
const SHRINKAGE_LARGE = { userCount: 4000, eventCount: 38 }

function shrinkageEventCount(userCount: number): number {
  const [small, large] = [SHRINKAGE_SMALL, SHRINKAGE_LARGE]
  const place = Math.log(userCount / small.userCount) / Math.log(large.userCount / small.userCount)
  return small.eventCount + Math.min(1, Math.max(0, place)) * (large.eventCount - small.eventCount)
}

export interface HistoryRidgeOptions {
  /** How many of a user's newest events count, in training and in serving. */
  readonly eventCount: number
  /** Whether newer events count more; otherwise all of them alike. */
  readonly recency: boolean
}

/** Not calibrated. Rejects with `control.signal.reason` when aborted. */
export async function fitHistoryRidge(
  interactions: Interactions,
  { eventCount, recency }: HistoryRidgeOptions,
  control: TrainingControl,
): Promise<DenseModel> {
  const kernel = powerKernel(recency ? RECENCY_EXPONENT : 0, eventCount)
  const energy = kernel.reduce((sum, weight) => sum + weight * weight, 0)
  const regularization = shrinkageEventCount(interactions.userCount) * energy
  const options = { kernel, regularization, diagonal: DIAGONAL }
  return {
    form: 'dense',
    itemCount: interactions.itemCount,
    kernel,
    // Nobody did anything: there is no system to solve, and everybody gets the prior.
    rows: interactions.items.length === 0 ? undefined : await fitDirectionalRidge(interactions, options, control),
    prior: logShares(eventCounts(interactions)),
    sharpness: 1,
  }
}
