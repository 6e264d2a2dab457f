/**
 * Fits a model of actions (actionModel.ts): for each action a logistic regression with a ridge on exposures (actionEvents.ts), evenly chosen where
 * there are many, of features less their means and over their scales.
 *
 * How far logits depart from their mean is calibrated on exposures of users that a fit has not seen (Platt 2000, by cross-validation): one
 * slope for all actions, by maximum likelihood; then each action's intercept is fitted again, so that its share of successes comes out right.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import type { Exposures } from './actionEvents.ts'
import { type ActionModel, actionFeatures, featureCount, OWN_COUNT } from './actionModel.ts'
import type { HistoryModel } from './historyModel.ts'
import type { Interactions } from './interactions.ts'
import { fitLogistic, sigmoid } from './logistic.ts'

/** λ: before anything is seen the logits of an action differ between users by 1/√λ, since E|x|² is made 1. */
const REGULARIZATION = 1
const FOLD_COUNT = 5
/** Of one action, evenly chosen: ten thousand fix 34 weights to some percent. */
const EXPOSURES_OF_ACTION_MAX = 10_000
/** Of all together: with histories of 60 events they take 6 s of CPU. */
const EXPOSURES_MAX = 200_000
/** The slope's prior: as much as an exposure at each of ten logits says for 1. */
const SLOPE_WEIGHT = 10
/** Newton on a concave curve of one variable; six are usual. */
const SLOPE_STEPS_MAX = 50
const EXPOSURES_PER_TURN = 256
/** e^-50 is no probability that data can tell from 0. */
const INTERCEPT_MAX = 50
/** Halvings down to the last bits of a double. */
const INTERCEPT_STEPS = 55

/**
 * `known` says which actions are fitted. Deterministic; rejects with `control.signal.reason` when aborted.
 * Time: exposures · featureCount² · some 40.
 */
export async function fitActions(
  model: HistoryModel,
  joined: Interactions,
  exposures: Exposures,
  known: Uint8Array,
  control: WorkControl,
): Promise<ActionModel> {
  const actionCount = known.length
  const width = featureCount(model)
  const samples: { action: number; sample: Sample; fit: Fit }[] = []
  const chosen = chooseExposures(exposures, known)
  const heldOut: { offset: number; base: number; taken: number }[] = []
  for (const [action, rows] of chosen.entries()) {
    control.progress({ stage: 'learning what is taken', done: action, total: actionCount, unit: 'actions' })
    if (!known[action]) continue
    const sample = await sampleOf(model, joined, exposures, action, actionCount, rows, control)
    for (let fold = 0; fold < FOLD_COUNT; fold++) {
      await nextTurn()
      control.signal.throwIfAborted()
      const [learnt, tested] = [
        rowsWhere(sample, user => user % FOLD_COUNT !== fold),
        rowsWhere(sample, user => user % FOLD_COUNT === fold),
      ]
      if (tested.taken.length === 0) continue
      const fit = fitSample(learnt, width)
      for (let row = 0; row < tested.taken.length; row++)
        heldOut.push({ offset: offsetOf(fit, tested, row, width), base: fit.intercept, taken: tested.taken[row] })
    }
    samples.push({ action, sample, fit: fitSample(sample, width) })
  }
  const slope = fitSlope(heldOut)
  const made = {
    actionCount,
    known,
    prior: new Float64Array(actionCount),
    bias: new Float64Array(actionCount),
    weights: new Float64Array(actionCount * width),
  }
  for (const { action, sample, fit } of samples) {
    // With the slope fixed the share of successes has to come out right again.
    const logits = Float64Array.from(sample.taken, (_, row) => slope * offsetOf(fit, sample, row, width))
    const base = interceptFor(logits, sample.taken)
    const successes = sample.taken.reduce((sum, each) => sum + each, 0)
    made.prior[action] = Math.log((successes + 1) / (sample.taken.length - successes + 1))
    made.bias[action] = base
    for (let j = 0; j < width; j++) {
      const weight = (slope * fit.weights[j]) / fit.scales[j]
      made.weights[action * width + j] = weight
      made.bias[action] -= weight * fit.means[j]
    }
  }
  return made
}

interface Sample {
  /** f64[count, width] */
  readonly features: Float64Array
  readonly taken: Uint8Array
  readonly users: Uint32Array
}
interface Fit {
  readonly intercept: number
  readonly weights: Float64Array
  readonly means: Float64Array
  readonly scales: Float64Array
}

