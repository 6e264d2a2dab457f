/**
 * What is rising: how often an item is met of late, less how often it usually is. With the newest event at time T and an interval h,
 *
 *   rate(j, H)  = Σ_events of j 2^(-(T - t) / H) · h / H        events an interval, over a half-life H
 *   rise(j)     = rate(j, 7h) - rate(j, 30h)
 *
 * a week against a month where the interval is a day. Over the last interval alone noise leads: of what the 25 items that rose most add in
 * the next interval (trendAccuracy.ts), the list foretold, by half-lives in intervals, on Online Retail by days 1 and 7: .210, 2 and 14: .281,
 * 5 and 20: .351, 7 and 30: .359; on Amazon Beauty .043, .112, .163, .180 (popularity .343 and .085); the ratio with shrinkage of
 * design/recommenders.md §6 .101 on Online Retail. It answers what is rising, and is no good at foretelling what somebody will do next (§3.7).
 */
import type { DenseModel } from './historyModel.ts'
import type { Interactions } from './interactions.ts'
import { logShares } from './popularity.ts'

/** Half-lives in intervals. */
const LATELY = 7
const USUALLY = 30

/** f64[itemCount]: events an interval by which each item rises, or falls where it is below 0. `intervalSeconds` is h. */
export function rises({ itemCount, items, times }: Interactions, intervalSeconds: number): Float64Array {
  const newest = newestTime(times)
  const rise = new Float64Array(itemCount)
  for (let at = 0; at < items.length; at++) {
    const intervals = (newest - times[at]) / intervalSeconds
    rise[items[at]] += 2 ** (-intervals / LATELY) / LATELY - 2 ** (-intervals / USUALLY) / USUALLY
  }
  return rise
}

export const newestTime = (times: Float64Array): number =>
  times.reduce((newest, time) => Math.max(newest, time), -Infinity)

/** Everybody gets the items by descending rise; of equal ones the more frequent first, as items are indexed. */
export const trendModel = (interactions: Interactions, intervalSeconds: number): DenseModel => ({
  form: 'dense',
  itemCount: interactions.itemCount,
  kernel: new Float32Array(0),
  rows: undefined,
  // Counts are positive: what neither rises nor falls is at 1.
  prior: logShares(rises(interactions, intervalSeconds).map(rise => (rise >= 0 ? 1 + rise : 1 / (1 - rise)))),
  sharpness: 1,
})
