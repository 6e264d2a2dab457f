/**
 * Where a query's threshold starts: its first groups, those of the greatest norms, are scored in f32 and the best of them taken in, so that the
 * screen that follows has a k-th best to compare with. What is above the start is few more than the wanted ones.
 */
import {
  FACTOR_CHUNKS,
  FACTOR_EXCLUDED_ENDS,
  FACTOR_EXCLUDED_ITEMS,
  FACTOR_EXCLUDED_STARTS,
  FACTOR_GROUP,
  FACTOR_ITEM_COUNT,
  FACTOR_ITEM_OF,
  FACTOR_MASKED,
  FACTOR_POSITION_OF,
  FACTOR_SORTED_MAX,
  FACTOR_START_GROUPS,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { cutDown, entriesOf, take } from './entries'
import { isOpen, openOf, stateOf, THRESHOLD } from './queryState'
import { word } from './words'

/** Steps of bisection: from the range of all scores to 1/512 of it. */
const STEPS = 9

/** Takes in the best of the first groups, whose scores are `row`; it is changed. */
export function start(params: usize, query: i32, row: usize): void {
  const state = stateOf(params, query)
  const places = <u32>word(params, FACTOR_START_GROUPS) * FACTOR_GROUP
  strike(params, query, row, places)
  const low = startThreshold(params, row, row + (<usize>places << 2))
  store<f32>(state, low, THRESHOLD)
  const threshold = f32x4.splat(low)
  const none = f32x4.splat(-Infinity)
  const entries = entriesOf(params, query)
  const items = <usize>word(params, FACTOR_ITEM_OF)
  for (let position: u32 = 0; position < places; position += 16) {
    const at = row + (<usize>position << 2)
    const s0 = v128.load(at), s1 = v128.load(at, 16), s2 = v128.load(at, 32), s3 = v128.load(at, 48)
    const g0 = v128.and(f32x4.ge(s0, threshold), f32x4.gt(s0, none))
    const g1 = v128.and(f32x4.ge(s1, threshold), f32x4.gt(s1, none))
    const g2 = v128.and(f32x4.ge(s2, threshold), f32x4.gt(s2, none))
    const g3 = v128.and(f32x4.ge(s3, threshold), f32x4.gt(s3, none))
    let mask = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(g0, g1), i16x8.narrow_i32x4_s(g2, g3)))
    while (mask) {
      const i = ctz(mask)
      mask &= mask - 1
      take(params, state, entries, load<f32>(at + (<usize>i << 2)), load<u32>(items + (<usize>(position + i) << 2)))
    }
  }
  if (<i32>word(params, FACTOR_WANTED) > FACTOR_SORTED_MAX) cutDown(params, state, entries)
}

/** Makes what is not open -Infinity in a row of scores of the first `end` positions. */
function strike(params: usize, query: i32, row: usize, end: u32): void {
  const items = <usize>word(params, FACTOR_ITEM_OF)
  for (let position = word(params, FACTOR_ITEM_COUNT); position < end; position++) {
    store<f32>(row + (<usize>position << 2), -Infinity)
  }
  if (word(params, FACTOR_MASKED)) {
    const open = openOf(params, query)
    for (let position: u32 = 0; position < end; position++) {
      if (!isOpen(open, load<u32>(items + (<usize>position << 2)))) store<f32>(row + (<usize>position << 2), -Infinity)
    }
    return
  }
  const starts = <usize>word(params, FACTOR_EXCLUDED_STARTS)
  if (starts == 0) return
  const excluded = <usize>word(params, FACTOR_EXCLUDED_ITEMS)
  const positions = <usize>word(params, FACTOR_POSITION_OF)
  const last = load<u32>(<usize>word(params, FACTOR_EXCLUDED_ENDS) + (<usize>query << 2))
  for (let i = load<u32>(starts + (<usize>query << 2)); i < last; i++) {
    const position = load<u32>(positions + (<usize>load<u32>(excluded + (<usize>i << 2)) << 2))
    if (position < end) store<f32>(row + (<usize>position << 2), -Infinity)
  }
}

/**
 * A score that at least WANTED of the row reach; -Infinity where there is none. Of each chunk of four the greatest counts, so that a pass
 * reads a quarter: what so many chunks reach, at least as many items do.
 */
function startThreshold(params: usize, row: usize, rowEnd: usize): f32 {
  const wanted = <i32>word(params, FACTOR_WANTED)
  const chunks = <usize>word(params, FACTOR_CHUNKS)
  let end = chunks
  let most = f32x4.splat(-Infinity)
  let least = f32x4.splat(Infinity)
  for (let at = row; at < rowEnd; at += 64) {
    const m = f32x4.pmax(
      f32x4.pmax(v128.load(at), v128.load(at, 16)),
      f32x4.pmax(v128.load(at, 32), v128.load(at, 48)),
    )
    most = f32x4.pmax(most, m)
    least = f32x4.pmin(least, v128.bitselect(f32x4.splat(Infinity), m, f32x4.eq(m, f32x4.splat(-Infinity))))
    v128.store(end, m)
    end += 16
  }
  let low = min(
    min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1)),
    min(f32x4.extract_lane(least, 2), f32x4.extract_lane(least, 3)),
  )
  let high = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  )
  if (countChunks(chunks, end, low) < wanted) return -Infinity
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) * 0.5
    const count = countChunks(chunks, end, middle)
    if (count < wanted) high = middle
    else low = middle
    if (count >= wanted && count <= wanted + (wanted >> 3)) break
  }
  return low
}

function countChunks(chunks: usize, end: usize, bound: f32): i32 {
  const b = f32x4.splat(bound)
  let c0 = i32x4.splat(0), c1 = c0
  for (let at = chunks; at < end; at += 32) {
    c0 = i32x4.sub(c0, f32x4.ge(v128.load(at), b))
    c1 = i32x4.sub(c1, f32x4.ge(v128.load(at, 16), b))
  }
  c0 = i32x4.add(c0, c1)
  return i32x4.extract_lane(c0, 0) + i32x4.extract_lane(c0, 1) + i32x4.extract_lane(c0, 2) + i32x4.extract_lane(c0, 3)
}
