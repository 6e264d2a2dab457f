/** A thread of limits.ts: runs one kernel for as often as it is told, from the moment that all threads are there. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../src/lib/assert.ts'
import type { LimitKernels } from './limitKernels.ts'

/** What a thread is started with. */
export interface LimitThreadData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
}
export interface LimitOrder {
  readonly kernel: keyof LimitKernels
  readonly at: number
  readonly amount: number
  readonly calls: number
  /** Of i32 at address 0, which counts those who have arrived. */
  readonly threads: number
}
/** Seconds of a clock that all threads share. */
export interface LimitTimes {
  readonly from: number
  readonly to: number
}

assert(parentPort, 'limitThread runs as a worker thread')
const port = parentPort
const { module, memory }: LimitThreadData = workerData
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as LimitKernels
const arrived = new Int32Array(memory.buffer, 0, 1)
const seconds = () => Number(process.hrtime.bigint()) / 1e9

port.on('message', ({ kernel, at, amount, calls, threads }: LimitOrder) => {
  const run = kernels[kernel]
  Atomics.add(arrived, 0, 1)
  while (Atomics.load(arrived, 0) < threads) {} // some microseconds
  const from = seconds()
  for (let call = 0; call < calls; call++) run(at, amount)
  port.postMessage({ from, to: seconds() } satisfies LimitTimes)
})
port.postMessage('ready')
