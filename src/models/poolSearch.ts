/**
 * The weights of a pool by what is wanted of it: the NDCG at 10 of held-out next items, climbed one weight at a time. For sparse data,
 * where the likelihood is ruled by next items that no expert supports (design/recommenders.md §3.4).
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WorkControl } from '../lib/work.ts'
import type { Contest } from './pairScores.ts'

const CUTOFF = 10
const FIRST_WEIGHTS = [0, 0.1, 0.3, 1]
const FACTORS = [0.6, 1.6]
/** The first from nothing, the others by factors; most climbs end after three. */
const ROUNDS_MAX = 6

export interface PoolWeights {
  /** Each ≥ 0. */
  readonly experts: readonly number[]
  /** ≥ 0: of the logarithm of an item's share of the events in a log pool, of the share in a linear one. */
  readonly popularity: number
}

/** One pair as the NDCG sees it: the next item first, then whoever may stand above it. */
export interface Rivals {
  readonly count: number
  /** f32[experts, count] */
  readonly features: Float32Array
  /** f32[count] */
  readonly popularity: Float32Array
  readonly outsiderCount: number
  /** What every expert's feature is for an outsider. */
  readonly outsider: number
  /** f32[itemCount], ascending: outsiders are taken to be as popular as items are at large. */
  readonly ascending: Float32Array
}

interface RivalOptions {
  /** f32[itemCount]: the feature that is the same for every history. */
  readonly popularity: Float32Array
  readonly outsider: number
  readonly expertCount: number
}

/**
 * Without candidates that no weights lift above the next item (one that ties by some experts and is below by others counts as below); undefined where ten stand above it whatever the weights are, since all
 * experts and popularity say so.
 */
export function rivalsOf(
  contests: readonly Contest[],
  features: (contest: Contest) => Float32Array,
  { popularity, outsider, expertCount }: RivalOptions,
): (Rivals | undefined)[] {
  const ascending = popularity.toSorted()
  return contests.map(contest => {
    const { items, sums, outsiderCount } = contest
    const count = items.length
    const kept = [0]
    let above = 0
    for (let at = 1; at < count; at++) {
      let higher = popularity[items[at]] > popularity[items[0]] ? 1 : 0
      let equal = 0
      for (let f = 0; f < expertCount; f++) {
        if (sums[f * count + at] > sums[f * count]) higher++
        else if (sums[f * count + at] === sums[f * count]) equal++
      }
      if (higher > 0 || equal === expertCount) kept.push(at)
      if (higher === expertCount + 1) above++
    }
    if (above >= CUTOFF) return undefined
    const chosen = new Float32Array(kept.length * expertCount)
    for (let f = 0; f < expertCount; f++)
      for (const [to, at] of kept.entries()) chosen[f * kept.length + to] = sums[f * count + at]
    const reduced = { items: Int32Array.from(kept, at => items[at]), sums: chosen, outsiderCount }
    return {
      count: kept.length,
      features: features(reduced),
      popularity: Float32Array.from(reduced.items, item => popularity[item]),
      outsiderCount,
      outsider,
      ascending,
    }
  })
}

/** Mean over the pairs at these places. Of equal scores half stand above. */
export function ndcgOf(
  pairs: readonly (Rivals | undefined)[],
  places: readonly number[],
  { experts, popularity }: PoolWeights,
): number {
  const base = experts.reduce((sum, weight) => sum + weight, 0)
  let scores = new Float64Array(0)
  let total = 0
  for (const place of places) {
    const pair = pairs[place]
    if (!pair) continue
    const { count, features } = pair
    if (scores.length < count) scores = new Float64Array(2 * count)
    for (let j = 0; j < count; j++) scores[j] = popularity * pair.popularity[j]
    for (const [f, weight] of experts.entries()) {
      if (weight === 0) continue
      for (let j = 0, at = f * count; j < count; j++, at++) scores[j] += weight * features[at]
    }
    let above = 0
    for (let j = 1; j < count; j++) {
      if (scores[j] > scores[0]) above++
      else if (scores[j] === scores[0]) above += 0.5
    }
    if (above >= CUTOFF) continue
    above += outsidersAbove(scores[0] - base * pair.outsider, popularity, pair)
    if (above < CUTOFF) total += 1 / Math.log2(above + 2)
  }
  return total / Math.max(1, places.length)
}

/** How many outsiders stand above a score: popularity is all they have. */
function outsidersAbove(score: number, popularity: number, { outsiderCount: count, ascending }: Rivals): number {
  if (popularity === 0) return score > 0 ? 0 : score === 0 ? count / 2 : count
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (popularity * ascending[middle] > score) high = middle
    else low = middle + 1
  }
  return (count * (ascending.length - low)) / ascending.length
}

/** From the best of `starts` upwards until no step helps. Rejects with `signal.reason` when aborted. */
export async function climb(
  measure: (weights: PoolWeights) => number,
  starts: readonly PoolWeights[],
  { signal }: WorkControl,
): Promise<PoolWeights> {
  let best = starts[0]
  let height = Number.NEGATIVE_INFINITY
  const consider = async (weights: PoolWeights): Promise<boolean> => {
    await nextTurn()
    signal.throwIfAborted()
    const reached = measure(weights)
    if (reached <= height) return false
    best = weights
    height = reached
    return true
  }
  for (const start of starts) await consider(start)
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let improved = false
    for (let f = 0; f <= best.experts.length; f++) {
      const last = f === best.experts.length
      const here = last ? best.popularity : best.experts[f]
      const values = round === 0 ? FIRST_WEIGHTS : [0, ...FACTORS.map(factor => here * factor)]
      for (const value of values) {
        if (value === here) continue
        const tried = last ? { ...best, popularity: value } : { ...best, experts: best.experts.with(f, value) }
        if (await consider(tried)) improved = true
      }
    }
    if (!improved && round > 0) break
  }
  return best
}
