/** How much memory a thread needs to rank with kernels (assembly/rank.ts, assembly/choose.ts); inference/rankSlots.ts lays it out. */
import { ALIGNMENT_BYTES } from './arena.ts'
import { RANK_PANEL, RANK_WORDS } from './parameters.ts'

export interface SlotShape {
  readonly itemCount: number
  /** Events of a history that count: 0 for a model without rows. */
  readonly historyLength: number
  /** Queries that are scored together. */
  readonly blockSize: number
}

/** Items as the kernels see them: whole panels. */
export const columnCountOf = (itemCount: number): number => Math.ceil(itemCount / RANK_PANEL) * RANK_PANEL

/** Bytes that `reserveSlot` takes at most. */
export function slotBytes({ itemCount, historyLength, blockSize }: SlotShape): number {
  const columnCount = columnCountOf(itemCount)
  const scores = 4 * blockSize * columnCount
  const perQuery = 4 * (blockSize + 1) + 4 * blockSize * historyLength
  const perColumn = (4 + 4 + 8 + 4 + 4 + 1 / 8) * columnCount // weights, keys, candidates, items, probabilities, allowed
  return 4 * RANK_WORDS + scores + perQuery + perColumn + 8 + 11 * ALIGNMENT_BYTES
}
