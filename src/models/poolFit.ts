/**
 * Form and weights of a pool from what its experts say about held-out pairs (design/recommenders.md §5.4). Three ways are tried:
 *
 *   log, likelihood    weights of greatest likelihood (poolLikelihood.ts), popularity's too: the best on dense data
 *   log, NDCG          climbed from there by NDCG at 10 (poolSearch.ts)
 *   linear, NDCG       climbed from the best expert alone, popularity beside it
 *
 * A climb fits chance as well as taste: on ML-1M it gained .004 on its own pairs and lost .003 on others, on Amazon Beauty it gained .0025
 * on others. So each way is judged by two folds, fitted on one half of the pairs and measured on the other, and the best one is then
 * fitted on all of them.
 */
import type { WorkControl } from '../lib/work.ts'
import type { PairScores } from './pairScores.ts'
import { fitLogWeights, type PairFeatures } from './poolLikelihood.ts'
import { type FeaturesOf, type Field, fieldOf, ndcgOf, type Rivals, rivalsOf } from './poolRivals.ts'
import { climb, type PoolWeights } from './poolSearch.ts'

/** What is added to an expert's share in the logarithm; 1e-5 to 1e-3 measured alike. */
export const EPSILON = 1e-4

/** Candidates that likelihoods are summed over: some seconds. */
const LIKELIHOOD_CANDIDATES_MAX = 1_500_000
/** Behind so many, roughly the first by the sum of what experts say, every eighth stands for its neighbours: the mass is with the first. */
const LISTED_COUNT = 256
const TAIL_STEP = 8

/**
 * What a climb has to gain over likelihood to be believed: of three splits of ML-1M one preferred a climb by .6 %, and lost 2 % on the test
 * users; where it helps, on Amazon Beauty, it gains 7 %.
 */
const GAIN_MIN = 0.02

export interface Way {
  readonly combination: 'log' | 'linear'
  readonly fittedBy: 'likelihood' | 'NDCG'
}

export interface FittedWeights extends Way {
  /** Each ≥ 0. */
  readonly experts: readonly number[]
  /** Of an item's share of the events: of its logarithm in a log pool, with either sign; ≥ 0 in a linear one. */
  readonly popularity: number
  /** Every way's NDCG at 10 on pairs its weights were not fitted on. */
  readonly tried: readonly (Way & { readonly ndcgAt10: number })[]
  /** Of each expert alone, on all pairs. */
  readonly alone: readonly number[]
}

const WAYS: readonly Way[] = [
  { combination: 'log', fittedBy: 'likelihood' },
  { combination: 'log', fittedBy: 'NDCG' },
  { combination: 'linear', fittedBy: 'NDCG' },
]

/** `popularity` is f32[itemCount]: ln of each item's share of the events. Rejects with `control.signal.reason` when aborted. */
export async function fitPoolWeights(
  scores: PairScores,
  popularity: Float32Array,
  control: WorkControl,
): Promise<FittedWeights> {
  const { contests, scales } = scores
  const expertCount = scales.length
  const places = contests.map((_, place) => place)
  const folds = [0, 1].map(fold => places.filter(place => place % 2 === fold))
  const massOf = (on: readonly number[]) => on.reduce((sum, place) => sum + contests[place].weight, 0)
  const total = WAYS.length * folds.length + 1
  const stage = (done: number) => control.progress({ stage: 'fitting weights', done, total, unit: 'fits' })
  const shares = linearField(scores, popularity)
  const logarithms = rivalsOf(contests, logarithmsOf(scales), expertCount)
  const likely = new Map<readonly number[], Fit>()
  const likeliestOn = async (on: readonly number[]) => {
    const found = likely.get(on) ?? (await likeliest(logarithms, popularity, on, expertCount, control))
    likely.set(on, found)
    return found
  }
  const fit = async ({ combination, fittedBy }: Way, on: readonly number[]): Promise<Fit> => {
    const start = combination === 'log' ? await likeliestOn(on) : undefined
    if (start && fittedBy === 'likelihood') return start
    const starts = start ? [start.weights] : scales.map((_, f) => single(f, expertCount))
    const field = start?.field ?? shares
    return {
      field,
      weights: await climb(weights => ndcgOf(field, on, weights), starts, control),
      priorWeight: start?.priorWeight ?? 1,
    }
  }

  const tried: (Way & { ndcgAt10: number })[] = []
  let done = 0
  for (const way of WAYS) {
    let sum = 0
    for (const [fold, on] of folds.entries()) {
      stage(done++)
      const other = folds[1 - fold]
      const { field, weights } = await fit(way, on)
      sum += massOf(other) * ndcgOf(field, other, weights)
    }
    tried.push({ ...way, ndcgAt10: sum / massOf(places) })
  }
  stage(done)
  const best = tried.reduce((a, b) => (b.ndcgAt10 > a.ndcgAt10 * (1 + GAIN_MIN) ? b : a))
  const { weights, priorWeight } = await fit(best, places)
  return {
    combination: best.combination,
    fittedBy: best.fittedBy,
    experts: weights.experts,
    popularity: weights.prior * priorWeight,
    tried,
    alone: scales.map((_, f) => ndcgOf(shares, places, single(f, expertCount))),
  }
}

