/** How long a directional ridge takes to train: made-up data beside the same computation said plainly in TypeScript, then real data. */
import { availableParallelism } from 'node:os'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { fitDirectionalRidge, powerKernel } from '../../src/models/directionalRidge.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { itemLists } from '../../src/models/splits.ts'

const OPTIONS = { kernel: powerKernel(0.7, 60), regularization: 100, diagonal: 0.3, rowLength: 400 }
const REPEATS = 3

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

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
function row(what: string, { seconds, cpuSeconds }: Measured, last: string): string {
  const times = [Math.min(...seconds), median(seconds), Math.min(...cpuSeconds)].map(time => time.toFixed(2))
  return `| ${what} | ${times.join(' | ')} | ${last} |`
}
const ratio = (plain: Measured, fast: Measured) =>
  `${(Math.min(...plain.cpuSeconds) / Math.min(...fast.cpuSeconds)).toFixed(1)}×`
/** Of the solve, in a time that includes counting. */
const gigaflops = (itemCount: number, { cpuSeconds }: Measured) =>
  `${((7 / 3) * (itemCount ** 3 / Math.min(...cpuSeconds) / 1e9)).toFixed(0)} GFLOP/s`

/** Lines of a table. `real` may be absent. */
export async function measureRidge(real: { name: string; interactions: Interactions } | undefined): Promise<string[]> {
  const threadCounts = [...new Set([1, availableParallelism()])]
  const lines = [
    '| what | s, least | s, median | CPU s, least | against plain, or speed, by CPU |',
    '| --- | --- | --- | --- | --- |',
  ]
  const synthetic = madeUp()
  const plain = await measured(REPEATS, () => plainRidge(synthetic))
  lines.push(row('made up, 768 items, plain TypeScript', plain, '1×'))
  for (const threads of threadCounts) {
    const fit = () => fitDirectionalRidge(synthetic, OPTIONS, { ...quietControl, threads })
    const result = await measured(REPEATS, fit)
    lines.push(row(`made up, 768 items, threads: ${threads}`, result, ratio(plain, result)))
  }
  if (!real) return lines
  const { itemCount, items } = real.interactions
  for (const threads of threadCounts) {
    const fit = () => fitDirectionalRidge(real.interactions, OPTIONS, { ...quietControl, threads })
    const result = await measured(REPEATS, fit)
    const what = `${real.name}, ${itemCount} items, ${items.length} events, threads: ${threads}`
    lines.push(row(what, result, gigaflops(itemCount, result)))
  }
  return lines
}
