/**
 * How good a ranking is, given what a user did next.
 *
 * With R the ranked items of a user (best first) and T the distinct items held out, rel(p) = 1 if R_p ∈ T, else 0:
 *   reciprocal rank at K    1 / (position of the first hit), 0 without a hit among the first K
 *   precision at K          (number of hits among the first K) / K
 *   NDCG at K               DCG / IDCG, DCG = Σ_{p ≤ K} rel(p) / log2(1 + p)
 *
 * Two ideals are in use for IDCG. `normalized_…` takes *the same hits, all on top* (the reference service's documentation; it reproduces
 * the size of metrics recorded there); a user without a hit counts 0. `textbook_normalized_…` takes min(K, |T|) hits on top (Järvelin and
 * Kekäläinen 2002), which is what papers print. The two are never mixed: their names differ.
 */
import { assert } from '../lib/assert.ts'

const CUTOFFS = [5, 10, 25] as const
/** The longest list that any metric looks at. */
export const RANKED_COUNT = 25

type Cutoff = (typeof CUTOFFS)[number]
export type ServiceMetric =
  | 'coverage'
  | 'mean_reciprocal_rank_at_25'
  | `normalized_discounted_cumulative_gain_at_${Cutoff}`
  | `precision_at_${Cutoff}`
export type TextbookMetric = `textbook_normalized_discounted_cumulative_gain_at_${Cutoff}`

/** What any evaluation finds. */
export interface SolutionMetrics {
  /** How many were asked about; means are over them. */
  readonly userCount: number
  /** The metrics and their names as GetSolutionMetrics has them, not rounded. */
  readonly service: Readonly<Record<string, number>>
  /** The same as papers define them, where that is something else. */
  readonly textbook: Readonly<Record<string, number>>
  /** Of every mean over users (so not of coverage): standard deviation between users / √userCount. */
  readonly standardErrors: Readonly<Record<string, number>>
}

export interface RankingMetrics extends SolutionMetrics {
  readonly service: Readonly<Record<ServiceMetric, number>>
  readonly textbook: Readonly<Record<TextbookMetric, number>>
}

/** discount[p] = 1 / log2(2 + p) for p from 0; cumulative[h] = the DCG of h hits on top. */
const discount = Float64Array.from({ length: RANKED_COUNT }, (_, p) => 1 / Math.log2(p + 2))
const cumulative = new Float64Array(RANKED_COUNT + 1)
for (let p = 0; p < RANKED_COUNT; p++) cumulative[p + 1] = cumulative[p] + discount[p]

export type UserMetrics = Readonly<Record<Exclude<ServiceMetric, 'coverage'> | TextbookMetric, number>>

/** The metrics of one user. `ranked`: distinct items, best first; only the first RANKED_COUNT count. `truth` is not empty. */
export function userMetrics(ranked: ArrayLike<number>, truth: ReadonlySet<number>): UserMetrics {
  assert(truth.size > 0, 'a user is tested on at least one held-out item')
  let [hits, gain, reciprocalRank, place] = [0, 0, 0, 0]
  const tops = CUTOFFS.map(cutoff => {
    for (; place < Math.min(cutoff, ranked.length); place++) {
      if (!truth.has(ranked[place])) continue
      if (hits === 0) reciprocalRank = 1 / (place + 1)
      hits++
      gain += discount[place]
    }
    return { cutoff, hits, gain, ideal: cumulative[Math.min(cutoff, truth.size)] }
  })
  const metrics: Record<string, number> = { [`mean_reciprocal_rank_at_${RANKED_COUNT}`]: reciprocalRank }
  for (const top of tops)
    metrics[`normalized_discounted_cumulative_gain_at_${top.cutoff}`] =
      top.hits === 0 ? 0 : top.gain / cumulative[top.hits]
  for (const top of tops) metrics[`precision_at_${top.cutoff}`] = top.hits / top.cutoff
  for (const top of tops)
    metrics[`textbook_normalized_discounted_cumulative_gain_at_${top.cutoff}`] = top.gain / top.ideal
  return metrics as UserMetrics
}

/**
 * NDCG with event weights at K: DCG / IDCG where a hit gains its reward instead of 1, and the ideal is the same hits on top at 1 each. Where all
 * rewards are 1 it is `normalized_discounted_cumulative_gain_at_K`; beyond 1 the list has the hits that are worth more. (The reference divides a
 * weight by the mean weight, spec/training.md §3, which an ideal of the same rewards would undo: hence the ideal of ones.)
 */
