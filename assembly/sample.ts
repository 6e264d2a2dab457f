/**
 * Where the threshold of a long list starts: what is proven by the first groups alone is far below the last of the best, so some of the other groups,
 * at equal distances, are screened ahead, and the threshold is where the best of all are likely to end. It is a guess. Where fewer than are wanted
 * reach it, the query is searched once more from what is proven (bestOf.ts), so that what is found is the same whatever was guessed.
 */
import {
  FACTOR_GROUP,
  FACTOR_GROUPS,
  FACTOR_MASKED,
  FACTOR_SAMPLE_GROUPS,
  FACTOR_SMALL,
  FACTOR_SORTED_MAX,
  FACTOR_START_GROUPS,
  FACTOR_START_ROWS,
  FACTOR_TILE_ROWS,
  FACTOR_VIEW_COUNT,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { NORM, SCALE, stateOf } from './queryState'
import { limitOf, scan, screenGroup } from './screen'
import { word } from './words'

/**
 * Groups that a sample stands for, for each of the first: about as many as searches pass where norms fall as they do in catalogues. What is beyond is missed,
 * and the guess is the lower for it.
 */
const SPAN_SHARE = 20
/** Bytes of a query's sample, and of one group of it. */
const GROUP_BYTES: usize = 2 * FACTOR_GROUP
const ROW_BYTES: usize = FACTOR_SAMPLE_GROUPS * GROUP_BYTES
/** Standard errors of a count by sample that a guess leaves room for: none of 1 500 queries is searched once more, of 128 factors 7; with 1, 8 and 28 are. */
const ERRORS: f64 = 1.5
/** Counts that are tried for a guess; four do for most. */
const STEPS = 10
/** Above what is aimed at, as a share: more is tried to be fewer. */
const SLACK: f64 = 1 / 16
/** Of what is wanted: what rounding may take from a count. */
const ROUNDING: f64 = 1 / 32

/** Of the query before: its threshold as a share of its norm, and how much of that a natural logarithm of the count is. What is guessed from it is no result. */
let height: f64 = 0
let slope: f64 = 0

/** Before the first query of a block. */
export function forgetSample(): void {
  height = 0
}

/** Groups that a sample can be of: those after the first that are full, and not too many. */
@inline
function span(params: usize): i32 {
  const first = <i32>word(params, FACTOR_START_GROUPS)
  return min(<i32>(word(params, FACTOR_VIEW_COUNT) / FACTOR_GROUP) - first, SPAN_SHARE * first)
}

@inline
function strideOf(groups: i32): i32 {
  return (groups + FACTOR_SAMPLE_GROUPS - 1) / FACTOR_SAMPLE_GROUPS
}

/** Groups in the sample; 0 where nothing is guessed: for short lists, and where masks say what is open. */
export function sampleSize(params: usize): i32 {
  const groups = span(params)
  if (groups <= 0 || <i32>word(params, FACTOR_WANTED) <= FACTOR_SORTED_MAX || word(params, FACTOR_MASKED) != 0) return 0
  return groups / strideOf(groups)
}

/** Which group is the sample's `place`-th. */
@inline
function sampledGroup(params: usize, place: i32): i32 {
  const stride = strideOf(span(params))
  return <i32>word(params, FACTOR_START_GROUPS) + place * stride + (stride >> 1)
}

/** The place of a group in a sample of `size`; -1 where it is not in it. */
export function samplePlace(params: usize, group: i32, size: i32): i32 {
  if (size == 0) return -1
  const stride = strideOf(span(params))
  const after = group - <i32>word(params, FACTOR_START_GROUPS)
  return after >= 0 && after % stride == stride >> 1 && after / stride < size ? after / stride : -1
}

/** The sample's scores of query `m` of a tile, i16[size, FACTOR_GROUP], behind those of the first groups. */
export function sampleOf(params: usize, m: i32): usize {
  const first = word(params, FACTOR_START_ROWS) + word(params, FACTOR_START_GROUPS) * (4 * FACTOR_GROUP * FACTOR_TILE_ROWS)
  return <usize>first + <usize>m * ROW_BYTES
}

/** The samples of the queries of tile `tile`, which is in TILES. */
export function screenSample(params: usize, tile: i32, size: i32): void {
  const to = sampleOf(params, 0)
  for (let place = 0; place < size; place++) {
    screenGroup(params, tile, sampledGroup(params, place), to + <usize>place * GROUP_BYTES, ROW_BYTES, word(params, FACTOR_SMALL))
  }
}

/** Takes in what of its sample a query's threshold leaves. */
export function scanSample(params: usize, query: i32, sample: usize, size: i32): void {
  const state = stateOf(params, query)
  for (let place = 0; place < size; place++) {
    const group = sampledGroup(params, place)
    scan(params, query, sample + <usize>place * GROUP_BYTES, group, limitOf(params, state, group))
  }
}

/** How many of the sample reach `bound`, but for what rounding does. */
function countSample(params: usize, state: usize, sample: usize, size: i32, bound: f64): i32 {
  const scaled = bound * load<f64>(state, SCALE)
  let c0 = i16x8.splat(0), c1 = c0
  for (let place = 0; place < size; place++) {
    const group = <usize>word(params, FACTOR_GROUPS) + (<usize>sampledGroup(params, place) << 5)
    const limit = i16x8.splat(<i16>max<f64>(min<f64>(scaled * load<f64>(group), 32767), -32768))
    const from = sample + <usize>place * GROUP_BYTES
    for (let at = from; at < from + GROUP_BYTES; at += 64) {
      c0 = i16x8.sub(c0, i16x8.gt_s(v128.load(at), limit))
      c1 = i16x8.sub(c1, i16x8.gt_s(v128.load(at, 16), limit))
      c0 = i16x8.sub(c0, i16x8.gt_s(v128.load(at, 32), limit))
      c1 = i16x8.sub(c1, i16x8.gt_s(v128.load(at, 48), limit))
    }
  }
  const sums = i32x4.add(i32x4.extadd_pairwise_i16x8_s(c0), i32x4.extadd_pairwise_i16x8_s(c1))
  return i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + (i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3))
}

