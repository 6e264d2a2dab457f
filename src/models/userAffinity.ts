/**
 * How much users are drawn to items: the roles of a recommendation swapped. With score the model's (historyModel.ts) for a user's history and
 * an item, and L the number of the user's events that the model looks at,
 *
 *   affinity = score · √L  where the score is positive, else the score
 *
 * A score tells what comes next, and somebody who does more does more of anything next. Hits and recall at 1 % of the users, of the dense
 * ridge on the split of the evaluation (evaluateSegments.ts): ML-1M 5.35 and .114 by the score alone, 6.01 and .139 with √L; Online Retail
 * 3.25 and .182, 4.08 and .221. By L alone: 4.11 and .118, 2.89 and .154.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import { type FactorModel, type HistoryModel, historyLength, isPriorAlone } from './historyModel.ts'
import type { ItemLists } from './splits.ts'

/** Users between two turns of the event loop: some milliseconds. */
const BLOCK_USER_COUNT = 256

/**
 * f32[users] for each of `targets`, f32[d] each: rows of the model's own targets, or means of them (targetOf, meanTarget). Of a model that gives
 * everybody the same every score is 1. Sums run from the newest event on, and from
 * the first number of a vector to the last. Throws `signal.reason` when aborted; `finished` is told of the users done.
 */
export async function userAffinities(
  model: HistoryModel,
  histories: ItemLists,
  targets: readonly Float32Array[],
  { signal }: Pick<WorkControl, 'signal'>,
  finished: (users: number) => void = () => {},
): Promise<Float32Array[]> {
  const factors = factorsOf(model)
  const dimension = factors?.dimension ?? 0
  for (const target of targets) assert(target.length === dimension, 'a target has as many numbers as a query')
  const userCount = histories.offsets.length - 1
  const affinities = targets.map(() => new Float32Array(userCount))
  const query = new Float32Array(dimension)
  const length = factors ? historyLength(factors) : Infinity
  for (let from = 0; from < userCount; from += BLOCK_USER_COUNT) {
    const to = Math.min(userCount, from + BLOCK_USER_COUNT)
    for (let user = from; user < to; user++) {
      const eventCount = histories.offsets[user + 1] - histories.offsets[user]
      if (eventCount === 0) continue
      if (factors) foldIn(factors, histories, user, query)
      const activity = Math.sqrt(Math.min(eventCount, length))
      for (let t = 0; t < targets.length; t++) {
        const score = factors ? dot(query, targets[t]) : 1
        affinities[t][user] = score > 0 ? score * activity : score
      }
    }
    finished(to)
    await nextTurn()
    signal.throwIfAborted()
  }
  return affinities
}

function factorsOf(model: HistoryModel): FactorModel | undefined {
  if (model.form === 'factors') return model
  assert(isPriorAlone(model), 'users are ranked by factors')
  return undefined
}

function foldIn(model: FactorModel, { offsets, items }: ItemLists, user: number, query: Float32Array): void {
  const { kernels, sources, dimension, itemCount } = model
  query.fill(0)
  for (let f = 0; f < kernels.length; f++) {
    const kernel = kernels[f]
    const eventCount = Math.min(kernel.length, offsets[user + 1] - offsets[user])
    for (let k = 0; k < eventCount; k++) {
      const row = (f * itemCount + items[offsets[user + 1] - 1 - k]) * dimension
      const weight = kernel[k]
      for (let x = 0; x < dimension; x++) query[x] += weight * sources[row + x]
    }
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let x = 0; x < a.length; x++) sum += a[x] * b[x]
  return sum
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
