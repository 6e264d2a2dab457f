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

/** Users between two turns of the event loop: some milliseconds with ten targets. */
const BLOCK_USER_COUNT = 2048
/** Items of the table between two turns. */
const BLOCK_ITEM_COUNT = 1024
/** Of the table: more targets are asked about one group after another. */
const TABLE_BYTES_MAX = 256 * 1024 * 1024

/**
 * f32[users] for each of `targets`, f32[d] each: rows of the model's own targets, or means of them (targetOf, meanTarget). Of a model that gives
 * everybody the same every score is 1. Throws `signal.reason` when aborted.
 *
 * A score is a sum over events, so what an event of each item says of each target is multiplied out once, a table of F·n·T numbers for T targets, and a
 * user is as many rows of it as there are events: d times less to do than folding everybody's history in, at n·d·T operations before.
 * Sums run from the newest event on in f64, kernel after kernel; products of vectors from the first number to the last, in f64, kept as f32.
 */
export async function userAffinities(
  model: HistoryModel,
  histories: ItemLists,
  targets: readonly Float32Array[],
  { signal }: Pick<WorkControl, 'signal'>,
  tableBytesMax = TABLE_BYTES_MAX,
): Promise<Float32Array[]> {
  const factors = factorsOf(model)
  const dimension = factors?.dimension ?? 0
  for (const target of targets) assert(target.length === dimension, 'a target has as many numbers as a query')
  const userCount = histories.offsets.length - 1
  const affinities = targets.map(() => new Float32Array(userCount))
  const groupSize = factors ? groupSizeOf(factors, tableBytesMax) : targets.length
  for (let first = 0; first < targets.length; first += groupSize) {
    const group = targets.slice(first, first + groupSize)
    const add = adder(factors, factors && (await eventTable(factors, group, signal)), histories)
    const rows = affinities.slice(first, first + groupSize)
    for (let from = 0; from < userCount; from += BLOCK_USER_COUNT) {
      const to = Math.min(userCount, from + BLOCK_USER_COUNT)
      add(from, to, rows)
      await nextTurn()
      signal.throwIfAborted()
    }
  }
  signal.throwIfAborted()
  return affinities
}

const groupSizeOf = ({ kernels, itemCount }: FactorModel, tableBytesMax: number): number =>
  Math.max(1, Math.floor(tableBytesMax / (4 * kernels.length * itemCount)))

/** f32[F, n, T]: what an event of item i, with weight 1 in kernel f, adds to the score of target t. */
async function eventTable(
  { kernels, itemCount, sources, dimension: d }: FactorModel,
  targets: readonly Float32Array[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const count = targets.length
  const table = new Float32Array(kernels.length * itemCount * count)
  for (let row = 0; row < kernels.length * itemCount; row++) {
    if (row % BLOCK_ITEM_COUNT === 0) {
      await nextTurn()
      signal.throwIfAborted()
    }
    for (let t = 0; t < count; t++) {
      const target = targets[t]
      let sum = 0
      for (let x = 0; x < d; x++) sum += sources[row * d + x] * target[x]
      table[row * count + t] = sum
    }
  }
  return table
}

/** Fills in users [from, to) of each row of affinities. */
function adder(factors: FactorModel | undefined, table: Float32Array | undefined, { offsets, items }: ItemLists) {
  const length = factors ? historyLength(factors) : Number.POSITIVE_INFINITY
  return (from: number, to: number, rows: readonly Float32Array[]): void => {
    const count = rows.length
    const sums = new Float64Array(count)
    for (let user = from; user < to; user++) {
      const [start, end] = [offsets[user], offsets[user + 1]]
      if (start === end) continue
      if (factors && table) addEvents(factors, table, items, start, end, sums)
      else sums.fill(1)
      const activity = Math.sqrt(Math.min(end - start, length))
      for (let t = 0; t < count; t++) rows[t][user] = sums[t] > 0 ? sums[t] * activity : sums[t]
    }
  }
}

function addEvents(
  { kernels, itemCount }: FactorModel,
  table: Float32Array,
  items: Int32Array,
  start: number,
  end: number,
  sums: Float64Array,
): void {
  const count = sums.length
  sums.fill(0)
  for (let f = 0; f < kernels.length; f++) {
    const kernel = kernels[f]
    const eventCount = Math.min(kernel.length, end - start)
    for (let k = 0; k < eventCount; k++) {
      const row = (f * itemCount + items[end - 1 - k]) * count
      const weight = kernel[k]
      for (let t = 0; t < count; t++) sums[t] += weight * table[row + t]
    }
  }
}

function factorsOf(model: HistoryModel): FactorModel | undefined {
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
