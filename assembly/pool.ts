/**
 * Scores of one history by a pool of sparse experts (models/historyModel.ts): each expert's rows are scattered onto its sums, then the
 * sums are pooled. On real histories (165 events, four experts, rows of 200) that is 60 000 additions to 3 416 places, which wait for the
 * second level cache; docs/decisions/0020-ranking-by-a-pool.md says what else was tried.
 */
import {
  EXPERT_INVERSE_SCALE,
  EXPERT_KERNEL,
  EXPERT_KERNEL_LENGTH,
  EXPERT_OFFSETS,
  EXPERT_ROWS,
  EXPERT_WEIGHT,
  EXPERT_WORDS,
  POOL_BIAS,
  POOL_COMBINATION,
  POOL_EPSILON,
  POOL_EXPERT_COUNT,
  POOL_EXPERTS,
  POOL_GROUP,
  POOL_LOG,
  POOL_NEAR,
  RANK_COLUMN_COUNT,
  RANK_EVENTS,
  RANK_OFFSETS,
  RANK_PLACES,
  RANK_POOL,
  RANK_PRIOR,
  RANK_SCORES,
  RANK_SOURCES,
  RANK_SUMS,
  RANK_SUMS_OF_WEIGHTS,
} from '../src/kernels/parameters'
import { kept, keptBits, LN_C1, LN_C2, LN_C3, LN_HALF, LN_MASK, LN_UNIT, ln4 } from './transcendentals'
import { addRepeats, findRepeats } from './repeats'
import { float, word } from './words'

const CACHE_LINE_BYTES: usize = 64

/** Rows brought near before they are scattered: 2 and 8 measured alike. */
const TOUCHED_ROWS: usize = 4

/** What was touched. Exported, since a load that nobody reads the result of is none to a compiler. */
export let touched: i32 = 0

/** The scores of query `query`: expert by expert, each from the newest item on, products and sums rounded one by one. */
export function poolScores(params: usize, query: i32): void {
  const columns = <usize>word(params, RANK_COLUMN_COUNT)
  const scores = <usize>word(params, RANK_SCORES) + (<usize>query * columns << 2)
  const offsets = <usize>word(params, RANK_OFFSETS) + (<usize>query << 2)
  const from = load<u32>(offsets)
  const count = <i32>(load<u32>(offsets, 4) - from)
  if (count == 0) {
    memory.copy(scores, <usize>word(params, RANK_PRIOR), columns << 2)
    return
  }
  const events = <usize>word(params, RANK_EVENTS) + (<usize>from << 2)
  const sums = <usize>word(params, RANK_SUMS)
  const sources = <usize>word(params, RANK_SOURCES)
  const places = <usize>word(params, RANK_PLACES)
  const repeats = findRepeats(events, count, sources, places, sums) < count
  const pool = <usize>word(params, RANK_POOL)
  const near = word(pool, POOL_NEAR) != 0
  const log = word(pool, POOL_COMBINATION) == POOL_LOG
  const epsilon = float(pool, POOL_EPSILON)
  memory.copy(scores, <usize>word(pool, POOL_BIAS), columns << 2)
  let expert = <usize>word(pool, POOL_EXPERTS)
  const end = expert + <usize>word(pool, POOL_EXPERT_COUNT) * EXPERT_WORDS * 4
  for (; expert < end; expert += EXPERT_WORDS * 4) {
    let reach = min(count, <i32>word(expert, EXPERT_KERNEL_LENGTH))
    let weights = <usize>word(expert, EXPERT_KERNEL)
    if (repeats) {
      const kernel = weights
      weights = <usize>word(params, RANK_SUMS_OF_WEIGHTS)
      reach = addRepeats(kernel, places, reach, weights)
    }
    if (near) scatterNear(expert, sources, weights, reach, sums)
    else scatterFar(expert, sources, weights, reach, sums)
    if (log) poolLogs(expert, sums, scores, columns, epsilon)
    else poolLinear(expert, sums, scores, columns)
  }
}

@inline
function addTo(sum: usize, product: f32): void {
  store<f32>(sum, load<f32>(sum) + product)
}

@inline
function addProducts(
  w: v128, values: usize,
  a0: usize, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize, a7: usize,
): void {
  const low = f32x4.mul(w, v128.load(values))
  const high = f32x4.mul(w, v128.load(values, 16))
  addTo(a0, f32x4.extract_lane(low, 0))
  addTo(a1, f32x4.extract_lane(low, 1))
  addTo(a2, f32x4.extract_lane(low, 2))
  addTo(a3, f32x4.extract_lane(low, 3))
  addTo(a4, f32x4.extract_lane(high, 0))
  addTo(a5, f32x4.extract_lane(high, 1))
  addTo(a6, f32x4.extract_lane(high, 2))
  addTo(a7, f32x4.extract_lane(high, 3))
}

/**
 * Something of every cache line of the rows of sources [source, last): loads that wait for nothing but each other, so that as many as the
 * processor has room for are under way at once. Scattering asks for a line only when the additions before it are under way, which is
 * some six lines ahead.
 */
