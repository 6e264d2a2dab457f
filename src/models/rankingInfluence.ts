/**
 * How far popularity and freshness decide the order of related items (rankingInfluence, spec/recipes.md §4): what an item j is related by is
 * multiplied with
 *
 *   (1 - P · (1 - p_j)) · (1 - F · (1 - f_j)),   p_j = ln(2 + events of j) / ln(2 + most events),   f_j = 1 / (1 + age of j in days / 30)
 *
 * P and F from 0, as related as they are, to 1, in proportion to p and f. What is not related at all stays so. Age is counted to the newest
 * event, or where there is none to the newest item; 30 days is what the reference calls new by default. Events and ages are those of the training.
 */
import type { HistoryModel } from './historyModel.ts'
import type { ItemFacts } from './itemFacts.ts'

export interface RankingInfluence {
  /** P and F, 0 to 1. */
  readonly popularity: number
  readonly freshness: number
}

/** Younger ones count more than half. */
const HALF_DAYS = 30
const SECONDS_PER_DAY = 86_400

/** A pool is weighted, whose rows say what is related; any other model is as it was. The new rows are on shared memory. */
export function influenced(
  model: HistoryModel,
  facts: ItemFacts,
  { popularity, freshness }: RankingInfluence,
): HistoryModel {
  if (model.form !== 'pool' || (popularity === 0 && freshness === 0)) return model
  const { eventCounts, createdSeconds, newestSeconds } = facts
  const most = eventCounts.reduce((most, count) => Math.max(most, count), 0)
  const factors = Float64Array.from(createdSeconds, (created, item) => {
    const popular = Math.log(2 + eventCounts[item]) / Math.log(2 + most)
    const days = Math.max(0, newestSeconds - created) / SECONDS_PER_DAY
    return (1 - popularity * (1 - popular)) * (1 - freshness * (1 - 1 / (1 + days / HALF_DAYS)))
  })
  const experts = model.experts.map(expert => {
    if ('sequences' in expert) return expert
    const values = new Float32Array(new SharedArrayBuffer(expert.values.byteLength))
    for (let at = 0; at < values.length; at++) values[at] = expert.values[at] * factors[expert.items[at]]
    return { ...expert, values }
  })
  return { ...model, experts }
}
