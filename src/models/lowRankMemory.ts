/** What a fit of a reduced-rank ridge (lowRankRidge.ts) holds in its team's memory: how much it is, and laying it out. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ALIGNMENT_BYTES, ARENA_START_BYTES, aligned } from '../kernels/arena.ts'
import {
  LANES,
  LOW_DECAYS,
  LOW_DIRECTIONS,
  LOW_EVENTS,
  LOW_IMAGES,
  LOW_INVERSES,
  LOW_ITEM_COUNT,
  LOW_KERNEL_COUNT,
  LOW_LOSSES,
  LOW_OFFSETS,
  LOW_RIDGE,
  LOW_SCALES,
  LOW_SCRATCH,
  LOW_SCRATCH_BYTES,
  LOW_SOURCES,
  LOW_USER_COUNT,
  LOW_WINDOWS,
  LOW_WORDS,
  TALL_BLOCK_COUNT,
  TALL_FACTOR,
  TALL_GRAM,
  TALL_GROUP,
  TALL_LEFT,
  TALL_PARTS,
  TALL_RIGHT,
  TALL_ROW_COUNT,
  TALL_SCRATCH,
  TALL_SCRATCH_BYTES,
  TALL_WORDS,
} from '../kernels/parameters.ts'
import type { Team } from '../kernels/team.ts'
import type { Interactions } from './interactions.ts'
import { inTurns } from './pairCounts.ts'

/** w(k) = decay^k for k < length; 0 < decay ≤ 1. */
export interface GeometricKernel {
  readonly decay: number
  readonly length: number
}

export interface LowRankSize {
  readonly userCount: number
  readonly itemCount: number
  readonly eventCount: number
  /** Events of the user with most of them. */
  readonly longest: number
  readonly kernelCount: number
  /** Blocks of 16 directions. */
  readonly blockCount: number
  readonly threads: number
}

/** Events copied or drawn between two turns of the event loop: some milliseconds. */
const ELEMENTS_PER_TURN = 1 << 20
/** Rows of a thread's scratch that hold sums (assembly/lowRank.ts). */
const SUM_ROW_COUNT = 4
const ROW_BYTES = 4 * LANES
/** Below this share of the newest event's weight an event is lost in the rounding of f32, and the kernel need not end. */
const NEGLIGIBLE_WEIGHT = 2 ** -24
const ENDLESS = 2 ** 31 - 1

const scratchBytes = ({ itemCount, kernelCount, longest }: LowRankSize): number =>
  aligned(ROW_BYTES * (3 * kernelCount * itemCount + SUM_ROW_COUNT + longest))
const tallScratchBytes = (blockCount: number): number => aligned(TALL_GROUP * ROW_BYTES * blockCount)

/** Bytes of the team's memory. */
export function lowRankBytes(size: LowRankSize): number {
  const { userCount, itemCount, eventCount, kernelCount, blockCount, threads } = size
  const order = LANES * blockCount
  const data = 4 * (userCount + 1 + eventCount) + 4 * itemCount * (1 + 2 * kernelCount) + 12 * kernelCount
  const matrices = ROW_BYTES * blockCount * itemCount * (2 + kernelCount) + (8 * TALL_PARTS + 4) * order * order
  const scratch = threads * (scratchBytes(size) + tallScratchBytes(blockCount))
  const words = 4 * (LOW_WORDS + TALL_WORDS)
  return ARENA_START_BYTES + data + matrices + scratch + words + 20 * ALIGNMENT_BYTES
}

export interface LowRankMemory {
  /** Parameters of `solveDirections`, and of the two kernels of assembly/tall.ts. */
  readonly params: number
  readonly words: Uint32Array
  readonly tallParams: number
  readonly tallWords: Uint32Array
  /** f32[blocks][items][16] twice, f32[blocks][F · items][16]. */
  readonly directions: { ptr: number; view: Float32Array }
  readonly images: { ptr: number; view: Float32Array }
  readonly sources: { ptr: number; view: Float32Array }
  readonly scales: Float32Array
  readonly ridge: Float32Array
  readonly inverses: Float32Array
  /** f64[TALL_PARTS][order, order], f32[order, order] */
  readonly gram: Float64Array
  readonly factor: Float32Array
}

