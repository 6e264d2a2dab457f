/** Scores of histories (models/historyModel.ts) for many queries at once, 32 columns after 32. */
import {
  RANK_COLUMN_COUNT,
  RANK_EVENTS,
  RANK_ITEM_COUNT,
  RANK_KERNEL,
  RANK_OFFSETS,
  RANK_PANEL,
  RANK_PRIOR,
  RANK_QUERY_COUNT,
  RANK_ROWS,
  RANK_SCORES,
} from '../src/kernels/parameters'
import { word } from './words'

/** f32[8] at params: a·b + c for four lanes twice, so that the two halves may become one vector of 256 bits. a, b, c: f32[8] from 32 on. */
export function probeMadd(params: usize, _task: i32): void {
  const low = f32x4.relaxed_madd(v128.load(params, 32), v128.load(params, 64), v128.load(params, 96))
  const high = f32x4.relaxed_madd(v128.load(params, 48), v128.load(params, 80), v128.load(params, 112))
  v128.store(params, low)
  v128.store(params, high, 16)
}

/**
 * Columns [32 · panel, 32 · panel + 32) of the scores of every query: Σ_k kernel[k] · rows[event k], k = 0 (the newest) first, from +0.
 * All queries of a block pass one panel of the rows before the next is touched: at 3 416 items a panel is 437 KB and stays in the
 * second level cache, where reading whole rows would fetch 0.8 MB from memory for every query.
 */
export function scorePanel(params: usize, panel: i32): void {
  const columns = <usize>word(params, RANK_COLUMN_COUNT)
  const queries = <i32>word(params, RANK_QUERY_COUNT)
  const kernel = <usize>word(params, RANK_KERNEL)
  const events = <usize>word(params, RANK_EVENTS)
  const rows = <usize>word(params, RANK_ROWS) + <usize>panel * word(params, RANK_ITEM_COUNT) * RANK_PANEL * 4
  const inRow = <usize>panel * RANK_PANEL * 4
  let offsets = <usize>word(params, RANK_OFFSETS)
  let scores = <usize>word(params, RANK_SCORES) + inRow
  for (let q = 0; q < queries; q++) {
    const start = load<u32>(offsets)
    const end = load<u32>(offsets, 4)
    if (start == end) memory.copy(scores, <usize>word(params, RANK_PRIOR) + inRow, RANK_PANEL * 4)
    else addUp(scores, rows, kernel, events + (<usize>start << 2), events + (<usize>end << 2))
    offsets += 4
    scores += columns << 2
  }
}

function addUp(scores: usize, rows: usize, kernel: usize, event: usize, end: usize): void {
  const zero = f32x4.splat(0)
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero
  while (event < end) {
    const row = rows + <usize>load<u32>(event) * RANK_PANEL * 4
    const weight = v128.load32_splat(kernel)
    s0 = f32x4.relaxed_madd(weight, v128.load(row), s0)
    s1 = f32x4.relaxed_madd(weight, v128.load(row, 16), s1)
    s2 = f32x4.relaxed_madd(weight, v128.load(row, 32), s2)
    s3 = f32x4.relaxed_madd(weight, v128.load(row, 48), s3)
    s4 = f32x4.relaxed_madd(weight, v128.load(row, 64), s4)
    s5 = f32x4.relaxed_madd(weight, v128.load(row, 80), s5)
    s6 = f32x4.relaxed_madd(weight, v128.load(row, 96), s6)
    s7 = f32x4.relaxed_madd(weight, v128.load(row, 112), s7)
    event += 4
    kernel += 4
  }
  v128.store(scores, s0)
  v128.store(scores, s1, 16)
  v128.store(scores, s2, 32)
  v128.store(scores, s3, 48)
  v128.store(scores, s4, 64)
  v128.store(scores, s5, 80)
  v128.store(scores, s6, 96)
  v128.store(scores, s7, 112)
}