/** How many of a row, whose length is a multiple of 8, are at least `bound`. */
export function countFrom(row: usize, end: usize, bound: f32): i32 {
  const b = f32x4.splat(bound)
  let c0 = i32x4.splat(0), c1 = c0
  for (let at = row; at < end; at += 32) {
    c0 = i32x4.sub(c0, f32x4.ge(v128.load(at), b))
    c1 = i32x4.sub(c1, f32x4.ge(v128.load(at, 16), b))
  }
  c0 = i32x4.add(c0, c1)
  return i32x4.extract_lane(c0, 0) + i32x4.extract_lane(c0, 1) + (i32x4.extract_lane(c0, 2) + i32x4.extract_lane(c0, 3))
}

/**
 * A score that a few more than WANTED are likely to reach: of the first groups, whose scores `row` has, between `least` and `most`, and for each of
 * the sample as many as it stands for. -Infinity where there are not so many.
 *
 * By secants: a count falls by a share of itself with each step of the score, of which 2 (a - b) / (a + b) is the logarithm, nearly. It begins where the
 * query before ended.
 */
export function guess(params: usize, query: i32, row: usize, rowEnd: usize, least: f32, most: f32, sample: usize, size: i32): f32 {
  if (!(least <= most)) return -Infinity // nothing of the first groups is open
  const state = stateOf(params, query)
  const norm = load<f64>(state, NORM)
  const wanted = <f64>word(params, FACTOR_WANTED)
  const stride = <f64>strideOf(span(params))
  let low = <f64>least
  let high = <f64>most
  let found = false
  let bound = height * norm
  let before: f64 = 0
  let distanceBefore: f64 = 0
  for (let step = 0; step < STEPS; step++) {
    if (!(bound > low && bound < high) || step == STEPS / 2) bound = 0.5 * (low + high)
    bound = <f64>(<f32>bound)
    const sampled = <f64>countSample(params, state, sample, size, bound) * stride
    const count = <f64>countFrom(row, rowEnd, <f32>bound) + sampled
    const aim = wanted * (1 + ROUNDING) + ERRORS * sqrt<f64>((stride - 1) * sampled)
    if (count >= aim) {
      low = bound
      found = true
      if (count <= aim * (1 + SLACK)) break
    } else high = bound
    const middle = aim * (1 + SLACK / 2)
    const distance = (2 * (count - middle)) / (count + middle)
    if (step > 0 && distance != distanceBefore) slope = (before - bound) / ((distance - distanceBefore) * norm)
    before = bound
    distanceBefore = distance
    bound += slope * norm * distance
  }
  if (!found) return -Infinity
  height = low / norm
  return <f32>low
}
