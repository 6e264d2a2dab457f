/**
 * How much users are drawn to items: the roles of a recommendation swapped. With score the model's (historyModel.ts) for a user's history and
 * an item, and L the number of the user's events that the model looks at,
 *
 *   affinity = score · √L  where the score is positive, else the score
 *
 * A score tells what comes next, and somebody who does more does more of anything next. Hits and recall at 1 % of the users, of the dense
 * ridge on the split of the evaluation (evaluateSegments.ts): ML-1M 5.35 and .114 by the score alone, 6.01 and .139 with √L; Online Retail
 * 3.25 and .182, 4.08 and .221. By L alone: 4.11 and .118, 2.89 and .154.
 *
 * userRanking.ts computes it for everybody. A target is the vector that scores are products with: an item's, or a mean of items'.
 */
import { assert } from '../lib/assert.ts'
import { type FactorModel, type HistoryModel, isPriorAlone } from './historyModel.ts'

/** Undefined: the model gives everybody the same. */
export function factorsOf(model: HistoryModel): FactorModel | undefined {
  if (model.form === 'factors') return model
  assert(isPriorAlone(model), 'users are ranked by factors')
  return undefined
}

export function targetOf(model: HistoryModel, item: number): Float32Array {
  const factors = factorsOf(model)
  return factors
    ? factors.targets.subarray(item * factors.dimension, (item + 1) * factors.dimension)
    : new Float32Array(0)
}

/** The mean of the items' targets: its scores are the means of theirs. At least one item. */
export function meanTarget(model: HistoryModel, items: readonly number[]): Float32Array {
  assert(items.length > 0, 'a mean is over at least one item')
  const sums = new Float64Array(factorsOf(model)?.dimension ?? 0)
  for (const item of items) {
    const target = targetOf(model, item)
    for (let x = 0; x < target.length; x++) sums[x] += target[x]
  }
  return Float32Array.from(sums, sum => sum / items.length)
}
