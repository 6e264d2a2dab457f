/** What must be reached (design/recommenders.md §8; the issues' own), and what was. */
import type { RankingMetrics } from '../../src/models/metrics.ts'
import type { Measurement, ModelNumbers } from './measure.ts'
import { POOL } from './models.ts'

export interface Target {
  readonly what: string
  readonly reached: number
  readonly bound: number
  readonly direction: 'at least' | 'at most'
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export const P1_COLUMNS: readonly [string, (metrics: RankingMetrics) => number][] = [
  ['MRR@25', ({ service }) => service.mean_reciprocal_rank_at_25],
  ['NDCG@5', ({ textbook }) => textbook.textbook_normalized_discounted_cumulative_gain_at_5],
  ['NDCG@10', ({ textbook }) => textbook.textbook_normalized_discounted_cumulative_gain_at_10],
  ['NDCG@25', ({ textbook }) => textbook.textbook_normalized_discounted_cumulative_gain_at_25],
  ['P@5', ({ service }) => service.precision_at_5],
  ['P@10', ({ service }) => service.precision_at_10],
  ['P@25', ({ service }) => service.precision_at_25],
  ['coverage', ({ service }) => service.coverage],
]
const [[, mrrAt25], , [, ndcgAt10], , , [, precisionAt10]] = P1_COLUMNS

const LOW_RANK = 'reduced rank (v1)'

/** [HR@10, NDCG@10] of leave-one-out and [MRR@25, NDCG@10, P@10] of new users, and seconds of a training. */
const bounds: Readonly<Record<string, { p2: [number, number]; p1?: [number, number, number]; seconds: number }>> = {
  'ml-1m': { p2: [0.297, 0.179], p1: [0.395, 0.225, 0.17], seconds: 45 },
  'amazon-beauty': { p2: [0.082, 0.052], seconds: 60 },
}
const PEAK_BYTES_MAX = 2 ** 31
const LOW_RANK_NDCG_MIN = 0.145

export function targetsOf(data: string, { models, trained, studies }: Measurement): Target[] {
  const numbersOf = (name: string) => models.find(model => model.name === name)
  const atLeast = (what: string, reached: number, bound: number): Target => ({
    what,
    reached,
    bound,
    direction: 'at least',
  })
  const atMost = (what: string, reached: number, bound: number): Target => ({
    what,
    reached,
    bound,
    direction: 'at most',
  })
  const pool = numbersOf(POOL)
  const wanted = bounds[data]
  const targets: Target[] = []
  if (wanted && pool?.p2) {
    targets.push(atLeast('pool, P2 HR@10', pool.p2.hitRateAt10, wanted.p2[0]))
    targets.push(atLeast('pool, P2 NDCG@10', pool.p2.ndcgAt10, wanted.p2[1]))
    if (wanted.p1) targets.push(...p1Targets(pool, wanted.p1))
    targets.push(atMost('pool, training, seconds', trained.seconds, wanted.seconds))
    targets.push(atMost('pool, peak memory, GiB', trained.peakBytes / 2 ** 30, PEAK_BYTES_MAX / 2 ** 30))
  }
  const lowRank = numbersOf(LOW_RANK)?.p2
  if (data === 'ml-1m' && lowRank)
    targets.push(atLeast('reduced rank, P2 NDCG@10', lowRank.ndcgAt10, LOW_RANK_NDCG_MIN))
  for (const { name, rows } of studies)
    for (const row of rows)
      if (row.atLeast !== undefined) targets.push(atLeast(`${name}: ${row.name}`, row.reached, row.atLeast))
  return targets
}

const p1Targets = ({ p1 }: ModelNumbers, [mrr, ndcg, precision]: [number, number, number]): Target[] => [
  { what: 'pool, P1 MRR@25', reached: mean(p1.map(mrrAt25)), bound: mrr, direction: 'at least' },
  { what: 'pool, P1 NDCG@10', reached: mean(p1.map(ndcgAt10)), bound: ndcg, direction: 'at least' },
  { what: 'pool, P1 precision@10', reached: mean(p1.map(precisionAt10)), bound: precision, direction: 'at least' },
]
