/** The plain twin of assembly/pairs.ts. */
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
  PAIRS_WORDS,
  SYSTEM_PANEL_COUNT,
  SYSTEM_RIGHT,
  TILE_COLUMNS,
} from '../parameters.ts'
import { panelPlace, systemAt } from './cholesky.ts'
import type { PlainKernel } from './memory.ts'

export const pairRow: PlainKernel = (memory, params, row) => {
  const { u32, f32, f64 } = memory
  const words = u32.subarray(params / 4, params / 4 + PAIRS_WORDS)
  const system = systemAt(memory, words[PAIRS_SYSTEM])
  const K = words[PAIRS_KERNEL_LENGTH]
  const gram = new Float64Array(system.padded)
  const cross = new Float64Array(system.padded)
  if (row < words[PAIRS_ITEM_COUNT]) {
    const offsets = words[PAIRS_OFFSETS] / 4 + row
    for (let i = u32[offsets]; i < u32[offsets + 1]; i++) {
      const position = u32[words[PAIRS_POSITIONS] / 4 + i]
      const reach = u32[words[PAIRS_REACH] / 4 + position]
      const before = reach & 0xffff
      const after = reach >>> 16
      if (after === 0) continue
      const event = words[PAIRS_EVENTS] / 4 + position
      const table = (after - 1) * K
      for (let k = 0; k < after; k++) cross[u32[event + 1 + k]] += f64[words[PAIRS_KERNEL] / 8 + k]
      for (let d = 0; d < after; d++) gram[u32[event + d]] += f64[words[PAIRS_AHEAD] / 8 + table + d]
      for (let d = 1; d <= Math.min(before, K - 1); d++)
        gram[u32[event - d]] += f64[words[PAIRS_BEHIND] / 8 + table + d]
    }
    const ridge = words[PAIRS_RIDGE] / 8
    gram[row] = gram[row] + f64[ridge] + f64[ridge + 1] * gram[row]
  } else gram[row] = 1

  const { block } = system
  const I = Math.floor(row / block)
  for (let J = 0; J <= I; J++) {
    const slot = system.lower(I, J)
    for (let j = 0; j < block; j++) f32[slot + panelPlace(row - I * block, j, block)] = gram[J * block + j]
  }
  const right = system.word(SYSTEM_RIGHT) / 4
  for (let j = 0; j < system.word(SYSTEM_PANEL_COUNT) * TILE_COLUMNS; j++)
    f32[right + panelPlace(row, j, system.padded)] = cross[j]
}
