/**
 * The equations of one target on its sources A (neighbours.ts): (G[A, A] + ridge) x = C[A, j] by Cholesky in f32, row by row, in the calling thread's
 * scratch. The plain twin has the same sums in the same order.
 */
import {
  NEAR_DIAGONAL,
  NEAR_GRAM_ITEMS,
  NEAR_GRAM_LENGTHS,
  NEAR_GRAM_OFFSETS,
  NEAR_GRAM_VALUES,
  NEAR_MARKS,
  NEAR_PAIRS,
  NEAR_SCRATCH,
  NEAR_SCRATCH_BYTES,
  NEAR_SYSTEM,
  PAIRS_ITEM_COUNT,
  PAIRS_RIDGE,
} from '../src/kernels/parameters'
import { scale } from './cholesky'
import { stopped, thread, word } from './words'

/** A pivot below this share of its diagonal element is rounding: its source says what others say already, and gets the weight 0. */
const PIVOT_SHARE_MIN: f32 = 1e-6

/** Scratch of a thread: f64 sums[n], u32 met[n], u32 place[n] (all 0 between tasks but `met`), u64 heap[…], and from NEAR_SYSTEM on u8 marks[NEAR_MARKS] (all 0 too) and the equations. */
@inline
export function scratchOf(params: usize): usize {
  return <usize>word(params, NEAR_SCRATCH) + <usize>thread * word(params, NEAR_SCRATCH_BYTES)
}

/**
 * Row k of U, from its diagonal on, less what the rows before it have to do with it: U[k] -= Σ_{i<k} U[i][k] · U[i], sixteen columns at a time, which
 * wait in registers for all rows. Left of the diagonal, where nobody reads, anything may come out.
 */
@inline
function subtractRows(U: usize, rowBytes: usize, k: i32): void {
  const row = U + <usize>k * rowBytes
  const factors = U + (<usize>k << 2)
  let at = <usize>(k & ~7) << 2
  for (; at + 64 <= rowBytes; at += 64) {
    const to = row + at
    let s0 = v128.load(to)
    let s1 = v128.load(to, 16)
    let s2 = v128.load(to, 32)
    let s3 = v128.load(to, 48)
    for (let before: usize = 0, end = <usize>k * rowBytes; before < end; before += rowBytes) {
      const factor = f32x4.neg(v128.load32_splat(factors + before))
      const from = U + at + before
      s0 = f32x4.relaxed_madd(factor, v128.load(from), s0)
      s1 = f32x4.relaxed_madd(factor, v128.load(from, 16), s1)
      s2 = f32x4.relaxed_madd(factor, v128.load(from, 32), s2)
      s3 = f32x4.relaxed_madd(factor, v128.load(from, 48), s3)
    }
    v128.store(to, s0)
    v128.store(to, s1, 16)
    v128.store(to, s2, 32)
    v128.store(to, s3, 48)
  }
  if (at == rowBytes) return
  const to = row + at
  let s0 = v128.load(to)
  let s1 = v128.load(to, 16)
  for (let before: usize = 0, end = <usize>k * rowBytes; before < end; before += rowBytes) {
    const factor = f32x4.neg(v128.load32_splat(factors + before))
    const from = U + at + before
    s0 = f32x4.relaxed_madd(factor, v128.load(from), s0)
    s1 = f32x4.relaxed_madd(factor, v128.load(from, 16), s1)
  }
  v128.store(to, s0)
  v128.store(to, s1, 16)
}

@inline
function mark(marks: usize, items: usize, offset: usize): u32 {
  return load<u8>(marks + (load<u32>(items + offset) & (NEAR_MARKS - 1)))
}

/** An entry of source i's row of G into U, if it is another source's. */
@inline
function setEntry(U: usize, rowBytes: usize, i: i32, place: usize, items: usize, entries: usize, at: usize): void {
  const j = <i32>load<u32>(place + (<usize>load<u32>(items + at) << 2)) - 1
  if (j < 0) return
  store<f32>(U + <usize>min(i, j) * rowBytes + (<usize>max(i, j) << 2), load<f32>(entries + at))
}