export function weightedGains(ranked: ArrayLike<number>, rewards: ReadonlyMap<number, number>): Record<string, number> {
  let [hits, gain, place] = [0, 0, 0]
  const gains: Record<string, number> = {}
  for (const cutoff of CUTOFFS) {
    for (; place < Math.min(cutoff, ranked.length); place++) {
      const reward = rewards.get(ranked[place])
      if (reward === undefined) continue
      hits++
      gain += reward * discount[place]
    }
    const name = `normalized_discounted_cumulative_gain_with_event_weights_at_${cutoff}`
    gains[name] = hits === 0 ? 0 : gain / cumulative[hits]
  }
  return gains
}

/**
 * How much of the value of what a user did is found among the first RANKED_COUNT recommendations, 0 to 1; values are above 0. (The reference speaks of
 * the rewards from the top 25 recommendations over all rewards of the user, normalised: spec/training.md §3.)
 */
function shareOfValue(ranked: ArrayLike<number>, truth: ReadonlySet<number>, values: Float64Array): number {
  let [found, all] = [0, 0]
  for (const item of truth) all += values[item]
  for (let p = 0; p < Math.min(RANKED_COUNT, ranked.length); p++) if (truth.has(ranked[p])) found += values[ranked[p]]
  return found / all
}

/**
 * Means over users. Add users in a fixed order: sums in double precision depend on it.
 *   catalogueItemCount  what coverage is a share of: the distinct items of the catalogue, with or without interactions
 */
export function metricsCollector(catalogueItemCount: number) {
  const sums = new Map<string, { sum: number; squares: number }>()
  const recommended = new Set<number>()
  let userCount = 0
  return {
    /** The user's own metrics. `values`: what each item is worth, by index. `rewards`: of each item of `truth` its reward, 1 for an ordinary one; absent: nothing is said of rewards. */
    add(
      ranked: ArrayLike<number>,
      truth: ReadonlySet<number>,
      rewards?: ReadonlyMap<number, number>,
      values?: Float64Array,
    ): Readonly<Record<string, number>> {
      userCount++
      for (let p = 0; p < Math.min(RANKED_COUNT, ranked.length); p++) recommended.add(ranked[p])
      const found: Record<string, number> = {
        ...userMetrics(ranked, truth),
        ...(rewards && weightedGains(ranked, rewards)),
        ...(values && { average_rewards_at_k: shareOfValue(ranked, truth, values) }),
      }
      for (const [name, value] of Object.entries(found)) {
        const total = sums.get(name) ?? { sum: 0, squares: 0 }
        total.sum += value
        total.squares += value * value
        sums.set(name, total)
      }
      return found
    },
    result(): RankingMetrics {
      assert(userCount > 0, 'metrics are means over at least one user')
      assert(catalogueItemCount >= recommended.size, 'the catalogue holds every item that can be recommended')
      const service: Record<string, number> = { coverage: recommended.size / catalogueItemCount }
      const textbook: Record<string, number> = {}
      const standardErrors: Record<string, number> = {}
      for (const [name, { sum, squares }] of sums) {
        const mean = sum / userCount
        const group = name.startsWith('textbook_') ? textbook : service
        group[name] = mean
        standardErrors[name] =
          userCount < 2 ? 0 : Math.sqrt(Math.max(0, squares - sum * mean) / (userCount - 1) / userCount)
      }
      return {
        userCount,
        service: service as RankingMetrics['service'],
        textbook: textbook as RankingMetrics['textbook'],
        standardErrors,
      }
    },
  }
}

/**
 * The place of `target` among all items but those of `excluded`, from 0, with ties counted half: the expectation over random orders
 * of equals. The target itself is never excluded.
 */
export function placeOfTarget(scores: ArrayLike<number>, target: number, excluded: ReadonlySet<number>): number {
  let place = 0
  for (let item = 0; item < scores.length; item++) {
    if (item === target || excluded.has(item)) continue
    if (scores[item] > scores[target]) place++
    else if (scores[item] === scores[target]) place += 0.5
  }
  return place
}

/** Leave-one-out means over the targets' places: hit rate at 10, NDCG at 10 (one relevant item, so IDCG = 1), MRR over all places. */
export function leaveOneOutMetrics(places: readonly number[]): {
  hitRateAt10: number
  ndcgAt10: number
  meanReciprocalRank: number
} {
  assert(places.length > 0, 'metrics are means over at least one user')
  const mean = (valueAt: (place: number) => number) =>
    places.reduce((sum, place) => sum + valueAt(place), 0) / places.length
  return {
    hitRateAt10: mean(place => (place < 10 ? 1 : 0)),
    ndcgAt10: mean(place => (place < 10 ? 1 / Math.log2(place + 2) : 0)),
    meanReciprocalRank: mean(place => 1 / (place + 1)),
  }
}
