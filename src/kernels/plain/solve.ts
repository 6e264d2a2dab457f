/** The plain twins of assembly/solve.ts. */
import { SYSTEM_LOWER, SYSTEM_ORDER, SYSTEM_PANEL_COUNT, SYSTEM_RIGHT, TILE_COLUMNS } from '../parameters.ts'
import { multiply, panelPlace, stripPlace, systemAt } from './cholesky.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

/** Rows [row, row + block) of x, which is in panels of `padded` rows, = a · (those rows). */
function transform(memory: PlainMemory, x: number, padded: number, a: number, columns: number, block: number): void {
  const { f32, madd } = memory
  for (let j = 0; j < columns; j++) {
    const before = Float32Array.from({ length: block }, (_, k) => f32[x + panelPlace(k, j, padded)])
    for (let i = 0; i < block; i++) {
      let sum = 0
      for (let k = 0; k < block; k++) sum = madd(f32[a + stripPlace(i, k, block)], -before[k], sum)
      f32[x + panelPlace(i, j, padded)] = 0 - sum
    }
  }
}

export const solveStrip: PlainKernel = (memory, params, task) => {
  const { word, block, blockCount, padded, lower, upper } = systemAt(memory, params)
  const columns = Math.min(block, word(SYSTEM_PANEL_COUNT) * TILE_COLUMNS - task * block)
  const strip = word(SYSTEM_RIGHT) / 4 + task * block * padded
  const rowsOf = (I: number) => ({ at: strip + I * block * TILE_COLUMNS, rows: padded })
  for (let I = 0; I < blockCount; I++) {
    for (let K = 0; K < I; K++) multiply(memory, rowsOf(I), lower(I, K), rowsOf(K), columns, block)
    transform(memory, rowsOf(I).at, padded, lower(I, I), columns, block)
  }
  for (let I = blockCount - 1; I >= 0; I--) {
    for (let K = I + 1; K < blockCount; K++) multiply(memory, rowsOf(I), upper(K, I), rowsOf(K), columns, block)
    transform(memory, rowsOf(I).at, padded, upper(I, I), columns, block)
  }
}

export const unpackRow: PlainKernel = (memory, params, task) => {
  const { f32 } = memory
  const { word, padded } = systemAt(memory, params)
  const order = word(SYSTEM_ORDER)
  for (let j = 0; j < order; j++)
    f32[word(SYSTEM_LOWER) / 4 + task * order + j] = f32[word(SYSTEM_RIGHT) / 4 + panelPlace(task, j, padded)]
}
