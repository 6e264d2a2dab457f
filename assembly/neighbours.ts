/**
 * A ridge of every target item on its nearest source items only (models/neighbourhoodRidge.ts). Two kernels, run one after the other:
 *
 *   gramRow        row a of G as a sparse list: the items b < a that occur around a, and G[a][a] apart. Indexes run by descending
 *                  frequency, so that a pair is stored with the rarer of its two items and no list grows with the catalogue.
 *   neighbourRow   the sources A of target j, as many as have room: those with the largest C[i][j]² / (G[i][i] + ridge); then
 *                  (G[A, A] + ridge) x = C[A, j] by Cholesky in f32, and A and x as j's list.
 *
 * The sums of counts are f64, in the order of the item's positions. A list keeps the order in which its items were met. Every task writes
 * to places of its own, so the result does not depend on threads.
 */
import {
  NEAR_DIAGONAL,
  NEAR_FIRST,
  NEAR_GRAM_ITEMS,
  NEAR_GRAM_LENGTHS,
  NEAR_GRAM_OFFSETS,
  NEAR_GRAM_VALUES,
  NEAR_LENGTHS,
  NEAR_MARKS,
  NEAR_OFFSETS,
  NEAR_PAIRS,
  NEAR_SCRATCH,
  NEAR_SCRATCH_BYTES,
  NEAR_SOURCES,
  NEAR_SYSTEM,
  NEAR_VALUES,
  PAIRS_ITEM_COUNT,
  PAIRS_OFFSETS,
  PAIRS_RIDGE,
} from '../src/kernels/parameters'
import { scale } from './cholesky'
import { countCross, countGram } from './neighbourCounts'
import { stopped, thread, word } from './words'

/** A pivot below this share of its diagonal element is rounding: its source says what others say already, and gets the weight 0. */
const PIVOT_SHARE_MIN: f32 = 1e-6

/** Scratch of a thread: f64 sums[n], u32 met[n], u32 place[n] (all 0 between tasks but `met`), u64 heap[…], and from NEAR_SYSTEM on u8 marks[NEAR_MARKS] (all 0 too) and the equations. */
@inline
function scratchOf(params: usize): usize {
  return <usize>word(params, NEAR_SCRATCH) + <usize>thread * word(params, NEAR_SCRATCH_BYTES)
}

/** An importance ≥ 0 and an item as one number: larger where the importance is larger, of equals where the item is lower. */
@inline
function keyOf(importance: f64, item: u32): u64 {
  return ((<u64>reinterpret<u32>(<f32>importance)) << 32) | <u64>(~item)
}

/** A heap with the least on top takes `key` in place of its top. */
function replaceTop(heap: usize, count: i32, key: u64): void {
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= count) break
    if (child + 1 < count && load<u64>(heap + (<usize>child << 3), 8) < load<u64>(heap + (<usize>child << 3))) child++
    const least = load<u64>(heap + (<usize>child << 3))
    if (least >= key) break
    store<u64>(heap + (<usize>at << 3), least)
    at = child
  }
  store<u64>(heap + (<usize>at << 3), key)
}

/** What a source is worth to a target: C² / (G + ridge), the share of the target's variance it explains alone. */
@inline
function worth(cross: f64, diagonal: f64, ridge: usize): f64 {
  return (cross * cross) / (diagonal + load<f64>(ridge) + load<f64>(ridge, 8) * diagonal)
}

