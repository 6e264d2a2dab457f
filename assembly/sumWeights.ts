/** Every item's score: for the exact sum over the catalogue, many queries at a time in the f32 tile; for one query, all of them. */
import {
  FACTOR_EVERY_SCORE,
  FACTOR_GROUP,
  FACTOR_GROUP_COUNT,
  FACTOR_ITEM_COUNT,
  FACTOR_ITEM_OF,
  FACTOR_QUERIES,
  FACTOR_QUERY_COUNT,
  FACTOR_QUERY_FLOATS,
  FACTOR_SCORE_ROWS,
  FACTOR_SHARPNESS,
  FACTOR_SMALL,
  FACTOR_TILE_ROWS,
  FACTOR_TOTALS,
  FACTOR_TOTAL_BYTES,
} from '../src/kernels/factorParameters'
import { BATCH, exactScores } from './exactScores'
import {
  EXP_BIAS,
  EXP_C2,
  EXP_C3,
  EXP_C4,
  EXP_C5,
  EXP_C6,
  EXP_LEAST,
  EXP_LN2_HIGH,
  EXP_LN2_LOW,
  EXP_LOG2E,
  EXP_ROUND,
  exp4,
  exp4By,
  kept,
  keptBits,
} from './transcendentals'
import { packScorePanels, packScoreTile, scoreGroup } from './scores'
import { float, word } from './words'

@inline
export function totalsOf(params: usize, query: i32): usize {
  return <usize>word(params, FACTOR_TOTALS) + <usize>query * FACTOR_TOTAL_BYTES
}

/**
 * TOTALS of all queries over the whole catalogue. The greatest score is the greatest so far: when a group brings a greater one, what was
 * added up before is multiplied by exp(sharpness · their difference). In a group, lane l of 4 adds up in f64 the items ≡ l mod 4,
 * then (l0 + l1) + (l2 + l3). One task.
 */
export function sumWeights(params: usize, _task: i32): void {
  const queries = <i32>word(params, FACTOR_QUERY_COUNT)
  for (let first = 0; first < queries; first += FACTOR_TILE_ROWS) packScoreTile(params, first / FACTOR_TILE_ROWS)
  for (let query = 0; query < queries; query++) {
    const totals = totalsOf(params, query)
    store<f64>(totals, -Infinity)
    store<f64>(totals, 0, 8)
    store<f64>(totals, -Infinity, 16)
  }
  const items = <i32>word(params, FACTOR_ITEM_COUNT)
  for (let group = 0; group < <i32>word(params, FACTOR_GROUP_COUNT); group++) {
    packScorePanels(params, group)
    for (let first = 0; first < queries; first += FACTOR_TILE_ROWS) {
      scoreGroup(params, first / FACTOR_TILE_ROWS)
      for (let m = 0; m < min(FACTOR_TILE_ROWS, queries - first); m++) {
        const row = <usize>word(params, FACTOR_SCORE_ROWS) + <usize>m * (4 * FACTOR_GROUP)
        for (let i = items - group * FACTOR_GROUP; i < FACTOR_GROUP; i++) store<f32>(row + (<usize>i << 2), -Infinity)
        addWeights(row, 4 * FACTOR_GROUP, totalsOf(params, first + m), float(params, FACTOR_SHARPNESS), row)
      }
    }
  }
}

/** Adds the weights of `bytes` of scores, a multiple of 32, to totals: the greatest score and the sum. The weights are left at `weights`. */
export function addWeights(row: usize, bytes: usize, totals: usize, sharpness: f32, weights: usize): void {
  const before = <f32>load<f64>(totals)
  const end = row + bytes
  let m = f32x4.splat(before)
  for (let at = row; at < end; at += 16) m = f32x4.pmax(m, v128.load(at))
  const greatest = max(
    max(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1)),
    max(f32x4.extract_lane(m, 2), f32x4.extract_lane(m, 3)),
  )
  let total = load<f64>(totals, 8)
  if (greatest > before) {
    total *= <f64>f32x4.extract_lane(exp4(f32x4.splat(sharpness * (before - greatest))), 0)
    store<f64>(totals, <f64>greatest)
  }
  weighRow(row, bytes, greatest, sharpness, weights)
  store<f64>(totals, total + addUp(weights, bytes), 8)
}

