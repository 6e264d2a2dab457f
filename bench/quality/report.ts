/** The measured numbers as tables that align in a terminal and in Markdown, and each target beside what was reached. */
import type { RankingMetrics } from '../../src/models/metrics.ts'
import { type Measurement, type ModelNumbers, RIDGE } from './measure.ts'

interface Target {
  readonly what: string
  readonly reached: number
  readonly bound: number
  readonly direction: 'at least' | 'at most'
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const p1Mean = ({ p1 }: ModelNumbers, measure: (metrics: RankingMetrics) => number): number => mean(p1.map(measure))

const P1_COLUMNS: readonly [string, (metrics: RankingMetrics) => number][] = [
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

/** Issue 2. Other data has no targets yet: it shows whether the model stays ahead of its baselines. */
const targets: Readonly<Record<string, (measured: Measurement, ridge: ModelNumbers) => Target[]>> = {
  'ml-1m': ({ trainingSeconds }, ridge) => [
    { what: 'P2 NDCG@10', reached: ridge.p2.ndcgAt10, bound: 0.163, direction: 'at least' },
    { what: 'P2 HR@10', reached: ridge.p2.hitRateAt10, bound: 0.275, direction: 'at least' },
    { what: 'P1 MRR@25', reached: p1Mean(ridge, mrrAt25), bound: 0.37, direction: 'at least' },
    { what: 'P1 NDCG@10', reached: p1Mean(ridge, ndcgAt10), bound: 0.2, direction: 'at least' },
    { what: 'P1 precision@10', reached: p1Mean(ridge, precisionAt10), bound: 0.15, direction: 'at least' },
    { what: 'training, seconds', reached: trainingSeconds, bound: 20, direction: 'at most' },
  ],
}

export function report(name: string, measured: Measurement): { lines: string[]; missed: number } {
  const { data, models, withoutInputItems, trainingSeconds } = measured
  const input = withoutInputItems ? 'items of the input removed' : 'items of the input kept, people repeat themselves'
  const service = Object.keys(models[0].service.service) as (keyof RankingMetrics['service'])[]
  const ridge = models.find(model => model.name === RIDGE)!
  const checked = (targets[name]?.(measured, ridge) ?? []).map(target => {
    const { reached, bound } = target
    return { ...target, met: target.direction === 'at least' ? reached >= bound : reached <= bound }
  })
  const lines = [
    `## ${name}`,
    '',
    `${data.userCount} users, ${data.itemCount} items, ${data.eventCount} events. A solution version (evaluation and refit) trained in ${trainingSeconds.toFixed(1)} s.`,
    '',
    `Service (one split, ${models[0].service.userCount} test users, items of the input kept; the last column is the ridge's standard error):`,
    '',
    ...table(
      ['', ...models.map(model => model.name), '±'],
      service.map(metric => [
        metric,
        ...models.map(model => model.service.service[metric].toFixed(4)),
        ridge.service.standardErrors[metric]?.toFixed(4) ?? '',
      ]),
    ),
    '',
    `P1 (mean of ${models[0].p1.length} seeds, ${models[0].p1[0].userCount} test users each; ${input}):`,
    '',
    ...table(
      ['', ...P1_COLUMNS.map(([title]) => title)],
      models.map(model => [model.name, ...P1_COLUMNS.map(([, measure]) => p1Mean(model, measure).toFixed(3))]),
    ),
    '',
    `P2 (leave-one-out; ${input}):`,
    '',
    ...table(
      ['', 'HR@10', 'NDCG@10', 'MRR'],
      models.map(({ name: title, p2 }) => [
        title,
        p2.hitRateAt10.toFixed(4),
        p2.ndcgAt10.toFixed(4),
        p2.meanReciprocalRank.toFixed(4),
      ]),
    ),
    '',
  ]
  if (checked.length > 0) {
    const rows = checked.map(({ what, reached, bound, direction, met }) => [
      what,
      reached.toFixed(4),
      `${direction} ${bound}`,
      met ? 'PASS' : 'FAIL',
    ])
    lines.push(...table(['target', 'reached', 'wanted', ''], rows), '')
  }
  return { lines, missed: checked.filter(({ met }) => !met).length }
}

/** First column to the left, numbers to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) => Math.max(title.length, 3, ...rows.map(row => row[column].length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(header), rule, ...rows.map(line)]
}
