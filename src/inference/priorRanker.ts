/**
 * The answer to those without a history, and to everybody where a model has no rows: all have one order of all items, so it is made once,
 * and a query walks down it until enough items are found that may be chosen. The same bytes as Ranker.rank gives, in microseconds.
 */
import type { Ranker } from './queries.ts'

export interface PriorRanking {
  readonly count: number
  /** How far down the order the last of them stood: what is struck from below here changes nothing. */
  readonly reach: number
  /** The first `count`: where in the order they stand, best first; valid until the next call. */
  readonly places: Int32Array
}

/** Every item, best first, and its probability. */
export interface WholeOrder {
  readonly order: Int32Array
  readonly probabilities: Float32Array
}

/** That of those without a history. Sorts the whole catalogue. */
export function priorOrder(ranker: Ranker, itemCount: number): WholeOrder {
  const { items, probabilities } = ranker.rank({
    count: 1,
    k: itemCount,
    offsets: new Uint32Array(2),
    items: new Int32Array(0),
  })
  return { order: items.slice(), probabilities: probabilities.slice() }
}

export class PriorRanker implements WholeOrder {
  readonly order: Int32Array
  readonly probabilities: Float32Array
  readonly #chosen: Int32Array
  /** The inverse of the order: where each item stands. */
  readonly #place: Int32Array
  /** struckAt[place] is the number of the last query that struck the item there. */
  readonly #struckAt: Uint32Array
  #query = 0

  /** `k` items are wanted at most, of an order of all of them. */
  constructor({ order, probabilities }: WholeOrder, k: number) {
    const itemCount = order.length
    this.order = order
    this.probabilities = probabilities
    this.#chosen = new Int32Array(k)
    this.#struckAt = new Uint32Array(itemCount)
    this.#place = new Int32Array(itemCount)
    for (let place = 0; place < itemCount; place++) this.#place[this.order[place]] = place
  }

  /** Whether a ranking that reached so far would be another with these struck from it. */
  touches(struck: ArrayLike<number>, reach: number): boolean {
    for (let at = 0; at < struck.length; at++) if (this.#place[struck[at]] < reach) return true
    return false
  }

  /** `allowed` as QueryBlock has it; `struck` may not be chosen all the same, repeats allowed. */
  rank(allowed?: Uint32Array, struck?: ArrayLike<number>): PriorRanking {
    const query = this.#nextQuery()
    for (let at = 0; at < (struck?.length ?? 0); at++) this.#struckAt[this.#place[struck![at]]] = query
    let count = 0
    let place = 0
    for (; place < this.order.length && count < this.#chosen.length; place++) {
      const item = this.order[place]
      if (allowed && ((allowed[item >>> 5] >>> (item & 31)) & 1) === 0) continue
      if (this.#struckAt[place] !== query) this.#chosen[count++] = place
    }
    return { count, reach: place, places: this.#chosen }
  }

  /** 1 … 2³² - 1; then the marks are wiped. */
  #nextQuery(): number {
    if (this.#query === 2 ** 32 - 1) {
      this.#struckAt.fill(0)
      this.#query = 0
    }
    return ++this.#query
  }
}
