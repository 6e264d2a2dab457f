/**
 * The same list for everybody: the model of last resort, the prior of every other model, and the baseline that a model has to beat.
 * Both counts become log-probabilities, so that a softmax of sharpness 1 gives each item its share of the count.
 */
import type { DenseModel } from './historyModel.ts'
import type { Interactions } from './interactions.ts'

/** What an item that was never seen counts as, so that its log-probability is finite: half an occurrence (Krichevsky and Trofimov 1981). */
const UNSEEN_COUNT = 0.5

/**
 * How many different users touched each item after a moment, by default ever: one person's hundred plays count once. f64[itemCount].
 * `afterSeconds` is in epoch seconds.
 */
export function uniqueUserCounts(interactions: Interactions, afterSeconds = Number.NEGATIVE_INFINITY): Float64Array {
  const counts = new Float64Array(interactions.itemCount)
  const lastUser = new Int32Array(interactions.itemCount).fill(-1)
  for (let user = 0; user < interactions.userCount; user++) {
    for (let at = interactions.offsets[user]; at < interactions.offsets[user + 1]; at++) {
      const item = interactions.items[at]
      if (lastUser[item] === user || !(interactions.times[at] > afterSeconds)) continue
      lastUser[item] = user
      counts[item]++
    }
  }
  return counts
}

/** How many events each item has. f64[itemCount]. */
export function eventCounts(interactions: Pick<Interactions, 'itemCount' | 'items'>): Float64Array {
  const counts = new Float64Array(interactions.itemCount)
  for (const item of interactions.items) counts[item]++
  return counts
}

/** f64[itemCount]: the same where each counts by its weight. */
export function weightedCounts({ weights, ...interactions }: Interactions): Float64Array {
  if (!weights) return eventCounts(interactions)
  const counts = new Float64Array(interactions.itemCount)
  for (const [at, item] of interactions.items.entries()) counts[item] += weights[at]
  return counts
}

/** f32[itemCount]: the logarithm of each item's share of the counts. */
export function logShares(counts: Float64Array): Float32Array {
  let total = 0
  for (const count of counts) total += count || UNSEEN_COUNT
  return Float32Array.from(counts, count => Math.log((count || UNSEEN_COUNT) / total))
}

/** Everybody gets the items by descending `counts`; of equal counts the lower index comes first. */
export const popularityModel = (counts: Float64Array): DenseModel => ({
  form: 'dense',
  itemCount: counts.length,
  kernel: new Float32Array(0),
  rows: undefined,
  prior: logShares(counts),
  sharpness: 1,
})