/** values = (G[A, A] + ridge)⁻¹ · values, A the `count` sources. U = Lᵀ row by row, the right-hand side as its last column. */
export function solveFor(params: usize, sources: usize, values: usize, count: i32): void {
  const pairs = <usize>word(params, NEAR_PAIRS)
  const n = <usize>word(pairs, PAIRS_ITEM_COUNT)
  const place = scratchOf(params) + n * 12
  const marks = scratchOf(params) + word(params, NEAR_SYSTEM)
  const U = marks + NEAR_MARKS
  const rowBytes = <usize>((count + 8) & ~7) << 2
  const ridge = <usize>word(pairs, PAIRS_RIDGE)
  const lengths = <usize>word(params, NEAR_GRAM_LENGTHS)
  const offsets = <usize>word(params, NEAR_GRAM_OFFSETS)
  const items = <usize>word(params, NEAR_GRAM_ITEMS)
  const entries = <usize>word(params, NEAR_GRAM_VALUES)
  memory.fill(U, 0, <usize>count * rowBytes)
  for (let i = 0; i < count; i++) {
    const item = <usize>load<u32>(sources + (<usize>i << 2))
    store<u32>(place + (item << 2), i + 1)
    store<u8>(marks + (item & (NEAR_MARKS - 1)), 1)
  }
  for (let i = 0; i < count; i++) {
    const item = <usize>load<u32>(sources + (<usize>i << 2))
    const diagonal = load<f64>(<usize>word(params, NEAR_DIAGONAL) + (item << 3))
    const row = U + <usize>i * rowBytes
    store<f32>(row + (<usize>i << 2), <f32>(diagonal + load<f64>(ridge) + load<f64>(ridge, 8) * diagonal))
    store<f32>(row + (<usize>count << 2), load<f32>(values + (<usize>i << 2)))
    let at = <usize>load<u32>(offsets + (item << 2)) << 2
    const end = at + (<usize>load<u32>(lengths + (item << 2)) << 2)
    // Nearly all entries are of items that are no sources, and places of a large catalogue lie in no cache: so first the marks, of four at a time.
    for (; at + 16 <= end; at += 16) {
      const four = items + at
      const some = mark(marks, four, 0) | mark(marks, four, 4) | mark(marks, four, 8) | mark(marks, four, 12)
      if (some != 0) for (let one = at; one < at + 16; one += 4) setEntry(U, rowBytes, i, place, items, entries, one)
    }
    for (; at < end; at += 4) setEntry(U, rowBytes, i, place, items, entries, at)
  }
  for (let i = 0; i < count; i++) {
    const item = <usize>load<u32>(sources + (<usize>i << 2))
    store<u32>(place + (item << 2), 0)
    store<u8>(marks + (item & (NEAR_MARKS - 1)), 0)
  }

  for (let k = 0; k < count; k++) {
    const row = U + <usize>k * rowBytes
    subtractRows(U, rowBytes, k)
    const item = <usize>load<u32>(sources + (<usize>k << 2))
    const pivot = load<f32>(row + (<usize>k << 2))
    if (!(pivot > PIVOT_SHARE_MIN * <f32>load<f64>(<usize>word(params, NEAR_DIAGONAL) + (item << 3)))) {
      memory.fill(row, 0, rowBytes)
      continue
    }
    scale(<f32>1 / sqrt<f32>(pivot), row, k, count + 1)
    if (stopped()) return
  }
  for (let k = count - 1; k >= 0; k--) {
    const row = U + <usize>k * rowBytes
    const pivot = load<f32>(row + (<usize>k << 2))
    let x = load<f32>(row + (<usize>count << 2))
    for (let i = k + 1; i < count; i++) x -= load<f32>(row + (<usize>i << 2)) * load<f32>(values + (<usize>i << 2))
    store<f32>(values + (<usize>k << 2), pivot == 0 ? 0 : x / pivot)
  }
}