@inline
function touch(rows: usize, offsets: usize, source: usize, last: usize, groupBytes: usize): i32 {
  let bits: i32 = 0
  for (; source < last; source += 4) {
    const offset = offsets + (<usize>load<u32>(source) << 2)
    const end = rows + <usize>load<u32>(offset, 4) * groupBytes
    for (let at = rows + <usize>load<u32>(offset) * groupBytes; at < end; at += CACHE_LINE_BYTES) bits |= load<i32>(at)
  }
  return bits
}

/** Groups of u16[8], f32[8]. */
function scatterNear(expert: usize, sources: usize, weights: usize, count: i32, sums: usize): void {
  const rows = <usize>word(expert, EXPERT_ROWS)
  const offsets = <usize>word(expert, EXPERT_OFFSETS)
  const last = sources + (<usize>count << 2)
  while (sources < last) {
    const stop = min(last, sources + 4 * TOUCHED_ROWS)
    touched = touch(rows, offsets, sources, stop, 6 * POOL_GROUP)
    for (; sources < stop; sources += 4, weights += 4) {
      const offset = offsets + (<usize>load<u32>(sources) << 2)
      const w = v128.load32_splat(weights)
      let at = rows + <usize>load<u32>(offset) * (6 * POOL_GROUP)
      const end = rows + <usize>load<u32>(offset, 4) * (6 * POOL_GROUP)
      for (; at < end; at += 6 * POOL_GROUP)
        addProducts(
          w, at + 2 * POOL_GROUP,
          sums + (<usize>load<u16>(at) << 2), sums + (<usize>load<u16>(at, 2) << 2),
          sums + (<usize>load<u16>(at, 4) << 2), sums + (<usize>load<u16>(at, 6) << 2),
          sums + (<usize>load<u16>(at, 8) << 2), sums + (<usize>load<u16>(at, 10) << 2),
          sums + (<usize>load<u16>(at, 12) << 2), sums + (<usize>load<u16>(at, 14) << 2),
        )
    }
  }
}

/** Groups of u32[8], f32[8]. */
function scatterFar(expert: usize, sources: usize, weights: usize, count: i32, sums: usize): void {
  const rows = <usize>word(expert, EXPERT_ROWS)
  const offsets = <usize>word(expert, EXPERT_OFFSETS)
  const last = sources + (<usize>count << 2)
  while (sources < last) {
    const stop = min(last, sources + 4 * TOUCHED_ROWS)
    touched = touch(rows, offsets, sources, stop, 8 * POOL_GROUP)
    for (; sources < stop; sources += 4, weights += 4) {
      const offset = offsets + (<usize>load<u32>(sources) << 2)
      const w = v128.load32_splat(weights)
      let at = rows + <usize>load<u32>(offset) * (8 * POOL_GROUP)
      const end = rows + <usize>load<u32>(offset, 4) * (8 * POOL_GROUP)
      for (; at < end; at += 8 * POOL_GROUP)
        addProducts(
          w, at + 4 * POOL_GROUP,
          sums + (<usize>load<u32>(at) << 2), sums + (<usize>load<u32>(at, 4) << 2),
          sums + (<usize>load<u32>(at, 8) << 2), sums + (<usize>load<u32>(at, 12) << 2),
          sums + (<usize>load<u32>(at, 16) << 2), sums + (<usize>load<u32>(at, 20) << 2),
          sums + (<usize>load<u32>(at, 24) << 2), sums + (<usize>load<u32>(at, 28) << 2),
        )
    }
  }
}

@inline
function share4(sum: v128, inverse: v128): v128 {
  return f32x4.mul(f32x4.pmax(f32x4.splat(0), sum), inverse)
}

/** scores += weight · ln(max(0, sums) / scale + epsilon); sums = 0. */
function poolLogs(expert: usize, sums: usize, scores: usize, columns: usize, epsilon: f32): void {
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
      v128.store(sums, zero)
      v128.store(sums, zero, 16)
      continue
    }
    v128.store(sums, zero)
    v128.store(sums, zero, 16)
    const l0 = f32x4.mul(w, ln4(f32x4.add(share4(x0, inverse), least), half, mask, one, c3, c2, c1, two, unit))
    const l1 = f32x4.mul(w, ln4(f32x4.add(share4(x1, inverse), least), half, mask, one, c3, c2, c1, two, unit))
    const s0 = f32x4.add(v128.load(scores), l0)
    const s1 = f32x4.add(v128.load(scores, 16), l1)
    v128.store(scores, s0)
    v128.store(scores, s1, 16)
  }
}

/** scores += weight · max(0, sums) / scale; sums = 0. */
function poolLinear(expert: usize, sums: usize, scores: usize, columns: usize): void {
  const w = f32x4.splat(float(expert, EXPERT_WEIGHT))
  const inverse = f32x4.splat(float(expert, EXPERT_INVERSE_SCALE))
  const zero = f32x4.splat(0)
  for (const end = sums + (columns << 2); sums < end; sums += 32, scores += 32) {
    const x0 = v128.load(sums)
    const x1 = v128.load(sums, 16)
    v128.store(sums, zero)
    v128.store(sums, zero, 16)
    const s0 = f32x4.add(v128.load(scores), f32x4.mul(w, share4(x0, inverse)))
    const s1 = f32x4.add(v128.load(scores, 16), f32x4.mul(w, share4(x1, inverse)))
    v128.store(scores, s0)
    v128.store(scores, s1, 16)
  }
}
