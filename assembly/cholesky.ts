/**
 * Cholesky factorization A = L·Lᵀ by square blocks, left-looking (Golub & Van Loan 2013, §4.2.5 and §4.2.9), in f32.
 *
 * A block that still has to be updated lies as panels of 16 columns, `[block / 16][block][16]`, in its lower slot. When it is final,
 * its two slots hold what the matrix product reads, so nothing is packed twice:
 *
 *   lower slot (I, J)   [block / 6][block][6]     strips of 6 rows of L, column after column      for L · X
 *   upper slot (I, J)   [block / 16][block][16]   panels of 16 rows of L, column after column     for X · Lᵀ, and
 *                       [block / 6][block][6]     strips of 6 columns of L, row after row         for Lᵀ · X (after flipBlock)
 *
 * On the diagonal the slots hold L⁻¹ instead of L, which makes every triangular solve a product. Slots lie row after row,
 * (I, J) at I(I+1)/2 + J. Row-major storage of a large matrix ran five times slower in the study, by TLB misses (§7).
 */
import { tile } from '../build/assembly/tile'
import {
  SYSTEM_BLOCK,
  SYSTEM_COLUMN,
  SYSTEM_FAILED_PIVOT,
  SYSTEM_FAILED_ROW,
  SYSTEM_LOWER,
  SYSTEM_SCRATCH,
  SYSTEM_SCRATCH_BYTES,
  SYSTEM_UPPER,
  TILE_COLUMNS,
  TILE_ROWS,
} from '../src/kernels/parameters'
import { stripsOf, transposeNegative, transposePanels } from './layouts'
import { setWord, thread, word } from './words'

const STRIP_ROW_BYTES: usize = TILE_ROWS * 4
const PANEL_ROW_BYTES: usize = TILE_COLUMNS * 4

@inline
export function slot(base: usize, I: i32, J: i32, block: i32): usize {
  return base + <usize>(((I * (I + 1)) >> 1) + J) * block * block * 4
}

@inline
export function scratchOf(params: usize): usize {
  return <usize>word(params, SYSTEM_SCRATCH) + <usize>thread * word(params, SYSTEM_SCRATCH_BYTES)
}

/** One panel: c -= a · b, rows from strip `first` on, over the first `depth` of what is summed; a is one block in strips. */
@inline
function multiplyPanel(c: usize, a: usize, b: usize, first: i32, depth: i32, block: i32): void {
  let strip = a + <usize>(first * block) * STRIP_ROW_BYTES
  let to = c + <usize>(first * TILE_ROWS) * PANEL_ROW_BYTES
  const end = c + <usize>block * PANEL_ROW_BYTES
  while (to < end) {
    tile(to, strip, b, depth)
    strip += <usize>block * STRIP_ROW_BYTES
    to += TILE_ROWS * PANEL_ROW_BYTES
  }
}

/** c -= a · b for `panels` panels of c and b, whose distances are given; a is one block in strips. */
export function multiply(c: usize, cBytes: usize, a: usize, b: usize, bBytes: usize, panels: i32, block: i32): void {
  for (let p = 0; p < panels; p++) {
    multiplyPanel(c, a, b, 0, block, block)
    c += cBytes
    b += bBytes
  }
}

/** The same for a block on the diagonal, whose tiles above it nobody reads: half of the work. */
function multiplyLower(c: usize, a: usize, b: usize, block: i32): void {
  const panelBytes = <usize>block * PANEL_ROW_BYTES
  for (let column = 0; column < block; column += TILE_COLUMNS) {
    multiplyPanel(c, a, b, column / TILE_ROWS, block, block)
    c += panelBytes
    b += panelBytes
  }
}

/** The same with b upper triangular, whose zeros need no summing: half of the work. */
function multiplyUpper(c: usize, a: usize, b: usize, block: i32): void {
  const panelBytes = <usize>block * PANEL_ROW_BYTES
  for (let column = 0; column < block; column += TILE_COLUMNS) {
    multiplyPanel(c, a, b, 0, column + TILE_COLUMNS, block)
    c += panelBytes
    b += panelBytes
  }
}

/** Block (COLUMN + task, COLUMN) -= Σ_{K < COLUMN} L(I, K) · L(COLUMN, K)ᵀ; the first of them, on the diagonal, is factored at once. */
export function updateBlock(params: usize, task: i32): void {
  const block = <i32>word(params, SYSTEM_BLOCK)
  const J = <i32>word(params, SYSTEM_COLUMN)
  const lower = <usize>word(params, SYSTEM_LOWER)
  const upper = <usize>word(params, SYSTEM_UPPER)
  const I = J + task
  const panelBytes = <usize>block * PANEL_ROW_BYTES
  const to = slot(lower, I, J, block)
  for (let K = 0; K < J; K++) {
    const left = slot(lower, I, K, block)
    const right = slot(upper, J, K, block)
    if (task == 0) multiplyLower(to, left, right, block)
    else multiply(to, panelBytes, left, right, panelBytes, block / TILE_COLUMNS, block)
  }
  if (task == 0) factorBlock(params)
}

