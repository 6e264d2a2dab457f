/**
 * The weights of a log pool by maximum likelihood: conditional logistic regression (McFadden 1974) of the next item on the logarithms of
 * what the experts say, with as many coefficients as experts. Newton's method with halved steps on
 *
 *   L(w) = Σ_pairs v·[S(next) - ln Σ_j exp S(j)] / Σ_pairs v - ρ|w|²/2,   S(j) = Σ_f w_f φ_f(j)
 *
 * where v are the pairs' weights, 1 where events have none. It is concave. All φ but the last are experts', whose weights are at least 0: the most negative one is taken out and the rest fitted again
 * until none is. The last one is the prior, the same for every history, whose weight may have either sign: experts give popular items
 * their due already, and often more than that. Who stands far down is sampled, and what no expert names is counted, not listed: such
 * outsiders are taken to have the prior that items have at large.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WorkControl } from '../lib/work.ts'

export interface PairFeatures {
  readonly count: number
  /** f32[experts + 1, count]: φ, the next item first, then the others in any order. */
  readonly features: Float32Array
  /** From this place on a candidate stands for `tailWeight` of its like. */
  readonly tailStart: number
  readonly tailWeight: number
  readonly outsiderCount: number
  /** v ≥ 0 */
  readonly weight: number
}

export interface FeatureShape {
  readonly expertCount: number
  /** φ_f of an outsider, for every expert. */
  readonly outsider: number
  /** f32[itemCount] */
  readonly prior: Float32Array
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

/** f64[experts + 1]. Rejects with `control.signal.reason` when aborted. */
export async function fitLogWeights(
  pairs: readonly PairFeatures[],
  shape: FeatureShape,
  control: WorkControl,
): Promise<number[]> {
  const total = shape.expertCount + 1
  let active = Array.from({ length: total }, (_, f) => f)
  for (;;) {
    const weights = await maximize(pairs, active, shape, control)
    const ofExperts = weights.filter((_, i) => active[i] < shape.expertCount)
    const least = ofExperts.indexOf(Math.min(...ofExperts))
    if (least < 0 || ofExperts[least] >= 0) {
      const all = new Array<number>(total).fill(0)
      for (const [i, f] of active.entries()) all[f] = weights[i]
      return all
    }
    active = active.filter((_, i) => i !== least)
  }
}

async function maximize(
  pairs: readonly PairFeatures[],
  active: readonly number[],
  shape: FeatureShape,
  control: WorkControl,
): Promise<number[]> {
  const { expertCount } = shape
  let weights = active.map(f => (f < expertCount ? START_TOTAL / expertCount : 0))
  let here = await moments(pairs, active, weights, shape, control)
  for (let step = 0; step < STEPS_MAX; step++) {
    const direction = solveSmall(here.curvature, here.slope)
    let length = 1
    let tried = weights
    let there = here
    do {
      tried = weights.map((weight, i) => weight + length * direction[i])
      there = await moments(pairs, active, tried, shape, control)
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
  shape: FeatureShape,
  { signal }: WorkControl,
): Promise<Moments> {
  const size = active.length
  const ridge = weights.reduce((sum, weight) => sum + weight * weight, 0)
  let likelihood = 0
  const slope = new Array<number>(size).fill(0)
  const curvature = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  const outsider = momentsOfOutsider(shape, active, weights)
  const outside = outsider.score
  let scores = new Float64Array(0)
  let sinceTurn = 0
  let total = 0
  for (const { count, features, tailStart, tailWeight, outsiderCount, weight } of pairs) {
    total += weight

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
    for (let j = 0; j < count; j++) mass += scores[j] = (j < tailStart ? 1 : tailWeight) * Math.exp(scores[j] - best)
    likelihood += weight * (target - best - Math.log(mass))
    const means = active.map((f, a) => {
      let sum = outsideMass * outsider.means[a]
      for (let j = 0, at = f * count; j < count; j++, at++) sum += scores[j] * features[at]
      return sum / mass
    })
    for (let a = 0; a < size; a++) {
      slope[a] += weight * (features[active[a] * count] - means[a])
      for (let b = a; b < size; b++) {
        let sum = outsideMass * outsider.products[a][b]
        const [rowA, rowB] = [active[a] * count, active[b] * count]
        for (let j = 0; j < count; j++) sum += scores[j] * features[rowA + j] * features[rowB + j]
        curvature[a][b] += weight * (sum / mass - means[a] * means[b])
      }
    }
    sinceTurn += count * size * size
    if (sinceTurn < NUMBERS_PER_TURN) continue
    sinceTurn = 0
    await nextTurn()
    signal.throwIfAborted()
  }
  const scale = total > 0 ? 1 / total : 1
  return {
    likelihood: likelihood * scale - (RIDGE * ridge) / 2,
    slope: slope.map((value, a) => value * scale - RIDGE * weights[a]),
    curvature: curvature.map((row, a) =>
      row.map((_, b) => (a <= b ? row[b] : curvature[b][a]) * scale + (a === b ? RIDGE : 0)),
    ),
  }
}

/**
 * An outsider's φ in the mean over all items, as the softmax of the prior weighs them: `means` of φ_a, `products` of φ_a·φ_b; its `score` is
 * that whose exponential is the mean one. The prior is the last of `active`.
 */
function momentsOfOutsider(
  { outsider, prior }: FeatureShape,
  active: readonly number[],
  weights: readonly number[],
): { score: number; means: number[]; products: number[][] } {
  const last = active.length - 1
  let [mass, first, second] = [0, 0, 0]
  for (const value of prior) {
    const each = Math.exp(weights[last] * value)
    mass += each
    first += each * value
    second += each * value * value
  }
  const means = active.map((_, a) => (a < last ? outsider : first / mass))
  const products = means.map((x, a) => means.map((y, b) => (a === last && b === last ? second / mass : x * y)))
  const ofExperts = weights.slice(0, last).reduce((sum, weight) => sum + weight * outsider, 0)
  return { score: ofExperts + Math.log(mass / prior.length), means, products }
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
