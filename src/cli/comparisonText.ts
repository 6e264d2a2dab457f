/** What `sommelier evaluate` says of segments and actions: metrics beside a baseline, and one of them by the size of what was asked about. */
import type { ComparedEvaluation, Comparison } from './answers.ts'
import { BAR_CELLS, decimal, labelOf, percent, range, signed } from './metricText.ts'
import { nameOf } from './progressLine.ts'
import { count, fineBar, printable, table } from './text.ts'

export const comparisonSections = ({ resourceArn, recipeArn, comparison }: ComparedEvaluation): string[][] => [
  [
    `${nameOf(resourceArn)}  ${nameOf(recipeArn)}`,
    `${count(comparison.userCount)} users; intervals of ${percent(comparison.confidence)} by bootstrap samples of what each mean is over.`,
  ],
  metricLines(comparison),
  sizeLines(comparison),
]

function metricLines({ metrics, baseline, coverage }: Comparison): string[] {
  const rows = metrics.map(({ name, unit, count: of, model, baseline: plain, gain }) => [
    labelOf(name),
    decimal(model.value),
    bar(model.value, plain?.value ?? 0),
    range(model, decimal),
    plain ? decimal(plain.value) : '',
    gain ? signed(gain.value) : '',
    gain ? range(gain, signed) : '',
    `${count(of)} ${printable(unit)}`,
  ])
  const shares = ['coverage', percent(coverage.model), '', '', percent(coverage.baseline), '', '', '']
  const right = new Set(['MODEL', 'BASELINE', 'GAIN'])
  return [
    ...table(
      ['METRIC', 'MODEL', '', 'INTERVAL', 'BASELINE', 'GAIN', 'ITS INTERVAL', 'MEAN OVER'],
      [...rows, shares],
      right,
    ),
    `BASELINE is ${printable(baseline)}. A bar is full where the model or the baseline, whichever is more, ends.`,
  ]
}

/** Of the greater of the two: metrics of one table have different scales. */
const bar = (value: number, other: number): string => {
  const most = Math.max(value, other)
  return fineBar(most > 0 ? value / most : 0, BAR_CELLS)
}

function sizeLines({ bySize: { metric, unit, size, buckets } }: Comparison): string[] {
  const most = Math.max(...buckets.flatMap(({ model, baseline }) => [model.value, baseline.value]), 0)
  const label = labelOf(metric).toUpperCase()
  const rows = buckets.map(({ from, to, count: of, model, baseline }) => [
    to === undefined ? `${from} and more` : from === to ? `${from}` : `${from} to ${to}`,
    count(of),
    decimal(model.value),
    fineBar(most > 0 ? model.value / most : 0, BAR_CELLS),
    range(model, decimal),
    decimal(baseline.value),
  ])
  const units = printable(unit).toUpperCase()
  return table(
    [printable(size).toUpperCase(), units, label, '', 'INTERVAL', 'BASELINE'],
    rows,
    new Set([units, label, 'BASELINE']),
  )
}
