/**
 * What filters cost: `node bench/filters/main.ts [--write]`. One thread's part of a batch job, from store to store (read, parse, look up,
 * filter, rank, format, write the part, put it in its place), with and without a filter in turns on the same input, by CPU time, with a model of
 * 64 factors: what aws-user-personalization makes of catalogues of any size. Most that a filter may add: static 5 %, 1 000 distinct sets of
 * values 15 %, interactions 15 %.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readArguments } from '../../scripts/arguments.ts'
import { machine } from '../lib/machine.ts'
import { CASES, type Case, type Measured, type Order, RECORDS, RESULTS } from './cases.ts'

/** As src/jobs/computeRunner.ts starts the compute process. */
const FLAGS = ['--no-wasm-dynamic-tiering', '--experimental-wasm-revectorize']
const MEASURE = fileURLToPath(new URL('./measure.ts', import.meta.url))
/** Where a process's memory lies moves all its rounds by a point or two: the median of so many processes is good to one. */
const PROCESSES = 5
/** Of each: a round's ratio has quartiles ten points apart. Half an hour in all, or a little more. */
const ROUNDS = 60

const USAGE = `usage: node scripts/run.mjs bench filters [options]

What filters cost a batch job, with and without one in turns on the same lines.

  --items N,…    sizes of the catalogue (default 20000,1000000)
  --filter F     this one alone: static, dynamic or interactions
  --processes N  default ${PROCESSES}
  --rounds N     of each process, default ${ROUNDS}
  --write        keeps the report in bench/results/filters.md: of all filters, as often
`
const { values: flags } = readArguments(USAGE, {
  options: {
    write: { type: 'boolean', default: false },
    items: { type: 'string', default: '20000,1000000' },
    filter: { type: 'string', default: '' },
    processes: { type: 'string', default: String(PROCESSES) },
    rounds: { type: 'string', default: String(ROUNDS) },
  },
})
const processes = Number(flags.processes)
const rounds = Number(flags.rounds)

const lines = [
  '# Filters',
  '',
  `\`npm run bench:filters\` on ${machine()}`,
  '',
  `${RESULTS} results, one thread, ${processes} processes of ${rounds} rounds in turns; µs of CPU a record, median (least); adds: median of all rounds' ratios, and their quartiles; by the least: the ratio of a process's least, median of the processes, and their range; first round: with the filter, while masks and views are made`,
  '',
]
let missed = false
for (const items of flags.items.split(',').map(Number)) {
  lines.push(`### ${items} items, 64 factors, ${RECORDS} records`, '')
  lines.push(
    '| filter | without | with | adds | by the least | target | columns made in | first request | first round |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  )
  for (const each of CASES.filter(({ name }) => name.startsWith(flags.filter))) lines.push(await row(each, items))
  lines.push('')
}
console.log(lines.join('\n'))
if (flags.write) {
  const path = fileURLToPath(new URL('../results/filters.md', import.meta.url))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${lines.join('\n')}\n`)
}
process.exitCode = missed ? 1 : 0

async function row({ name, target }: Case, items: number): Promise<string> {
  const found: Measured[] = []
  for (let n = 1; n <= processes; n++) {
    process.stderr.write(`${items} items, ${name}, process ${n} of ${processes}\n`)
    found.push(await measure({ items, filter: name, rounds }))
  }
  // Of each round, whose two passes had the same machine.
  const ratios = ascending(found.flatMap(({ plain, filtering }) => plain.map((micros, r) => filtering[r] / micros - 1)))
  // And by the least: other work takes time away and never gives any. Neither may be above the target.
  const least = ascending(found.map(({ plain, filtering }) => Math.min(...filtering) / Math.min(...plain) - 1))
  const adds = { median: quantile(ratios, 0.5), least: quantile(least, 0.5) }
  const over = Math.max(adds.median, adds.least) > target
  if (over) missed = true
  const shown = (side: 'plain' | 'filtering') => {
    const all = ascending(found.flatMap(each => each[side]))
    return `${quantile(all, 0.5).toFixed(2)} (${all[0].toFixed(2)})`
  }
  const median = (number: (each: Measured) => number) => quantile(ascending(found.map(number)), 0.5)
  const cells = [
    name,
    shown('plain'),
    shown('filtering'),
    `${percent(adds.median)} % (${percent(quantile(ratios, 0.25))} … ${percent(quantile(ratios, 0.75))})`,
    `${percent(adds.least)} % (${percent(least[0])} … ${percent(least[least.length - 1])})`,
    `${100 * target} %${over ? ', MISSED' : ''}`,
    `${median(each => each.madeSeconds).toFixed(2)} s`,
    `${median(each => each.firstMs).toFixed(1)} ms`,
    median(each => each.firstMicros).toFixed(1),
  ]
  return `| ${cells.join(' | ')} |`
}

async function measure(order: Order): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, MEASURE, JSON.stringify(order)])
  return JSON.parse(stdout) as Measured
}

function ascending(numbers: number[]): number[] {
  return numbers.sort((a, b) => a - b)
}
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * sorted.length)]
}
function percent(ratio: number): string {
  return (100 * ratio).toFixed(1)
}
