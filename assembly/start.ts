/**
 * Where a query's threshold starts: its first groups, those of the greatest norms, are scored in f32 and the best of them taken in, so that the
 * screen that follows has a k-th best to compare with. What is above the start is few more than the wanted ones.
 */
import {
  FACTOR_CAPACITY,
  FACTOR_CHUNKS,
  FACTOR_ENTRIES_SPARE,
  FACTOR_EXCLUDED_STARTS,
  FACTOR_GROUP,
  FACTOR_ITEM_COUNT,
  FACTOR_ITEM_OF,
  FACTOR_MASKED,
  FACTOR_POSITION_OF,
  FACTOR_SMALL,
  FACTOR_SORTED_MAX,
  FACTOR_START_GROUPS,
  FACTOR_VIEW_COUNT,
  FACTOR_VIEW_POSITIONS,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { cutDown, entriesOf, entryOf } from './entries'
import { FOUND, isAllowed, stateOf, THRESHOLD } from './queryState'
import { countFrom, guess, samplePlace, scanSample } from './sample'
import { struckNear } from './strike'
import { TAKEN_MAX, takeAll } from './takeAll'
import { word } from './words'

/** In FACTOR_SMALL: entries that are not sorted yet, i64[TAKEN_MAX + 3]; they may be TAKEN_MAX after the next places are looked at. */
const UNSORTED: usize = 3072
/** Places that are looked at together: as many at once as a word has bits, where a loop ends is a wrong guess as often as not. */
const TOGETHER: u32 = 64

/** Steps of bisection: from the range of all scores to 1/512 of it. */
const STEPS = 9

/** Takes in the best of the first groups, whose scores are `row`, and of the sample of `size` groups at `sample`; both are changed. */
export function start(params: usize, query: i32, row: usize, sample: usize, size: i32): void {
  const state = stateOf(params, query)
  const places = <u32>word(params, FACTOR_START_GROUPS) * FACTOR_GROUP
  strike(params, query, row, places, sample, size)
  const low = startThreshold(params, query, row, row + (<usize>places << 2), sample, size)
  store<f32>(state, low, THRESHOLD)
  let threshold = f32x4.splat(low)
  const none = f32x4.splat(-Infinity)
  const entries = entriesOf(params, query)
  const items = <usize>word(params, FACTOR_ITEM_OF)
  const positions = <usize>word(params, FACTOR_VIEW_POSITIONS)
  const sorted = <i32>word(params, FACTOR_WANTED) <= FACTOR_SORTED_MAX
  const list = sorted ? <usize>word(params, FACTOR_SMALL) + UNSORTED : entries
  const room = sorted ? <u32>TAKEN_MAX - TOGETHER : word(params, FACTOR_CAPACITY) - FACTOR_ENTRIES_SPARE
  let top = list
  for (let position: u32 = 0; position < places; position += TOGETHER) {
    const at = row + (<usize>position << 2)
    const half = reached16(at, threshold, none) | (reached16(at + 64, threshold, none) << 16)
    const other = reached16(at + 128, threshold, none) | (reached16(at + 192, threshold, none) << 16)
    let mask = <u64><u32>half | (<u64><u32>other << 32)
    while (mask) {
      const i = <u32>ctz(mask)
      mask &= mask - 1
      const score = load<f32>(at + (<usize>i << 2))
      const item = load<u32>(items + (<usize>load<u32>(positions + (<usize>(position + i) << 2)) << 2))
      store<i64>(top, entryOf(score, item))
      top += 8
    }
    const found = <u32>((top - list) >> 3)
    if (!sorted) store<u32>(state, found, FOUND)
    if (found <= room) continue
    if (sorted) takeAll(params, state, entries, list, top)
    else cutDown(params, state, entries)
    top = sorted ? list : entries + (<usize>load<u32>(state, FOUND) << 3)
    threshold = f32x4.splat(load<f32>(state, THRESHOLD))
  }
  if (sorted) takeAll(params, state, entries, list, top)
  scanSample(params, query, sample, size)
}

/** Which of sixteen scores reach the threshold, and are those of open items. */
@inline
function reached16(at: usize, threshold: v128, none: v128): i32 {
  const s0 = v128.load(at), s1 = v128.load(at, 16), s2 = v128.load(at, 32), s3 = v128.load(at, 48)
  const g0 = v128.and(f32x4.ge(s0, threshold), f32x4.gt(s0, none))
  const g1 = v128.and(f32x4.ge(s1, threshold), f32x4.gt(s1, none))
  const g2 = v128.and(f32x4.ge(s2, threshold), f32x4.gt(s2, none))
  const g3 = v128.and(f32x4.ge(s3, threshold), f32x4.gt(s3, none))
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(g0, g1), i16x8.narrow_i32x4_s(g2, g3)))
}

