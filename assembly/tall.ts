/** Matrices of many rows and few columns, in blocks of 16 columns (rows.ts): their inner products, and their product with a small matrix. */
import {
  LANES,
  SUM_ROWS,
  TALL_BLOCK_COUNT,
  TALL_FACTOR,
  TALL_GRAM,
  TALL_GROUP,
  TALL_LEFT,
  TALL_PARTS,
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
  // Offsets in the instructions: of sums of addresses and offsets the compiler makes a mixture that V8 does not pair to 256 bits.
  v128.store(to, s00)
  v128.store(to, s01, 16)
  v128.store(to, s02, 32)
  v128.store(to, s03, 48)
  v128.store(to, s10, 64)
  v128.store(to, s11, 80)
  v128.store(to, s12, 96)
  v128.store(to, s13, 112)
  v128.store(to, s20, 128)
  v128.store(to, s21, 144)
  v128.store(to, s22, 160)
  v128.store(to, s23, 176)
  v128.store(to, s30, 192)
  v128.store(to, s31, 208)
  v128.store(to, s32, 224)
  v128.store(to, s33, 240)
}

@inline
function store4(to: usize, a0: v128, a1: v128, a2: v128, a3: v128): void {
  v128.store(to, a0)
  v128.store(to, a1, 16)
  v128.store(to, a2, 32)
  v128.store(to, a3, 48)
}

/** to f64[4, 16], rows `bytes` apart, += part f32[4, 16]. */
function addPart(to: usize, bytes: usize, part: usize): void {
  for (const end = part + 4 * ROW_BYTES; part < end; part += ROW_BYTES, to += bytes) {
    for (let j: usize = 0; j < ROW_BYTES; j += 16) {
      const x = v128.load(part + j)
      const at = to + 2 * j
      v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(x)))
      v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3))), 16)
    }
  }
}

/**
 * Part `task` of GRAM: the inner products of part `task` of the rows of LEFT and RIGHT, blocks I of the former with J ≥ I of the latter. SUM_ROWS
 * rows of all blocks after another, so that everything is read from memory once.
 */
export function innerProducts(params: usize, task: i32): void {
  const blocks = <i32>word(params, TALL_BLOCK_COUNT)
  const rows = <i32>word(params, TALL_ROW_COUNT)
  const left = <usize>word(params, TALL_LEFT)
  const right = <usize>word(params, TALL_RIGHT)
  const part = <usize>word(params, TALL_SCRATCH) + <usize>thread * word(params, TALL_SCRATCH_BYTES)
  const blockBytes = <usize>rows * ROW_BYTES
  const order = blocks * LANES
  const gramBytes = <usize>order << 3
  const gram = <usize>word(params, TALL_GRAM) + <usize>(task * order) * gramBytes
  memory.fill(gram, 0, <usize>order * gramBytes)
  const partRows = SUM_ROWS * ((rows + SUM_ROWS * TALL_PARTS - 1) / (SUM_ROWS * TALL_PARTS))
  const end = min(rows, (task + 1) * partRows)
  for (let from = task * partRows; from < end; from += SUM_ROWS) {
    const at = <usize>from * ROW_BYTES
    const bytes = <usize>min(end - from, SUM_ROWS) * ROW_BYTES
    for (let I = 0; I < blocks; I++) {
      const a = left + <usize>I * blockBytes + at
      for (let J = I; J < blocks; J++) {
        const b = right + <usize>J * blockBytes + at
        const to = gram + <usize>(I * LANES) * gramBytes + <usize>J * (LANES * 8)
        for (let i: usize = 0; i < <usize>LANES; i += 4) {
          outer(a + (i << 2), b, b + bytes, part)
          addPart(to + i * gramBytes, gramBytes, part)
        }
      }
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
