/** docs/internals/performance-limits.svg: what the kernels reach of what the machine can do at most. */
import { drawing, figure } from '../lib/chart.ts'
import { DISK_NAMES, LIMIT_COLUMNS, LIMIT_NAMES } from '../lib/limits.ts'
import { numberIn, tableOf } from '../lib/tables.ts'

const [LIMIT, ONE, , TIMES] = LIMIT_COLUMNS
/** Reports that measured arithmetic right before their kernels, and the one with everything, disk included. */
const TRAINING = 'train'
const QUERIES = 'topk'
const MACHINE = 'machine'

/** A cell of a report's table of limits. */
const limitIn = (report: string, name: string, column: string): number =>
  numberIn(tableOf(report, LIMIT_COLUMNS).find(row => row[LIMIT] === name)?.[column])

interface Reached {
  readonly name: string
  readonly values: readonly number[]
}

/** The training's inner loops, but for those that need fewer operations than are counted. */
function trainingKernels(): Reached[] {
  const limit = limitIn(TRAINING, LIMIT_NAMES.f32, ONE)
  return tableOf(TRAINING, ['what', 'ours, GFLOP/s', 'share of the limit'])
    .filter(row => row['share of the limit'] !== '')
    .map(row => ({ name: row.what.split(/[,:]/)[0], values: [numberIn(row['ours, GFLOP/s']), limit] }))
}

/** Whole queries for the best 25 without the stop by norm, as operations on int8 of the screen alone: all else takes its time as well. */
function queries(): Reached[] {
  const own = tableOf(QUERIES, LIMIT_COLUMNS)
  const limits = own.length > 0 ? own : tableOf(MACHINE, LIMIT_COLUMNS) // of a run from before the bench measured it
  // The better of both ways to multiply, since the screen takes that; older runs knew one.
  const names = [LIMIT_NAMES.i8, LIMIT_NAMES.i8By4]
  const limit = Math.max(...limits.filter(row => names.includes(row[LIMIT])).map(row => numberIn(row[ONE])))
  return tableOf(QUERIES, ['items', 'factors', 'k', '256 whole'])
    .filter(row => row.k === '25')
    .map(row => {
      const [items, factors, micros] = [row.items, row.factors, row['256 whole']].map(numberIn)
      return { name: `best 25 of ${figure(items)} × ${factors}`, values: [(2 * items * factors) / micros / 1e3, limit] }
    })
}

function bytes(): Reached[] {
  const written = tableOf('fifty-million', ['', 'in order']).find(row => row[''] === 'MB/s written')
  const memory = (['read', 'write', 'copy'] as const).map(name => {
    const [one, all] = LIMIT_COLUMNS.slice(1, 3).map(column => limitIn(MACHINE, LIMIT_NAMES[name], column))
    return [
      { name: `memory: ${name}, one thread`, values: [one] },
      { name: `memory: ${name}, all threads`, values: [all] },
    ]
  })
  return [
    ...memory.flat(),
    { name: 'disk: write, with fsync', values: [limitIn(MACHINE, DISK_NAMES.write, ONE)] },
    { name: 'disk: read', values: [limitIn(MACHINE, DISK_NAMES.read, ONE)] },
    { name: 'a batch job writes', values: written ? [numberIn(written['in order']) / 1e3] : [] },
  ]
}

/** Records a second of a batch inference job. */
function recordRates(): Reached[] {
  const [one, two] = ['in order, one thread', 'in order']
  const row = tableOf('fifty-million', ['', one, two]).find(row => row[''] === 'records a second')
  if (!row) return []
  return [
    { name: 'one thread', values: [numberIn(row[one])] },
    { name: 'two threads', values: [numberIn(row[two])] },
  ]
}

/** How much two threads are over one, in work and in what the machine gives. */
function threads(): Reached[] {
  const ridge = tableOf(TRAINING, ['what', 's, least']).filter(row => /^ml-1m, .*, threads: \d+$/.test(row.what))
  const [one, two] = ridge.map(row => numberIn(row['s, least']))
  const records = recordRates().map(({ values: [rate] }) => rate)
  const times = (name: string) => limitIn(TRAINING, name, TIMES) // of the ridge's own run
  return [
    { name: 'arithmetic: the limit', values: [times(LIMIT_NAMES.f32)] },
    { name: 'memory: the limit, reading', values: [times(LIMIT_NAMES.read)] },
    { name: 'memory: the limit, copying', values: [times(LIMIT_NAMES.copy)] },
    { name: 'a ridge of ml-1m trained', values: two ? [one / two] : [] },
    {
      name: 'records of a batch job',
      values: records.length > 0 ? [records[1] / records[0]] : [],
    },
  ]
}

export function limits(): string {
  const axis = 'billions of operations a second, one thread'
  return drawing('Kernels beside the limits of the machine', [
    {
      kind: 'bars',
      title: 'Training, f32, beside multiply-adds in registers',
      axis,
      legend: ['reached', 'limit'],
      rows: trainingKernels(),
    },
    {
      kind: 'bars',
      title: 'Queries that look at every item, beside dot products of i8 in registers',
      axis,
      legend: ['reached', 'limit'],
      rows: queries(),
    },
    { kind: 'bars', title: 'Bytes', axis: 'GB a second, logarithmic', log: true, legend: ['GB'], rows: bytes() },
    { kind: 'bars', title: 'Two threads over one, by the clock', axis: 'times', legend: ['times'], rows: threads() },
    {
      kind: 'bars',
      title: 'A batch inference job, 20,000 × 64, k 25',
      axis: 'records a second',
      legend: ['records'],
      rows: recordRates(),
    },
  ])
}
