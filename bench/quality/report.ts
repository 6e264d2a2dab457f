/** The measured numbers as tables that align in a terminal and in Markdown, and each target beside what was reached. */
import type { PoolChoice } from '../../src/models/historyModel.ts'
import type { RankingMetrics } from '../../src/models/metrics.ts'
import type { Measurement } from './measure.ts'
import { POOL, POPULARITY } from './models.ts'
import { mean, P1_COLUMNS, targetsOf } from './targets.ts'

export function report(name: string, measured: Measurement): { lines: string[]; missed: number } {
  const { data, models, withoutInputItems, trained, studies } = measured
  const input = withoutInputItems ? 'items of the input removed' : 'items of the input kept, people repeat themselves'
  const pool = models.find(model => model.name === POOL)!
  const compared = models.filter(model => model.service && [POPULARITY, POOL].includes(model.name))
  const service = Object.keys(pool.service!.service) as (keyof RankingMetrics['service'])[]
  const checked = targetsOf(name, measured).map(target => {
    const { reached, bound } = target
    return { ...target, met: target.direction === 'at least' ? reached >= bound : reached <= bound }
  })
  const lines = [
    `## ${name}`,
    '',
    `${data.userCount} users, ${data.itemCount} items, ${data.eventCount} events. A solution version of aws-user-personalization-v2 (evaluation and refit) trained in ${trained.seconds.toFixed(1)} s (${trained.processorSeconds.toFixed(1)} s of processors) with ${(trained.peakBytes / 2 ** 30).toFixed(2)} GiB at the peak.`,
    '',
    ...(trained.choice ? choiceLines(trained.choice) : []),
    `Service (one split, ${pool.service!.userCount} test users, items of the input kept; the last column is the pool's standard error):`,
    '',
    ...table(
      ['', ...compared.map(model => model.name), '±'],
      service.map(metric => [
        metric,
        ...compared.map(model => model.service!.service[metric].toFixed(4)),
        pool.service!.standardErrors[metric]?.toFixed(4) ?? '',
      ]),
    ),
    '',
    `P1 (mean of ${pool.p1.length} seeds, ${pool.p1[0].userCount} test users each; ${input}):`,
    '',
    ...table(
      ['', ...P1_COLUMNS.map(([title]) => title)],
      models
        .filter(({ p1 }) => p1.length > 0)
        .map(({ name, p1 }) => [name, ...P1_COLUMNS.map(([, measure]) => mean(p1.map(measure)).toFixed(3))]),
    ),
    '',
    `P2 (leave-one-out; ${input}):`,
    '',
    ...table(
      ['', 'HR@10', 'NDCG@10', 'MRR'],
      models.flatMap(({ name: title, p2 }) =>
        p2 ? [[title, p2.hitRateAt10, p2.ndcgAt10, p2.meanReciprocalRank].map(shown)] : [],
      ),
    ),
    '',
    ...studies.flatMap(({ name, rows }) => [
      `${name}:`,
      '',
      ...table(
        ['', 'reached'],
        rows.map(row => [row.name, shown(row.reached)]),
      ),
      '',
    ]),
  ]
  if (checked.length > 0) {
    const rows = checked.map(({ what, reached, bound, direction, met }) => [
      what,
      shown(reached),
      `${direction} ${bound}`,
      met ? 'PASS' : 'FAIL',
    ])
    lines.push(...table(['target', 'reached', 'wanted', ''], rows), '')
  }
  return { lines, missed: checked.filter(({ met }) => !met).length }
}

/** What the pool chose on held-out pairs of the training data, and why. */
const choiceLines = (choice: PoolChoice): string[] => [
  `The pool's choice on ${choice.heldOutPairCount} held-out events (solved: ${choice.solved}; ridge factors by NDCG@10: ${choice.ridges.map(({ factor, ndcgAt10 }) => `${factor} → ${shown(ndcgAt10)}`).join(', ')}):`,
  '',
  ...table(
    ['way, by two folds', 'NDCG@10', ''],
    choice.tried.map(({ combination, fittedBy, ndcgAt10 }) => [
      `${combination} pool, fitted by ${fittedBy}`,
      shown(ndcgAt10),
      combination === choice.combination && fittedBy === choice.fittedBy ? 'taken' : '',
    ]),
  ),
  '',
  ...table(
    ['expert', 'λ', 'δ', 'alone', 'weight'],
    [
      ...choice.experts.map(({ name, regularization, diagonal, ndcgAt10, weight }) =>
        [name, String(regularization), String(diagonal), ndcgAt10 ?? Number.NaN, weight].map(shown),
      ),
      ['popularity', '', '', '', shown(choice.popularityWeight)],
    ],
  ),
  '',
]

const shown = (value: string | number): string => (typeof value === 'string' ? value : value.toFixed(4))

/** First column to the left, numbers to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) => Math.max(title.length, 3, ...rows.map(row => row[column].length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(header), rule, ...rows.map(line)]
}
