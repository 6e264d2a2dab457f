/** docs/internals/quality.md and its pictures, from bench/results/quality.json and scale.json. */
import { recipes } from '../../src/recipes/index.ts'
import { drawing, type Panel } from '../lib/chart.ts'
import { POOL } from '../lib/sameTraining.ts'
import { wholeRunLine } from '../quality/report.ts'
import { type Cell, readCells, readWholeRun, type WholeRun } from '../quality/results.ts'
import { type Row, rowsOf } from '../quality/rows.ts'
import { shownProtocol, targetsOf } from '../quality/targets.ts'
import { type Run, readRuns } from '../scale/results.ts'

const FOLDER = 'docs/internals'
const DATA = ['ml-1m', 'online-retail', 'amazon-beauty']
/** What is drawn of each protocol. */
const DRAWN = { P1: 'NDCG@10', P2: 'NDCG@10', P3: 'NDCG@100' } as const

/** Others' own numbers on the files of ml-1m and amazon-beauty, P2: HR@10, NDCG@10 (design/recommenders.md §3.1, §3.4, §10). Not measured here. */
const PUBLISHED: Readonly<Record<string, readonly (readonly [string, number, number])[]>> = {
  'ml-1m': [
    ['SASRec', 0.25, 0.134],
    ['BERT4Rec', 0.284, 0.154],
    ['HSTU', 0.31, 0.172],
    ['gSASRec', 0.3, 0.173],
    ['eSASRec', 0.313, 0.177],
    ['FuXi-α', 0.316, 0.181],
    ['SASRec+, 3000 negatives', 0.316, 0.186],
    ['HSTU-large', 0.329, 0.189],
  ],
  'amazon-beauty': [
    ['SASRec', 0.061, 0.032],
    ['HSTU', 0.079, 0.044],
    ['FuXi-α', 0.081, 0.045],
    ['eSASRec', 0.093, 0.052],
    ['SASRec+, sampled softmax', 0.092, 0.053],
  ],
}

export function quality(): Readonly<Record<string, string>> {
  const cells = readCells()
  const runs = readRuns()
  return {
    [`${FOLDER}/quality.md`]: page(cells, runs, readWholeRun()),
    ...(has(cells, 'P2') && { [`${FOLDER}/quality-next.svg`]: bars(cells, 'P2', 'Leave-one-out, every data set') }),
    ...(has(cells, 'P1') && { [`${FOLDER}/quality-new-users.svg`]: bars(cells, 'P1', 'New users, every data set') }),
    ...(has(cells, 'P3') && {
      [`${FOLDER}/quality-taken.svg`]: bars(cells, 'P3', 'New users, a fifth of their items, every data set'),
    }),
    ...(has(cells, 'ties') && { [`${FOLDER}/quality-ties.svg`]: ties(cells) }),
    ...(runs.length > 0 && { [`${FOLDER}/quality-scale.svg`]: scale(runs) }),
  }
}

/** What has not been measured yet is left out, picture and all. */
const has = (cells: readonly Cell[], protocol: Cell['protocol']): boolean =>
  cells.some(cell => cell.protocol === protocol)

const dataOf = (cells: readonly Cell[], protocol: Cell['protocol']): string[] =>
  DATA.filter(data => cells.some(cell => cell.data === data && cell.protocol === protocol))

const shownRows = (cells: readonly Cell[], data: string, protocol: Cell['protocol']): Row[] =>
  rowsOf(cells, data, protocol).filter(({ kind }) => kind !== 'expert')

function bars(cells: readonly Cell[], protocol: keyof typeof DRAWN, description: string): string {
  const metric = DRAWN[protocol]
  const panels = dataOf(cells, protocol).map((data): Panel => {
    const rows = shownRows(cells, data, protocol).toSorted((a, b) => b.means[metric].mean - a.means[metric].mean)
    return {
      kind: 'bars',
      title: data,
      axis: `${metric}, ${shownProtocol(protocol)}`,
      legend: [metric],
      rows: rows.map(({ name, means }) => ({ name, values: [means[metric].mean] })),
    }
  })
  return drawing(`${description}: ${metric} of recipes, baselines and peers`, panels)
}

function ties(cells: readonly Cell[]): string {
  const columns = ['NDCG@10', 'NDCG@10, tied', 'NDCG@10, untied'] as const
  const panels = dataOf(cells, 'ties').map((data): Panel => {
    const rows = shownRows(cells, data, 'ties').toSorted((a, b) => b.means['NDCG@10'].mean - a.means['NDCG@10'].mean)
    return {
      kind: 'bars',
      title: `${data}, equal times shuffled`,
      axis: 'NDCG@10, leave-one-out',
      legend: ['all targets', 'with the time of the event before', 'with a time of their own'],
      rows: rows.slice(0, 5).map(({ name, means }) => ({ name, values: columns.map(column => means[column]?.mean) })),
    }
  })
  return drawing(
    'Leave-one-out with events of equal times shuffled: NDCG@10 by whether the target has a time of its own',
    panels,
  )
}

