/**
 * Form and weights of a pool from what its experts say about held-out pairs (design/recommenders.md §5.4). Three ways are tried:
 *
 *   log, likelihood    weights of greatest likelihood (poolLikelihood.ts): the best on dense data
 *   log, NDCG          climbed from there by NDCG at 10 (poolSearch.ts)
 *   linear, NDCG       climbed from the best expert alone
 *
 * A climb fits chance as well as taste: on ML-1M it gained .004 on its own pairs and lost .003 on others, on Amazon Beauty it gained .0025
 * on others. So each way is judged by two folds, fitted on one half of the pairs and measured on the other, and the best one is then
 * fitted on all of them.
 */
import type { WorkControl } from '../lib/work.ts'
import type { Contest, PairScores } from './pairScores.ts'
import { fitLogWeights, type PairFeatures } from './poolLikelihood.ts'
import { climb, ndcgOf, type PoolWeights, type Rivals, rivalsOf } from './poolSearch.ts'

/** What is added to an expert's share in the logarithm; 1e-5 to 1e-3 measured alike. */
export const EPSILON = 1e-4

/** Candidates that likelihoods are summed over: some seconds. A pool has a handful of weights, and a thousand pairs fit them well. */
const LIKELIHOOD_CANDIDATES_MAX = 1_500_000

/**
 * What a climb has to gain over likelihood to be believed: of three splits of ML-1M one preferred a climb by .6 %, and lost 2 % on the test
 * users; where it helps, on Amazon Beauty, it gains 7 %.
 */
const GAIN_MIN = 0.02

export interface Way {
  readonly combination: 'log' | 'linear'
  readonly fittedBy: 'likelihood' | 'NDCG'
}

export interface FittedWeights extends Way, PoolWeights {
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

/** `shares` is f32[itemCount], each item's share of the events, positive. Rejects with `control.signal.reason` when aborted. */
export async function fitPoolWeights(
  scores: PairScores,
  shares: Float32Array,
  control: WorkControl,
): Promise<FittedWeights> {
  const views = { log: viewOf(scores, shares, 'log'), linear: viewOf(scores, shares, 'linear') }
  const places = scores.contests.map((_, place) => place)
  const folds = [0, 1].map(fold => places.filter(place => place % 2 === fold))
  const total = WAYS.length * folds.length + 1
  const stage = (done: number) => control.progress({ stage: 'fitting weights', done, total, unit: 'fits' })
  const likely = new Map<readonly number[], PoolWeights>()
  const likeliestOn = async (on: readonly number[]) => {
    const found = likely.get(on) ?? (await likeliest(views.log, on, control))
    likely.set(on, found)
    return found
  }
  const fit = async ({ combination, fittedBy }: Way, on: readonly number[]) => {
    if (fittedBy === 'likelihood') return likeliestOn(on)
    const starts =
      combination === 'log' ? [await likeliestOn(on)] : scores.scales.map((_, f) => single(f, scores.scales.length))
    return climb(weights => ndcgOf(views[combination].rivals, on, weights), starts, control)
  }

  const tried: (Way & { ndcgAt10: number })[] = []
  let done = 0
  for (const way of WAYS) {
    let sum = 0
    for (const [fold, on] of folds.entries()) {
      stage(done++)
      const other = folds[1 - fold]
      sum += other.length * ndcgOf(views[way.combination].rivals, other, await fit(way, on))
    }
    tried.push({ ...way, ndcgAt10: sum / places.length })
  }
  stage(done)
  const best = tried.reduce((a, b) => (b.ndcgAt10 > a.ndcgAt10 * (1 + GAIN_MIN) ? b : a))
  const weights = await fit(best, places)
  const alone = scores.scales.map((_, f) => ndcgOf(views.linear.rivals, places, single(f, scores.scales.length)))
  return { combination: best.combination, fittedBy: best.fittedBy, ...weights, tried, alone }
}

/** All pairs in the terms of one form: Σ weight · feature is a score. */
interface View {
  readonly pairs: readonly Contest[]
  readonly features: (contest: Contest) => Float32Array
  readonly rivals: readonly (Rivals | undefined)[]
  readonly outsider: number
  readonly expertCount: number
}

function viewOf({ contests, scales }: PairScores, shares: Float32Array, combination: 'log' | 'linear'): View {
  const share = (sum: number, f: number) => (scales[f] > 0 ? sum / scales[f] : 0)
  const logarithm = (sum: number, f: number) => Math.log(share(sum, f) + EPSILON)
  const feature = combination === 'log' ? logarithm : share
  const features = ({ items, sums }: Contest) => sums.map((sum, at) => feature(sum, Math.floor(at / items.length)))
  const outsider = combination === 'log' ? Math.log(EPSILON) : 0
  const popularity = Float32Array.from(shares, combination === 'log' ? Math.log : value => value)
  const rivals = rivalsOf(contests, features, { popularity, outsider, expertCount: scales.length })
  return { pairs: contests, features, rivals, outsider, expertCount: scales.length }
}

/** NDCG at 10 of one expert alone. */
export const ndcgOfExpert = (scores: PairScores, shares: Float32Array, f: number): number =>
  ndcgOf(viewOf(scores, shares, 'linear').rivals, [...scores.contests.keys()], single(f, scores.scales.length))

async function likeliest(view: View, on: readonly number[], control: WorkControl): Promise<PoolWeights> {
  const pairs: PairFeatures[] = []
  let candidates = 0
  for (const place of on) {
    const contest = view.pairs[place]
    candidates += contest.items.length
    if (candidates > LIKELIHOOD_CANDIDATES_MAX) break
    const { items, outsiderCount } = contest
    pairs.push({ count: items.length, features: view.features(contest), outsiderCount })
  }
  return { experts: await fitLogWeights(pairs, view.expertCount, view.outsider, control), popularity: 0 }
}

const single = (f: number, expertCount: number): PoolWeights => ({
  experts: Array.from({ length: expertCount }, (_, g) => (f === g ? 1 : 0)),
  popularity: 0,
})
