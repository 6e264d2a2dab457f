/**
 * A pool of sparse experts in shared memory, in the layout its kernel reads (assembly/pool.ts), with a workplace for each thread. The
 * value can be cloned into worker threads; every thread opens a ranker of its own on it (poolRanker.ts).
 *
 *   memory  entries · 6 bytes up to NEAR_COLUMN_COUNT_MAX items, 8 beyond (a row filled up to whole groups of 8) + 4 · experts · items
 *           + 8 · items + (28.1 + 4 · experts) · items a thread; of nearest sequences an event's 2 bytes, or 4, and a place's 4, and 5 · items a thread
 */
import { type Arena, createArena, type Reserved } from '../kernels/arena.ts'
import { kernelModule, MEMORY_BYTES_MAX, sharedMemory } from '../kernels/load.ts'
import * as block from '../kernels/nearestParameters.ts'
import * as at from '../kernels/parameters.ts'
import { NEAREST_DECAY, twinsOf } from '../kernels/plain/nearest.ts'
import { groupWords, isNear, type PoolSize, poolBytes, poolGroupsMax, poolSlotShape } from '../kernels/poolMemory.ts'
import { columnCountOf } from '../kernels/rankMemory.ts'
import { assert } from '../lib/assert.ts'
import type { NearestExpert, PoolExpert, PoolModel, SparseExpert } from '../models/historyModel.ts'
import { nearestPlaces, nearestSizeIn } from '../models/nearestSequences.ts'
import { checkOffsets, checkPool } from './checkPool.ts'
import { type PlacedSlots, refuseTooLarge, reserveSlot } from './rankSlots.ts'

/**
 * Of margin and sharpness: where numbers are so large that rounding alone makes more of it, estimates tell nothing, and scores are computed. Pools of
 * the trainer have some 0.02.
 */
const MARGIN_MAX = 1

export interface PlacedPool extends PlacedSlots {
  readonly form: 'pool'
  /** Whether probabilities are shares of the exact sum over the catalogue. */
  readonly exactTotals: boolean
}

/** Catalogues up to this have exact sums unless told otherwise: adding up a thousand exponentials takes some 3 µs a record. */
const EXACT_ITEMS_MAX = 1024

export interface PoolOptions {
  readonly threads: number
  /** Absent: where there are at most EXACT_ITEMS_MAX items. */
  readonly exactTotals?: boolean
}

/**
 * Copies the model; the caller's may go. `threads` rankers may be open at once.
 * Throws Refusal where the model is damaged (checkPool.ts), and when it does not fit 4 GiB.
 */