/** Of each action the places of its newest exposures, in order. */
function chooseExposures({ count, actions }: Exposures, known: Uint8Array): number[][] {
  const chosen = Array.from(known, (): number[] => [])
  const most = Math.min(EXPOSURES_OF_ACTION_MAX, Math.max(1, Math.floor(EXPOSURES_MAX / Math.max(1, known.length))))
  for (let i = 0; i < count; i++) if (known[actions[i]]) chosen[actions[i]].push(i)
  return chosen.map(rows => {
    const stride = Math.ceil(rows.length / most)
    return rows.filter((_, place) => place % stride === 0)
  })
}

async function sampleOf(
  model: HistoryModel,
  { offsets, items }: Interactions,
  { users, ends, taken }: Exposures,
  action: number,
  actionCount: number,
  rows: readonly number[],
  { signal }: WorkControl,
): Promise<Sample> {
  const width = featureCount(model)
  const features = new Float64Array(rows.length * width)
  for (const [place, row] of rows.entries()) {
    if (place % EXPOSURES_PER_TURN === 0) {
      await nextTurn()
      signal.throwIfAborted()
    }
    const history = items.subarray(offsets[users[row]], ends[row])
    features.set(actionFeatures(model, actionCount, history, [action]), place * width)
  }
  return {
    features,
    taken: Uint8Array.from(rows, row => taken[row]),
    users: Uint32Array.from(rows, row => users[row]),
  }
}

function rowsWhere({ features, taken, users }: Sample, keep: (user: number) => boolean): Sample {
  const width = taken.length === 0 ? 0 : features.length / taken.length
  const rows = Array.from(users.keys()).filter(row => keep(users[row]))
  const kept = new Float64Array(rows.length * width)
  for (const [place, row] of rows.entries()) kept.set(features.subarray(row * width, (row + 1) * width), place * width)
  return {
    features: kept,
    taken: Uint8Array.from(rows, row => taken[row]),
    users: Uint32Array.from(rows, row => users[row]),
  }
}

/** On features less their means and over their scales: one scale for the query, so that its directions keep their proportions. */
function fitSample({ features, taken }: Sample, width: number): Fit {
  const count = taken.length
  const means = new Float64Array(width)
  const squares = new Float64Array(width)
  for (let at = 0; at < features.length; at++) means[at % width] += features[at] / count
  for (let at = 0; at < features.length; at++) squares[at % width] += (features[at] - means[at % width]) ** 2 / count
  const ofQuery = squares.subarray(0, width - OWN_COUNT).reduce((sum, each) => sum + each, 0)
  const scales = squares.map((square, j) => Math.sqrt(j < width - OWN_COUNT ? ofQuery : square) || 1)
  const x = features.map((value, at) => (value - means[at % width]) / scales[at % width])
  return { ...fitLogistic(x, taken, width, REGULARIZATION), means, scales }
}

/** w·x of one row, without the intercept. */
function offsetOf({ weights, means, scales }: Fit, { features }: Sample, row: number, width: number): number {
  let sum = 0
  for (let j = 0; j < width; j++) sum += (weights[j] * (features[row * width + j] - means[j])) / scales[j]
  return sum
}

/** A ≥ 0 that makes taken ~ σ(base + A·offset) most likely, with a Gaussian prior about 1. */
function fitSlope(heldOut: readonly { offset: number; base: number; taken: number }[]): number {
  let slope = 1
  for (let step = 0; step < SLOPE_STEPS_MAX; step++) {
    let first = SLOPE_WEIGHT * (1 - slope)
    let second = SLOPE_WEIGHT
    for (const { offset, base, taken } of heldOut) {
      const p = sigmoid(base + slope * offset)
      first += (taken - p) * offset
      second += p * (1 - p) * offset * offset
    }
    const next = Math.max(0, slope + first / second)
    if (Math.abs(next - slope) <= 1e-9) return next
    slope = next
  }
  assert(Number.isFinite(slope))
  return slope
}

/** The intercept beside known logits, by the same regression with no weights: bisection, as the slope of the sum falls throughout. */
function interceptFor(logits: Float64Array, taken: Uint8Array): number {
  const successes = taken.reduce((sum, each) => sum + each, 0)
  let [low, high] = [-INTERCEPT_MAX, INTERCEPT_MAX]
  for (let step = 0; step < INTERCEPT_STEPS; step++) {
    const middle = (low + high) / 2
    let slope = 1 - 2 * sigmoid(middle) + successes
    for (const logit of logits) slope -= sigmoid(middle + logit)
    if (slope > 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
