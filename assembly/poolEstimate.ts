/**
 * About what a pool's scores are, at a fraction of what they cost: enough to know which few items can be among the best (poolChoose.ts), and what
 * all of them add up to.
 *
 *   log2(x)   the bits of x as an integer are 2²³ · (exponent + 127 + mantissa), linear within an octave; a parabola in the mantissa is added
 *             that takes what is left to POOL_LOG_ERROR. No division, and a chain half as long as that of the logarithm proper.
 *   2^y       2^n · a parabola in y - n, n the nearest integer: a relative error of 1.8·10⁻³ at most, of either sign.
 *
 * A score is above or below its estimate by half of POOL_MARGIN at most: what logarithms may be off by, weighed and added up, and rounding
 * (inference/placePool.ts). Products and sums are rounded one by one.
 */
import {
  EXPERT_INVERSE_SCALE,
  EXPERT_WEIGHT,
  EXPERT_WORDS,
  POOL_BIAS,
  POOL_EPSILON,
  POOL_EXPERT_COUNT,
  POOL_EXPERTS,
  POOL_MARGIN,
  RANK_COLUMN_COUNT,
  RANK_EXCLUDED,
  RANK_GREATEST,
  RANK_ITEM_COUNT,
  RANK_KEYS,
  RANK_MARGIN,
  RANK_OFFSETS,
  RANK_POOL,
  RANK_SCORES,
  RANK_SHARPNESS,
  RANK_SUMS,
  RANK_TOTAL,
} from '../src/kernels/parameters'
import { sumsBytes } from './pool'
import { poolScores, share4 } from './poolScores'
import { greatestOf, key4 } from './rank'
import { EXP_LOG2E, EXP_ROUND, exp4, kept, keptBits, LN_UNIT } from './transcendentals'
import { float, setFloat, word } from './words'

/** 2²³ · (log2(m) - (m - 1)) for m in [1, 2), to the least greatest error; with the first the exponent's 127. */
const LOG_C0: f32 = -127 * 8388608 - 5661283.5
const LOG_C1: f32 = 8595519.6
const LOG_C2: f32 = -2892798.3
const MANTISSA: i32 = 0x7fffff
/** The bits of 1. */
const ONE: i32 = 0x3f800000

/** 2^r for r in [-½, ½], to the least greatest relative error. */
const POWER_C0: f32 = 1.0004431
const POWER_C1: f32 = 0.703448
const POWER_C2: f32 = 0.23842894
/** Less is as good as nothing beside the greatest, and the power of two stays a normal number. */
const POWER_LEAST: f32 = -125

/** Columns that are estimated and added up, in f32, before the next ones are: their scores stay in the first level cache. */
const CHUNK: usize = 1024

/**
 * Of query `query`, whose SUMS are known: KEYS, by scores that are off by half of MARGIN at most, the GREATEST there can be, and TOTAL, about
 * Σ exp(sharpness · (score - GREATEST)). SCORES is room for what is estimated.
 */
export function poolEstimate(params: usize, query: i32): void {
  const columns = <usize>word(params, RANK_COLUMN_COUNT)
  const items = <usize>word(params, RANK_ITEM_COUNT)
  const scores = <usize>word(params, RANK_SCORES) + (<usize>query * columns << 2)
  const keys = <usize>word(params, RANK_KEYS)
  const offsets = <usize>word(params, RANK_OFFSETS) + (<usize>query << 2)
  const pool = <usize>word(params, RANK_POOL)
  const margin = load<u32>(offsets) < load<u32>(offsets, 4) ? float(pool, POOL_MARGIN) : 0
  const estimated = margin > 0
  if (!estimated) poolScores(params, query)
  const sharpness = float(params, RANK_SHARPNESS)
  let greatest: f32 = -Infinity
  let total: f64 = 0
  for (let from: usize = 0; from < columns; from += CHUNK) {
    const count = min(CHUNK, columns - from)
    const chunk = estimated ? scores : scores + (from << 2)
    if (estimated) estimateScores(params, pool, from, count, scores)
    const reference = max(greatest, greatestOf(chunk, min(count, items - from), count))
    const sum = addUp(chunk, count, keys + (from << 2), sharpness * EXP_LOG2E, reference)
    total = total * exp(sharpness * (greatest - reference)) + sum
    greatest = reference
  }
  for (let at = items; at < columns; at++) store<i32>(keys + (at << 2), RANK_EXCLUDED)
  setFloat(params, RANK_MARGIN, margin)
  setFloat(params, RANK_GREATEST, greatest + margin)
  store<f64>(<usize>word(params, RANK_TOTAL), total * exp(-sharpness * margin))
}

