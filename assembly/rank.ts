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
import { float, setWord, word } from './words'

/**
 * exp(x) for x ≤ 0: relative error at most 2⁻²² for x ≥ -87.3, and 0 below, where exp(x) < 2⁻¹²⁶. exp(0) = 1.
 * x = n·ln 2 + r with ln 2 in two parts (Cephes expf, Moshier 1992), 2ⁿ times a polynomial of degree 6 in r, fitted to the least greatest
 * relative error (3·10⁻⁹) and evaluated by Estrin's scheme: like ln4 (pool.ts) it is a chain of dependent steps that is waited for, not
 * their number. Adding 1.5·2²³ rounds to the nearest integer, ties to even, and leaves it in the low bits. Products and sums are rounded
 * one by one, so that the plain twin needs no fused arithmetic here.
 */
@inline
export function exp4(x: v128): v128 {
  const inRange = f32x4.ge(x, f32x4.splat(-87.3))
  const y = f32x4.pmax(x, f32x4.splat(-87.3))
  const shifted = f32x4.add(f32x4.mul(y, f32x4.splat(1.44269504088896341)), f32x4.splat(12582912))
  const n = f32x4.sub(shifted, f32x4.splat(12582912))
  const r = f32x4.sub(f32x4.sub(y, f32x4.mul(n, f32x4.splat(0.693359375))), f32x4.mul(n, f32x4.splat(-2.12194440e-4)))
  const z = f32x4.mul(r, r)
  const low = f32x4.add(f32x4.mul(r, f32x4.splat(0.16666521)), f32x4.splat(0.49999994))
  const high = f32x4.add(f32x4.mul(r, f32x4.splat(0.008368745)), f32x4.splat(0.04166839))
  const q = f32x4.add(low, f32x4.mul(z, f32x4.add(high, f32x4.mul(z, f32x4.splat(0.001381454)))))
  const p = f32x4.add(f32x4.splat(1), f32x4.add(r, f32x4.mul(z, q)))
  const power = i32x4.shl(i32x4.add(shifted, i32x4.splat(127)), 23)
  return v128.and(f32x4.mul(p, power), inRange)
}

/** The bits of a float as an integer of the same order; x + 0 makes one zero of two. */
@inline
function key4(x: v128): v128 {
  const bits = f32x4.add(x, f32x4.splat(0))
  return v128.xor(bits, v128.and(i32x4.shr_s(bits, 31), i32x4.splat(0x7fffffff)))
}

/** WEIGHTS, TOTAL and KEYS of query `query`. TOTAL: lane l of 4 adds up the columns ≡ l mod 4, then (l0 + l1) + (l2 + l3). */
export function weigh(params: usize, query: i32): void {
  const items = <usize>word(params, RANK_ITEM_COUNT)
  const bytes = <usize>word(params, RANK_COLUMN_COUNT) << 2
  const scores = <usize>word(params, RANK_SCORES) + <usize>query * bytes
  const weights = <usize>word(params, RANK_WEIGHTS)
  const keys = <usize>word(params, RANK_KEYS)
  for (let at = items << 2; at < bytes; at += 4) store<f32>(scores + at, -Infinity)

  let m0 = f32x4.splat(-Infinity)
  let m1 = m0
  for (let at: usize = 0; at < bytes; at += 32) {
    m0 = f32x4.pmax(m0, v128.load(scores + at))
    m1 = f32x4.pmax(m1, v128.load(scores + at, 16))
  }
  m0 = f32x4.pmax(m0, m1)
  const greatest = f32x4.splat(
    max(
      max(f32x4.extract_lane(m0, 0), f32x4.extract_lane(m0, 1)),
      max(f32x4.extract_lane(m0, 2), f32x4.extract_lane(m0, 3)),
    ),
  )

  const sharpness = f32x4.splat(float(params, RANK_SHARPNESS))
  for (let at: usize = 0; at < bytes; at += 32) {
    const s0 = v128.load(scores + at)
    const s1 = v128.load(scores + at, 16)
    const w0 = exp4(f32x4.mul(sharpness, f32x4.sub(s0, greatest)))
    const w1 = exp4(f32x4.mul(sharpness, f32x4.sub(s1, greatest)))
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