export function gramRow(params: usize, row: i32): void {
  const pairs = <usize>word(params, NEAR_PAIRS)
  const n = <usize>word(pairs, PAIRS_ITEM_COUNT)
  const sums = scratchOf(params)
  const met = sums + (n << 3)
  const heap = met + (n << 3)
  const count = countGram(pairs, row, sums, met)
  const first = load<u32>(<usize>word(params, NEAR_GRAM_OFFSETS) + (<usize>row << 2))
  const room = <i32>(load<u32>(<usize>word(params, NEAR_GRAM_OFFSETS) + (<usize>row << 2), 4) - first)
  const frequencies = <usize>word(pairs, PAIRS_OFFSETS)
  store<f64>(<usize>word(params, NEAR_DIAGONAL) + (<usize>row << 3), load<f64>(sums + (<usize>row << 3)))

  // Where there is no room for all, those stay that are large beside the frequency of the other item.
  let wanted = 0
  for (let i = 0; i < count; i++) if (load<u32>(met + (<usize>i << 2)) < <u32>row) wanted++
  let bound: u64 = 0
  if (wanted > room && room > 0) {
    memory.fill(heap, 0, <usize>room << 3)
    for (let i = 0; i < count; i++) {
      const item = load<u32>(met + (<usize>i << 2))
      if (item >= <u32>row) continue
      const sum = load<f64>(sums + (<usize>item << 3))
      const at = frequencies + (<usize>item << 2)
      const key = keyOf((sum * sum) / <f64>(load<u32>(at, 4) - load<u32>(at)), item)
      if (key > load<u64>(heap)) replaceTop(heap, room, key)
    }
    bound = load<u64>(heap)
  }
  const items = <usize>word(params, NEAR_GRAM_ITEMS) + (<usize>first << 2)
  const values = <usize>word(params, NEAR_GRAM_VALUES) + (<usize>first << 2)
  let kept = 0
  for (let i = 0; i < count; i++) {
    const item = load<u32>(met + (<usize>i << 2))
    const place = sums + (<usize>item << 3)
    const sum = load<f64>(place)
    store<f64>(place, 0)
    if (item >= <u32>row || kept == room) continue
    if (bound != 0) {
      const at = frequencies + (<usize>item << 2)
      if (keyOf((sum * sum) / <f64>(load<u32>(at, 4) - load<u32>(at)), item) < bound) continue
    }
    store<u32>(items + (<usize>kept << 2), item)
    store<f32>(values + (<usize>kept << 2), <f32>sum)
    kept++
  }
  store<u32>(<usize>word(params, NEAR_GRAM_LENGTHS) + (<usize>row << 2), kept)
}

/** `task` is the place of the target behind NEAR_FIRST. */
export function neighbourRow(params: usize, task: i32): void {
  const pairs = <usize>word(params, NEAR_PAIRS)
  const n = <usize>word(pairs, PAIRS_ITEM_COUNT)
  const sums = scratchOf(params)
  const met = sums + (n << 3)
  const heap = met + (n << 3)
  const diagonals = <usize>word(params, NEAR_DIAGONAL)
  const ridge = <usize>word(pairs, PAIRS_RIDGE)
  const offsets = <usize>word(params, NEAR_OFFSETS) + (<usize>task << 2)
  const room = <i32>(load<u32>(offsets, 4) - load<u32>(offsets))
  const sources = <usize>word(params, NEAR_SOURCES) + (<usize>load<u32>(offsets) << 2)
  const values = <usize>word(params, NEAR_VALUES) + (<usize>load<u32>(offsets) << 2)
  const count = countCross(pairs, <i32>word(params, NEAR_FIRST) + task, sums, met)

  let bound: u64 = 0
  if (count > room && room > 0) {
    memory.fill(heap, 0, <usize>room << 3)
    for (let i = 0; i < count; i++) {
      const item = load<u32>(met + (<usize>i << 2))
      const key = keyOf(worth(load<f64>(sums + (<usize>item << 3)), load<f64>(diagonals + (<usize>item << 3)), ridge), item)
      if (key > load<u64>(heap)) replaceTop(heap, room, key)
    }
    bound = load<u64>(heap)
  }
  let kept = 0
  for (let i = 0; i < count; i++) {
    const item = load<u32>(met + (<usize>i << 2))
    const place = sums + (<usize>item << 3)
    const sum = load<f64>(place)
    store<f64>(place, 0)
    if (kept == room) continue
    if (bound != 0 && keyOf(worth(sum, load<f64>(diagonals + (<usize>item << 3)), ridge), item) < bound) continue
    store<u32>(sources + (<usize>kept << 2), item)
    store<f32>(values + (<usize>kept << 2), <f32>sum)
    kept++
  }
  solveFor(params, sources, values, kept)
  store<u32>(<usize>word(params, NEAR_LENGTHS) + (<usize>task << 2), kept)
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
function solveFor(params: usize, sources: usize, values: usize, count: i32): void {
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
