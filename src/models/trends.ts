/**
 * What is rising: how often an item is met now, against how often it usually is. With the newest event at time T and an interval h,
 *
 *   now(j)     = Σ_events of j 2^(-(T - t) / h)          the last interval or so counts
 *   usual(j)   = Σ_events of j 2^(-(T - t) / L) · h / L   the same over L = 7 intervals, in events an interval
 *   trend(j)   = (now(j) + SHRINKAGE) / (usual(j) + SHRINKAGE)
 *
 * so that an item nobody heard of and one that goes on as ever are at 1, and a handful of events alone is no trend (design/recommenders.md
 * §3.7 and §6; it answers what is rising, and is no good at foretelling what somebody will do next).
 */
import type { DenseModel } from './historyModel.ts'
import type { Interactions } from './interactions.ts'
import { logShares } from './popularity.ts'

/** A day against a week, as the study took it. */
const USUAL_INTERVALS = 7
/** In events of half-life h. */
const SHRINKAGE = 5

/** f64[itemCount], each > 0. `intervalSeconds` is h. */
export function trends({ itemCount, items, times }: Interactions, intervalSeconds: number): Float64Array {
  const newest = newestTime(times)
  const now = new Float64Array(itemCount)
  const usual = new Float64Array(itemCount)
  for (let at = 0; at < items.length; at++) {
    const intervals = (newest - times[at]) / intervalSeconds
    now[items[at]] += 2 ** -intervals
    usual[items[at]] += 2 ** (-intervals / USUAL_INTERVALS) / USUAL_INTERVALS
  }
  return now.map((count, item) => (count + SHRINKAGE) / (usual[item] + SHRINKAGE))
}

export const newestTime = (times: Float64Array): number =>
  times.reduce((newest, time) => Math.max(newest, time), -Infinity)

/** Everybody gets the items by descending trend; of equal ones the more frequent first, as items are indexed. */
export const trendModel = (interactions: Interactions, intervalSeconds: number): DenseModel => ({
  form: 'dense',
  itemCount: interactions.itemCount,
  kernel: new Float32Array(0),
  rows: undefined,
  prior: logShares(trends(interactions, intervalSeconds)),
  sharpness: 1,
})
