/** How metrics are written in the terminal: their names, values, intervals and bars. */
import type { Interval } from './answers.ts'
import { printable } from './text.ts'

export const BAR_CELLS = 16

export const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`
export const decimal = (value: number): string => value.toFixed(4)
export const signed = (value: number): string => `${value < 0 ? '-' : '+'}${decimal(Math.abs(value))}`
export const range = ({ low, high }: Interval, text: (value: number) => string): string =>
  `${text(low)} to ${text(high)}`

/** The reference's ideal is the same hits on top, that of papers as many hits as there could be; the names keep them apart. */
const NAMES: readonly [RegExp, string][] = [
  [/^mean_reciprocal_rank_at_(\d+)$/, 'MRR@$1'],
  [/^normalized_discounted_cumulative_gain_at_(\d+)$/, 'NDCG@$1'],
  [/^textbook_normalized_discounted_cumulative_gain_at_(\d+)$/, 'NDCG@$1 textbook'],
  [/^normalized_discounted_cumulative_gain_with_event_weights_at_(\d+)$/, 'NDCG@$1 weighted'],
  [/^precision_at_(\d+)$/, 'precision@$1'],
  [/^average_rewards_at_k$/, 'rewards@25'],
  [/^(hits|recall)_at_1_percent$/, '$1 at 1 %'],
  [/^recall_at_(\d+)$/, 'recall@$1'],
  [/^area_under_curve$/, 'AUC'],
]

export function labelOf(name: string): string {
  const found = NAMES.find(([pattern]) => pattern.test(name))
  return found ? name.replace(...found) : printable(name)
}
