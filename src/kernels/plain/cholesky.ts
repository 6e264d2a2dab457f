/** The plain twins of assembly/cholesky.ts. */
import {
  SYSTEM_BLOCK,
  SYSTEM_BLOCK_COUNT,
  SYSTEM_COLUMN,
  SYSTEM_FAILED_PIVOT,
  SYSTEM_FAILED_ROW,
  SYSTEM_LOWER,
  SYSTEM_UPPER,
  TILE_COLUMNS,
  TILE_ROWS,
} from '../parameters.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

const { fround } = Math

/** Element (i, j) of a matrix of `rows` rows as panels of 16 columns. */
export const panelPlace = (i: number, j: number, rows: number): number =>
  (Math.floor(j / TILE_COLUMNS) * rows + i) * TILE_COLUMNS + (j % TILE_COLUMNS)

/** Element (i, k) of a block of `columns` columns as strips of 6 rows. */
export const stripPlace = (i: number, k: number, columns: number): number =>
  (Math.floor(i / TILE_ROWS) * columns + k) * TILE_ROWS + (i % TILE_ROWS)

/** Reads a system's parameter block; `lower` and `upper` answer with f32 indexes. */
export function systemAt({ u32 }: PlainMemory, params: number) {
  const word = (index: number) => u32[params / 4 + index]
  const block = word(SYSTEM_BLOCK)
  const slot = (base: number, I: number, J: number) => base / 4 + ((I * (I + 1)) / 2 + J) * block * block
  return {
    word,
    block,
    blockCount: word(SYSTEM_BLOCK_COUNT),
    padded: block * word(SYSTEM_BLOCK_COUNT),
    lower: (I: number, J: number) => slot(word(SYSTEM_LOWER), I, J),
    upper: (I: number, J: number) => slot(word(SYSTEM_UPPER), I, J),
  }
}

/**
 * C[block, columns] -= A·B. f32 indexes: c and b in panels of cRows and bRows rows, a one block in strips. The sum of an element runs
 * over k ascending from 0; then it is subtracted once, where the element is wanted.
 */
export function multiply(
  { f32, madd }: PlainMemory,
  c: { at: number; rows: number },
  a: number,
  b: { at: number; rows: number },
  columns: number,
  block: number,
  wanted: (i: number, j: number) => boolean = () => true,
): void {
  for (let i = 0; i < block; i++) {
    for (let j = 0; j < columns; j++) {
      if (!wanted(i, j)) continue
      let sum = 0
      for (let k = 0; k < block; k++)
        sum = madd(f32[a + stripPlace(i, k, block)], f32[b.at + panelPlace(k, j, b.rows)], sum)
      f32[c.at + panelPlace(i, j, c.rows)] -= sum
    }
  }
}

export const updateBlock: PlainKernel = (memory, params, task) => {
  const { word, block, lower, upper } = systemAt(memory, params)
  const J = word(SYSTEM_COLUMN)
  const I = J + task
  /** On the diagonal, the tiles that reach it or lie below. */
  const wanted = (i: number, j: number) =>
    task > 0 || Math.floor(i / TILE_ROWS) >= Math.floor((j - (j % TILE_COLUMNS)) / TILE_ROWS)
  for (let K = 0; K < J; K++) {
    const [to, right] = [lower(I, J), upper(J, K)].map(at => ({ at, rows: block }))
    multiply(memory, to, lower(I, K), right, block, block, wanted)
  }
  if (task === 0) factorBlock(memory, params)
}

function factorBlock(memory: PlainMemory, params: number): void {
  const { i32, f32, madd } = memory
  const { word, block, lower, upper } = systemAt(memory, params)
  const J = word(SYSTEM_COLUMN)
  const size = block * block
  const U = new Float32Array(size)
  const M = new Float32Array(size)
  const inverses = new Float32Array(block)
  for (let i = 0; i < block; i++)
    for (let j = 0; j <= i; j++) U[j * block + i] = f32[lower(J, J) + panelPlace(i, j, block)]

  for (let k = 0; k < block; k++) {
    const pivot = U[k * block + k]
    if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) {
      i32[params / 4 + SYSTEM_FAILED_ROW] = J * block + k
      f32[params / 4 + SYSTEM_FAILED_PIVOT] = pivot
      return
    }
    inverses[k] = 1 / fround(Math.sqrt(pivot))
    for (let j = k; j < block; j++) U[k * block + j] *= inverses[k]
    for (let i = k + 1; i < block; i++)
      for (let j = i; j < block; j++) U[i * block + j] = madd(-U[k * block + i], U[k * block + j], U[i * block + j])
  }
  for (let i = 0; i < block; i++) {
    for (let k = 0; k < i; k++)
      for (let j = 0; j <= k; j++) M[i * block + j] = madd(-U[k * block + i], M[k * block + j], M[i * block + j])
    for (let j = 0; j < i; j++) M[i * block + j] *= inverses[i]
    M[i * block + i] = inverses[i]
  }
  for (let i = 0; i < block; i++) {
    for (let k = 0; k < block; k++) {
      f32[lower(J, J) + stripPlace(i, k, block)] = M[i * block + k]
      f32[upper(J, J) + panelPlace(k, i, block)] = M[i * block + k]
    }
  }
}

export const panelBlock: PlainKernel = (memory, params, task) => {
  const { f32, madd } = memory
  const { word, block, lower, upper } = systemAt(memory, params)
  const J = word(SYSTEM_COLUMN)
  const I = J + 1 + task
  const A = f32.slice(lower(I, J), lower(I, J) + block * block)
  for (let i = 0; i < block; i++) {
    for (let j = 0; j < block; j++) {
      const depth = j - (j % TILE_COLUMNS) + TILE_COLUMNS // beyond it L⁻ᵀ is zero
      let sum = 0
      for (let k = 0; k < depth; k++)
        sum = madd(-A[panelPlace(i, k, block)], f32[upper(J, J) + panelPlace(k, j, block)], sum)
      f32[lower(I, J) + stripPlace(i, j, block)] = 0 - sum
      f32[upper(I, J) + panelPlace(j, i, block)] = 0 - sum
    }
  }
}

export const flipBlock: PlainKernel = (memory, params, task) => {
  const { f32 } = memory
  const { block, upper } = systemAt(memory, params)
  const at = upper(0, 0) + task * block * block
  const L = f32.slice(at, at + block * block)
  for (let i = 0; i < block; i++)
    for (let k = 0; k < block; k++) f32[at + stripPlace(k, i, block)] = L[panelPlace(k, i, block)]
}
