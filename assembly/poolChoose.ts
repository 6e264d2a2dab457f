/** The best of a pool, exactly, from estimates of its scores (poolEstimate.ts). */
import {
  EXPERT_INVERSE_SCALE,
  EXPERT_WEIGHT,
  EXPERT_WORDS,
  POOL_BIAS,
  POOL_EPSILON,
  POOL_EXPERT_COUNT,
  POOL_EXPERTS,
  RANK_CANDIDATES,
  RANK_COLUMN_COUNT,
  RANK_EXCLUDED,
  RANK_GREATEST,
  RANK_ITEMS,
  RANK_KEYS,
  RANK_MARGIN,
  RANK_POOL,
  RANK_PROBABILITIES,
  RANK_SCORES,
  RANK_SHARPNESS,
  RANK_SUMS,
  RANK_TOTAL,
  RANK_WANTED,
  RANK_WEIGHTS,
} from '../src/kernels/parameters'
import { chooseKeys, collectAbout, notAbove, sortDescending } from './choose'
import { sumsBytes } from './pool'
import { poolScores, share4 } from './poolScores'
import { key4, turned4 } from './rank'
import { exp4, LN_C1, LN_C2, LN_C3, LN_HALF, LN_MASK, LN_UNIT, ln4 } from './transcendentals'
import { float, word } from './words'

/**
 * The WANTED best of query `query` by score descending, then index ascending, among the items whose KEYS are not RANK_EXCLUDED, and
 * their probabilities: exp(sharpness · (score - GREATEST)) over TOTAL, or over what they add up to themselves if that is more.
 *
 * The wanted-th best score is at least the wanted-th greatest estimate less half of MARGIN; so what is among the best has an estimate above that
 * less all of MARGIN. These few are scored as they are defined. Where they are not few, because many scores are alike, all are.
 */
export function poolChoose(params: usize, query: i32): void {
  const keys = <usize>word(params, RANK_KEYS)
  const columns = word(params, RANK_COLUMN_COUNT)
  const wanted = <i32>word(params, RANK_WANTED)
  const candidates = <usize>word(params, RANK_CANDIDATES)
  const margin = float(params, RANK_MARGIN)
  if (margin == 0) chooseKeys(keys, columns, wanted, candidates)
  else {
    const found = collectAbout(keys, columns, wanted, margin, candidates)
    if (found > 0) {
      scoreCandidates(params, candidates, found)
      sortDescending(candidates, found)
    } else {
      poolScores(params, query)
      chooseKeys(exactKeys(params, query, keys, columns), columns, wanted, candidates)
    }
  }
  putOut(params, candidates, wanted)
}

/** Keys of all scores in the place of WEIGHTS, RANK_EXCLUDED where `keys` are. */
function exactKeys(params: usize, query: i32, keys: usize, columns: u32): usize {
  const scores = <usize>word(params, RANK_SCORES) + (<usize>query * columns << 2)
  const exact = <usize>word(params, RANK_WEIGHTS)
  const excluded = i32x4.splat(RANK_EXCLUDED)
  for (let at: usize = 0; at < <usize>columns << 2; at += 16) {
    const isExcluded = i32x4.eq(v128.load(keys + at), excluded)
    v128.store(exact + at, v128.bitselect(excluded, key4(v128.load(scores + at)), isExcluded))
  }
  return exact
}

@inline
function candidateItem(candidates: usize, place: i32): usize {
  return <usize>~(<u32>load<u64>(candidates + (<usize>place << 3)))
}

/** f32[4] that lie at `from`, at the four places. */
@inline
function gather4(from: usize, i0: usize, i1: usize, i2: usize, i3: usize): v128 {
  return f32x4(
    load<f32>(from + (i0 << 2)), load<f32>(from + (i1 << 2)), load<f32>(from + (i2 << 2)), load<f32>(from + (i3 << 2)),
  )
}

/** Keys of the candidates by their scores, as they are defined (poolScores.ts). */
function scoreCandidates(params: usize, candidates: usize, found: i32): void {
  const pool = <usize>word(params, RANK_POOL)
  const experts = <usize>word(pool, POOL_EXPERTS)
  const end = experts + <usize>word(pool, POOL_EXPERT_COUNT) * EXPERT_WORDS * 4
  const bytes = sumsBytes(params)
  const bias = <usize>word(pool, POOL_BIAS)
  const epsilon = f32x4.splat(float(pool, POOL_EPSILON))
  for (let i = 0; i < found; i += 4) {
    const last = found - 1
    const i0 = candidateItem(candidates, i)
    const i1 = candidateItem(candidates, min(i + 1, last))
    const i2 = candidateItem(candidates, min(i + 2, last))
    const i3 = candidateItem(candidates, min(i + 3, last))
    let score = gather4(bias, i0, i1, i2, i3)
    for (let expert = experts, sums = <usize>word(params, RANK_SUMS); expert < end; expert += EXPERT_WORDS * 4, sums += bytes) {
      const share = share4(gather4(sums, i0, i1, i2, i3), f32x4.splat(float(expert, EXPERT_INVERSE_SCALE)))
      const ln = ln4(
        f32x4.add(share, epsilon), i32x4.splat(LN_HALF), i32x4.splat(LN_MASK), f32x4.splat(1), f32x4.splat(LN_C3),
        f32x4.splat(LN_C2), f32x4.splat(LN_C1), f32x4.splat(2), f32x4.splat(LN_UNIT),
      )
      score = f32x4.add(score, f32x4.mul(f32x4.splat(float(expert, EXPERT_WEIGHT)), ln))
    }
    const keys = key4(score)
    const to = candidates + (<usize>i << 3)
    store<i32>(to, i32x4.extract_lane(keys, 0), 4)
    if (i + 1 < found) store<i32>(to, i32x4.extract_lane(keys, 1), 12)
    if (i + 2 < found) store<i32>(to, i32x4.extract_lane(keys, 2), 20)
    if (i + 3 < found) store<i32>(to, i32x4.extract_lane(keys, 3), 28)
  }
}

/** The first `wanted` candidates to ITEMS and PROBABILITIES; WEIGHTS is room for whole vectors on the way. */
function putOut(params: usize, candidates: usize, wanted: i32): void {
  const items = <usize>word(params, RANK_ITEMS)
  const probabilities = <usize>word(params, RANK_PROBABILITIES)
  const weights = <usize>word(params, RANK_WEIGHTS)
  const sharpness = f32x4.splat(float(params, RANK_SHARPNESS))
  const greatest = f32x4.splat(float(params, RANK_GREATEST))
  const bytes = <usize>wanted << 2
  for (let at: usize = 0; at < bytes; at += 4) {
    const key = load<i64>(candidates + (at << 1))
    store<u32>(items + at, ~(<u32>key))
    store<i32>(weights + at, <i32>(key >> 32))
  }
  let chosen: f64 = 0
  for (let at: usize = 0; at < bytes; at += 16) {
    const score = turned4(v128.load(weights + at))
    v128.store(weights + at, exp4(f32x4.mul(sharpness, f32x4.sub(score, greatest))))
  }
  for (let at: usize = 0; at < bytes; at += 4) chosen += <f64>load<f32>(weights + at)
  const total = max(load<f64>(<usize>word(params, RANK_TOTAL)), chosen)
  for (let at: usize = 0; at < bytes; at += 4) store<f32>(probabilities + at, notAbove(<f64>load<f32>(weights + at) / total))
}
