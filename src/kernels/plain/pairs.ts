/** The plain twins of assembly/pairs.ts. */
import {
  PAIRS_AHEAD,
  PAIRS_BEHIND,
  PAIRS_EVENTS,
  PAIRS_ITEM_COUNT,
  PAIRS_KERNEL,
  PAIRS_KERNEL_LENGTH,
  PAIRS_OFFSETS,
  PAIRS_POSITIONS,
  PAIRS_REACH,
  PAIRS_RIDGE,
  PAIRS_SYSTEM,
  PAIRS_WEIGHTS,
  PAIRS_WORDS,
  SYSTEM_PANEL_COUNT,
  SYSTEM_RIGHT,
  TILE_COLUMNS,
} from '../parameters.ts'
import { panelPlace, systemAt } from './cholesky.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

export const pairRow: PlainKernel = (memory, params, row) => {
  const { u32, f32, f64 } = memory
  const { words, padded } = systemOf(memory, params)
  const K = words[PAIRS_KERNEL_LENGTH]
  const gram = new Float64Array(padded)
  const cross = new Float64Array(padded)
  const shares = words[PAIRS_WEIGHTS]
  /** Where the event's own weight would be, in f32. */
  const shareAt = (event: number) => shares / 4 + event - words[PAIRS_EVENTS] / 4
  eachPlace(memory, words, row, (event, before, after) => {
    if (after === 0) return
    const table = (after - 1) * K
    for (let k = 0; k < after; k++) {
      const share = shares === 0 ? 1 : f32[shareAt(event + 1 + k)]
      cross[u32[event + 1 + k]] += f64[words[PAIRS_KERNEL] / 8 + k] * share
    }
    for (let d = 0; d < after; d++) gram[u32[event + d]] += f64[words[PAIRS_AHEAD] / 8 + table + d]
    for (let d = 1; d <= Math.min(before, K - 1); d++) gram[u32[event - d]] += f64[words[PAIRS_BEHIND] / 8 + table + d]
  })
  storeRow(memory, params, row, gram, cross)
}

export const togetherRow: PlainKernel = (memory, params, row) => {
  const { u32, f32 } = memory
  const { words, padded } = systemOf(memory, params)
  const shares = words[PAIRS_WEIGHTS]
  const gram = new Float64Array(padded)
  const right = new Float64Array(padded)
  eachPlace(memory, words, row, (event, before, after) => {
    for (let at = event - before; at <= event + after; at++) {
      gram[u32[at]]++
      if (shares !== 0) right[u32[at]] += f32[shares / 4 + at - words[PAIRS_EVENTS] / 4]
    }
  })
  if (shares === 0) right[row] = 1
  storeRow(memory, params, row, gram, right)
}

function systemOf(memory: PlainMemory, params: number) {
  const words = memory.u32.subarray(params / 4, params / 4 + PAIRS_WORDS)
  return { words, ...systemAt(memory, words[PAIRS_SYSTEM]) }
}

/** Of each place of item `row`: where it stands in u32, and how many events lie before and after it. Nothing for padding. */
function eachPlace(
  { u32 }: PlainMemory,
  words: Uint32Array,
  row: number,
  use: (event: number, before: number, after: number) => void,
): void {
  if (row >= words[PAIRS_ITEM_COUNT]) return
  const offsets = words[PAIRS_OFFSETS] / 4 + row
  for (let i = u32[offsets]; i < u32[offsets + 1]; i++) {
    const position = u32[words[PAIRS_POSITIONS] / 4 + i]
    const reach = u32[words[PAIRS_REACH] / 4 + position]
    use(words[PAIRS_EVENTS] / 4 + position, reach & 0xffff, reach >>> 16)
  }
}

function storeRow(memory: PlainMemory, params: number, row: number, gram: Float64Array, right: Float64Array): void {
  const { f32, f64 } = memory
  const { words, block, padded, lower, word } = systemOf(memory, params)
  const ridge = words[PAIRS_RIDGE] / 8
  if (row < words[PAIRS_ITEM_COUNT]) gram[row] = gram[row] + f64[ridge] + f64[ridge + 1] * gram[row]
  else gram[row] = 1
  const I = Math.floor(row / block)
  for (let J = 0; J <= I; J++) {
    const slot = lower(I, J)
    for (let j = 0; j < block; j++) f32[slot + panelPlace(row - I * block, j, block)] = gram[J * block + j]
  }
  for (let j = 0; j < word(SYSTEM_PANEL_COUNT) * TILE_COLUMNS; j++)
    f32[word(SYSTEM_RIGHT) / 4 + panelPlace(row, j, padded)] = right[j]
}
