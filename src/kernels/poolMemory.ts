/** How much memory ranking by a pool takes (assembly/pool.ts), and how many entries fit; inference/placePool.ts lays it out. */
import { ALIGNMENT_BYTES, ARENA_START_BYTES, aligned } from './arena.ts'
import { MEMORY_BYTES_MAX } from './load.ts'
import { NEAREST_BEHIND, NEAREST_WORDS } from './nearestParameters.ts'
import { EXPERT_WORDS, POOL_GROUP, POOL_WORDS } from './parameters.ts'
import { columnCountOf, type SlotShape, slotBytes } from './rankMemory.ts'

/** Up to here 16 bits name every column, and those after the last that fill up a group. */
const NEAR_COLUMN_COUNT_MAX = 2 ** 16 - POOL_GROUP

/** One query after the other: they share nothing. */
const BLOCK_SIZE = 1

export interface PoolSize {
  readonly itemCount: number
  /** K of every expert that has a weight. */
  readonly kernelLengths: readonly number[]
  /** What an expert of nearest sequences remembers; absent: there is none. */
  readonly nearest?: NearestSize
}

export interface NearestSize {
  /** With what stands between people. */
  readonly eventCount: number
  readonly placeCount: number
  readonly newCount: number
  readonly standInCount: number
}

/** Bytes of what is remembered. */
export const nearestBytes = (
  itemCount: number,
  { eventCount, placeCount, newCount, standInCount }: NearestSize,
): number =>
  (isNear(itemCount) ? 2 : 4) * eventCount +
  4 * placeCount +
  8 * (newCount + standInCount) +
  4 * (2 * itemCount + 2 + NEAREST_BEHIND + NEAREST_WORDS)

/** Whether entries name their item by 16 bits or by 32. */
export const isNear = (itemCount: number): boolean => columnCountOf(itemCount) <= NEAR_COLUMN_COUNT_MAX

/** Words of a group of POOL_GROUP entries: its items, two or one to a word, and its values. */
export const groupWords = (near: boolean): number => (near ? 1.5 : 2) * POOL_GROUP

export const poolSlotShape = ({ itemCount, kernelLengths }: PoolSize): SlotShape => ({
  itemCount,
  historyLength: Math.max(1, ...kernelLengths),
  blockSize: BLOCK_SIZE,
})

/** Bytes of a thread's workplace: each expert's sums, what becomes of a history with repeats, and what nearest sequences look up. */
export function poolSlotBytes(size: PoolSize): number {
  const shape = poolSlotShape(size)
  const sums = 4 * size.kernelLengths.length * (columnCountOf(size.itemCount) + POOL_GROUP)
  const worth = size.nearest ? 5 * (columnCountOf(size.itemCount) + POOL_GROUP) + 2 * ALIGNMENT_BYTES : 0
  return slotBytes(shape) + sums + worth + 12 * shape.historyLength + 4 * ALIGNMENT_BYTES
}

/** Bytes of a pool with so many groups of entries in all. */
export function poolBytes(size: PoolSize, groupCount: number, threads: number): number {
  const { itemCount, kernelLengths, nearest } = size
  const columnCount = columnCountOf(itemCount)
  const shared = 8 * columnCount + 4 * POOL_WORDS + 4 * EXPERT_WORDS * kernelLengths.length
  const rows = groupCount * 4 * groupWords(isNear(itemCount))
  const others = kernelLengths.reduce((sum, length) => sum + 4 * (length + itemCount + 1), 0)
  const remembered = nearest ? nearestBytes(itemCount, nearest) + 10 * ALIGNMENT_BYTES : 0
  const gaps = (4 + 3 * kernelLengths.length) * ALIGNMENT_BYTES
  return ARENA_START_BYTES + aligned(shared + rows + others + remembered + gaps + threads * poolSlotBytes(size))
}

/** How many groups of entries there is room for in all experts together; below 0 where not even the rest fits. */
export function poolGroupsMax(size: PoolSize, threads: number): number {
  const room = MEMORY_BYTES_MAX - poolBytes(size, 0, threads) - ALIGNMENT_BYTES
  return Math.floor(room / (4 * groupWords(isNear(size.itemCount))))
}
