/**
 * What of a history carried the score of an item: for each event k a weight c_k, so that score(j) = base + Σ_k c_k, exactly but for rounding.
 * With the terms of models/historyModel.ts, and a_fk(j) = kernel_f[k] · rows_f[q_{L-k}, j], what event k says to expert f:
 *
 *   dense          c_k = kernel[k] · rows[q_{L-k}, j]                                       base = 0
 *   factors        c_k = Σ_f kernels[f][k] · sources[f, q_{L-k}] · targets[j]               base = bias[j]
 *   pool, linear   c_k = Σ_f weight_f · a_fk / scale_f                                      base = bias[j]
 *   pool, log      c_k = Σ_f weight_f · ln(1 + s_f / epsilon) · a_fk / Σ_m a_fm             base = bias[j] + Σ_f weight_f · ln(epsilon)
 *
 * What an event says to an expert of nearest sequences is the part of j's votes that it carried, by what each vote's nearness was added up of
 * (models/nearestSequences.ts).
 *
 * In a pool an expert whose Σ_k a_fk is not above 0 says nothing and adds nothing. The base of a log pool is the score of an item that no event
 * speaks for. Its c_k is the integral of the score's derivative by a_fk on the straight way from no history, where all a are 0, to this one:
 *
 *   ∫₀¹ ∂score/∂a_fk (t·a) · a_fk dt = weight_f · (a_fk / scale_f) · ∫₀¹ dt / (t·s_f + epsilon) = weight_f · ln(1 + s_f / epsilon) · a_fk / Σ_m a_fm
 *
 * (integrated gradients, whose sum is the whole difference: Sundararajan, Taly, Yan 2017, eq. 1 and Proposition 1; Aumann and Shapley 1974). Leaving
 * events out one by one was rejected: in a logarithm such weights do not add up, and events that say the same would all weigh nothing.
 *
 * A history without events, and any in a model of the prior alone, has the base prior[j] and no weights.
 */
import { assert } from '../lib/assert.ts'
import {
  type DenseModel,
  type FactorModel,
  type HistoryModel,
  isPriorAlone,
  type PoolModel,
  type SparseExpert,
} from '../models/historyModel.ts'
import { votesByEvent } from '../models/nearestSequences.ts'

export interface ScoreParts {
  readonly base: number
  /** f64[history.length], the oldest event first; 0 for events beyond what the model looks at. */
  readonly weights: Float64Array
  /** base + Σ weights: the score before softmax. */
  readonly score: number
}

/** `history` are items, oldest first; `item` the one that is recommended; all within [0, itemCount). */
export function scoreParts(model: HistoryModel, history: ArrayLike<number>, item: number): ScoreParts {
  assert(item >= 0 && item < model.itemCount, 'the item is of the catalogue')
  const weights = new Float64Array(history.length)
  const base = history.length === 0 || isPriorAlone(model) ? model.prior[item] : fill(model, history, item, weights)
  return { base, weights, score: weights.reduce((sum, weight) => sum + weight, base) }
}

/** Fills `weights` and answers the base. */
function fill(model: HistoryModel, history: ArrayLike<number>, item: number, weights: Float64Array): number {
  if (model.form === 'dense') return fillDense(model, history, item, weights)
  return model.form === 'factors' ? fillFactors(model, history, item, weights) : fillPool(model, history, item, weights)
}

/** The events that a kernel reaches, by their places in the history. */
function eachEvent(
  kernel: Float32Array,
  history: ArrayLike<number>,
  use: (place: number, source: number, weight: number) => void,
): void {
  const length = Math.min(kernel.length, history.length)
  for (let k = 0; k < length; k++) {
    const place = history.length - 1 - k
    use(place, history[place], kernel[k])
  }
}

function fillDense(
  { itemCount, kernel, rows }: DenseModel,
  history: ArrayLike<number>,
  item: number,
  weights: Float64Array,
) {
  assert(rows, 'a model of the prior alone has no events to weigh')
  eachEvent(kernel, history, (place, source, weight) => {
    weights[place] += weight * rows[source * itemCount + item]
  })
  return 0
}

function fillFactors(model: FactorModel, history: ArrayLike<number>, item: number, weights: Float64Array): number {
  const { itemCount, dimension, kernels, sources, targets, bias } = model
  for (const [f, kernel] of kernels.entries()) {
    eachEvent(kernel, history, (place, source, weight) => {
      const row = (f * itemCount + source) * dimension
      let product = 0
      for (let x = 0; x < dimension; x++) product += sources[row + x] * targets[item * dimension + x]
      weights[place] += weight * product
    })
  }
  return bias ? bias[item] : 0
}

function fillPool(model: PoolModel, history: ArrayLike<number>, item: number, weights: Float64Array): number {
  const { combination, epsilon, experts, bias } = model
  let base = bias ? bias[item] : 0
  const said = new Float64Array(history.length)
  for (const expert of experts) {
    if (expert.weight === 0) continue
    if (combination === 'log') base += expert.weight * Math.log(epsilon)
    said.fill(0)
    if ('sequences' in expert) said.set(votesByEvent(expert, history, item))
    else
      eachEvent(expert.kernel, history, (place, source, weight) => {
        said[place] = weight * entryOf(expert, source, item)
      })
    const sum = said.reduce((sum, each) => sum + each, 0)
    if (!(sum > 0)) continue
    const share = sum / expert.scale
    const gain = expert.weight * (combination === 'log' ? Math.log1p(share / epsilon) : share)
    for (let place = 0; place < said.length; place++) weights[place] += (gain * said[place]) / sum
  }
  return base
}

/** rows[source, item], by halving: items ascend within a row. */
function entryOf({ offsets, items, values }: SparseExpert, source: number, item: number): number {
  let [low, high] = [offsets[source], offsets[source + 1]]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (items[middle] < item) low = middle + 1
    else high = middle
  }
  return low < offsets[source + 1] && items[low] === item ? values[low] : 0
}
