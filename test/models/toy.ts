/** Small interactions by hand, and a ranker by plain scores: the twin that evaluation is tested with. */
import assert from 'node:assert/strict'
import { seededRandom } from '../../src/lib/random.ts'
import type { Ranker } from '../../src/models/evaluation.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { type ItemLists, itemLists, listAt } from '../../src/models/splits.ts'

export function interactionsOf(histories: readonly (readonly number[])[], itemCount?: number): Interactions {
  const { offsets, items } = itemLists(histories.map(history => Int32Array.from(history)))
  return {
    userCount: histories.length,
    itemCount: itemCount ?? Math.max(-1, ...items) + 1,
    offsets,
    items,
    times: Float64Array.from(items, (_, event) => 1_000_000 + event),
  }
}

export const historiesOf = ({ userCount, ...lists }: ItemLists & { readonly userCount: number }): number[][] =>
  Array.from({ length: userCount }, (_, user) => [...listAt(lists, user)])

/**
 * People who walk around a circle of items, a step forward most times and a jump otherwise: the obvious next item of `i` is `i + 1`.
 * Popularity knows nothing of it.
 */
export function walks({
  userCount,
  itemCount,
  eventCount,
  jumps = 0.1,
  seed = 1,
}: {
  userCount: number
  itemCount: number
  eventCount: number
  jumps?: number
  seed?: number
}): Interactions {
  const random = seededRandom(seed)
  const histories = Array.from({ length: userCount }, () => {
    let item = random.below(itemCount)
    return Array.from({ length: eventCount }, () => {
      item = random.uniform() < jumps ? random.below(itemCount) : (item + 1) % itemCount
      return item
    })
  })
  return interactionsOf(histories, itemCount)
}

export const plainRanker = (model: HistoryModel): Ranker => ({
  rank({ count, k, excluded, ...lists }) {
    assert(k >= 1 && k <= model.itemCount)
    const counts = new Uint32Array(count)
    const items = new Int32Array(count * k)
    for (let query = 0; query < count; query++) {
      const scores = plainScores(model, listAt(lists, query))
      const barred = new Set(excluded ? listAt(excluded, query) : [])
      const order = Array.from(scores.keys()).filter(item => !barred.has(item))
      const best = order.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k)
      counts[query] = best.length
      items.set(best, query * k)
    }
    return { counts, items }
  },
  scoreAll: history => plainScores(model, history),
})
