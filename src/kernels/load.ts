/** The compiled kernels of assembly/: found, compiled once, instantiated on a shared memory by every thread that uses them. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assert } from '../lib/assert.ts'

export const KERNEL_NAMES = [
  'pairRow',
  'togetherRow',
  'gramRow',
  'neighbourRow',
  'updateBlock',
  'panelBlock',
  'flipBlock',
  'solveStrip',
  'unpackRow',
  'probeMadd',
  'scorePanel',
  'weigh',
  'restrict',
  'choose',
  'poolSums',
  'poolScores',
  'poolEstimate',
  'poolChoose',
  'solveDirections',
  'innerProducts',
  'turnRows',
  'scanLines',
  'findIds',
  'unpackCodes',
  'writeAnswers',
  'foldIn',
  'openItems',
  'scaleQuery',
  'quantise',
  'screenStart',
  'bestOf',
  'searchRest',
  'packScoreTile',
  'packScorePanels',
  'scoreGroup',
  'sumWeights',
  'estimate',
  'shares',
  'scoreItems',
  'scoreListed',
  'poolListed',
  'eventTable',
  'userScores',
  'bestRows',
  'writeIds',
] as const
export type KernelName = (typeof KERNEL_NAMES)[number]

/** `params` is the address of the kernel's parameter block (parameters.ts). */
export type Kernel = (params: number, task: number) => void
export type Kernels = Readonly<Record<KernelName, Kernel>>

const PAGE_BYTES = 65536
/** A 32-bit address space; AssemblyScript knows no other (design/performance.md §8). */
export const MEMORY_BYTES_MAX = 2 ** 32

/** build/kernels.wasm beside src/; in the published package dist/kernels.wasm, beside dist/kernels/. */
const wasmPath = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../build/kernels.wasm' : '../kernels.wasm', import.meta.url),
)

let compiled: WebAssembly.Module | undefined

export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(wasmPath))
  return compiled
}

/** Which kernels these are: SHA-256 of the module, in hexadecimal. */
export const kernelDigest = (): string => createHash('sha256').update(readFileSync(wasmPath)).digest('hex')

/** A shared memory of at least `bytes` that never grows, so that views of it stay valid. */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  assert(bytes > 0)
  assert(bytes <= MEMORY_BYTES_MAX, `${bytes} bytes do not fit a 32-bit memory`)
  const pages = Math.ceil(bytes / PAGE_BYTES)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}

/** One that begins small and grows where it is; views of it stay valid, and see no more than there was when they were made. */
export const growingMemory = (): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: 1, maximum: MEMORY_BYTES_MAX / PAGE_BYTES, shared: true })

/** To at least `bytes`. */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  assert(bytes <= MEMORY_BYTES_MAX, `${bytes} bytes do not fit a 32-bit memory`)
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES)
  if (pages > 0) memory.grow(pages)
}

/** The kernels over `memory`, for the calling thread; `thread` picks its scratch areas. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory, thread: number): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const kernels = exports as Kernels & { thread: WebAssembly.Global }
  kernels.thread.value = thread
  return kernels
}