export function placePool(model: PoolModel, options: PoolOptions): PlacedPool {
  const { threads, exactTotals = model.itemCount <= EXACT_ITEMS_MAX } = options
  assert(Number.isInteger(threads) && threads >= 1)
  for (const expert of model.experts) if (!('sequences' in expert)) checkOffsets(expert, model.itemCount)
  const { itemCount, prior, sharpness, bias, epsilon, combination } = model
  const experts = model.experts.filter(({ weight }) => weight !== 0) // their terms are 0, whatever they say
  const columnCount = columnCountOf(itemCount)
  const near = isNear(itemCount)
  const nearest = nearestSizeIn(experts)
  const size = { itemCount, kernelLengths: experts.map(({ kernel }) => kernel.length), ...(nearest && { nearest }) }
  const shape = poolSlotShape(size)
  const groups = experts.map(groupCount)
  const total = groups.reduce((sum, count) => sum + count, 0)
  const bytes = poolBytes(size, total, threads)
  refuseTooLarge(itemCount, bytes, bytes > MEMORY_BYTES_MAX ? hint(size, threads) : '')
  const greatest = checkPool(model)

  const memory = sharedMemory(bytes)
  const arena = createArena(memory)
  const priorPlace = arena.reserveF32(columnCount)
  priorPlace.view.set(prior)
  const biasPlace = arena.reserveF32(columnCount)
  if (bias) biasPlace.view.set(bias)
  const pool = arena.reserveU32(at.POOL_WORDS)
  const blocks = arena.reserveU32(at.EXPERT_WORDS * experts.length)
  pool.view[at.POOL_COMBINATION] = combination === 'log' ? at.POOL_LOG : at.POOL_LINEAR
  pool.view[at.POOL_EXPERT_COUNT] = experts.length
  pool.view[at.POOL_EXPERTS] = blocks.ptr
  pool.view[at.POOL_BIAS] = biasPlace.ptr
  pool.view[at.POOL_NEAR] = near ? 1 : 0
  const floats = new Float32Array(memory.buffer, pool.ptr, at.POOL_WORDS)
  floats[at.POOL_EPSILON] = epsilon
  const margin = marginOf(experts, greatest)
  if (combination === 'log' && margin * sharpness <= MARGIN_MAX) floats[at.POOL_MARGIN] = margin
  for (const [f, expert] of experts.entries())
    placeExpert(arena, expert, { groups: groups[f], columnCount, near }, blocks.view.subarray(f * at.EXPERT_WORDS))

  const slots = Array.from({ length: threads }, () => {
    const { ptr, words } = reserveSlot(arena, shape, priorPlace.ptr, sharpness)
    words[at.RANK_POOL] = pool.ptr
    words[at.RANK_SUMS] = arena.reserveF32(experts.length * (columnCount + at.POOL_GROUP)).ptr
    if (nearest) {
      words[at.RANK_WORTH] = arena.reserveF32(columnCount + at.POOL_GROUP).ptr
      const marks = arena.reserveU8(columnCount + at.POOL_GROUP)
      marks.view[itemCount] = block.NEAREST_ANCHOR
      words[at.RANK_MARKS] = marks.ptr
    }
    words[at.RANK_SOURCES] = arena.reserveU32(shape.historyLength).ptr
    words[at.RANK_PLACES] = arena.reserveU32(shape.historyLength).ptr
    words[at.RANK_SUMS_OF_WEIGHTS] = arena.reserveF32(shape.historyLength).ptr
    return ptr
  })
  return { form: 'pool', exactTotals, module: kernelModule(), memory, ...shape, slots }
}

/**
 * How far scores of equal estimates may lie apart: each is off by what the logarithms of its experts may be (POOL_LOG_ERROR), and by rounding. An
 * estimate and the score itself have two roundings of 2⁻²⁴ an expert, and nine more, of what is at most `greatest`, which no score exceeds, and 180
 * for each unit of weight, since exponents are pooled with their 127.
 */
function marginOf(experts: readonly PoolExpert[], greatest: number): number {
  const weights = experts.reduce((sum, { weight }) => sum + weight, 0)
  const rounding = (experts.length + 5) * 2 ** -23 * (greatest + 256 * weights)
  return 2 * (weights * at.POOL_LOG_ERROR + rounding)
}

interface Layout {
  readonly groups: number
  readonly columnCount: number
  readonly near: boolean
}

function placeExpert(arena: Arena, expert: PoolExpert, layout: Layout, words: Uint32Array): void {
  const { kernel, weight, scale } = expert
  const kernelPlace = arena.reserveF32(kernel.length)
  kernelPlace.view.set(kernel)
  words[at.EXPERT_KERNEL] = kernelPlace.ptr
  words[at.EXPERT_KERNEL_LENGTH] = kernel.length
  const floats = new Float32Array(words.buffer, words.byteOffset, at.EXPERT_WORDS)
  floats[at.EXPERT_WEIGHT] = weight
  floats[at.EXPERT_INVERSE_SCALE] = 1 / scale
  if ('sequences' in expert) words[at.EXPERT_NEAREST] = placeNearest(arena, expert, layout.near)
  else placeRows(arena, expert, layout, words)
}