interface Fit {
  readonly field: Field
  readonly weights: PoolWeights
  /** What popularity is multiplied with in the field's prior. */
  readonly priorWeight: number
}

const sharesOf =
  (scales: readonly number[]): FeaturesOf =>
  (sums, f, to) => {
    const scale = scales[f]
    for (let j = 0; j < sums.length; j++) to[j] = scale > 0 ? sums[j] / scale : 0
  }

const logarithmsOf =
  (scales: readonly number[]): FeaturesOf =>
  (sums, f, to) => {
    const scale = scales[f]
    for (let j = 0; j < sums.length; j++) to[j] = Math.log((scale > 0 ? sums[j] / scale : 0) + EPSILON)
  }

const linearField = ({ contests, scales }: PairScores, popularity: Float32Array): Field =>
  fieldOf(rivalsOf(contests, sharesOf(scales), scales.length), popularity.map(Math.exp), 0)

/** NDCG at 10 of one expert alone. */
export const ndcgOfExpert = (scores: PairScores, popularity: Float32Array, f: number): number =>
  ndcgOf(linearField(scores, popularity), [...scores.contests.keys()], single(f, scores.scales.length))

async function likeliest(
  rivals: readonly Rivals[],
  popularity: Float32Array,
  on: readonly number[],
  expertCount: number,
  control: WorkControl,
): Promise<Fit> {
  const outsider = Math.log(EPSILON)
  const pairs: PairFeatures[] = []
  let candidates = 0
  for (const place of on) {
    const pair = sampled(rivals[place], popularity, expertCount)
    candidates += pair.count
    if (candidates > LIKELIHOOD_CANDIDATES_MAX) break
    pairs.push(pair)
  }
  const fitted = await fitLogWeights(pairs, { expertCount, outsider, prior: popularity }, control)
  const priorWeight = fitted[expertCount]
  const field = fieldOf(
    rivals,
    popularity.map(value => priorWeight * value),
    outsider,
  )
  return { field, weights: { experts: fitted.slice(0, expertCount), prior: 1 }, priorWeight }
}

function sampled(
  { items, features, outsiderCount, weight }: Rivals,
  popularity: Float32Array,
  expertCount: number,
): PairFeatures {
  const length = items.length
  const tailStart = Math.min(length, LISTED_COUNT)
  const tailCount = Math.ceil((length - tailStart) / TAIL_STEP)
  const count = tailStart + tailCount
  const chosen = new Float32Array((expertCount + 1) * count)
  for (let j = 0; j < count; j++) {
    const at = j < tailStart ? j : tailStart + (j - tailStart) * TAIL_STEP
    for (let f = 0; f < expertCount; f++) chosen[f * count + j] = features[f * length + at]
    chosen[expertCount * count + j] = popularity[items[at]]
  }
  const tailWeight = tailCount > 0 ? (length - tailStart) / tailCount : 1
  return { count, features: chosen, tailStart, tailWeight, outsiderCount, weight }
}

const single = (f: number, expertCount: number): PoolWeights => ({
  experts: Array.from({ length: expertCount }, (_, g) => (f === g ? 1 : 0)),
  prior: 0,
})
