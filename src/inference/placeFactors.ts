/**
 * A factor model in shared memory, in the layouts its kernels read (assembly/screen.ts, foldIn.ts), with a workplace for each thread. The value can
 * be cloned into worker threads; every thread opens a ranker of its own on it (factorRanker.ts).
 */
import { type Arena, bytesReserved, createArena } from '../kernels/arena.ts'
import {
  capacityOf,
  connectSlot,
  type FactorSlot,
  factorShape,
  fillFactors,
  reserveFactorSlot,
  reserveFactors,
} from '../kernels/factorMemory.ts'
import { kernelModule, MEMORY_BYTES_MAX, sharedMemory } from '../kernels/load.ts'
import type { Tiles } from '../kernels/tileShape.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import { type FactorModel, historyLength } from '../models/historyModel.ts'
import { checkFinite, checkSharpness, F32_MAX, refuseTooLarge } from './rankSlots.ts'

/** Queries that pass a group of items together: their 8-bit forms take 0.3 MB at 64 dimensions, and the items are read once for all of them. */
const BLOCK_SIZE_DEFAULT = 480

/** Entries of a block's queries in the second level cache, while the groups pass; with large k the block is smaller instead. */
const ENTRIES_BYTES = 2 ** 21

/** Results that stay in shared memory, as views that need no copy: 2 600 queries of 25; of blocks whose queries are sorted by what they may choose 20 000. */
const RESULT_CELLS = 2 ** 16
const RESULT_CELLS_FILTERED = 2 ** 19

/** Room for views is a multiple of it. */
const ROUNDING_BYTES = 2 ** 16

/** Excluded items of a block that are struck at once. */
const EXCLUDED_MAX = 2 ** 16

/** Views of filters (factorViews.ts), over all threads: a thousand of 4 096 items and 64 factors take 350 MB. */
export const VIEWS_BYTES = 512 * 2 ** 20

/** Sets of allowed items that are there at once: of a block's queries where those are small. */
const MASKS_BYTES = 2 ** 22

export interface PlacedFactors {
  readonly form: 'factors'
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly itemCount: number
  /** Events of a history that count. */
  readonly historyLength: number
  readonly blockSize: number
  /** Entries of all queries of a block together. */
  readonly entryCount: number
  /** Results of a block that shared memory has room for: queries · k. */
  readonly resultCells: number
  readonly excludedMax: number
  readonly masksMax: number
  readonly viewBytes: number
  readonly slots: readonly FactorSlot[]
}

/**
 * Copies the model; the caller's may go. `threads` rankers may be open at once; `blockSize` queries pass the items together; `tiles` takes which
 * there are: the same bits with any; `exactTotals` makes probabilities shares of the exact sum, at several times the cost; `filtered` keeps
 * room for what filters leave of the catalogue, at most `viewsBytes`.
 * Throws Refusal when a value is not a finite number, when scores could grow beyond the greatest finite one, or when the model does not
 * fit 4 GiB.
 */
export function placeFactors(
  model: FactorModel,
  options: {
    threads: number
    blockSize?: number
    tiles: Tiles
    exactTotals?: boolean
    filtered?: boolean
    viewsBytes?: number
  },
): PlacedFactors {
  const {
    threads,
    blockSize = BLOCK_SIZE_DEFAULT,
    tiles,
    exactTotals = false,
    filtered = false,
    viewsBytes = VIEWS_BYTES,
  } = options
  const { itemCount, dimension, kernels, sources, targets, bias, prior } = model
  assert(Number.isInteger(threads) && threads >= 1)
  assert(Number.isInteger(blockSize) && blockSize >= 1)
  assert(itemCount >= 1 && dimension >= 1)
  assert(prior.length === itemCount)
  assert(targets.length === itemCount * dimension)
  assert(sources.length === kernels.length * itemCount * dimension)
  assert(!bias || bias.length === itemCount)
  const queryMax = checkValues(model)

  const shape = factorShape(model)
  const entryCount = Math.max(ENTRIES_BYTES / 8, capacityOf(itemCount, itemCount))
  const sizes = {
    blockSize,
    entryCount,
    resultCells: Math.max(filtered ? RESULT_CELLS_FILTERED : RESULT_CELLS, itemCount),
    excludedMax: Math.max(EXCLUDED_MAX, itemCount),
    masksMax: Math.max(1, Math.min(blockSize, Math.floor(MASKS_BYTES / (4 * shape.openWords)))),
  }
  const historyEvents = historyLength(model)
  const reserving = (viewBytes: number) => (arena: Arena) => ({
    shared: reserveFactors(arena, model, shape),
    slots: Array.from({ length: threads }, () =>
      reserveFactorSlot(arena, shape, { ...sizes, historyEvents, viewBytes }),
    ),
  })
  const bytes = bytesReserved(reserving(0))
  refuseTooLarge(itemCount, bytes)
  const room = filtered ? Math.min(viewsBytes, MEMORY_BYTES_MAX - bytes) / threads : 0
  const viewBytes = Math.floor(room / ROUNDING_BYTES) * ROUNDING_BYTES
  const reserve = reserving(viewBytes)
  const memory = sharedMemory(bytesReserved(reserve))
  const { shared, slots } = reserve(createArena(memory))
  fillFactors(model, shape, shared)
  for (const slot of slots) connectSlot(slot, model, shape, shared, { queryMax, tiles, exactTotals })
  return {
    form: 'factors',
    module: kernelModule(),
    memory,
    itemCount,
    historyLength: historyEvents,
    ...sizes,
    viewBytes,
    slots: slots.map(({ addresses }) => addresses),
  }
}

/**
 * Finite numbers only, and none so large that a score is not. The greatest component a query may have: half of what keeps |score| ≤
 * dimension · max|query| · max|target| + max|bias| finite, for rounding.
 */
function checkValues(model: FactorModel): number {
  const { itemCount, dimension, kernels, sources, targets, bias, prior, sharpness } = model
  checkSharpness(sharpness)
  checkFinite('prior', prior)
  const inRow = (at: number) => `[${Math.floor(at / dimension)}, ${at % dimension}]`
  let query = 1
  for (const [f, kernel] of kernels.entries()) {
    checkFinite(`kernel ${f}`, kernel)
    const total = kernel.reduce((sum, weight) => sum + Math.abs(weight), 0)
    const size = itemCount * dimension
    query += total * checkFinite(`sources of kernel ${f}`, sources.subarray(f * size, (f + 1) * size), inRow)
  }
  const target = dimension * checkFinite('targets', targets, inRow) + (bias ? checkFinite('bias', bias) : 0)
  const queryMax = F32_MAX / 2 / Math.max(1, target)
  if (!(query <= queryMax))
    throw new Refusal(
      `The model is damaged: its queries reach ${query} and its items ${target}, so that scores are not finite.`,
    )
  return queryMax
}
