/** The scores of a pool from its experts' sums (pool.ts), as they are defined (models/historyModel.ts). */
import {
  EXPERT_INVERSE_SCALE,
  EXPERT_WEIGHT,
  EXPERT_WORDS,
  POOL_BIAS,
  POOL_COMBINATION,
  POOL_EPSILON,
  POOL_EXPERT_COUNT,
  POOL_EXPERTS,
  POOL_LOG,
  RANK_COLUMN_COUNT,
  RANK_OFFSETS,
  RANK_POOL,
  RANK_PRIOR,
  RANK_SCORES,
  RANK_SUMS,
} from '../src/kernels/parameters'
import { sumsBytes } from './pool'
import { kept, keptBits, LN_C1, LN_C2, LN_C3, LN_HALF, LN_MASK, LN_UNIT, ln4 } from './transcendentals'
import { float, word } from './words'

/** SCORES of query `query`, whose SUMS are known: expert by expert, products and sums rounded one by one; without a history PRIOR. */
export function poolScores(params: usize, query: i32): void {
  const columns = <usize>word(params, RANK_COLUMN_COUNT)
  const scores = <usize>word(params, RANK_SCORES) + (<usize>query * columns << 2)
  const offsets = <usize>word(params, RANK_OFFSETS) + (<usize>query << 2)
  if (load<u32>(offsets) == load<u32>(offsets, 4)) {
    memory.copy(scores, <usize>word(params, RANK_PRIOR), columns << 2)
    return
  }
  const pool = <usize>word(params, RANK_POOL)
  const log = word(pool, POOL_COMBINATION) == POOL_LOG
  const epsilon = float(pool, POOL_EPSILON)
  memory.copy(scores, <usize>word(pool, POOL_BIAS), columns << 2)
  let sums = <usize>word(params, RANK_SUMS)
  let expert = <usize>word(pool, POOL_EXPERTS)
  const end = expert + <usize>word(pool, POOL_EXPERT_COUNT) * EXPERT_WORDS * 4
  for (; expert < end; expert += EXPERT_WORDS * 4, sums += sumsBytes(params)) {
    if (log) addLogs(expert, sums, scores, columns, epsilon)
    else addShares(expert, sums, scores, columns)
  }
}

/** What an expert's sums are as shares of their usual total, which is in `inverse`. */
@inline
export function share4(sum: v128, inverse: v128): v128 {
  return f32x4.mul(f32x4.pmax(f32x4.splat(0), sum), inverse)
}

/** scores += weight · ln(max(0, sums) / scale + epsilon). */
function addLogs(expert: usize, sums: usize, scores: usize, columns: usize, epsilon: f32): void {
  const w = f32x4.splat(float(expert, EXPERT_WEIGHT))
  const inverse = f32x4.splat(float(expert, EXPERT_INVERSE_SCALE))
  const least = f32x4.splat(epsilon)
  const zero = f32x4.splat(0)
  const half = i32x4.splat(keptBits(LN_HALF))
  const mask = i32x4.splat(keptBits(LN_MASK))
  const one = f32x4.splat(kept(1))
  const c3 = f32x4.splat(kept(LN_C3))
  const c2 = f32x4.splat(kept(LN_C2))
  const c1 = f32x4.splat(kept(LN_C1))
  const two = f32x4.splat(kept(2))
  const unit = f32x4.splat(kept(LN_UNIT))
  const floor = f32x4.mul(w, ln4(least, half, mask, one, c3, c2, c1, two, unit))
  for (const end = sums + (columns << 2); sums < end; sums += 32, scores += 32) {
    const x0 = v128.load(sums)
    const x1 = v128.load(sums, 16)
    if (!v128.any_true(f32x4.gt(f32x4.pmax(x0, x1), zero))) {
      const s0 = f32x4.add(v128.load(scores), floor)
      const s1 = f32x4.add(v128.load(scores, 16), floor)
      v128.store(scores, s0)
      v128.store(scores, s1, 16)
      continue
    }
    const l0 = f32x4.mul(w, ln4(f32x4.add(share4(x0, inverse), least), half, mask, one, c3, c2, c1, two, unit))
    const l1 = f32x4.mul(w, ln4(f32x4.add(share4(x1, inverse), least), half, mask, one, c3, c2, c1, two, unit))
    const s0 = f32x4.add(v128.load(scores), l0)
    const s1 = f32x4.add(v128.load(scores, 16), l1)
    v128.store(scores, s0)
    v128.store(scores, s1, 16)
  }
}

/** scores += weight · max(0, sums) / scale. */
function addShares(expert: usize, sums: usize, scores: usize, columns: usize): void {
  const w = f32x4.splat(float(expert, EXPERT_WEIGHT))
  const inverse = f32x4.splat(float(expert, EXPERT_INVERSE_SCALE))
  const zero = f32x4.splat(0)
  for (const end = sums + (columns << 2); sums < end; sums += 32, scores += 32) {
    const x0 = v128.load(sums)
    const x1 = v128.load(sums, 16)
    const s0 = f32x4.add(v128.load(scores), f32x4.mul(w, share4(x0, inverse)))
    const s1 = f32x4.add(v128.load(scores, 16), f32x4.mul(w, share4(x1, inverse)))
    v128.store(scores, s0)
    v128.store(scores, s1, 16)
  }
}
