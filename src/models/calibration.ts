/**
 * Turns scores into probabilities: the sharpness β of softmax(β · score), fitted on held-out (history, next item) pairs.
 *
 *   L(β) = Σ_pairs [β s(next) - log Σ_j exp(β s(j))] + ρ (log β - β / β₀)
 *
 * The first sum is the log-likelihood (temperature scaling: Guo, Pleiss, Sun, Weinberger 2017, §4.2). The second is a Gamma prior with its
 * mode at β₀: worth ρ pairs, it keeps β positive and finite where a handful of pairs would not. L is strictly concave in β > 0, so its
 * derivative has exactly one zero; Newton's method finds it, with bisection wherever Newton leaves the bracket.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AssertionError, assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import type { HistoryModel } from './historyModel.ts'

/** The prior's weight ρ in pairs. */
const PRIOR_PAIR_COUNT = 1
/** β₀ makes the best item e^5 ≈ 150 times as probable as an average one, before anything was observed. */
const PRIOR_LOG_ODDS = 5
/** Relative width of the bracket at which the search ends; f32 scores carry no more. */
const TOLERANCE = 1e-7
/** A step to the right at most multiplies by this: far out the curve is flat and Newton would leap. */
const GROWTH_MAX = 8
/** Ten or so are needed, and bisection alone some fifty; beyond this something is wrong with the scores. */
const STEPS_MAX = 200

export interface ScoredPair {
  /** f32[itemCount] */
  readonly scores: Float32Array
  /** The item that came next. */
  readonly next: number
}

/**
 * β > 0. All scores finite; an empty list gives the prior's. Deterministic: sums run in the order given.
 * Throws `control.signal.reason` when aborted, at the latest after one pass over the scores.
 */
export async function fitSharpness(pairs: readonly ScoredPair[], control: WorkControl): Promise<number> {
  const prior = PRIOR_LOG_ODDS / meanSpread(pairs)
  let [low, high, beta] = [Number.MIN_VALUE, Number.POSITIVE_INFINITY, prior]
  for (let step = 0; step < STEPS_MAX; step++) {
    await nextTurn()
    control.signal.throwIfAborted()
    const { first, second } = slope(pairs, beta, prior)
    if (first > 0) low = beta
    else high = beta
    const newton = Math.min(beta - first / second, beta * GROWTH_MAX)
    const next = newton >= low && newton <= high ? newton : (low + Math.min(high, beta * GROWTH_MAX)) / 2
    if (Math.abs(next - beta) <= TOLERANCE * beta) return next
    beta = next
  }
  throw new AssertionError(`the sharpness did not settle within ${STEPS_MAX} steps: ${beta} in [${low}, ${high}]`)
}

/** The same ranking with that sharpness; the prior keeps its probabilities. */
export const withSharpness = (model: HistoryModel, sharpness: number): HistoryModel => ({
  ...model,
  sharpness,
  prior: model.prior.map(score => (score * model.sharpness) / sharpness),
})

/** The same model where there is nothing to calibrate. */
export const sharpened = (model: HistoryModel, sharpness: number | undefined): HistoryModel =>
  sharpness === undefined ? model : withSharpness(model, sharpness)

/** How far the best score lies above the average one, in the mean over pairs; 1 where all scores are equal. */
function meanSpread(pairs: readonly ScoredPair[]): number {
  let sum = 0
  for (const { scores } of pairs) {
    let total = 0
    for (const score of scores) total += score
    sum += maximum(scores) - total / scores.length
  }
  return sum > 0 ? sum / pairs.length : 1
}

/** L′(β) = Σ (s(next) - E s) + ρ/β - ρ/β₀ and L″(β) = -Σ Var s - ρ/β², E and Var under softmax(β · score). */
function slope(pairs: readonly ScoredPair[], beta: number, prior: number): { first: number; second: number } {
  let first = PRIOR_PAIR_COUNT / beta - PRIOR_PAIR_COUNT / prior
  let second = -PRIOR_PAIR_COUNT / (beta * beta)
  for (const { scores, next } of pairs) {
    assert(Number.isFinite(scores[next]), 'scores are finite')
    const best = maximum(scores)
    let [mass, moment1, moment2] = [0, 0, 0]
    for (const score of scores) {
      const below = score - best
      const weight = Math.exp(beta * below)
      mass += weight
      moment1 += weight * below
      moment2 += weight * below * below
    }
    const mean = moment1 / mass
    first += scores[next] - best - mean
    second -= Math.max(0, moment2 / mass - mean * mean)
  }
  return { first, second }
}

function maximum(scores: Float32Array): number {
  let best = Number.NEGATIVE_INFINITY
  for (const score of scores) if (score > best) best = score
  return best
}
