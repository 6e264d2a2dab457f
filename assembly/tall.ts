/** Matrices of many rows and few columns, in blocks of 16 columns (rows.ts): their inner products, and their product with a small matrix. */
import {
  LANES,
  SUM_ROWS,
  TALL_BLOCK_COUNT,
  TALL_FACTOR,
  TALL_GRAM,
  TALL_GROUP,
  TALL_LEFT,
  TALL_RIGHT,
  TALL_ROW_COUNT,
  TALL_SCRATCH,
  TALL_SCRATCH_BYTES,
  TALL_TASK_ROWS,
} from '../src/kernels/parameters'
import { ROW_BYTES } from './rows'
import { thread, word } from './words'

/** to f32[4, 16] = Σ_rows a[row][0 … 3] · b[row]. */
function outer(a: usize, b: usize, end: usize, to: usize): void {
  const zero = f32x4.splat(0)
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero
  let s20 = zero, s21 = zero, s22 = zero, s23 = zero
  let s30 = zero, s31 = zero, s32 = zero, s33 = zero
  while (b < end) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    const b2 = v128.load(b, 32)
    const b3 = v128.load(b, 48)
    const a0 = v128.load32_splat(a)
    s00 = f32x4.relaxed_madd(a0, b0, s00)
    s01 = f32x4.relaxed_madd(a0, b1, s01)
    s02 = f32x4.relaxed_madd(a0, b2, s02)
    s03 = f32x4.relaxed_madd(a0, b3, s03)
    const a1 = v128.load32_splat(a, 4)
    s10 = f32x4.relaxed_madd(a1, b0, s10)
    s11 = f32x4.relaxed_madd(a1, b1, s11)
    s12 = f32x4.relaxed_madd(a1, b2, s12)
    s13 = f32x4.relaxed_madd(a1, b3, s13)
    const a2 = v128.load32_splat(a, 8)
    s20 = f32x4.relaxed_madd(a2, b0, s20)
    s21 = f32x4.relaxed_madd(a2, b1, s21)
    s22 = f32x4.relaxed_madd(a2, b2, s22)
    s23 = f32x4.relaxed_madd(a2, b3, s23)
    const a3 = v128.load32_splat(a, 12)
    s30 = f32x4.relaxed_madd(a3, b0, s30)
    s31 = f32x4.relaxed_madd(a3, b1, s31)
    s32 = f32x4.relaxed_madd(a3, b2, s32)
    s33 = f32x4.relaxed_madd(a3, b3, s33)
    a += ROW_BYTES
    b += ROW_BYTES
  }
  store4(to, s00, s01, s02, s03)
  store4(to + ROW_BYTES, s10, s11, s12, s13)
  store4(to + 2 * ROW_BYTES, s20, s21, s22, s23)
  store4(to + 3 * ROW_BYTES, s30, s31, s32, s33)
}

@inline
function store4(to: usize, a0: v128, a1: v128, a2: v128, a3: v128): void {
  v128.store(to, a0)
  v128.store(to, a1, 16)
  v128.store(to, a2, 32)
  v128.store(to, a3, 48)
}

/** Blocks I = task / blocks of LEFT and J = task % blocks of RIGHT, I ≤ J: GRAM's elements of both and their mirror image. */
export function innerProducts(params: usize, task: i32): void {
  const blocks = <i32>word(params, TALL_BLOCK_COUNT)
  const I = task / blocks
  const J = task % blocks
  if (I > J) return
  const rows = <i32>word(params, TALL_ROW_COUNT)
  const left = <usize>word(params, TALL_LEFT) + <usize>(I * rows) * ROW_BYTES
  const right = <usize>word(params, TALL_RIGHT) + <usize>(J * rows) * ROW_BYTES
  const part = <usize>word(params, TALL_SCRATCH) + <usize>thread * word(params, TALL_SCRATCH_BYTES)
  const gram = <usize>word(params, TALL_GRAM)
  const order = blocks * LANES
  for (let i = 0; i < LANES; i++) memory.fill(gram + (<usize>((I * LANES + i) * order + J * LANES) << 3), 0, LANES * 8)
  for (let from = 0; from < rows; from += SUM_ROWS) {
    const end = right + <usize>min(rows, from + SUM_ROWS) * ROW_BYTES
    for (let i = 0; i < LANES; i += 4) {
      outer(left + <usize>from * ROW_BYTES + (<usize>i << 2), right + <usize>from * ROW_BYTES, end, part)
      for (let k = 0; k < 4; k++) {
        const to = gram + (<usize>((I * LANES + i + k) * order + J * LANES) << 3)
        for (let j = 0; j < LANES; j++) {
          const at = to + (<usize>j << 3)
          store<f64>(at, load<f64>(at) + <f64>load<f32>(part + (<usize>(k * LANES + j) << 2)))
        }
      }
    }
  }
  for (let i = 0; i < LANES; i++) {
    const row = I * LANES + i
    for (let j = I == J ? i + 1 : 0; j < LANES; j++) {
      const column = J * LANES + j
      store<f64>(gram + (<usize>(column * order + row) << 3), load<f64>(gram + (<usize>(row * order + column) << 3)))
    }
  }
}

