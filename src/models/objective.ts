/**
 * Recommending what is worth more: each item has a value v (a price, a margin), and
 *
 *   probability'(j) ∝ probability(j) · v(j)^s,   that is   score'(j) = score(j) + s · ln v(j) / sharpness
 *
 * With s = 1 and calibrated probabilities items are in order of their expected value, which is the best order for the value of what people then take
 * (the first rule of decision theory: Berger 1985, §1.5). A smaller s gives up less of the likeliest.
 */
import { assert } from '../lib/assert.ts'
import { type HistoryModel, isPriorAlone } from './historyModel.ts'

/** f64, one an item. */
export interface Objective {
  /** > 0, 1 in the mean: `positiveValues`. */
  readonly values: Float64Array
  /** s, 0 to 1. */
  readonly strength: number
}

/** What is worth nothing is worth this share of the mean: it comes last, and is not struck out. */
const LEAST_SHARE = 0.001

/**
 * Values as the objective takes them: negative ones shift all, so that the least is 0; an unknown one (NaN) is the mean; then over the mean. All
 * alike where none is above 0.
 */
export function positiveValues(given: Float64Array): Float64Array {
  let [least, sum, count] = [0, 0, 0]
  for (const value of given) {
    if (Number.isNaN(value)) continue
    least = Math.min(least, value)
    sum += value
    count++
  }
  const mean = count === 0 ? 0 : sum / count - least
  if (!(mean > 0)) return new Float64Array(given.length).fill(1)
  return given.map(value => (Number.isNaN(value) ? 1 : Math.max((value - least) / mean, LEAST_SHARE)))
}

/** For a calibrated model of factors or a pool, or one that is its prior alone. `values` has one for each item of the model. */
export function withObjective(model: HistoryModel, { values, strength }: Objective): HistoryModel {
  const lift = Float32Array.from(
    { length: model.itemCount },
    (_, j) => (strength * Math.log(values[j])) / model.sharpness,
  )
  const add = (scores: Float32Array | undefined) => {
    const sums = new Float32Array(new SharedArrayBuffer(lift.byteLength))
    for (let j = 0; j < lift.length; j++) sums[j] = (scores?.[j] ?? 0) + lift[j]
    return sums
  }
  const prior = add(model.prior)
  assert(
    model.form !== 'dense' || isPriorAlone(model),
    'a dense model has no room for what does not depend on the history',
  )
  return model.form === 'dense' ? { ...model, prior } : { ...model, prior, bias: add(model.bias) }
}

/** What `withObjective` made a model of: only then has it a bias, since the recipes that know objectives make models without one. */
export function withoutObjective(model: HistoryModel): HistoryModel {
  if (model.form === 'dense') return model
  const { bias, prior } = model
  return bias ? { ...model, bias: undefined, prior: prior.map((score, j) => score - bias[j]) } : model
}
