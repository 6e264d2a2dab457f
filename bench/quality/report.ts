/** What was measured as tables that align in a terminal and in Markdown, and each target beside what was reached. */
import type { PoolChoice } from '../../src/models/historyModel.ts'
import { POOL, withSame } from '../lib/sameTraining.ts'
import type { Cell, WholeRun } from './results.ts'
import { type Row, rowsOf } from './rows.ts'
import { isInTime, targetsOf, WHOLE_RUN_MINUTES_MAX } from './targets.ts'

/** The columns of each protocol; the first has its standard error beside it. */
export const COLUMNS = {
  P1: ['NDCG@10', 'MRR@25', 'NDCG@5', 'NDCG@25', 'P@5', 'P@10', 'P@25', 'coverage', 'NDCG@10, hits on top'],
  P2: ['NDCG@10', 'HR@10', 'MRR@100', 'coverage'],
  ties: ['NDCG@10', 'NDCG@10, untied', 'NDCG@10, tied', 'HR@10'],
  P3: ['NDCG@100', 'recall@20', 'recall@50', 'coverage'],
  segments: ['recall_at_1_percent', 'hits_at_1_percent', 'coverage'],
} as const

/** `run`: the last one that measured everything. */
export function report(cells: readonly Cell[], run?: WholeRun): { lines: string[]; missed: number } {
  const names = [...new Set(cells.map(({ data }) => data))]
  const targets = names.map(data => targetsOf(data, cells))
  const machines = [...new Set(cells.map(({ machine }) => machine))]
  return {
    lines: [
      '# Quality',
      '',
      `\`npm run bench:quality\` and \`npm run bench:quality -- --peers\` on ${machines.join('; ')}`,
      '',
      'Protocols: bench/quality/protocols.ts. ± is the standard error over users of the first column. Seconds by the clock, seconds of CPU and GB are',
      'those of one training on one thread (a peer: on all), GB of the whole process with the data; P1 and P3′ ask about the same training; an expert is',
      'a part of the pool above it. aws-next-best-action has no row: none of these data sets has actions.',
      '',
      ...(run ? [wholeRunLine(run), ''] : []),
      ...names.flatMap((data, i) => [...ofData(cells, data), ...targetLines(targets[i])]),
    ],
    missed: targets.flat().filter(({ met }) => !met).length,
  }
}

/** The verdict on the time that everything took. */
export const wholeRunLine = (run: WholeRun): string =>
  `The whole table, ${run.cellCount} cells of ${run.trainingCount} trainings${run.leftOutCount > 0 ? `, without ${run.leftOutCount} of further seeds for which there was no time` : ''}, in ${run.minutes.toFixed(1)} minutes by the clock, wanted at most ${WHOLE_RUN_MINUTES_MAX}: ${isInTime(run) ? 'met' : 'MISSED'} (${run.machine}).`

function ofData(cells: readonly Cell[], data: string): string[] {
  const of = cells.filter(cell => cell.data === data)
  const { userCount, itemCount, eventCount, withoutInputItems } = of[0]
  const input = withoutInputItems ? 'items of the input removed' : 'items of the input kept, people come back to them'
  const titles = {
    P1: `P1, new users, the newest tenth of what they did; ${input}`,
    P2: `P2, leave-one-out; ${input}`,
    ties: `P2 with equal times shuffled${data === 'ml-1m' ? ', users 1 to 2999, whose times are real' : ''}`,
    P3: 'P3′, new users, a random fifth of their items; items of the input removed',
    segments: 'Segments: who takes an item among the newest fifth of what everybody did',
  }
  return [
    `## ${data}`,
    '',
    `${userCount} users, ${itemCount} items, ${eventCount} events.`,
    '',
    ...Object.entries(titles).flatMap(([protocol, title]) => {
      const rows = rowsOf(of, data, protocol as keyof typeof COLUMNS)
      return rows.length === 0 ? [] : protocolLines(of, title, protocol as keyof typeof COLUMNS, rows)
    }),
    ...versionLines(of, data),
  ]
}