/** Rows [task · TALL_TASK_ROWS, …) of LEFT ← those rows · FACTOR. In scratch: TALL_GROUP rows, each whole. */
export function turnRows(params: usize, task: i32): void {
  const blocks = <i32>word(params, TALL_BLOCK_COUNT)
  const rows = <i32>word(params, TALL_ROW_COUNT)
  const left = <usize>word(params, TALL_LEFT)
  const factor = <usize>word(params, TALL_FACTOR)
  const held = <usize>word(params, TALL_SCRATCH) + <usize>thread * word(params, TALL_SCRATCH_BYTES)
  const blockBytes = <usize>rows * ROW_BYTES
  const heldBytes = <usize>blocks * ROW_BYTES
  const end = min(rows, (task + 1) * TALL_TASK_ROWS)
  for (let row = task * TALL_TASK_ROWS; row < end; row += TALL_GROUP) {
    const count = min(TALL_GROUP, end - row)
    for (let r = 0; r < count; r++) {
      for (let block = 0; block < blocks; block++) {
        const from = left + <usize>block * blockBytes + <usize>(row + r) * ROW_BYTES
        memory.copy(held + <usize>r * heldBytes + <usize>block * ROW_BYTES, from, ROW_BYTES)
      }
    }
    for (let block = 0; block < blocks; block++) {
      const to = left + <usize>block * blockBytes + <usize>row * ROW_BYTES
      turnGroup(held, heldBytes, factor + <usize>block * ROW_BYTES, to, count)
    }
  }
}

/** to f32[count ≤ 4, 16] = held f32[4, order] · 16 columns of the factor. Rows beyond `count` are reckoned and not stored. */
function turnGroup(held: usize, heldBytes: usize, factor: usize, to: usize, count: i32): void {
  const zero = f32x4.splat(0)
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero
  let s20 = zero, s21 = zero, s22 = zero, s23 = zero
  let s30 = zero, s31 = zero, s32 = zero, s33 = zero
  const end = held + heldBytes
  while (held < end) {
    const b0 = v128.load(factor)
    const b1 = v128.load(factor, 16)
    const b2 = v128.load(factor, 32)
    const b3 = v128.load(factor, 48)
    const a0 = v128.load32_splat(held)
    s00 = f32x4.relaxed_madd(a0, b0, s00)
    s01 = f32x4.relaxed_madd(a0, b1, s01)
    s02 = f32x4.relaxed_madd(a0, b2, s02)
    s03 = f32x4.relaxed_madd(a0, b3, s03)
    const a1 = v128.load32_splat(held + heldBytes)
    s10 = f32x4.relaxed_madd(a1, b0, s10)
    s11 = f32x4.relaxed_madd(a1, b1, s11)
    s12 = f32x4.relaxed_madd(a1, b2, s12)
    s13 = f32x4.relaxed_madd(a1, b3, s13)
    const a2 = v128.load32_splat(held + 2 * heldBytes)
    s20 = f32x4.relaxed_madd(a2, b0, s20)
    s21 = f32x4.relaxed_madd(a2, b1, s21)
    s22 = f32x4.relaxed_madd(a2, b2, s22)
    s23 = f32x4.relaxed_madd(a2, b3, s23)
    const a3 = v128.load32_splat(held + 3 * heldBytes)
    s30 = f32x4.relaxed_madd(a3, b0, s30)
    s31 = f32x4.relaxed_madd(a3, b1, s31)
    s32 = f32x4.relaxed_madd(a3, b2, s32)
    s33 = f32x4.relaxed_madd(a3, b3, s33)
    held += 4
    factor += heldBytes // a row of the factor is as long as one of the matrix
  }
  store4(to, s00, s01, s02, s03)
  if (count > 1) store4(to + ROW_BYTES, s10, s11, s12, s13)
  if (count > 2) store4(to + 2 * ROW_BYTES, s20, s21, s22, s23)
  if (count > 3) store4(to + 3 * ROW_BYTES, s30, s31, s32, s33)
}
