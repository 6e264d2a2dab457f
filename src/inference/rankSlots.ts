/** What every form of a placed model has: a workplace for each thread, and numbers that were looked at. */
import type { Arena } from '../kernels/arena.ts'
import { MEMORY_BYTES_MAX } from '../kernels/load.ts'
import {
  RANK_ALLOWED,
  RANK_CANDIDATES,
  RANK_COLUMN_COUNT,
  RANK_EVENTS,
  RANK_ITEM_COUNT,
  RANK_ITEMS,
  RANK_KEYS,
  RANK_OFFSETS,
  RANK_PRIOR,
  RANK_PROBABILITIES,
  RANK_SCORES,
  RANK_SHARPNESS,
  RANK_TOTAL,
  RANK_WEIGHTS,
  RANK_WORDS,
} from '../kernels/parameters.ts'
import { columnCountOf, type SlotShape } from '../kernels/rankMemory.ts'
import { Refusal } from '../lib/refusal.ts'

/** Greatest finite f32. */
export const F32_MAX = (2 - 2 ** -23) * 2 ** 127

export interface PlacedSlots {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly itemCount: number
  /** Events of a history that count: 0 for a model without rows. */
  readonly historyLength: number
  /** Queries that are scored together. */
  readonly blockSize: number
  /** Address of each slot's parameter block. */
  readonly slots: readonly number[]
}

/** A thread's parameter block and all it points to, but for the model. `prior` is the address of f32[columnCount]. */
export function reserveSlot(
  arena: Arena,
  { itemCount, historyLength, blockSize }: SlotShape,
  prior: number,
  sharpness: number,
): { ptr: number; words: Uint32Array } {
  const columnCount = columnCountOf(itemCount)
  const { ptr, view: words } = arena.reserveU32(RANK_WORDS)
  words[RANK_ITEM_COUNT] = itemCount
  words[RANK_COLUMN_COUNT] = columnCount
  words[RANK_PRIOR] = prior
  words[RANK_OFFSETS] = arena.reserveU32(blockSize + 1).ptr
  words[RANK_EVENTS] = arena.reserveU32(blockSize * historyLength).ptr
  words[RANK_SCORES] = arena.reserveF32(blockSize * columnCount).ptr
  words[RANK_WEIGHTS] = arena.reserveF32(columnCount).ptr
  words[RANK_KEYS] = arena.reserveI32(columnCount).ptr
  words[RANK_TOTAL] = arena.reserveF64(1).ptr
  new Float32Array(words.buffer, ptr, RANK_WORDS)[RANK_SHARPNESS] = sharpness
  words[RANK_CANDIDATES] = arena.reserveF64(columnCount).ptr
  words[RANK_ITEMS] = arena.reserveI32(columnCount).ptr
  words[RANK_PROBABILITIES] = arena.reserveF32(columnCount).ptr
  words[RANK_ALLOWED] = arena.reserveU32(columnCount / 32).ptr
  return { ptr, words }
}

/** The greatest absolute value. Throws Refusal where one is not a finite number; `placeOf` says where that is. */
export function checkFinite(name: string, values: Float32Array, placeOf = (at: number) => `[${at}]`): number {
  let greatest = 0
  for (let at = 0; at < values.length; at++) {
    const size = Math.abs(values[at])
    if (!(size <= F32_MAX)) throw new Refusal(`The model is damaged: ${name} ${placeOf(at)} is ${values[at]}.`)
    if (size > greatest) greatest = size
  }
  return greatest
}

export function checkSharpness(sharpness: number): void {
  if (!(sharpness > 0 && sharpness <= F32_MAX))
    throw new Refusal(`The model is damaged: its sharpness is ${sharpness}, where a number above 0 was expected.`)
}

/** Throws Refusal where a model does not fit the memory; `hint` says what would. */
export function refuseTooLarge(itemCount: number, bytes: number, hint = ''): void {
  if (bytes > MEMORY_BYTES_MAX)
    throw new Refusal(
      `The model of ${itemCount} items needs ${bytes} bytes of memory; at most ${MEMORY_BYTES_MAX} can be used${hint}.`,
    )
}