/** Answers the address of its block. */
function placeNearest(arena: Arena, expert: NearestExpert, near: boolean): number {
  const { steps, sequences } = expert
  const { ptr, view: words } = arena.reserveU32(block.NEAREST_WORDS)
  const { events, starts, places, rarity, standIns } = sequences
  const eventsPlace = near ? reserveU16(arena, events.length) : arena.reserveU32(events.length)
  eventsPlace.view.set(events)
  const put = <View extends { set(values: View): void }>(place: Reserved<View>, values: View): number => {
    place.view.set(values)
    return place.ptr
  }
  words[block.NEAREST_EVENTS] = eventsPlace.ptr
  words[block.NEAREST_STARTS] = put(arena.reserveU32(starts.length), starts)
  words[block.NEAREST_PLACES] = put(arena.reserveU32(places.length), places)
  words[block.NEAREST_RARITY] = put(arena.reserveF32(rarity.length), rarity)
  words[block.NEAREST_DECAYS] = put(arena.reserveF32(NEAREST_DECAY.length), NEAREST_DECAY)
  words[block.NEAREST_STEPS] = steps ? 1 : 0
  const twins = twinsOf(nearestPlaces(expert))
  words[block.NEAREST_TWINS] = put(arena.reserveU32(twins.length), Uint32Array.from(twins))
  words[block.NEAREST_TWIN_COUNT] = twins.length
  words[block.NEAREST_STAND_OFFSETS] = put(arena.reserveU32(standIns.offsets.length), standIns.offsets)
  words[block.NEAREST_STAND_INS] = put(arena.reserveI32(standIns.items.length), standIns.items)
  words[block.NEAREST_STAND_WEIGHTS] = put(arena.reserveF32(standIns.weights.length), standIns.weights)
  return ptr
}

function reserveU16(arena: Arena, length: number): { ptr: number; view: Uint16Array } {
  const { ptr, view } = arena.reserveU32(Math.ceil(length / 2))
  return { ptr, view: new Uint16Array(view.buffer, ptr, length) }
}

function placeRows(
  arena: Arena,
  { offsets, items, values }: SparseExpert,
  { groups, columnCount, near }: Layout,
  words: Uint32Array,
): void {
  const rowWords = groupWords(near)
  const rows = arena.reserveU32(groups * rowWords)
  const starts = arena.reserveU32(offsets.length)
  words[at.EXPERT_ROWS] = rows.ptr
  words[at.EXPERT_OFFSETS] = starts.ptr
  const { buffer, byteOffset, length } = rows.view
  const targets = near ? new Uint16Array(buffer, byteOffset, 2 * length) : rows.view
  const targetsInGroup = near ? 2 * rowWords : rowWords
  const numbers = new Float32Array(buffer, byteOffset, length)
  let group = 0
  for (let row = 0; row + 1 < offsets.length; row++) {
    starts.view[row] = group
    for (let from = offsets[row]; from < offsets[row + 1]; from += at.POOL_GROUP, group++) {
      const count = Math.min(at.POOL_GROUP, offsets[row + 1] - from)
      for (let x = 0; x < at.POOL_GROUP; x++)
        targets[group * targetsInGroup + x] = x < count ? items[from + x] : columnCount + x
      for (let x = 0; x < count; x++) numbers[(group + 1) * rowWords - at.POOL_GROUP + x] = values[from + x]
    }
  }
  starts.view[offsets.length - 1] = group
  assert(group === groups)
}

function groupCount(expert: PoolExpert): number {
  if ('sequences' in expert) return 0
  const { offsets } = expert
  let count = 0
  for (let row = 0; row + 1 < offsets.length; row++)
    count += Math.ceil((offsets[row + 1] - offsets[row]) / at.POOL_GROUP)
  return count
}

/** How many entries a row there is room for. */
function hint(size: PoolSize, threads: number): string {
  const expertCount = size.kernelLengths.length - (size.nearest ? 1 : 0)
  const fitting = Math.floor(poolGroupsMax(size, threads) / (expertCount * size.itemCount)) * at.POOL_GROUP
  const count = expertCount === 1 ? '1 expert' : `${expertCount} experts`
  return fitting >= at.POOL_GROUP ? `, which with ${count} is ${fitting} entries for each item and expert` : ''
}