function scale(runs: readonly Run[]): string {
  const sizes = [...new Set(runs.map(({ eventCount }) => eventCount))]
  const order = recipes.map(({ name }) => name)
  const names = [...new Set(runs.map(({ recipe }) => recipe))].sort((a, b) => order.indexOf(a) - order.indexOf(b))
  const panel = (title: string, axis: string, log: boolean, amountOf: (run: Run) => number | undefined): Panel => ({
    kind: 'bars',
    title,
    axis,
    log,
    legend: sizes.map(eventCount => `${eventCount / 1e6} million interactions`),
    rows: names.map(name => ({
      name,
      values: sizes.map(size => {
        const run = runs.find(({ recipe, eventCount }) => recipe === name && eventCount === size)
        return run && amountOf(run)
      }),
    })),
  })
  return drawing('What training takes as data grows', [
    panel('A solution version: evaluation and refit', 'seconds of CPU', true, run => run.trained?.processorSeconds),
    panel(
      'Peak memory of the process, the data among it',
      'GB',
      false,
      run => run.trained && run.trained.peakBytes / 1e9,
    ),
  ])
}

function page(cells: readonly Cell[], runs: readonly Run[], run: WholeRun | undefined): string {
  const machines = [...new Set([...cells, ...runs].map(({ machine }) => machine))].join('; ')
  return `<!-- Written by \`npm run docs\` from bench/results. Do not edit. -->
# Quality

What the recipes reach on real data, beside baselines and published programs on the very same splits, and what training takes as data grows. Every
number is in [bench/results/quality.md](../../bench/results/quality.md), with the commands; measured on
${machines}.
${run ? `\n${wholeRunLine(run)}\n` : ''}
## The next item

Leave-one-out (P2): everybody's last event is to be found in the whole catalogue. Models learn from all but the last two. Items of the input are
removed where people do not come back to things.

![NDCG@10 by recipe, baseline and peer](quality-next.svg)

${DATA.map(data => nextTable(cells, data)).join('\n')}
Published numbers are their authors' own, on the same files where that is known, and were not run here.
A part of every number on ML-1M is the order of its file: 42 % of the targets carry the second of the event before them.

${has(cells, 'P1') ? NEW_USERS : ''}${has(cells, 'P3') ? TAKEN : ''}${has(cells, 'ties') ? EQUAL_TIMES : ''}## Targets

| data | target | reached | wanted | |
| --- | --- | ---: | ---: | --- |
${DATA.flatMap(data => targetsOf(data, cells).map(each => `| ${data} | ${each.what} | ${each.reached.toFixed(4)} | ${each.direction} ${each.bound} | ${each.met ? 'met' : '**MISSED**'} |`)).join('\n')}

## What the pool chose

${DATA.map(data => choiceOf(cells, data)).join('\n')}
Chosen on events held out of the training data, never on those that are tested ([why](../decisions/0027-a-pool-chosen-on-held-out-events.md)).
${runs.length > 0 ? scaleSection(runs) : ''}`
}

const NEW_USERS = `## New users

The reference service's own split (P1): a tenth of the users is not learnt from, drawn by a seed; from the oldest nine tenths of what each
did, the newest tenth is to be found.

![NDCG@10 of new users](quality-new-users.svg)

`

const TAKEN = `## Items taken at random

The same users and models (P3′), the classic question without an order: a fifth of the items of each, drawn by a seed, is to be found from the others. A
model of what comes next is at a disadvantage here: most of what it is asked for was done before the newest of what it is told.

![NDCG@100 of items taken at random](quality-taken.svg)

`

const EQUAL_TIMES = `## Equal times

Sequence models learn the order of the file among events of one second. Here events of one user with equal times are shuffled, in training and in the
input; of ML-1M only the users whose times are real.

![NDCG@10 with equal times shuffled](quality-ties.svg)

`

function nextTable(cells: readonly Cell[], data: string): string {
  const rows = shownRows(cells, data, 'P2').map(({ name, means, processorSeconds, peakBytes }) => {
    const { 'NDCG@10': ndcg, 'HR@10': hits } = means
    const shown = [ndcg.mean, ndcg.error, hits.mean].map(value => value.toFixed(4))
    return `| ${name} | ${shown.join(' | ')} | ${processorSeconds.toFixed(1)} | ${(peakBytes / 1e9).toFixed(2)} |`
  })
  const published = (PUBLISHED[data] ?? []).map(
    ([name, hits, ndcg]) => `| *${name}, published* | ${ndcg} | | ${hits} | | |`,
  )
  const notes = shownRows(cells, data, 'P2').flatMap(({ name, note }) => (note ? [`${name}: ${note}.`] : []))
  return [
    `| ${data} | NDCG@10 | ± | HR@10 | s of CPU to train | GB |`,
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    ...published,
    '',
    ...notes,
    ...(notes.length > 0 ? [''] : []),
  ].join('\n')
}

function choiceOf(cells: readonly Cell[], data: string): string {
  const choice = cells.find(cell => cell.data === data && cell.protocol === 'P2' && cell.subject === POOL)?.choice
  if (!choice) return ''
  const experts = choice.experts.map(({ name, weight }) => `${name} ${Number(weight.toFixed(3))}`).join(', ')
  return `- ${data}: a ${choice.combination} pool, weights by ${choice.fittedBy} on ${choice.heldOutPairCount} events: ${experts}, popularity ${Number(choice.popularityWeight.toFixed(3))}.`
}

function scaleSection(runs: readonly Run[]): string {
  const failed = runs.flatMap(({ recipe, eventCount, failed }) =>
    failed === undefined ? [] : [`- ${recipe} on ${eventCount / 1e6} million: ${failed}`],
  )
  return `
## As data grows

Made-up data of 25 events a user with up to a million items, from a seed: \`npm run bench:scale\`.

![CPU time and memory by recipe and size](quality-scale.svg)
${failed.length > 0 ? `\nWithout a model:\n\n${failed.join('\n')}\n` : ''}`
}
