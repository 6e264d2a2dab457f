/** Scores of the items of a list, which are few of a catalogue: bit for bit those that all items get (sumWeights.ts, poolScores.ts). */
import {
  FACTOR_EVERY_SCORE,
  FACTOR_ITEMS,
  FACTOR_LISTED_COUNT,
  FACTOR_POSITION_OF,
  FACTOR_QUERIES,
  FACTOR_QUERY_FLOATS,
  FACTOR_SMALL,
} from '../src/kernels/factorParameters'
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
  RANK_ITEMS,
  RANK_LISTED_COUNT,
  RANK_OFFSETS,
  RANK_POOL,
  RANK_PRIOR,
  RANK_SCORES,
  RANK_SUMS,
} from '../src/kernels/parameters'
import { BATCH, exactScores } from './exactScores'
import { sumsBytes } from './pool'
import { share4 } from './poolScores'
import { kept, keptBits, LN_C1, LN_C2, LN_C3, LN_HALF, LN_MASK, LN_UNIT, ln4 } from './transcendentals'
import { float, word } from './words'

/** EVERY_SCORE of the LISTED_COUNT items at ITEMS, for query `query`; the others keep what they have. */
export function scoreListed(params: usize, query: i32): void {
  const count = <usize>word(params, FACTOR_LISTED_COUNT)
  const items = <usize>word(params, FACTOR_ITEMS)
  const positionOf = <usize>word(params, FACTOR_POSITION_OF)
  const everyScore = <usize>word(params, FACTOR_EVERY_SCORE)
  const from = <usize>word(params, FACTOR_QUERIES) + <usize>query * (<usize>word(params, FACTOR_QUERY_FLOATS) << 2)
  const list = <usize>word(params, FACTOR_SMALL)
  const scores = list + 4 * BATCH
  for (let first: usize = 0; first < count; first += BATCH) {
    const length = min<usize>(BATCH, count - first)
    // What fills up the last batch is its last item.
    for (let i: usize = 0; i < <usize>BATCH; i++) {
      const item = load<u32>(items + ((first + min(i, length - 1)) << 2))
      store<u32>(list + (i << 2), load<u32>(positionOf + (<usize>item << 2)))
    }
    exactScores(params, from, list, scores)
    for (let i: usize = 0; i < length; i++) {
      const item = load<u32>(items + ((first + i) << 2))
      store<f32>(everyScore + (<usize>item << 2), load<f32>(scores + (i << 2)))
    }
  }
}

/** SCORES of the LISTED_COUNT items at ITEMS, of query `query`, whose SUMS are known; the others keep what they have. */
export function poolListed(params: usize, query: i32): void {
  const count = <usize>word(params, RANK_LISTED_COUNT)
  const items = <usize>word(params, RANK_ITEMS)
  const scores = <usize>word(params, RANK_SCORES) + ((<usize>query * <usize>word(params, RANK_COLUMN_COUNT)) << 2)
  const offsets = <usize>word(params, RANK_OFFSETS) + (<usize>query << 2)
  const pool = <usize>word(params, RANK_POOL)
  const known = load<u32>(offsets) != load<u32>(offsets, 4)
  const start = <usize>(known ? word(pool, POOL_BIAS) : word(params, RANK_PRIOR))
  const experts = <usize>word(pool, POOL_EXPERTS)
  const end = known ? experts + <usize>word(pool, POOL_EXPERT_COUNT) * EXPERT_WORDS * 4 : experts
  const log = word(pool, POOL_COMBINATION) == POOL_LOG
  const least = f32x4.splat(float(pool, POOL_EPSILON))
  const half = i32x4.splat(keptBits(LN_HALF))
  const mask = i32x4.splat(keptBits(LN_MASK))
  const one = f32x4.splat(kept(1))
  const c3 = f32x4.splat(kept(LN_C3))
  const c2 = f32x4.splat(kept(LN_C2))
  const c1 = f32x4.splat(kept(LN_C1))
  const two = f32x4.splat(kept(2))
  const unit = f32x4.splat(kept(LN_UNIT))
  for (let at: usize = 0; at < count; at += 4) {
    // What fills up the last four is the last item.
    const last = count - 1
    const a = <usize>load<u32>(items + (at << 2)) << 2
    const b = <usize>load<u32>(items + (min(at + 1, last) << 2)) << 2
    const c = <usize>load<u32>(items + (min(at + 2, last) << 2)) << 2
    const d = <usize>load<u32>(items + (min(at + 3, last) << 2)) << 2
    let score = gather(start, a, b, c, d)
    let sums = <usize>word(params, RANK_SUMS)
    for (let expert = experts; expert < end; expert += EXPERT_WORDS * 4, sums += sumsBytes(params)) {
      const share = share4(gather(sums, a, b, c, d), f32x4.splat(float(expert, EXPERT_INVERSE_SCALE)))
      const term = log ? ln4(f32x4.add(share, least), half, mask, one, c3, c2, c1, two, unit) : share
      score = f32x4.add(score, f32x4.mul(f32x4.splat(float(expert, EXPERT_WEIGHT)), term))
    }
    v128.store32_lane(scores + a, score, 0)
    v128.store32_lane(scores + b, score, 1)
    v128.store32_lane(scores + c, score, 2)
    v128.store32_lane(scores + d, score, 3)
  }
}

@inline
function gather(from: usize, a: usize, b: usize, c: usize, d: usize): v128 {
  return v128.load32_lane(
    from + d,
    v128.load32_lane(from + c, v128.load32_lane(from + b, v128.load32_zero(from + a), 1), 2),
    3,
  )
}
