/**
 * How well a list foretells what rises (spec/training.md §3, trend prediction accuracy). With the events of item j in the interval before a
 * time and in the one after it,
 *
 *   increase(j) = max(0, after(j) - before(j))
 *   accuracy    = Σ_{j of the first 25 recommended} increase(j) / Σ_{j of the 25 that rose most} increase(j)
 *
 * from 0 to 1; where nothing rose there is nothing to foretell, and no accuracy.
 */

import type { Interactions } from './interactions.ts'
import { RANKED_COUNT } from './metrics.ts'

/** f64[itemCount]: the increase of each item from the interval that ends at `time` to the one that begins there. */
export function increases(
  { itemCount, items, times }: Interactions,
  time: number,
  intervalSeconds: number,
): Float64Array {
  const change = new Float64Array(itemCount)
  for (let at = 0; at < items.length; at++) {
    const later = times[at] - time
    if (later > 0 && later <= intervalSeconds) change[items[at]]++
    else if (later <= 0 && later > -intervalSeconds) change[items[at]]--
  }
  return change.map(value => Math.max(0, value))
}

/** Undefined where nothing rose. `recommended`: distinct items, best first. */
export function trendAccuracy(recommended: ArrayLike<number>, increase: Float64Array): number | undefined {
  const most = increase.toSorted().reverse().subarray(0, RANKED_COUNT)
  const total = most.reduce((sum, value) => sum + value, 0)
  if (total === 0) return undefined
  let found = 0
  for (let place = 0; place < Math.min(RANKED_COUNT, recommended.length); place++) found += increase[recommended[place]]
  return found / total
}
