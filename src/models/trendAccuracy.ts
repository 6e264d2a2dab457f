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
import { newestTime } from './trends.ts'

/** What is held out to judge, or to choose by. */
const TESTED_TIME_SHARE = 0.1

/**
 * `count` moments at most, ascending: the beginnings of intervals in the newest tenth of time that something happened in, evenly drawn from these; an
 * hour in which nobody came foretells nothing. The last interval ends with the newest event; at each moment there are events to learn from.
 */
export function trendMoments(times: Float64Array, intervalSeconds: number, count: number): number[] {
  const newest = newestTime(times)
  const oldest = times.reduce((least, time) => Math.min(least, time), newest)
  const begin = newest - TESTED_TIME_SHARE * (newest - oldest)
  // An interval is told by how many lie between its end and the newest event.
  const busy = new Set<number>()
  for (const time of times) if (time > begin) busy.add(Math.floor((newest - time) / intervalSeconds))
  const moments = Array.from(busy, ago => newest - (ago + 1) * intervalSeconds)
    .filter(moment => moment >= oldest)
    .sort((a, b) => a - b)
  const drawn = Math.min(count, moments.length)
  // The newest is among them.
  return Array.from({ length: drawn }, (_, k) => moments[Math.ceil(((k + 1) * moments.length) / drawn) - 1])
}

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
  return total === 0 ? undefined : foretold(recommended, increase) / total
}

/** The increase of the first 25. */
export function foretold(recommended: ArrayLike<number>, increase: Float64Array): number {
  let found = 0
  for (let place = 0; place < Math.min(RANKED_COUNT, recommended.length); place++) found += increase[recommended[place]]
  return found
}

/** The 25 items of the greatest values, best first; of equal ones the lower index first. */
export function firstOf(values: Float64Array | Float32Array): number[] {
  const first: number[] = []
  for (let item = 0; item < values.length; item++) {
    if (first.length === RANKED_COUNT && !(values[item] > values[first[RANKED_COUNT - 1]])) continue
    let place = first.length
    while (place > 0 && values[first[place - 1]] < values[item]) place--
    first.splice(place, 0, item)
    if (first.length > RANKED_COUNT) first.pop()
  }
  return first
}
