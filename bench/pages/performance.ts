/** docs/internals/performance.md and its pictures, from the tables in bench/results. */
import { drawing, figure } from '../lib/chart.ts'
import { LIMIT_COLUMNS } from '../lib/limits.ts'
import { numberIn, tableOf } from '../lib/tables.ts'
import { GROWTH_COLUMNS } from '../train/growth.ts'
import { limits } from './limits.ts'

const FOLDER = 'docs/internals'
const PEERS = ['numpy', 'implicit', 'faiss', '256 stop']
const STAGE = 'µs of CPU a record: '
const JOB = 'in order'
/** Of the query whose time is drawn over the size of the catalogue. */
const GROWN = { factors: '64', k: '25' }

export const performance = (): Readonly<Record<string, string>> => ({
  [`${FOLDER}/performance.md`]: page(),
  [`${FOLDER}/performance.svg`]: queriesAndRecords(),
  [`${FOLDER}/performance-limits.svg`]: limits(),
  [`${FOLDER}/performance-growth.svg`]: growth(),
})

function queriesAndRecords(): string {
  const topk = tableOf('topk', ['catalogue', 'items', 'factors', 'k', ...PEERS])
  const stages = tableOf('fifty-million', ['', JOB]).filter(row => row[''].startsWith(STAGE) && !row[''].includes('**'))
  return drawing('Time of a query beside numpy, implicit and faiss; stages of a batch record', [
    {
      kind: 'bars',
      title: 'Exact top k of factor models, items × factors, one thread',
      axis: 'µs of CPU a query, logarithmic',
      log: true,
      legend: ['numpy', 'implicit', 'faiss', 'Sommelier'],
      rows: topk.map(row => ({
        name: `${figure(numberIn(row.items))} × ${row.factors}, k ${row.k}`,
        values: PEERS.map(peer => numberIn(row[peer])),
      })),
    },
    {
      kind: 'bars',
      title: 'A record of a batch inference job, 20,000 × 64, k 25, by stage',
      axis: 'µs of CPU a record',
      legend: ['stage'],
      rows: stages.map(row => ({ name: row[''].slice(STAGE.length), values: [numberIn(row[JOB])] })),
    },
  ])
}

function growth(): string {
  const columns = ['numpy', 'implicit', 'faiss', '256 whole', '256 stop']
  const topk = tableOf('topk', ['catalogue', 'items', 'factors', 'k', ...columns]).filter(
    row => row.catalogue === 'made up' && row.factors === GROWN.factors && row.k === GROWN.k,
  )
  const names: Record<string, string> = { '256 whole': 'every item', '256 stop': 'with the stop' }
  const trained = tableOf('train', GROWTH_COLUMNS).filter(row => row.s !== '' && row['s of CPU'] !== '')
  return drawing('Time of a query as the catalogue grows, and of a training as its data grow', [
    {
      kind: 'lines',
      title: `The best ${GROWN.k} of ${GROWN.factors} factors as the catalogue grows, one thread`,
      x: { title: 'items, logarithmic', log: true },
      y: { title: 'µs of CPU a query', log: true },
      lines: columns.map(column => ({
        name: names[column] ?? column,
        points: topk.map(row => [numberIn(row.items), numberIn(row[column])] as const),
      })),
    },
    {
      kind: 'lines',
      title: 'aws-user-personalization of 20,000 items as interactions grow, evaluation and refit',
      x: { title: 'interactions' },
      y: { title: 's of CPU' },
      lines: [
        {
          name: 'all threads',
          points: trained.map(row => [numberIn(row.interactions), numberIn(row['s of CPU'])] as const),
        },
      ],
    },
  ])
}

function page(): string {
  const rows = tableOf('machine', LIMIT_COLUMNS).map(
    row => `| ${LIMIT_COLUMNS.map(column => row[column]).join(' | ')} |`,
  )
  return `<!-- Written by \`npm run docs\` from bench/results. Do not edit. -->
# Performance, drawn

What the benches measured: each report in [bench/results](../../bench/results) names its command, its machine and its date, and which targets it
missed. CPU time of one thread where nothing else is said, since the machine is shared.

| | numbers | command |
| --- | --- | --- |
| limits of the machine | [machine](../../bench/results/machine.md) | \`npm run bench:machine\` |
| top k of factors | [topk](../../bench/results/topk.md) | \`npm run bench:topk\` |
| a batch record by stage | [fifty-million](../../bench/results/fifty-million.md) | \`npm run bench:fifty-million\` |
| training | [train](../../bench/results/train.md) | \`npm run bench:train\` |

Why it is built so: [the screen](../decisions/0025-screen-of-factors.md), [bytes](../decisions/0022-bytes-of-a-batch-job.md),
[training](../decisions/0021-low-rank-without-its-matrix.md).

## Queries and records

![time of a query beside numpy, implicit and faiss; stages of a batch record](performance.svg)

## As catalogue and data grow

![time of a query over items; seconds of a training over interactions](performance-growth.svg)

Every recipe as its data grow is in [quality](quality.md).

## Beside the limits of the machine

| ${LIMIT_COLUMNS.join(' | ')} |
| --- | ---: | ---: | ---: |
${rows.join('\n')}

Arithmetic is by the instructions that the kernels are made of, on registers alone; memory is far beyond the caches, and two threads got
1.1 to 1.9 times one of it in runs minutes apart, since a virtual machine shares it. Training is drawn beside the limit that its own run measured. A query's operations are those of the int8 screen, all else counted into its time. Two threads of pure
arithmetic are the ceiling of every other two.

![kernels beside the limits of the machine](performance-limits.svg)
`
}