/** exp(sharpness · (score - greatest)) of `bytes` of scores, a multiple of 32, at `weights`. */
export function weighRow(row: usize, bytes: usize, greatest: f32, sharpness: f32, weights: usize): void {
  const s = f32x4.splat(sharpness)
  const g = f32x4.splat(greatest)
  const least = f32x4.splat(kept(EXP_LEAST))
  const log2e = f32x4.splat(kept(EXP_LOG2E))
  const round = f32x4.splat(kept(EXP_ROUND))
  const ln2High = f32x4.splat(kept(EXP_LN2_HIGH))
  const ln2Low = f32x4.splat(kept(EXP_LN2_LOW))
  const c2 = f32x4.splat(kept(EXP_C2))
  const c3 = f32x4.splat(kept(EXP_C3))
  const c4 = f32x4.splat(kept(EXP_C4))
  const c5 = f32x4.splat(kept(EXP_C5))
  const c6 = f32x4.splat(kept(EXP_C6))
  const one = f32x4.splat(kept(1))
  const bias = i32x4.splat(keptBits(EXP_BIAS))
  for (let at: usize = 0; at < bytes; at += 32) {
    const x0 = f32x4.mul(s, f32x4.sub(v128.load(row + at), g))
    const x1 = f32x4.mul(s, f32x4.sub(v128.load(row + at, 16), g))
    const w0 = exp4By(x0, least, log2e, round, ln2High, ln2Low, c2, c3, c4, c5, c6, one, bias)
    const w1 = exp4By(x1, least, log2e, round, ln2High, ln2Low, c2, c3, c4, c5, c6, one, bias)
    v128.store(weights + at, w0)
    v128.store(weights + at, w1, 16)
  }
}

/** The sum of `bytes` of f32, a multiple of 16, in f64: lane l of 4 adds up those ≡ l mod 4, then (l0 + l1) + (l2 + l3). */
export function addUp(from: usize, bytes: usize): f64 {
  let t01 = f64x2.splat(0)
  let t23 = t01
  for (let at = from; at < from + bytes; at += 16) {
    const x = v128.load(at)
    t01 = f64x2.add(t01, f64x2.promote_low_f32x4(x))
    t23 = f64x2.add(t23, f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)))
  }
  return f64x2.extract_lane(t01, 0) + f64x2.extract_lane(t01, 1) + (f64x2.extract_lane(t23, 0) + f64x2.extract_lane(t23, 1))
}

/** EVERY_SCORE of query `query`, by item. */
export function scoreItems(params: usize, query: i32): void {
  const items = <usize>word(params, FACTOR_ITEM_COUNT)
  const itemOf = <usize>word(params, FACTOR_ITEM_OF)
  const everyScore = <usize>word(params, FACTOR_EVERY_SCORE)
  const from = <usize>word(params, FACTOR_QUERIES) + <usize>query * (<usize>word(params, FACTOR_QUERY_FLOATS) << 2)
  const list = <usize>word(params, FACTOR_SMALL)
  const scores = list + 4 * BATCH
  for (let first: usize = 0; first < items; first += BATCH) {
    for (let i: usize = 0; i < <usize>BATCH; i++) store<u32>(list + (i << 2), <u32>(first + i))
    exactScores(params, from, list, scores)
    for (let i: usize = 0; i < <usize>BATCH && first + i < items; i++) {
      store<f32>(everyScore + (<usize>load<u32>(itemOf + ((first + i) << 2)) << 2), load<f32>(scores + (i << 2)))
    }
  }
}
