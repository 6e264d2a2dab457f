/**
 * A dense model in shared memory, in the layout its kernel reads (assembly/score.ts), with a workplace for each thread. The value can
 * be cloned into worker threads; every thread opens a ranker of its own on it (denseRanker.ts).
 */
import { ALIGNMENT_BYTES, ARENA_START_BYTES, aligned, createArena } from '../kernels/arena.ts'
import { kernelModule, MEMORY_BYTES_MAX, sharedMemory } from '../kernels/load.ts'
import {
  RANK_ALLOWED,
  RANK_CANDIDATES,
  RANK_COLUMN_COUNT,
  RANK_EVENTS,
  RANK_ITEM_COUNT,
  RANK_ITEMS,
  RANK_KERNEL,
  RANK_KEYS,
  RANK_OFFSETS,
  RANK_PANEL,
  RANK_PRIOR,
  RANK_PROBABILITIES,
  RANK_ROWS,
  RANK_SCORES,
  RANK_SHARPNESS,
  RANK_TOTAL,
  RANK_WEIGHTS,
  RANK_WORDS,
} from '../kernels/parameters.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { DenseModel } from '../models/historyModel.ts'

/**
 * Queries that pass one panel of the rows together: at 3 416 items the rows are then read from memory once for 256 queries (0.2 MB a
 * query), and the scores of a block take 3.5 MB a thread.
 */
const BLOCK_SIZE_DEFAULT = 256

/** Greatest finite f32. */
const F32_MAX = (2 - 2 ** -23) * 2 ** 127

export interface PlacedDense {
  readonly form: 'dense'
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly itemCount: number
  /** Events of a history that count: 0 for a model without rows. */
  readonly kernelLength: number
  readonly blockSize: number
  /** Address of each slot's parameter block. */
  readonly slots: readonly number[]
}

/**
 * Copies the model; the caller's may go. `threads` rankers may be open at once; `blockSize` queries are scored together.
 * Throws Refusal when a value is not a finite number, when scores could grow beyond the greatest finite one, or when the model does not
 * fit 4 GiB.
 */
export function placeDense(
  model: DenseModel,
  { threads, blockSize = BLOCK_SIZE_DEFAULT }: { threads: number; blockSize?: number },
): PlacedDense {
  const { itemCount, rows, prior, sharpness } = model
  const kernel = rows ? model.kernel : new Float32Array(0)
  assert(Number.isInteger(threads) && threads >= 1)
  assert(Number.isInteger(blockSize) && blockSize >= 1)
  assert(itemCount >= 1)
  assert(prior.length === itemCount)
  assert(!rows || rows.length === itemCount ** 2)
  checkValues(model)

  const columnCount = Math.ceil(itemCount / RANK_PANEL) * RANK_PANEL
  const bytes = placedBytes(columnCount, rows ? itemCount : 0, kernel.length, threads, blockSize)
  if (bytes > MEMORY_BYTES_MAX)
    throw new Refusal(
      `The model of ${itemCount} items needs ${bytes} bytes of memory; at most ${MEMORY_BYTES_MAX} can be used.`,
    )

  const memory = sharedMemory(bytes)
  const arena = createArena(memory)
  const panels = arena.reserveF32(columnCount * (rows ? itemCount : 0))
  if (rows) intoPanels(rows, itemCount, panels.view)
  const placedKernel = arena.reserveF32(kernel.length)
  placedKernel.view.set(kernel)
  const placedPrior = arena.reserveF32(columnCount)
  placedPrior.view.set(prior)

  const slots = Array.from({ length: threads }, () => {
    const { ptr, view: words } = arena.reserveU32(RANK_WORDS)
    words[RANK_ITEM_COUNT] = itemCount
    words[RANK_COLUMN_COUNT] = columnCount
    words[RANK_ROWS] = panels.ptr
    words[RANK_KERNEL] = placedKernel.ptr
    words[RANK_PRIOR] = placedPrior.ptr
    words[RANK_OFFSETS] = arena.reserveU32(blockSize + 1).ptr
    words[RANK_EVENTS] = arena.reserveU32(blockSize * kernel.length).ptr
    words[RANK_SCORES] = arena.reserveF32(blockSize * columnCount).ptr
    words[RANK_WEIGHTS] = arena.reserveF32(columnCount).ptr
    words[RANK_KEYS] = arena.reserveI32(columnCount).ptr
    words[RANK_TOTAL] = arena.reserveF64(1).ptr
    new Float32Array(memory.buffer, ptr, RANK_WORDS)[RANK_SHARPNESS] = sharpness
    words[RANK_CANDIDATES] = arena.reserveF64(columnCount).ptr
    words[RANK_ITEMS] = arena.reserveI32(columnCount).ptr
    words[RANK_PROBABILITIES] = arena.reserveF32(columnCount).ptr
    words[RANK_ALLOWED] = arena.reserveU32(columnCount / 32).ptr
    return ptr
  })
  return { form: 'dense', module: kernelModule(), memory, itemCount, kernelLength: kernel.length, blockSize, slots }
}

function placedBytes(columnCount: number, rowCount: number, K: number, threads: number, blockSize: number): number {
  const shared = 4 * (columnCount * rowCount + K + columnCount) + 3 * ALIGNMENT_BYTES
  const scores = 4 * blockSize * columnCount
  const perQuery = 4 * (blockSize + 1) + 4 * blockSize * K
  const perColumn = (4 + 4 + 8 + 4 + 4 + 1 / 8) * columnCount // weights, keys, candidates, items, probabilities, allowed
  const slot = 4 * RANK_WORDS + scores + perQuery + perColumn + 8 + 11 * ALIGNMENT_BYTES
  return ARENA_START_BYTES + aligned(shared + threads * slot)
}

/** Finite numbers only, and none so large that a score is not: |score| ≤ Σ|kernel| · max|rows|, with room for rounding. */
function checkValues({ itemCount, kernel, rows, prior, sharpness }: DenseModel): void {
  const check = (name: string, values: Float32Array): number => {
    let greatest = 0
    for (let at = 0; at < values.length; at++) {
      const size = Math.abs(values[at])
      if (!(size <= F32_MAX))
        throw new Refusal(`The model is damaged: ${name} ${placeOf(name, at, itemCount)} is ${values[at]}.`)
      if (size > greatest) greatest = size
    }
    return greatest
  }
  if (!(sharpness > 0 && sharpness <= F32_MAX))
    throw new Refusal(`The model is damaged: its sharpness is ${sharpness}, where a number above 0 was expected.`)
  check('prior', prior)
  if (!rows) return
  check('kernel', kernel)
  const total = kernel.reduce((sum, weight) => sum + Math.abs(weight), 0)
  const greatest = check('rows', rows)
  if (total * greatest > F32_MAX / 2)
    throw new Refusal(`The model is damaged: its weights reach ${greatest}, so that scores are not finite.`)
}

const placeOf = (name: string, at: number, itemCount: number): string =>
  name === 'rows' ? `[${Math.floor(at / itemCount)}, ${at % itemCount}]` : `[${at}]`

/** f32[n, n] row-major to f32[columns / RANK_PANEL][n][RANK_PANEL]; the last panel's padding stays 0. */
function intoPanels(rows: Float32Array, n: number, panels: Float32Array): void {
  for (let row = 0; row < n; row++) {
    for (let from = 0; from < n; from += RANK_PANEL) {
      const to = (from * n + row * RANK_PANEL) | 0
      const end = Math.min(RANK_PANEL, n - from)
      for (let x = 0; x < end; x++) panels[to + x] = rows[row * n + from + x]
    }
  }
}
