/**
 * Ranking for people of whom no event is known and something else is: each set of attributes has one order of all items (models/newcomers.ts), which
 * is made when it is first asked for and kept while there is room. What may not be chosen is passed over as in priorRanker.ts.
 */
import { type AttributeLifts, newcomerScores } from '../models/attributeLifts.ts'
import { bestRows } from '../models/bestRows.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { SavedNewcomers } from '../recipes/newcomerTensors.ts'
import { PriorRanker } from './priorRanker.ts'

/** Of everybody that the model knows, those with a history too: their rows are empty. On shared memory. */
export interface PlacedNewcomers {
  /** f32[itemCount]: log-probabilities but for a constant, of those of whom nothing is known. */
  readonly base: Float32Array
  readonly lifts: AttributeLifts
  /** Row u of codes: u32[users + 1], i32. */
  readonly offsets: Uint32Array
  readonly codes: Int32Array
}

/** Their base is what the model gives to those without a history, with the values of an objective and items that came later. */
export function placeNewcomers(newcomers: SavedNewcomers, { prior, sharpness }: HistoryModel): PlacedNewcomers {
  const base = new Float32Array(new SharedArrayBuffer(prior.byteLength))
  for (let item = 0; item < base.length; item++) base[item] = sharpness * prior[item]
  return { base, ...newcomers }
}

/** Orders that a thread keeps: 16 bytes an item each. */
const ORDERS_BYTES_MAX = 64 * 1024 * 1024
const BYTES_PER_ITEM = 16

export class NewcomerRanker {
  readonly #placed: PlacedNewcomers
  readonly #k: number
  readonly #kept = new Map<string, PriorRanker>()
  readonly #keptMax: number

  /** `k` items are wanted at most. */
  constructor(placed: PlacedNewcomers, k: number) {
    this.#placed = placed
    this.#k = k
    this.#keptMax = Math.max(1, Math.floor(ORDERS_BYTES_MAX / (BYTES_PER_ITEM * placed.base.length)))
  }

  /** Whether something is known of the user: an index, -1 for nobody. */
  knows(user: number): boolean {
    const { offsets } = this.#placed
    return user >= 0 && offsets[user] < offsets[user + 1]
  }

  /** f32[itemCount] of somebody who is known: log-probabilities but for a constant. */
  scores(user: number): Float32Array {
    const { base, lifts } = this.#placed
    return newcomerScores(base, lifts, this.#codesOf(user))
  }

  /** Of somebody who is known. */
  orderOf(user: number): PriorRanker {
    const key = this.#codesOf(user).join()
    const found = this.#kept.get(key)
    if (found) {
      // The oldest of a map is the first.
      this.#kept.delete(key)
      this.#kept.set(key, found)
      return found
    }
    if (this.#kept.size >= this.#keptMax) this.#kept.delete(this.#kept.keys().next().value!)
    const scores = this.scores(user)
    const order = Int32Array.from(bestRows(scores, scores.length))
    const made = new PriorRanker({ order, probabilities: softmaxOf(scores, 1, order) }, this.#k)
    this.#kept.set(key, made)
    return made
  }

  #codesOf(user: number): Int32Array {
    const { offsets, codes } = this.#placed
    return codes.subarray(offsets[user], offsets[user + 1])
  }
}

/** Of these items the shares of the softmax over all, rounded down, so that a list never adds up to more than 1. */
export function softmaxOf(scores: Float32Array, sharpness: number, of: ArrayLike<number>): Float32Array {
  let most = Number.NEGATIVE_INFINITY
  for (const score of scores) if (score > most) most = score
  let total = 0
  for (const score of scores) total += Math.exp(sharpness * (score - most))
  return Float32Array.from(of, item => {
    const exact = Math.exp(sharpness * (scores[item] - most)) / total
    const rounded = Math.fround(exact)
    return rounded > exact ? rounded * (1 - 2 ** -23) : rounded
  })
}
