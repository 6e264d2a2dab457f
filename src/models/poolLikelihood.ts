/**
 * The weights of a log pool by maximum likelihood: conditional logistic regression (McFadden 1974) of the next item on the logarithms of
 * what the experts say, with as many coefficients as experts. Newton's method with halved steps on
 *
 *   L(w) = 1/P Σ_pairs [S(next) - ln Σ_j exp S(j)] - ρ|w|²/2,   S(j) = Σ_f w_f φ_f(j)
 *
 * which is concave. Weights are at least 0: the most negative one is taken out and the rest fitted again until none is.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WorkControl } from '../lib/work.ts'

/** φ of one pair: f32[experts, count], the next item first; outsiders all have the same. */
export interface PairFeatures {
  readonly count: number
  readonly features: Float32Array
  readonly outsiderCount: number
}

/** ρ. */
const RIDGE = 1e-3
/** It settles within ten. */
const STEPS_MAX = 30
const TOLERANCE = 1e-5
/** Experts are used to say together what one would say alone. */
const START_TOTAL = 1.2
/** Numbers looked at between two turns of the event loop: some ten milliseconds. */
const NUMBERS_PER_TURN = 1 << 20

/** f64[experts], each ≥ 0; `outsider` is φ of those that no expert names. Rejects with `control.signal.reason` when aborted. */
export async function fitLogWeights(
  pairs: readonly PairFeatures[],
  expertCount: number,
  outsider: number,
  control: WorkControl,
): Promise<number[]> {
  let active = Array.from({ length: expertCount }, (_, f) => f)
  for (;;) {
    const weights = await maximize(pairs, active, outsider, control)
    const least = weights.indexOf(Math.min(...weights))
    if (weights[least] >= 0) {
      const all = new Array<number>(expertCount).fill(0)
      for (const [i, f] of active.entries()) all[f] = weights[i]
      return all
    }
    active = active.filter((_, i) => i !== least)
  }
}

async function maximize(
  pairs: readonly PairFeatures[],
  active: readonly number[],
  outsider: number,
  control: WorkControl,
): Promise<number[]> {
  let weights = active.map(() => START_TOTAL / active.length)
  let here = await moments(pairs, active, weights, outsider, control)
  for (let step = 0; step < STEPS_MAX; step++) {
    const direction = solveSmall(here.curvature, here.slope)
    let length = 1
    let tried = weights
    let there = here
    do {
      tried = weights.map((weight, i) => weight + length * direction[i])
      there = await moments(pairs, active, tried, outsider, control)
      length /= 2
    } while (there.likelihood < here.likelihood - 1e-9 && length > 1e-3)
    const gain = there.likelihood - here.likelihood
    if (gain > 0) [weights, here] = [tried, there]
    if (gain < TOLERANCE) break
  }
  return weights
}

interface Moments {
  readonly likelihood: number
  /** dL/dw */
  readonly slope: number[]
  /** -d²L/dw² */
  readonly curvature: number[][]
}

async function moments(
  pairs: readonly PairFeatures[],
  active: readonly number[],
  weights: readonly number[],
  outsider: number,
  { signal }: WorkControl,
): Promise<Moments> {
  const size = active.length
  const ridge = weights.reduce((sum, weight) => sum + weight * weight, 0)
  let likelihood = 0
  const slope = new Array<number>(size).fill(0)
  const curvature = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  const outside = outsider * weights.reduce((sum, weight) => sum + weight, 0)
  let scores = new Float64Array(0)
  let sinceTurn = 0
  for (const { count, features, outsiderCount } of pairs) {
    if (scores.length < count) scores = new Float64Array(2 * count)
    scores.fill(0, 0, count)
    for (let i = 0; i < size; i++) {
      const row = active[i] * count
      for (let j = 0; j < count; j++) scores[j] += weights[i] * features[row + j]
    }
    let best = outsiderCount > 0 ? outside : Number.NEGATIVE_INFINITY
    for (let j = 0; j < count; j++) if (scores[j] > best) best = scores[j]
    const target = scores[0]
    const outsideMass = outsiderCount * Math.exp(outside - best)
    let mass = outsideMass
    for (let j = 0; j < count; j++) mass += scores[j] = Math.exp(scores[j] - best)
    likelihood += target - best - Math.log(mass)
    const means = active.map(f => {
      let sum = outsideMass * outsider
      for (let j = 0, at = f * count; j < count; j++, at++) sum += scores[j] * features[at]
      return sum / mass
    })
    for (let a = 0; a < size; a++) {
      slope[a] += features[active[a] * count] - means[a]
      for (let b = a; b < size; b++) {
        let sum = outsideMass * outsider * outsider
        const [rowA, rowB] = [active[a] * count, active[b] * count]
        for (let j = 0; j < count; j++) sum += scores[j] * features[rowA + j] * features[rowB + j]
        curvature[a][b] += sum / mass - means[a] * means[b]
      }
    }
    sinceTurn += count * size * size
    if (sinceTurn < NUMBERS_PER_TURN) continue
    sinceTurn = 0
    await nextTurn()
    signal.throwIfAborted()
  }
  const scale = 1 / Math.max(1, pairs.length)
  return {
    likelihood: likelihood * scale - (RIDGE * ridge) / 2,
    slope: slope.map((value, a) => value * scale - RIDGE * weights[a]),
    curvature: curvature.map((row, a) =>
      row.map((_, b) => (a <= b ? row[b] : curvature[b][a]) * scale + (a === b ? RIDGE : 0)),
    ),
  }
}

/** x of A·x = b by Gaussian elimination; A is symmetric positive definite, its ridge included. */
function solveSmall(A: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = A.map((row, i) => [...row, b[i]])
  for (const [k, pivot] of rows.entries()) {
    for (const [i, row] of rows.entries()) {
      if (i === k) continue
      const factor = row[k] / pivot[k]
      for (let j = k; j <= rows.length; j++) row[j] -= factor * pivot[j]
    }
  }
  return rows.map((row, i) => row[rows.length] / row[i])
}