/** Makes what is not open -Infinity in a row of scores of the first `end` positions, and what is struck the least in a sample. */
function strike(params: usize, query: i32, row: usize, end: u32, sample: usize, size: i32): void {
  const items = <usize>word(params, FACTOR_ITEM_OF)
  const count = word(params, FACTOR_VIEW_COUNT)
  for (let position = count; position < end; position++) {
    store<f32>(row + (<usize>position << 2), -Infinity)
  }
  if (word(params, FACTOR_MASKED)) {
    const state = stateOf(params, query)
    for (let position: u32 = 0; position < end; position++) {
      if (!isAllowed(state, load<u32>(items + (<usize>position << 2)))) store<f32>(row + (<usize>position << 2), -Infinity)
    }
  }
  if (word(params, FACTOR_EXCLUDED_STARTS) == 0) return
  const near = struckNear(params, query)
  const positionOf = <usize>word(params, FACTOR_POSITION_OF)
  const positions = <usize>word(params, FACTOR_VIEW_POSITIONS)
  const whole = count == word(params, FACTOR_ITEM_COUNT)
  const places = size > 0 ? count : min(end, count)
  // What is not among the places is written beside the row.
  const beside = <usize>word(params, FACTOR_SMALL) + UNSORTED
  for (let at = <usize><u32>near; at < <usize>(near >>> 32); at += 4) {
    const position = load<u32>(positionOf + (<usize>load<u32>(at) << 2))
    const place = whole ? position : placeOf(positions, places, position)
    store<f32>(select<usize>(row + (<usize>place << 2), beside, place < end), -Infinity)
    if (size == 0 || place >= count) continue
    const sampled = samplePlace(params, <i32>(place / FACTOR_GROUP), size)
    if (sampled >= 0) store<i16>(sample + (<usize>(sampled * FACTOR_GROUP + <i32>(place & (FACTOR_GROUP - 1))) << 1), -32768)
  }
}

/** Where the position is among the first `count` of a view's; the greatest number where it is not. */
function placeOf(positions: usize, count: u32, position: u32): u32 {
  if (count == 0 || position > load<u32>(positions + (<usize>(count - 1) << 2))) return u32.MAX_VALUE
  let low: u32 = 0
  let length = count
  while (length > 1) {
    const half = length >>> 1
    // No branch: which way it goes cannot be foretold, and a wrong guess costs more than the step.
    low += half & -(<u32>(load<u32>(positions + (<usize>(low + half) << 2)) <= position))
    length -= half
  }
  return load<u32>(positions + (<usize>low << 2)) == position ? low : u32.MAX_VALUE
}

/**
 * A score that at least WANTED of the row reach, and little more; -Infinity where there is none. For a few of them the greatest of each four counts,
 * so that a pass reads a quarter: what so many fours reach, at least as many items do. With a sample it is a guess.
 */
function startThreshold(params: usize, query: i32, row: usize, rowEnd: usize, sample: usize, size: i32): f32 {
  const wanted = <i32>word(params, FACTOR_WANTED)
  if (wanted <= FACTOR_SORTED_MAX) {
    const fours = <usize>word(params, FACTOR_CHUNKS)
    let end = fours
    for (; row < rowEnd; row += 64) {
      const m01 = f32x4.pmax(v128.load(row), v128.load(row, 16))
      const m23 = f32x4.pmax(v128.load(row, 32), v128.load(row, 48))
      v128.store(end, f32x4.pmax(m01, m23))
      end += 16
    }
    row = fours
    rowEnd = end
  }
  let most = f32x4.splat(-Infinity)
  let least = f32x4.splat(Infinity)
  for (let at = row; at < rowEnd; at += 16) {
    const x = v128.load(at)
    most = f32x4.pmax(most, x)
    least = f32x4.pmin(least, v128.bitselect(f32x4.splat(Infinity), x, f32x4.eq(x, f32x4.splat(-Infinity))))
  }
  let low = min(
    min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1)),
    min(f32x4.extract_lane(least, 2), f32x4.extract_lane(least, 3)),
  )
  let high = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  )
  if (size > 0) return guess(params, query, row, rowEnd, low, high, sample, size)
  if (countFrom(row, rowEnd, low) < wanted) return -Infinity
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) * 0.5
    const count = countFrom(row, rowEnd, middle)
    if (count < wanted) high = middle
    else low = middle
    if (count >= wanted && count <= wanted + (wanted >> 3)) break
  }
  return low
}