/** y[0..count) += factor · x[0..count), rounded up to whole vectors, which lie inside the row. */
@inline
export function addScaled(factor: f32, x: usize, y: usize, from: i32, to: i32): void {
  const f = f32x4.splat(factor)
  for (let j = from & ~7; j < to; j += 8) {
    const at = <usize>j << 2
    const y0 = v128.load(y + at)
    const y1 = v128.load(y + at, 16)
    v128.store(y + at, f32x4.relaxed_madd(f, v128.load(x + at), y0))
    v128.store(y + at, f32x4.relaxed_madd(f, v128.load(x + at, 16), y1), 16)
  }
}

@inline
export function scale(factor: f32, x: usize, from: i32, to: i32): void {
  const f = f32x4.splat(factor)
  for (let j = from & ~7; j < to; j += 8) {
    const at = x + (<usize>j << 2)
    const x0 = v128.load(at)
    const x1 = v128.load(at, 16)
    v128.store(at, f32x4.mul(f, x0))
    v128.store(at, f32x4.mul(f, x1), 16)
  }
}

/**
 * Factors the diagonal block (COLUMN, COLUMN) and leaves L⁻¹ in its slots. A pivot that is not positive and finite ends it:
 * FAILED_ROW and FAILED_PIVOT say which. In scratch, row-major: U = Lᵀ, then M = L⁻¹, then 1 / L[i][i].
 */
function factorBlock(params: usize): void {
  const block = <i32>word(params, SYSTEM_BLOCK)
  const J = <i32>word(params, SYSTEM_COLUMN)
  const lower = slot(word(params, SYSTEM_LOWER), J, J, block)
  const upper = slot(word(params, SYSTEM_UPPER), J, J, block)
  const rowBytes = <usize>block << 2
  const U = scratchOf(params)
  const M = U + <usize>block * rowBytes
  const inverses = M + <usize>block * rowBytes

  for (let i = 0; i < block; i++) {
    for (let j = 0; j < block; j++) {
      const p = j / TILE_COLUMNS
      const from = lower + (<usize>((p * block + i) * TILE_COLUMNS + (j - p * TILE_COLUMNS)) << 2)
      store<f32>(U + (<usize>(j * block + i) << 2), j <= i ? load<f32>(from) : 0)
    }
  }

  for (let k = 0; k < block; k++) {
    const row = U + <usize>k * rowBytes
    const pivot = load<f32>(row + (<usize>k << 2))
    if (!(pivot > 0 && pivot < Infinity)) {
      setWord(params, SYSTEM_FAILED_ROW, J * block + k)
      setWord(params, SYSTEM_FAILED_PIVOT, reinterpret<u32>(pivot))
      return
    }
    const inverse = <f32>1 / sqrt<f32>(pivot)
    store<f32>(inverses + (<usize>k << 2), inverse)
    scale(inverse, row, k, block)
    for (let i = k + 1; i < block; i++) {
      addScaled(-load<f32>(row + (<usize>i << 2)), row, U + <usize>i * rowBytes, i, block)
    }
  }

  // M[i] = (e_i - Σ_{k < i} L[i][k] · M[k]) / L[i][i]
  memory.fill(M, 0, <usize>block * rowBytes)
  for (let i = 0; i < block; i++) {
    const row = M + <usize>i * rowBytes
    for (let k = 0; k < i; k++) {
      addScaled(-load<f32>(U + (<usize>(k * block + i) << 2)), M + <usize>k * rowBytes, row, 0, k + 1)
    }
    const inverse = load<f32>(inverses + (<usize>i << 2))
    scale(inverse, row, 0, i)
    store<f32>(row + (<usize>i << 2), inverse)
  }

  for (let i = 0; i < block; i++) {
    const s = i / TILE_ROWS
    const p = i / TILE_COLUMNS
    for (let k = 0; k < block; k++) {
      const value = load<f32>(M + (<usize>(i * block + k) << 2))
      store<f32>(lower + (<usize>((s * block + k) * TILE_ROWS + (i - s * TILE_ROWS)) << 2), value)
      store<f32>(upper + (<usize>((p * block + k) * TILE_COLUMNS + (i - p * TILE_COLUMNS)) << 2), value)
    }
  }
}

/** Block (COLUMN + 1 + task, COLUMN) becomes A · L⁻ᵀ of the diagonal block, in both slots. In scratch: -A in strips, then the product. */
export function panelBlock(params: usize, task: i32): void {
  const block = <i32>word(params, SYSTEM_BLOCK)
  const J = <i32>word(params, SYSTEM_COLUMN)
  const I = J + 1 + task
  const lower = slot(word(params, SYSTEM_LOWER), I, J, block)
  const upper = slot(word(params, SYSTEM_UPPER), I, J, block)
  const blockBytes = (<usize>block * block) << 2
  const negative = scratchOf(params)
  const product = negative + blockBytes

  transposeNegative(lower, product, block)
  stripsOf(product, negative, block)
  memory.fill(product, 0, blockBytes)
  const diagonal = slot(word(params, SYSTEM_UPPER), J, J, block)
  multiplyUpper(product, negative, diagonal, block)

  transposePanels(product, upper, block)
  stripsOf(upper, lower, block)
}

/** Upper slot number `task`, once the factorization is over: from panels of 16 rows of L to strips of 6 columns of L. */
export function flipBlock(params: usize, task: i32): void {
  const block = <i32>word(params, SYSTEM_BLOCK)
  const blockBytes = (<usize>block * block) << 2
  const upper = <usize>word(params, SYSTEM_UPPER) + <usize>task * blockBytes
  const copy = scratchOf(params)
  transposePanels(upper, copy, block)
  stripsOf(copy, upper, block)
}
