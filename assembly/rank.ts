/** From the scores of one query to softmax weights and to keys, of which choose.ts finds the best. */
import {
  RANK_ALLOWED,
  RANK_COLUMN_COUNT,
  RANK_EXCLUDED,
  RANK_ITEM_COUNT,
  RANK_KEYS,
  RANK_OPEN,
  RANK_SCORES,
  RANK_SHARPNESS,
  RANK_TOTAL,
  RANK_WEIGHTS,
} from '../src/kernels/parameters'
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
  exp4By,
  kept,
  keptBits,
} from './transcendentals'
import { float, setWord, word } from './words'

/** The bits of a float as an integer of the same order; x + 0 makes one zero of two. */
@inline
export function key4(x: v128): v128 {
  return turned4(f32x4.add(x, f32x4.splat(0)))
}

/** From the bits of floats to keys, and back. */
@inline
export function turned4(bits: v128): v128 {
  return v128.xor(bits, v128.and(i32x4.shr_s(bits, 31), i32x4.splat(0x7fffffff)))
}

/** The same, one at a time. */
@inline
export function keyOf(x: f32): i32 {
  return turned(reinterpret<i32>(x + 0))
}
@inline
export function turned(bits: i32): i32 {
  return bits ^ ((bits >> 31) & 0x7fffffff)
}

/** The greatest of `items` scores; those of the other columns become -Infinity. */
export function greatestOf(scores: usize, items: usize, columns: usize): f32 {
  for (let at = items; at < columns; at++) store<f32>(scores + (at << 2), -Infinity)
  let m0 = f32x4.splat(-Infinity)
  let m1 = m0
  for (const end = scores + (columns << 2); scores < end; scores += 32) {
    m0 = f32x4.pmax(m0, v128.load(scores))
    m1 = f32x4.pmax(m1, v128.load(scores, 16))
  }
  m0 = f32x4.pmax(m0, m1)
  return max(
    max(f32x4.extract_lane(m0, 0), f32x4.extract_lane(m0, 1)),
    max(f32x4.extract_lane(m0, 2), f32x4.extract_lane(m0, 3)),
  )
}

/** WEIGHTS, TOTAL and KEYS of query `query`. TOTAL: lane l of 4 adds up the columns ≡ l mod 4, then (l0 + l1) + (l2 + l3). */
export function weigh(params: usize, query: i32): void {
  const items = <usize>word(params, RANK_ITEM_COUNT)
  const bytes = <usize>word(params, RANK_COLUMN_COUNT) << 2
  const scores = <usize>word(params, RANK_SCORES) + <usize>query * bytes
  const weights = <usize>word(params, RANK_WEIGHTS)
  const keys = <usize>word(params, RANK_KEYS)
  const greatest = f32x4.splat(greatestOf(scores, items, <usize>word(params, RANK_COLUMN_COUNT)))

  const sharpness = f32x4.splat(float(params, RANK_SHARPNESS))
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
    const s0 = v128.load(scores + at)
    const s1 = v128.load(scores + at, 16)
    const x0 = f32x4.mul(sharpness, f32x4.sub(s0, greatest))
    const w0 = exp4By(x0, least, log2e, round, ln2High, ln2Low, c2, c3, c4, c5, c6, one, bias)
    const x1 = f32x4.mul(sharpness, f32x4.sub(s1, greatest))
    const w1 = exp4By(x1, least, log2e, round, ln2High, ln2Low, c2, c3, c4, c5, c6, one, bias)
    v128.store(weights + at, w0)
    v128.store(weights + at, w1, 16)
    const k0 = key4(s0)
    const k1 = key4(s1)
    v128.store(keys + at, k0)
    v128.store(keys + at, k1, 16)
  }
  for (let at = items << 2; at < bytes; at += 4) store<i32>(keys + at, RANK_EXCLUDED)

  let t01 = f64x2.splat(0)
  let t23 = t01
  for (let at: usize = 0; at < bytes; at += 16) {
    const w = v128.load(weights + at)
    t01 = f64x2.add(t01, f64x2.promote_low_f32x4(w))
    t23 = f64x2.add(t23, f64x2.promote_low_f32x4(v128.shuffle<f32>(w, w, 2, 3, 2, 3)))
  }
  const total = f64x2.extract_lane(t01, 0) + f64x2.extract_lane(t01, 1) + (f64x2.extract_lane(t23, 0) + f64x2.extract_lane(t23, 1))
  store<f64>(<usize>word(params, RANK_TOTAL), total)
}

/** KEYS of items that are not ALLOWED become RANK_EXCLUDED; OPEN. Padding is not allowed. A word of ALLOWED is a block of 32 keys. */
export function restrict(params: usize, _task: i32): void {
  let allowed = <usize>word(params, RANK_ALLOWED)
  const keys = <usize>word(params, RANK_KEYS)
  const end = keys + (<usize>word(params, RANK_COLUMN_COUNT) << 2)
  const excluded = i32x4.splat(RANK_EXCLUDED)
  let open = 0
  for (let at = keys; at < end; at += 128, allowed += 4) {
    const bits = load<u32>(allowed)
    open += popcnt(bits)
    if (bits == 0xffffffff) continue
    const word4 = i32x4.splat(bits)
    let lanes = i32x4(1, 2, 4, 8)
    for (let from = at; from < at + 128; from += 16) {
      const struck = i32x4.eq(v128.and(word4, lanes), i32x4.splat(0))
      v128.store(from, v128.bitselect(excluded, v128.load(from), struck))
      lanes = i32x4.shl(lanes, 4)
    }
  }
  setWord(params, RANK_OPEN, <u32>open)
}
