/**
 * The model behind the recipes of the first generation and those of user segments: a history becomes a vector, items are a matrix
 * (models/lowRankRidge.ts), with the shrinkage chosen here and the kernels of the recipes, by validation (leave-one-out NDCG@10 of the last
 * events but one) at rank 149:
 *
 *   kernels         ML-1M   Online Retail
 *   1, 8            .1553   .1970            exp(-k/τ) for τ = 1 and τ = 8 events
 *   1, flat         .1510   .2026
 *   1, 8, 50        .1547                    at λ 300, where 1, 8 has .1566: fewer directions are left for each view, three are better only at full rank
 *   8               .1414   .1583
 *   (k+1)^-0.7      .1487   .1726            the best single kernel
 *
 * Shrinkage 10, 40, 80, 160 events: .1537, .1553, .1555, .1566 and .1973, .1970, .1956, .1934. δ between 0.3 and 1 changes .0004.
 */
import type { HistoryModel } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import type { GeometricKernel } from '../models/lowRankMemory.ts'
import { fitLowRankRidge } from '../models/lowRankRidge.ts'
import { eventCounts, logShares } from '../models/popularity.ts'
import type { TrainingControl } from './trainingData.ts'

const SHRINKAGE = 40
const DIAGONAL = 0.5
/** Of the random directions that the search starts from: a model does not depend on anything but its data. */
const SEED = 1

export interface HistoryFactorsOptions {
  /** How many of a user's newest events count, in training and in serving. */
  readonly eventCount: number
  /** One view of the history each: an event k places back counts exp(-k/time), by Infinity all alike. */
  readonly recencyTimes: readonly number[]
  readonly rank: number
}

/** Not calibrated. Rejects with `control.signal.reason` when aborted. */
export async function fitHistoryFactors(
  interactions: Interactions,
  { eventCount, recencyTimes, rank }: HistoryFactorsOptions,
  control: TrainingControl,
): Promise<HistoryModel> {
  const { itemCount } = interactions
  const common = { itemCount, prior: logShares(eventCounts(interactions)), sharpness: 1 }
  // Nothing ever followed anything: there is nothing to solve, and everybody gets the prior.
  if (!hasSuccessors(interactions)) return { form: 'dense', ...common, kernel: new Float32Array(0), rows: undefined }
  const decays = recencyTimes.map(time => Math.exp(-1 / time))
  const kernels: GeometricKernel[] = decays.map(decay => ({ decay, length: eventCount }))
  const options = { kernels, shrinkage: SHRINKAGE, diagonal: DIAGONAL, rank, seed: SEED }
  const { dimension, sources, targets } = await fitLowRankRidge(interactions, options, control)
  return {
    form: 'factors',
    ...common,
    dimension,
    kernels: decays.map(decay => Float32Array.from({ length: eventCount }, (_, k) => decay ** k)),
    sources,
    targets,
    bias: undefined,
  }
}

function hasSuccessors({ userCount, offsets }: Interactions): boolean {
  for (let user = 0; user < userCount; user++) if (offsets[user + 1] - offsets[user] > 1) return true
  return false
}
