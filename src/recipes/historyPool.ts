/**
 * The pool behind the recipes of the second generation (models/pool.ts): which experts are asked, by the size of the catalogue, with the
 * kernels and the shrinkage of the study (design/recommenders.md §3.1, §3.4, §6).
 *
 *   all pairs can be solved at once    three directional ridges that forget within .7, 6 and 80 events, and EASE
 *   larger catalogues, sparse data     directional ridges with (k+1)^-.7, exp(-k/.7) and next to flat, and EASE, over neighbourhoods
 *
 *   more than five million events      two of those: (k+1)^-.7 and EASE
 *
 * An expert that the held-out events give no weight is not in the model, so the kernels are chosen with the weights.
 */
import { exponentialKernel, powerKernel } from '../models/directionalRidge.ts'
import { type ExpertDesign, solvedAtOnce } from '../models/experts.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import { fitPool, type PoolDesign } from '../models/pool.ts'
import { eventCounts, popularityModel } from '../models/popularity.ts'
import type { TrainingControl } from './trainingData.ts'

/** Events: what exp(-k/80) has forgotten but for 4 %, and more than nearly all people have on sparse data. */
const LONG = 250
const SHORT = 50

const directional = (
  name: string,
  kernel: Float32Array,
  [regularization, diagonal]: [number, number],
  weight: number,
) => ({ name, kind: 'directional', kernel, regularization, diagonal, weight }) as const

const together = (name: string, kernel: Float32Array, [regularization, diagonal]: [number, number], weight: number) =>
  ({ name, kind: 'together', kernel, regularization, diagonal, weight }) as const

/** "Again": an item from itself, the sooner the likelier. */
const repeat: ExpertDesign = {
  name: 'repeat 1/(k+1)',
  kind: 'repeat',
  kernel: powerKernel(1, LONG),
  regularization: 0,
  diagonal: 0,
}

/** The ridges: 200, 300, 2000 and 500 for many users, 30 for few; the factor between is tried. Weights as fitted on ML-1M. */
const dense: PoolDesign = {
  experts: [
    directional('directional exp(-k/6)', exponentialKernel(6, 60), [300, 0.3], 0.41),
    directional('directional exp(-k/0.7)', exponentialKernel(0.7, 12), [200, 0.3], 0.44),
    directional('directional exp(-k/80)', exponentialKernel(80, LONG), [2000, 0.3], 0.55),
    together('EASE exp(-k/30)', exponentialKernel(30, LONG), [500, 0.2], 0.56),
  ],
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

/**
 * Beyond, two experts and one ridge: of five million events and more each fit takes a minute or two on two cores, and the larger pool has
 * twenty of them in an evaluation and a training, this one eight.
 */
const EVENT_COUNT_OF_MANY_FITS = 5_000_000

/** λ as the larger pool chose it on Amazon Beauty: three times the study's. */
const large: PoolDesign = {
  experts: [
    directional('directional (k+1)^-0.7', powerKernel(0.7, SHORT), [150, 0], 0.4),
    together('EASE exp(-k/5)', exponentialKernel(5, SHORT), [300, 0], 0.6),
  ],
  repeat,
  ridgeFactors: [1],
}

const flat = new Float32Array(60).fill(1)

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
  return interactions.items.length <= EVENT_COUNT_OF_MANY_FITS ? sparse : large
}
