/** What is asked of a ranker, and what it answers: blocks of queries, whatever form the model has. */

import { assert } from '../lib/assert.ts'

/** Lists of item indexes: list q is items[offsets[q] … offsets[q + 1]). */
export interface QueryLists {
  readonly offsets: Uint32Array
  readonly items: Int32Array
}

export interface QueryBlock {
  readonly count: number
  /** Items wanted for each query, 1 ≤ k ≤ itemCount. */
  readonly k: number
  /** u32[count + 1] */
  readonly offsets: Uint32Array
  /** Histories, oldest first. An empty one, and any for a model without rows, gets the prior. */
  readonly items: Int32Array
  /** Of each query what may be chosen, a bit an item: item i is bit i mod 32 of word i / 32, all others 0. Absent: everything. */
  readonly allowed?: readonly Uint32Array[]
  /** What must not be chosen all the same, in any order, repeats allowed. */
  readonly excluded?: QueryLists
}

export interface RankedBlock {
  /** u32[count]: k, or as many as were allowed and not excluded. */
  readonly counts: Uint32Array
  /** i32[count · k], f32[count · k]: query q's from q · k on, best first; what lies beyond counts[q] means nothing. */
  readonly items: Int32Array
  readonly probabilities: Float32Array
}

export interface Ranker {
  /** Events of a history that have a say, the newest; older ones may be left out. */
  readonly historyLength: number
  /** The result is valid until the next call. */
  rank(block: QueryBlock): RankedBlock
  /** f32[itemCount], valid until the next call. With `only`, different items, what the others have means nothing. */
  scoreAll(history: Int32Array, only?: ArrayLike<number>): Float32Array
}

export const rankedBlock = (count: number, k: number): RankedBlock => ({
  counts: new Uint32Array(count),
  items: new Int32Array(count * k),
  probabilities: new Float32Array(count * k),
})

/** A list of different items of the model, where kernels look for it: i32[itemCount]. */
export function placeListed(items: ArrayLike<number>, to: Int32Array): void {
  assert(items.length <= to.length, 'a list has no more items than the model')
  for (let i = 0; i < items.length; i++) {
    assert(items[i] >= 0 && items[i] < to.length, 'a list names an item that the model does not have')
    to[i] = items[i]
  }
}

/** A set that is too short, or names an item beyond the last, is a mistake of ours. */
export function checkSet(allowed: Uint32Array | undefined, itemCount: number): void {
  assert(allowed?.length === Math.ceil(itemCount / 32), 'a set of items has a bit for each')
  assert(itemCount % 32 === 0 || allowed[allowed.length - 1] >>> (itemCount % 32) === 0, 'no item is beyond the last')
}
