/**
 * The pool behind the recipes of the second generation (models/pool.ts): which experts are asked, by the size of the catalogue, with the
 * kernels and the shrinkage of the study (design/recommenders.md §3.1, §3.4, §6).
 *
 *   all pairs can be solved at once    a directional ridge that forgets within 30 events, EASE that forgets nothing, what follows the last three events, each by
 *                                      itself, and what others did where they had just done the same; where there is little to choose by, or
 *                                      too much to remember, instead of the last a directional ridge that forgets within 6 events
 *   larger catalogues, sparse data     directional ridges with (k+1)^-.7, exp(-k/.7) and next to flat, and EASE, over neighbourhoods
 *
 *   where those take too long          two of them: (k+1)^-.7 and EASE
 *
 * An expert that the held-out events give no weight is not in the model, so the kernels are chosen with the weights.
 */
import { exponentialKernel, powerKernel } from '../models/directionalRidge.ts'
import { type ExpertDesign, solvedAtOnce } from '../models/experts.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import { nearestKernel } from '../models/nearestSequences.ts'
import { fitPool, isTooSlow, type PoolDesign } from '../models/pool.ts'
import { eventCounts, popularityModel } from '../models/popularity.ts'
import { lagKernel } from '../models/transitions.ts'
import type { TrainingControl } from './trainingData.ts'

/** Events: nearly all that most people have, what exp(-k/30) has forgotten but for .1 %, and more than people have on sparse data. */
const LONG = 250
const MIDDLE = 200
const SHORT = 50

const flatKernel = (length: number): Float32Array => new Float32Array(length).fill(1)

const directional = (
  name: string,
  kernel: Float32Array,
  [regularization, diagonal]: [number, number],
  weight: number,
) => ({ name, kind: 'directional', kernel, regularization, diagonal, weight }) as const

const together = (name: string, kernel: Float32Array, [regularization, diagonal]: [number, number], weight: number) =>
  ({ name, kind: 'together', kernel, regularization, diagonal, weight }) as const

/** λ in events: 3 to 100 measured alike on ML-1M. */
const transitions = (name: string, lag: number, weight: number) =>
  ({ name, kind: 'transitions', kernel: lagKernel(lag), regularization: 30, diagonal: 0, weight }) as const

/** "Again": an item from itself, the sooner the likelier. */
const repeat: ExpertDesign = {
  name: 'repeat 1/(k+1)',
  kind: 'repeat',
  kernel: powerKernel(1, LONG),
  regularization: 0,
  diagonal: 0,
}

const SHORT_TERM = 'directional exp(-k/6)'

/**
 * Beside it a directional ridge that forgets within 6 events has a weight of .1 and is no gain on ML-1M. On Amazon Beauty it was weighed with the sparse experts and
 * lost .0003 of NDCG@10: people there hardly ever do the same things in a row.
 */
const nearest = {
  name: 'nearest sequences',
  kind: 'nearest',
  kernel: nearestKernel(LONG),
  regularization: 0,
  diagonal: 0,
  replaces: SHORT_TERM,
} as const

/** The ridges: 200, 300, 2000 and 500 for many users, 30 for few; the factor between is tried. Weights as fitted on ML-1M. */
const dense: PoolDesign = {
  experts: [
    directional(SHORT_TERM, exponentialKernel(6, 60), [300, 0.3], 0.39),
    directional('directional exp(-k/30)', exponentialKernel(30, MIDDLE), [1000, 0.3], 0.44),
    together('EASE, flat', flatKernel(LONG), [500, 0.2], 0.74),
    transitions('after the last', 1, 0.34),
    transitions('after the last but one', 2, 0.19),
    transitions('after the last but two', 3, 0.1),
  ],
  nearest,
  repeat,
  ridgeFactors: [0.15, 1],
}

const sparse: PoolDesign = {
  experts: [
    directional('directional (k+1)^-0.7', powerKernel(0.7, SHORT), [50, 0], 0.14),
    directional('directional exp(-k/0.7)', exponentialKernel(0.7, 8), [30, 0], 0.23),
    directional('directional (k+1)^-0.1', powerKernel(0.1, SHORT), [100, 0], 0.06),
    together('EASE exp(-k/5)', exponentialKernel(5, SHORT), [100, 0], 0.65),
  ],
  repeat,
  ridgeFactors: [1, 0.3, 3],
}

/** Two experts and one ridge, where to choose among four with three ridges takes too long. λ as the larger pool chose it on Amazon Beauty: three times the study's. */
const large: PoolDesign = {
  experts: [
    directional('directional (k+1)^-0.7', powerKernel(0.7, SHORT), [150, 0], 0.4),
    together('EASE exp(-k/5)', exponentialKernel(5, SHORT), [300, 0], 0.6),
  ],
  repeat,
  ridgeFactors: [1],
}

const flat = flatKernel(60)

/** Without recency: sixty events that count alike. */
const withoutRecency: PoolDesign = {
  experts: [directional('directional, flat', flat, [2000, 0.3], 0.5), together('EASE, flat', flat, [500, 0.2], 0.5)],
  repeat: { ...repeat, name: 'repeat, flat', kernel: flat },
  ridgeFactors: [0.15, 1],
}

/** Not calibrated. Rejects with `control.signal.reason` when aborted. */
export async function fitHistoryPool(
  interactions: Interactions,
  { recency }: { readonly recency: boolean },
  control: TrainingControl,
): Promise<HistoryModel> {
  // Nobody did anything: there is nothing to solve, and everybody gets the prior.
  if (interactions.items.length === 0) return popularityModel(eventCounts(interactions))
  return fitPool(interactions, recency ? designFor(interactions, control.threads) : withoutRecency, control)
}

function designFor(interactions: Interactions, threads: number): PoolDesign {
  if (solvedAtOnce(interactions, LONG, threads)) return dense
  return isTooSlow(interactions, sparse) ? large : sparse
}