function protocolLines(cells: readonly Cell[], title: string, protocol: keyof typeof COLUMNS, rows: readonly Row[]) {
  const columns: readonly string[] = COLUMNS[protocol]
  const tested = cells.find(cell => cell.protocol === protocol)!.testedCount
  const seeds = Math.max(...rows.map(({ seedCount }) => seedCount))
  const body = rows.map(row => [
    row.kind === 'expert' ? `· ${row.name}` : withSame(row.name),
    ...columns.flatMap((name, c) => {
      const found = row.means[name]
      return c === 0 ? [shown(found?.mean), shown(found?.error)] : [shown(found?.mean)]
    }),
    ...(row.kind === 'expert' ? ['', '', ''] : took(row)),
  ])
  // An expert is in the tables of those seeds that chose it.
  const fewer = rows.filter(({ kind, seedCount }) => kind !== 'expert' && seedCount < seeds)
  const notes = [
    ...rows.flatMap(({ name, note }) => (note ? [`- ${name}: ${note}.`] : [])),
    ...fewer.map(({ name, seedCount }) => `- ${withSame(name)}: ${seedCount} of the ${seeds} seeds.`),
  ]
  return [
    `### ${title}`,
    '',
    `${tested} tested${seeds > 1 ? `, ${seeds} seeds` : ''}.`,
    '',
    ...table(['', columns[0], '±', ...columns.slice(1), 's', 's of CPU', 'GB'], body),
    '',
    ...notes,
    ...(notes.length > 0 ? [''] : []),
  ]
}

const took = ({ seconds, processorSeconds, peakBytes }: Row): string[] => [
  seconds.toFixed(1),
  processorSeconds.toFixed(1),
  (peakBytes / 1e9).toFixed(2),
]

function versionLines(cells: readonly Cell[], data: string): string[] {
  const versions = cells.filter(({ protocol }) => protocol === 'version')
  if (versions.length === 0) return []
  const body = versions.map(({ subject, seconds, processorSeconds, threads, peakBytes, rows }) => {
    const { mean_reciprocal_rank_at_25: mrr, normalized_discounted_cumulative_gain_at_10: ndcg } = rows[subject]
    const baseline = rows['its baseline'].normalized_discounted_cumulative_gain_at_10
    const took = [seconds.toFixed(1), processorSeconds.toFixed(1), String(threads), (peakBytes / 1e9).toFixed(2)]
    return [subject, ...[ndcg, baseline, mrr].map(metric => shown(metric?.mean)), ...took]
  })
  const choice = versions.find(({ subject, data: of }) => subject === POOL && of === data)?.choice
  return [
    '### A solution version: evaluation and refit, on all threads, and what it says of itself',
    '',
    ...table(['', 'NDCG@10, hits on top', 'popularity’s', 'MRR@25', 's', 's of CPU', 'threads', 'GB'], body),
    '',
    ...(choice ? choiceLines(choice) : []),
  ]
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
      ...choice.experts.map(({ name, regularization, diagonal, ndcgAt10, weight }) => [
        name,
        String(Number(regularization.toPrecision(4))),
        String(diagonal),
        shown(ndcgAt10),
        shown(weight),
      ]),
      ['popularity', '', '', '', shown(choice.popularityWeight)],
    ],
  ),
  '',
]

const targetLines = (targets: ReturnType<typeof targetsOf>): string[] =>
  targets.length === 0
    ? []
    : [
        ...table(
          ['target', 'reached', 'wanted', ''],
          targets.map(({ what, reached, bound, direction, met }) => [
            what,
            shown(reached),
            `${direction} ${bound}`,
            met ? 'met' : 'MISSED',
          ]),
        ),
        '',
      ]

const shown = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(4))

/** First column to the left, numbers to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) => Math.max(title.length, 3, ...rows.map(row => row[column].length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(header), rule, ...rows.map(line)]
}
