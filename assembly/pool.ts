/**
 * What the experts of a pool (models/historyModel.ts) say of one history, each by itself: its rows are scattered onto its sums. On real
 * histories (165 events, four experts, rows of 200) that is 60 000 additions to 3 416 places, which wait for the second level cache;
 * docs/decisions/0020-ranking-by-a-pool.md says what else was tried. What becomes of the sums is in poolScores.ts and poolEstimate.ts.
 */
import {
  EXPERT_KERNEL,
  EXPERT_KERNEL_LENGTH,
  EXPERT_NEAREST,
  EXPERT_OFFSETS,
  EXPERT_ROWS,
  EXPERT_WORDS,
  POOL_EXPERT_COUNT,
  POOL_EXPERTS,
  POOL_GROUP,
  POOL_NEAR,
  RANK_COLUMN_COUNT,
  RANK_EVENTS,
  RANK_OFFSETS,
  RANK_PLACES,
  RANK_POOL,
  RANK_SOURCES,
  RANK_SUMS,
  RANK_SUMS_OF_WEIGHTS,
} from '../src/kernels/parameters'
import { addVotes } from './nearest'
import { addRepeats, findRepeats } from './repeats'
import { word } from './words'

const CACHE_LINE_BYTES: usize = 64

/** Rows brought near before they are scattered: 2 and 8 measured alike. */
const TOUCHED_ROWS: usize = 4

/** What was touched. Exported, since a load that nobody reads the result of is none to a compiler. */
export let touched: i32 = 0

/** Bytes from one expert's sums to the next one's. */
@inline
export function sumsBytes(params: usize): usize {
  return <usize>(word(params, RANK_COLUMN_COUNT) + POOL_GROUP) << 2
}

/** SUMS of query `query`, which has a history: each from the newest item on, products and sums rounded one by one. */
export function poolSums(params: usize, query: i32): void {
  const offsets = <usize>word(params, RANK_OFFSETS) + (<usize>query << 2)
  const from = load<u32>(offsets)
  const count = <i32>(load<u32>(offsets, 4) - from)
  const events = <usize>word(params, RANK_EVENTS) + (<usize>from << 2)
  const sources = <usize>word(params, RANK_SOURCES)
  const places = <usize>word(params, RANK_PLACES)
  const pool = <usize>word(params, RANK_POOL)
  const near = word(pool, POOL_NEAR) != 0
  const bytes = sumsBytes(params)
  let sums = <usize>word(params, RANK_SUMS)
  memory.fill(sums, 0, bytes)
  const repeats = findRepeats(events, count, sources, places, sums) < count
  let expert = <usize>word(pool, POOL_EXPERTS)
  const first = expert
  const end = expert + <usize>word(pool, POOL_EXPERT_COUNT) * EXPERT_WORDS * 4
  for (; expert < end; expert += EXPERT_WORDS * 4, sums += bytes) {
    if (expert != first) memory.fill(sums, 0, bytes)
    if (word(expert, EXPERT_NEAREST) != 0) {
      addVotes(params, expert, events, count, near, sums)
      continue
    }
    let reach = min(count, <i32>word(expert, EXPERT_KERNEL_LENGTH))
    let weights = <usize>word(expert, EXPERT_KERNEL)
    if (repeats) {
      const kernel = weights
      weights = <usize>word(params, RANK_SUMS_OF_WEIGHTS)
      reach = addRepeats(kernel, places, reach, weights)
    }
    if (near) scatterNear(expert, sources, weights, reach, sums)
    else scatterFar(expert, sources, weights, reach, sums)
  }
}

/** Lanes are filled from memory and stored to it one by one: that is two instructions an entry less than sums in scalar registers. */
@inline
function addProducts(
  w: v128, values: usize,
  a0: usize, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize, a7: usize,
): void {
  const s0 = v128.load32_lane(a3, v128.load32_lane(a2, v128.load32_lane(a1, v128.load32_zero(a0), 1), 2), 3)
  const s1 = v128.load32_lane(a7, v128.load32_lane(a6, v128.load32_lane(a5, v128.load32_zero(a4), 1), 2), 3)
  const t0 = f32x4.add(s0, f32x4.mul(w, v128.load(values)))
  const t1 = f32x4.add(s1, f32x4.mul(w, v128.load(values, 16)))
  v128.store32_lane(a0, t0, 0)
  v128.store32_lane(a1, t0, 1)
  v128.store32_lane(a2, t0, 2)
  v128.store32_lane(a3, t0, 3)
  v128.store32_lane(a4, t1, 0)
  v128.store32_lane(a5, t1, 1)
  v128.store32_lane(a6, t1, 2)
  v128.store32_lane(a7, t1, 3)
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