/** Everything but what the model decides: scales, ridge, inverses and directions are still zero. Rejects with `signal.reason`. */
export async function placeLowRank(
  { arena }: Pick<Team, 'arena'>,
  interactions: Pick<Interactions, 'offsets' | 'items'>,
  kernels: readonly GeometricKernel[],
  size: LowRankSize,
  signal: AbortSignal,
): Promise<LowRankMemory> {
  const { userCount, itemCount, eventCount, kernelCount, blockCount, threads } = size
  const order = LANES * blockCount
  const { ptr: params, view: words } = arena.reserveU32(LOW_WORDS)
  const { ptr: tallParams, view: tallWords } = arena.reserveU32(TALL_WORDS)
  const decays = arena.reserveF32(kernelCount)
  const losses = arena.reserveF32(kernelCount)
  const windows = arena.reserveI32(kernelCount)
  for (const [f, { decay, length }] of kernels.entries()) {
    const end = decay ** length
    decays.view[f] = decay
    losses.view[f] = -end
    windows.view[f] = end < NEGLIGIBLE_WEIGHT ? ENDLESS : length
  }
  const offsets = arena.reserveU32(userCount + 1)
  const events = arena.reserveI32(eventCount)
  const scales = arena.reserveF32(itemCount)
  const ridge = arena.reserveF32(kernelCount * itemCount)
  const inverses = arena.reserveF32(kernelCount * itemCount)
  const directions = arena.reserveF32(order * itemCount)
  const images = arena.reserveF32(order * itemCount)
  const sources = arena.reserveF32(order * kernelCount * itemCount)
  const gram = arena.reserveF64(TALL_PARTS * order * order)
  const factor = arena.reserveF32(order * order)
  words[LOW_ITEM_COUNT] = itemCount
  words[LOW_KERNEL_COUNT] = kernelCount
  words[LOW_DECAYS] = decays.ptr
  words[LOW_LOSSES] = losses.ptr
  words[LOW_WINDOWS] = windows.ptr
  words[LOW_USER_COUNT] = userCount
  words[LOW_OFFSETS] = offsets.ptr
  words[LOW_EVENTS] = events.ptr
  words[LOW_SCALES] = scales.ptr
  words[LOW_RIDGE] = ridge.ptr
  words[LOW_INVERSES] = inverses.ptr
  words[LOW_DIRECTIONS] = directions.ptr
  words[LOW_IMAGES] = images.ptr
  words[LOW_SOURCES] = sources.ptr
  words[LOW_SCRATCH] = arena.reserveU8(threads * scratchBytes(size)).ptr
  words[LOW_SCRATCH_BYTES] = scratchBytes(size)
  tallWords[TALL_BLOCK_COUNT] = blockCount
  tallWords[TALL_ROW_COUNT] = itemCount
  tallWords[TALL_LEFT] = directions.ptr
  tallWords[TALL_RIGHT] = directions.ptr
  tallWords[TALL_GRAM] = gram.ptr
  tallWords[TALL_FACTOR] = factor.ptr
  tallWords[TALL_SCRATCH] = arena.reserveU8(threads * tallScratchBytes(blockCount)).ptr
  tallWords[TALL_SCRATCH_BYTES] = tallScratchBytes(blockCount)
  const { items } = interactions
  await inTurns(userCount + 1, ELEMENTS_PER_TURN, signal, (from, to) =>
    offsets.view.set(interactions.offsets.subarray(from, to), from),
  )
  await inTurns(eventCount, ELEMENTS_PER_TURN, signal, (from, to) => events.view.set(items.subarray(from, to), from))
  await nextTurn()
  return {
    params,
    words,
    tallParams,
    tallWords,
    directions,
    images,
    sources,
    scales: scales.view,
    ridge: ridge.view,
    inverses: inverses.view,
    gram: gram.view,
    factor: factor.view,
  }
}