/** Of columns [from, from + count) to `scores`: bias + Σ weight · (about the logarithm of each expert's share + epsilon). */
function estimateScores(params: usize, pool: usize, from: usize, count: usize, scores: usize): void {
  const experts = <usize>word(pool, POOL_EXPERTS)
  const last = experts + <usize>word(pool, POOL_EXPERT_COUNT) * EXPERT_WORDS * 4
  const bytes = sumsBytes(params)
  let constant: f32 = 0
  for (let expert = experts; expert < last; expert += EXPERT_WORDS * 4) {
    constant += float(expert, EXPERT_WEIGHT) * LN_UNIT * LOG_C0
  }
  const c = f32x4.splat(constant)
  const c1 = f32x4.splat(kept(LOG_C1))
  const c2 = f32x4.splat(kept(LOG_C2))
  const mantissa = i32x4.splat(keptBits(MANTISSA))
  const one = i32x4.splat(keptBits(ONE))
  const unit = f32x4.splat(kept(LN_UNIT))
  const epsilon = f32x4.splat(float(pool, POOL_EPSILON))
  let bias = <usize>word(pool, POOL_BIAS) + (from << 2)
  let sums = <usize>word(params, RANK_SUMS) + (from << 2)
  for (const end = scores + (count << 2); scores < end; scores += 64, bias += 64, sums += 64) {
    let s0 = f32x4.add(v128.load(bias), c)
    let s1 = f32x4.add(v128.load(bias, 16), c)
    let s2 = f32x4.add(v128.load(bias, 32), c)
    let s3 = f32x4.add(v128.load(bias, 48), c)
    for (let expert = experts, at = sums; expert < last; expert += EXPERT_WORDS * 4, at += bytes) {
      const w = f32x4.mul(v128.load32_splat(expert, EXPERT_WEIGHT << 2), unit)
      const inverse = v128.load32_splat(expert, EXPERT_INVERSE_SCALE << 2)
      const b0 = f32x4.add(share4(v128.load(at), inverse), epsilon)
      const b1 = f32x4.add(share4(v128.load(at, 16), inverse), epsilon)
      const b2 = f32x4.add(share4(v128.load(at, 32), inverse), epsilon)
      const b3 = f32x4.add(share4(v128.load(at, 48), inverse), epsilon)
      s0 = f32x4.add(s0, f32x4.mul(w, log4(b0, mantissa, one, c1, c2)))
      s1 = f32x4.add(s1, f32x4.mul(w, log4(b1, mantissa, one, c1, c2)))
      s2 = f32x4.add(s2, f32x4.mul(w, log4(b2, mantissa, one, c1, c2)))
      s3 = f32x4.add(s3, f32x4.mul(w, log4(b3, mantissa, one, c1, c2)))
    }
    v128.store(scores, s0)
    v128.store(scores, s1, 16)
    v128.store(scores, s2, 32)
    v128.store(scores, s3, 48)
  }
}

/** 2²³ · log2 of normal x > 0, less LOG_C0. */
@inline
function log4(x: v128, mantissa: v128, one: v128, c1: v128, c2: v128): v128 {
  const m = v128.or(v128.and(x, mantissa), one)
  return f32x4.add(f32x4.convert_i32x4_s(x), f32x4.mul(m, f32x4.add(f32x4.mul(m, c2), c1)))
}

/** Keys of the scores of a chunk, and about Σ 2^(sharpness · (score - reference)): lane l of 8 adds up the columns ≡ l mod 8. */
function addUp(scores: usize, count: usize, keys: usize, sharpness: f32, reference: f32): f64 {
  const r = f32x4.splat(reference)
  const s = f32x4.splat(sharpness)
  const least = f32x4.splat(kept(POWER_LEAST))
  const round = f32x4.splat(kept(EXP_ROUND))
  const c0 = f32x4.splat(kept(POWER_C0))
  const c1 = f32x4.splat(kept(POWER_C1))
  const c2 = f32x4.splat(kept(POWER_C2))
  let w0 = f32x4.splat(0)
  let w1 = w0
  for (const end = scores + (count << 2); scores < end; scores += 32, keys += 32) {
    const s0 = v128.load(scores)
    const s1 = v128.load(scores, 16)
    w0 = f32x4.add(w0, power4(f32x4.mul(s, f32x4.sub(s0, r)), least, round, c0, c1, c2))
    w1 = f32x4.add(w1, power4(f32x4.mul(s, f32x4.sub(s1, r)), least, round, c0, c1, c2))
    const k0 = key4(s0)
    const k1 = key4(s1)
    v128.store(keys, k0)
    v128.store(keys, k1, 16)
  }
  const w = f32x4.add(w0, w1)
  const low = <f64>f32x4.extract_lane(w, 0) + <f64>f32x4.extract_lane(w, 1)
  return low + (<f64>f32x4.extract_lane(w, 2) + <f64>f32x4.extract_lane(w, 3))
}

/** 2^x for x ≤ 0. */
@inline
function power4(x: v128, least: v128, round: v128, c0: v128, c1: v128, c2: v128): v128 {
  const y = f32x4.pmax(x, least)
  const shifted = f32x4.add(y, round)
  const r = f32x4.sub(y, f32x4.sub(shifted, round))
  const p = f32x4.add(c0, f32x4.mul(r, f32x4.add(c1, f32x4.mul(r, c2))))
  return i32x4.add(p, i32x4.shl(shifted, 23))
}

/** exp(x) for x ≤ 0, proper: totals are taken over from chunk to chunk, and no error must grow with them. */
@inline
function exp(x: f32): f64 {
  return <f64>f32x4.extract_lane(exp4(f32x4.splat(x)), 0)
}
