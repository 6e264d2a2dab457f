/**
 * A dense model in shared memory, in the layout its kernel reads (assembly/score.ts), with a workplace for each thread. The value can
 * be cloned into worker threads; every thread opens a ranker of its own on it (denseRanker.ts).
 */
import { ALIGNMENT_BYTES, ARENA_START_BYTES, aligned, createArena } from '../kernels/arena.ts'
import { kernelModule, sharedMemory } from '../kernels/load.ts'
import { RANK_KERNEL, RANK_PANEL, RANK_ROWS } from '../kernels/parameters.ts'
import { columnCountOf, type SlotShape, slotBytes } from '../kernels/rankMemory.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { DenseModel } from '../models/historyModel.ts'
import { checkFinite, checkSharpness, F32_MAX, type PlacedSlots, refuseTooLarge, reserveSlot } from './rankSlots.ts'

/**
 * Queries that pass one panel of the rows together: at 3 416 items the rows are then read from memory once for 256 queries (0.2 MB a
 * query), and the scores of a block take 3.5 MB a thread.
 */
const BLOCK_SIZE_DEFAULT = 256

export interface PlacedDense extends PlacedSlots {
  readonly form: 'dense'
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

  const columnCount = columnCountOf(itemCount)
  const shape = { itemCount, historyLength: kernel.length, blockSize }
  const bytes = placedBytes(rows ? itemCount : 0, threads, shape)
  refuseTooLarge(itemCount, bytes)

  const memory = sharedMemory(bytes)
  const arena = createArena(memory)
  const panels = arena.reserveF32(columnCount * (rows ? itemCount : 0))
  if (rows) intoPanels(rows, itemCount, panels.view)
  const placedKernel = arena.reserveF32(kernel.length)
  placedKernel.view.set(kernel)
  const placedPrior = arena.reserveF32(columnCount)
  placedPrior.view.set(prior)

  const slots = Array.from({ length: threads }, () => {
    const { ptr, words } = reserveSlot(arena, shape, placedPrior.ptr, sharpness)
    words[RANK_ROWS] = panels.ptr
    words[RANK_KERNEL] = placedKernel.ptr
    return ptr
  })
  return { form: 'dense', module: kernelModule(), memory, ...shape, slots }
}

function placedBytes(rowCount: number, threads: number, shape: SlotShape): number {
  const columnCount = columnCountOf(shape.itemCount)
  const shared = 4 * (columnCount * rowCount + shape.historyLength + columnCount) + 3 * ALIGNMENT_BYTES
  return ARENA_START_BYTES + aligned(shared + threads * slotBytes(shape))
}

/** Finite numbers only, and none so large that a score is not: |score| ≤ Σ|kernel| · max|rows|, with room for rounding. */
function checkValues({ itemCount, kernel, rows, prior, sharpness }: DenseModel): void {
  checkSharpness(sharpness)
  checkFinite('prior', prior)
  if (!rows) return
  checkFinite('kernel', kernel)
  const total = kernel.reduce((sum, weight) => sum + Math.abs(weight), 0)
  const greatest = checkFinite('rows', rows, at => `[${Math.floor(at / itemCount)}, ${at % itemCount}]`)
  if (total * greatest > F32_MAX / 2)
    throw new Refusal(`The model is damaged: its weights reach ${greatest}, so that scores are not finite.`)
}

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
