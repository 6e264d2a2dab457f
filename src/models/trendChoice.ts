/**
 * The model of what is rising, whose half-lives (trends.ts) are chosen by what they would have foretold. At up to thirty moments of the newest tenth
 * of time, every trend and popularity say 25 items, and what these gained in the interval after it is added up. The trend that foretold most is taken
 * if it foretold more than popularity by more than STANDARD_ERRORS of the difference over the moments; else everybody gets what is popular: where
 * what people do does not follow trends, or an interval holds but a few events, a list of trends is a list of accidents.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WorkControl } from '../lib/work.ts'
import type { DenseModel } from './historyModel.ts'
import type { Interactions } from './interactions.ts'
import { popularityModel, uniqueUserCounts } from './popularity.ts'
import { firstOf, foretold, increases, trendMoments } from './trendAccuracy.ts'
import { newestTime, TRENDS, type Trend, TrendCounts } from './trends.ts'

/** With ten the choice changed from moment to moment on Online Retail; a hundred cost three times as much. */
const MOMENTS = 30

/** The best of 21 is ahead by one of them where there is nothing to foretell. */
const STANDARD_ERRORS = 2

/** Undefined: popularity. Rejects with `control.signal.reason` when aborted. */
export async function chooseTrend(
  interactions: Interactions,
  intervalSeconds: number,
  control: WorkControl,
): Promise<Trend | undefined> {
  const moments = trendMoments(interactions.times, intervalSeconds, MOMENTS)
  const counts = new TrendCounts(interactions)
  /** Of each trend, less popularity's, at each moment. */
  const gains = TRENDS.map(() => new Float64Array(moments.length))
  for (const [m, moment] of moments.entries()) {
    await nextTurn()
    control.signal.throwIfAborted()
    counts.advance(moment)
    const increase = increases(interactions, moment, intervalSeconds)
    const least = foretold(firstOf(counts.people), increase)
    for (const [t, trend] of TRENDS.entries()) gains[t][m] = foretold(firstOf(counts.scores(trend)), increase) - least
  }
  let [best, most] = [-1, 0]
  for (const [t, gain] of gains.entries()) {
    const total = gain.reduce((sum, value) => sum + value, 0)
    if (total > most) [best, most] = [t, total]
  }
  return best >= 0 && most > STANDARD_ERRORS * standardError(gains[best]) ? TRENDS[best] : undefined
}

/** Of the sum. Infinite for a single moment, which shows nothing. */
function standardError(values: Float64Array): number {
  if (values.length < 2) return Number.POSITIVE_INFINITY
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt((squares * values.length) / (values.length - 1))
}

/** Everybody gets the items by descending score; of equal ones the lower index first. */
export async function fitTrends(
  interactions: Interactions,
  intervalSeconds: number,
  control: WorkControl,
): Promise<DenseModel> {
  const trend = await chooseTrend(interactions, intervalSeconds, control)
  if (!trend) return popularityModel(uniqueUserCounts(interactions))
  const counts = new TrendCounts(interactions)
  counts.advance(newestTime(interactions.times))
  // Counts are positive: what is met half as often as usual is at 1.
  const positive = counts.scores(trend).map(score => (score >= 0 ? 1 + score : 1 / (1 - score)))
  return popularityModel(positive)
}
