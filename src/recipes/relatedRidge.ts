/**
 * What goes with an item, by what people do next: its row of a directional ridge (models/directionalRidge.ts) with the kernel (k+1)^-0.7,
 * the best single matrix for one item as the question (ML-1M, next item NDCG@10 .120, against .080 for the cosine; design/recommenders.md
 * §3.8), and where metadata are learnt from, items that are told about alike (models/contentNeighbours.ts):
 *
 *   score(i → j) = max(0, B[i, j]) / b + CONTENT_WEIGHT · cosine(A_i, A_j) / a
 *
 * b and a are the means of the positive entries, so that the weight has no scale. An item with few events has a small row of B, the ridge
 * holds it down, and content decides.
 */

import { contentNeighbours } from '../models/contentNeighbours.ts'
import { fitDirectionalRidge, powerKernel } from '../models/directionalRidge.ts'
import { solvedAtOnce } from '../models/experts.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import { fitNeighbourhoodRidge } from '../models/neighbourhoodRidge.ts'
import { eventCounts, logShares } from '../models/popularity.ts'
import { RELATED_ROW_LENGTH, type RelatedExpert, relatedItemsModel } from '../models/relatedItems.ts'
import type { SparseRows } from '../models/sparseRows.ts'
import type { TrainingControl, TrainingData } from './trainingData.ts'

const RECENCY_EXPONENT = 0.7
/** As for users: what lies further back weighs less than .06. */
const EVENT_COUNT = 60
/** λ in events without a successor that are added to every item, the study's 100 (design/recommenders.md §6) over Σ w² = 2.62: λ = events · Σ w². */
const SHRINKAGE = 38
/** δ, as for users. */
const DIAGONAL = 0.5
/**
 * The best of .03, .1, .3 and 1: MRR@25 of held-out events on ML-1M .2403 without, .2404, .2428, .2457, .2431 with; on Online Retail .3279
 * without, .3289, .3290, .3297, .3290 with.
 */
const CONTENT_WEIGHT = 0.3

/** Rejects with `control.signal.reason` when aborted. */
export async function fitRelatedRidge(data: TrainingData, control: TrainingControl): Promise<HistoryModel> {
  const { interactions, itemFeatures } = data
  const prior = logShares(eventCounts(interactions))
  const experts: RelatedExpert[] = []
  if (interactions.items.length > 0)
    experts.push(expertOf('what is done next', await ridgeRows(interactions, control), 1))
  if (itemFeatures) {
    const rows = await contentNeighbours(itemFeatures, RELATED_ROW_LENGTH, control)
    experts.push(expertOf('what is told about them', rows, CONTENT_WEIGHT))
  }
  return relatedItemsModel(experts, prior)
}

function ridgeRows(interactions: Interactions, control: TrainingControl): Promise<SparseRows> {
  const kernel = powerKernel(RECENCY_EXPONENT, EVENT_COUNT)
  const energy = kernel.reduce((sum, weight) => sum + weight * weight, 0)
  const fit = solvedAtOnce(interactions, EVENT_COUNT, control.threads) ? fitDirectionalRidge : fitNeighbourhoodRidge
  const ridge = { kernel, regularization: SHRINKAGE * energy, diagonal: DIAGONAL, rowLength: RELATED_ROW_LENGTH }
  return fit(interactions, ridge, control)
}

/** Weighted so that entries of `weight` are usual. */
function expertOf(name: string, rows: SparseRows, weight: number): RelatedExpert {
  let [sum, count] = [0, 0]
  for (const value of rows.values) {
    if (value <= 0) continue
    sum += value
    count++
  }
  return { name, rows, weight: count === 0 ? weight : weight / (sum / count) }
}
