/**
 * Worker threads over one shared memory. A piece of work is a kernel, its parameter block and a number of tasks; the threads take task
 * numbers from a counter in shared memory until none is left. The calling thread only waits for messages, so it stays responsive.
 * Which thread runs which task is chance: kernels write what depends on the task alone.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { siblingModule } from '../lib/siblingModule.ts'
import { type Arena, createArena } from './arena.ts'
import { type KernelName, kernelModule, sharedMemory } from './load.ts'
import { TEAM_FINISHED, TEAM_NEXT_TASK, TEAM_STOPPED, TEAM_WORDS } from './parameters.ts'

/** How often `finished` is told: often enough for a progress bar that moves. */
const REPORT_INTERVAL_MS = 100

export interface RunControl {
  readonly signal: AbortSignal
  /** Told now and then, and at the end, how many tasks are done. */
  finished?(taskCount: number): void
}

export interface Team {
  readonly memory: WebAssembly.Memory
  readonly threads: number
  readonly arena: Arena
  /**
   * Runs tasks 0 … taskCount - 1. Rejects with the signal's reason when that aborts; either way no task is running any more afterwards.
   * A task takes some 20 ms at most or looks at TEAM_STOPPED, so that an abort takes no longer. One run at a time.
   */
  run(kernel: KernelName, params: number, taskCount: number, control: RunControl): Promise<void>
  close(): Promise<void>
}

/** What a thread is started with; teamWorker.ts. */
export interface TeamThreadData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly thread: number
}
export interface TeamOrder {
  readonly kernel: KernelName
  readonly params: number
  readonly taskCount: number
}

/** `bytes` of shared memory, at most 4 GiB, and `threads` threads that have instantiated the kernels on it. */
export async function startTeam({ threads, bytes }: { threads: number; bytes: number }): Promise<Team> {
  assert(Number.isInteger(threads) && threads >= 1)
  const memory = sharedMemory(bytes)
  const workers = Array.from({ length: threads }, (_, thread) => {
    const workerData: TeamThreadData = { module: kernelModule(), memory, thread }
    return new Worker(siblingModule(import.meta.url, 'teamWorker'), { workerData })
  })
  const close = async () => {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
  try {
    await Promise.all(workers.map(worker => once(worker, 'message'))) // rejects on the worker's 'error'
  } catch (error) {
    await close()
    throw error
  }

  const counters = new Int32Array(memory.buffer, 0, TEAM_WORDS)
  let running = false
  return {
    memory,
    threads,
    arena: createArena(memory),
    close,
    async run(kernel, params, taskCount, { signal, finished }) {
      signal.throwIfAborted()
      assert(!running, 'a team does one thing at a time')
      running = true
      counters[TEAM_NEXT_TASK] = counters[TEAM_FINISHED] = counters[TEAM_STOPPED] = 0
      const stop = () => Atomics.store(counters, TEAM_STOPPED, 1)
      const report = () => finished?.(Atomics.load(counters, TEAM_FINISHED))
      signal.addEventListener('abort', stop)
      const timer = finished && setInterval(report, REPORT_INTERVAL_MS)
      try {
        const idle = workers.map(worker => once(worker, 'message'))
        for (const worker of workers) worker.postMessage({ kernel, params, taskCount } satisfies TeamOrder)
        await Promise.all(idle)
      } finally {
        clearInterval(timer)
        signal.removeEventListener('abort', stop)
        running = false
      }
      signal.throwIfAborted()
      report()
    },
  }
}
