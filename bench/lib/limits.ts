/**
 * What this machine can do at most: arithmetic in registers, memory far from the caches, the disk. Benches that report operations or bytes a
 * second measure these right before, so that their numbers have something to stand beside. By the clock, the best of many short turns: a
 * limit is what is reached when nobody else works. How much all threads are over one is the median of turns one after the other, since it is the
 * ceiling of work that lasts: a machine that others use may have less than its processors to give. Linux often shares them between
 * sessions first (sched_autogroup_enabled) and heeds `nice` only within one; then 1.00 of two processors says that others were busy.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { sharedMemory } from '../../src/kernels/load.ts'
import { siblingModule } from '../../src/lib/siblingModule.ts'
import { figure } from './chart.ts'
import { diskLimits } from './diskLimits.ts'
import {
  ARITHMETIC_NAMES,
  type ArithmeticName,
  compileLimitKernels,
  type LimitKernels,
  MEMORY_NAMES,
  type MemoryName,
  operationsOf,
} from './limitKernels.ts'
import type { LimitOrder, LimitThreadData, LimitTimes } from './limitThread.ts'

/** A turn of arithmetic: some 20 ms. */
const ROUNDS = 1_000_000
const TURNS = 25
/** Of each thread, and several times a third-level cache. A turn takes some 10 ms. */
const MEMORY_BYTES = 1 << 27
/** Where a thread's accumulators and constants lie, and apart from those of another thread. */
const ARITHMETIC_FROM = 4096
const ARITHMETIC_BYTES = 4096
/** V8 compiles a kernel in the background while a slower form of it runs. */
const WARM_CALLS = 5
const WARM_TURNS = 20
const WARM_ROUNDS = 1000

/** Operations or bytes a second. */
export interface Limit {
  readonly one: number
  /** Of as many threads as there are processors. */
  readonly all: number
  /** How much those are over one, usually. */
  readonly times: number
}
export type Limits = Readonly<Record<ArithmeticName | MemoryName, Limit>>

export async function measureLimits(): Promise<Limits> {
  setFlagsFromString('--experimental-wasm-revectorize') // before the module is compiled; all threads have it
  setFlagsFromString('--no-wasm-dynamic-tiering')
  const threads = availableParallelism()
  const memoryFrom = ARITHMETIC_FROM + threads * ARITHMETIC_BYTES
  const memory = sharedMemory(memoryFrom + threads * MEMORY_BYTES)
  new Float32Array(memory.buffer, ARITHMETIC_FROM, (threads * ARITHMETIC_BYTES) / 4).fill(0.5)
  new Uint8Array(memory.buffer, memoryFrom).fill(1) // what nobody has written yet is one page of zeros, read from the caches
  const workerData: LimitThreadData = { module: await compileLimitKernels(), memory }
  const workers = Array.from(
    { length: threads },
    () => new Worker(siblingModule(import.meta.url, 'limitThread'), { workerData }),
  )
  await Promise.all(workers.map(worker => once(worker, 'message')))

  /** Seconds from the first thread's start to the last one's end. */
  const turn = async (kernel: keyof LimitKernels, count: number, rounds: number, calls = 1): Promise<number> => {
    const arithmetic = isArithmetic(kernel)
    new Int32Array(memory.buffer, 0, 1)[0] = 0
    const team = workers.slice(0, count)
    const answers = team.map(worker => once(worker, 'message'))
    for (const [i, worker] of team.entries()) {
      const at = arithmetic ? ARITHMETIC_FROM + i * ARITHMETIC_BYTES : memoryFrom + i * MEMORY_BYTES
      const amount = arithmetic ? rounds : MEMORY_BYTES
      worker.postMessage({ kernel, at, amount, calls, threads: count } satisfies LimitOrder)
    }
    const times: LimitTimes[] = (await Promise.all(answers)).map(([answer]) => answer)
    return Math.max(...times.map(({ to }) => to)) - Math.min(...times.map(({ from }) => from))
  }
  const best = async (kernel: keyof LimitKernels): Promise<Limit> => {
    const amount = isArithmetic(kernel) ? operationsOf(kernel, ROUNDS) : MEMORY_BYTES
    for (let i = 0; i < WARM_TURNS; i++) await turn(kernel, threads, WARM_ROUNDS, isArithmetic(kernel) ? WARM_CALLS : 1)
    const one: number[] = []
    const all: number[] = []
    for (let i = 0; i < TURNS; i++) {
      one.push(amount / (await turn(kernel, 1, ROUNDS)))
      all.push((threads * amount) / (await turn(kernel, threads, ROUNDS)))
    }
    const times = one.map((rate, i) => all[i] / rate).sort((a, b) => a - b)
    return { one: Math.max(...one), all: Math.max(...all), times: times[TURNS >> 1] }
  }

  try {
    const limits: Partial<Record<keyof Limits, Limit>> = {}
    for (const name of KERNELS) limits[name] = await best(name)
    return limits as Limits
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
}

const KERNELS: readonly (keyof LimitKernels)[] = [...ARITHMETIC_NAMES, ...MEMORY_NAMES]
const isArithmetic = (kernel: keyof LimitKernels): kernel is ArithmeticName =>
  (ARITHMETIC_NAMES as readonly string[]).includes(kernel)

/** How the limits are called in a report. */
export const LIMIT_NAMES: Readonly<Record<keyof Limits, string>> = {
  f32: 'f32 multiply-add in registers, GFLOP/s',
  i16: 'i16 dot products in registers, GOP/s',
  i8: 'i8 dot products in registers, GOP/s',
  i8By4: 'i8 dot products by fours in registers, GOP/s',
  read: 'reading memory, GB/s',
  write: 'writing memory, GB/s',
  copy: 'copying memory, read and written, GB/s',
}
export const DISK_NAMES = { write: 'writing to the disk, with fsync, GB/s', read: 'reading from the disk, GB/s' }
export const LIMIT_COLUMNS = ['limit of the machine', 'one thread', 'all threads', 'times, median']

/** Lines of a report: the limits as a table, with those of the disk under `folder` where one is given. */
export function limitLines(limits: Limits, folder?: string): string[] {
  const rows = KERNELS.map(name => {
    const { one, all, times } = limits[name]
    return [LIMIT_NAMES[name], figure(one / 1e9), figure(all / 1e9), times.toFixed(2)]
  })
  if (folder !== undefined) {
    const { write, read } = diskLimits(folder)
    rows.push([DISK_NAMES.write, figure(write / 1e9), '', ''], [DISK_NAMES.read, figure(read / 1e9), '', ''])
  }
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(LIMIT_COLUMNS), '| --- | ---: | ---: | ---: |', ...rows.map(line)]
}
