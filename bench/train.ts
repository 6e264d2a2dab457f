/**
 * How long a directional ridge takes to train: `node bench/train.ts [--write] [data folder]`, by default ../shared/data/ml-1m.
 *
 * First made-up data of 768 items against the same computation said plainly in TypeScript (f64, one thread, row-major), then the real
 * data, on one thread and on all. CPU time beside the wall clock, since machines are shared.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { readArguments } from '../scripts/arguments.ts'
import { stopwatchSeconds } from '../src/lib/clock.ts'
import { seededRandom } from '../src/lib/random.ts'
import { quietControl } from '../src/lib/work.ts'
import { fitDirectionalRidge, powerKernel } from '../src/models/directionalRidge.ts'
import type { Interactions } from '../src/models/interactions.ts'
import { itemLists } from '../src/models/splits.ts'
import { readDataFolder } from './lib/csv.ts'
import { machine } from './lib/machine.ts'

const RESULTS = fileURLToPath(new URL('./results/train.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../shared/data/ml-1m/', import.meta.url))
const OPTIONS = { kernel: powerKernel(0.7, 60), regularization: 100, diagonal: 0.3, rowLength: 400 }
const REPEATS = 5

interface Measured {
  readonly seconds: readonly number[]
  readonly cpuSeconds: readonly number[]
}

async function measured(repeats: number, body: () => unknown): Promise<Measured> {
  const seconds: number[] = []
  const cpuSeconds: number[] = []
  for (let i = 0; i < repeats; i++) {
    const start = stopwatchSeconds()
    const cpu = process.cpuUsage()
    await body()
    seconds.push(stopwatchSeconds() - start)
    const { user, system } = process.cpuUsage(cpu)
    cpuSeconds.push((user + system) / 1e6)
  }
  return { seconds, cpuSeconds }
}

/** 2 000 people, 768 items of falling popularity, histories of 40. */
function madeUp(): Interactions {
  const random = seededRandom(1)
  const history = () => Int32Array.from({ length: 40 }, () => Math.floor(768 * random.uniform() ** 2))
  const lists = itemLists(Array.from({ length: 2000 }, history))
  return { userCount: 2000, itemCount: 768, ...lists, times: new Float64Array(lists.items.length) }
}

/** G and C source by source, Cholesky by rows, two triangular solves: what the kernels are compared with. */
function plainRidge({ userCount, itemCount: n, offsets, items }: Interactions): Float64Array {
  const { kernel, regularization, diagonal } = OPTIONS
  const G = new Float64Array(n * n)
  const B = new Float64Array(n * n)
  for (let user = 0; user < userCount; user++) {
    for (let t = offsets[user] + 1; t < offsets[user + 1]; t++) {
      const count = Math.min(kernel.length, t - offsets[user])
      for (let a = 0; a < count; a++) {
        const row = items[t - 1 - a] * n
        B[row + items[t]] += kernel[a]
        for (let b = 0; b < count; b++) G[row + items[t - 1 - b]] += kernel[a] * kernel[b]
      }
    }
  }
  for (let i = 0; i < n; i++) G[i * n + i] += regularization + diagonal * G[i * n + i]
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = G[i * n + j]
      for (let k = 0; k < j; k++) sum -= G[i * n + k] * G[j * n + k]
      G[i * n + j] = i === j ? Math.sqrt(sum) : sum / G[j * n + j]
    }
  }
  const subtract = (factor: number, from: number, to: number) => {
    for (let j = 0; j < n; j++) B[to * n + j] -= factor * B[from * n + j]
  }
  const divide = (i: number) => {
    for (let j = 0; j < n; j++) B[i * n + j] /= G[i * n + i]
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(G[i * n + k], k, i)
    divide(i)
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(G[k * n + i], k, i)
    divide(i)
  }
  return B
}

const USAGE = `usage: npm run bench:train -- [--write] [FOLDER]

How long a model takes to train, on made-up data beside the plain computation, then on real data.

  FOLDER   holds interactions.csv with USER_ID,ITEM_ID,TIMESTAMP (default ../shared/data/ml-1m)
  --write  keeps the report in bench/results/train.md
`
const { values, positionals } = readArguments(USAGE, {
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
setFlagsFromString('--experimental-wasm-revectorize') // before any kernel is compiled; all threads have it
setFlagsFromString('--no-wasm-dynamic-tiering')

const lines = ['# Training', '', `\`node bench/train.ts\` on ${machine()}`, '']
const say = (line: string) => {
  lines.push(line)
  console.log(line)
}
const threadCounts = [...new Set([1, availableParallelism()])]
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
function row(what: string, { seconds, cpuSeconds }: Measured, last: string): void {
  const times = [Math.min(...seconds), median(seconds), Math.min(...cpuSeconds)].map(time => time.toFixed(2))
  say(`| ${what} | ${times.join(' | ')} | ${last} |`)
}
const ratio = (plain: Measured, fast: Measured) =>
  `${(Math.min(...plain.cpuSeconds) / Math.min(...fast.cpuSeconds)).toFixed(1)}×`
/** Of the solve, in a time that includes counting. */
const gigaflops = (itemCount: number, { cpuSeconds }: Measured) =>
  `${((7 / 3) * (itemCount ** 3 / Math.min(...cpuSeconds) / 1e9)).toFixed(0)} GFLOP/s`

say('| what | s, least | s, median | CPU s, least | against plain, or speed, by CPU |')
say('| --- | --- | --- | --- | --- |')
const synthetic = madeUp()
const plain = await measured(3, () => plainRidge(synthetic))
row('made up, 768 items, plain TypeScript', plain, '1×')
for (const threads of threadCounts) {
  const fit = () => fitDirectionalRidge(synthetic, OPTIONS, { ...quietControl, threads })
  const result = await measured(REPEATS, fit)
  row(`made up, 768 items, threads: ${threads}`, result, ratio(plain, result))
}
const folder = positionals[0] ?? DATA
if (existsSync(folder)) {
  const { interactions } = readDataFolder(folder)
  const { itemCount, items } = interactions
  for (const threads of threadCounts) {
    const fit = () => fitDirectionalRidge(interactions, OPTIONS, { ...quietControl, threads })
    const result = await measured(REPEATS, fit)
    const what = `${basename(folder)}, ${itemCount} items, ${items.length} events, threads: ${threads}`
    row(what, result, gigaflops(itemCount, result))
  }
} else console.log(`No data at ${folder}: only made-up data was measured.`)

if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${lines.join('\n')}\n`)
}
