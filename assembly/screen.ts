/**
 * Which items can be among a query's best, by their scores in whole numbers, and which need not even be looked at (design/performance.md §2).
 *
 * With s the product of the scales of a query u and of a group of items, whole(v) = rounded u · rounded v, and every item v of the group,
 *
 *   |s · (u · v) - whole(v)|  ≤  margin  =  scale · ‖u‖ · ‖error of v‖ + ‖error of u‖ · ‖rounded v‖            (Cauchy-Schwarz, twice)
 *
 * so an item with whole(v) < s · threshold - margin is not among the best. The f32 score differs from u · v by at most dimension · 2⁻²⁴ · ‖u‖·‖v‖,
 * which is half a unit at 256 dimensions since s · ‖u‖·‖v‖ ≤ 32 767, and by dimension · 2⁻¹⁴⁹ where it underflows (UNDERFLOW). Items lie by
 * descending norm: when ‖u‖ · ‖v‖ < threshold for the first of a group, it holds for all that follow.
 */
import { long5x16, long5x8, short5x16, short5x8 } from '../build/assembly/tiles'
import {
  FACTOR_CAPACITY,
  FACTOR_ENTRIES_SPARE,
  FACTOR_GROUP,
  FACTOR_GROUPS,
  FACTOR_ITEM_OF,
  FACTOR_LONG,
  FACTOR_PANEL,
  FACTOR_PANELS,
  FACTOR_QUERIES,
  FACTOR_QUERY_FLOATS,
  FACTOR_ROW_FLOATS,
  FACTOR_SMALL,
  FACTOR_SORTED_MAX,
  FACTOR_START_ROWS,
  FACTOR_TILE_BYTES,
  FACTOR_TILE_ROWS,
  FACTOR_TILES,
  FACTOR_VIEW_POSITIONS,
  FACTOR_WANTED,
  FACTOR_WIDE,
} from '../src/kernels/factorParameters'
import { cutDown, entriesOf, entryOf, take } from './entries'
import { BATCH, exactScores } from './exactScores'
import { ERROR, FOUND, isOpen, NORM, PENDING, PENDING_LIST, SCALE, stateOf, THRESHOLD } from './queryState'
import { storeRow } from './rows'
import { word } from './words'

/** Places in FACTOR_SMALL: greatest of the columns, i16[TILE_ROWS][16]; exact scores, f32[BATCH]; survivors, u32[BATCH + FACTOR_GROUP]. */
const SCORES: usize = 256
const SURVIVORS: usize = 320

/** 257 · 2⁻¹⁴⁹, doubled. */
const UNDERFLOW: f64 = 2 * 257 * 1.401298464324817e-45
/** Greatest distance of two roundings, of f64 sums of 256 squares in f32 from the true norm, relative; the study took 1e-4 as well. */
const RELATIVE: f64 = 1.0001

/** The tile's scores of one group, i16[TILE_ROWS] rows `bytes` apart from `to` on; `greatest` becomes that of each row's columns. */
export function screenGroup(params: usize, tile: i32, group: i32, to: usize, bytes: usize, greatest: usize): void {
  const depth = <i32>(word(params, FACTOR_ROW_FLOATS) >> 2)
  const a = <usize>word(params, FACTOR_TILES) + <usize>tile * word(params, FACTOR_TILE_BYTES)
  const panelBytes = <usize>depth * (4 * FACTOR_PANEL)
  let b = <usize>word(params, FACTOR_PANELS) + <usize>group * (FACTOR_GROUP / FACTOR_PANEL) * panelBytes
  const least = i16x8.splat(-32768)
  for (let at = greatest; at < greatest + 32 * FACTOR_TILE_ROWS; at += 32) {
    v128.store(at, least)
    v128.store(at, least, 16)
  }
  const shape = (word(params, FACTOR_LONG) ? 2 : 0) + (word(params, FACTOR_WIDE) ? 1 : 0)
  for (let panel = 0; panel < FACTOR_GROUP / FACTOR_PANEL; panel++) {
    if (shape == 3) long5x16(to, bytes, a, b, depth, greatest)
    else if (shape == 2) long5x8(to, bytes, a, b, depth, greatest)
    else if (shape == 1) short5x16(to, bytes, a, b, depth, greatest)
    else short5x8(to, bytes, a, b, depth, greatest)
    b += panelBytes
    to += 2 * FACTOR_PANEL
  }
}

/** The first group of tile `tile`, into START_ROWS and FACTOR_SMALL: what the self-test compares and times. */
export function screenStart(params: usize, tile: i32): void {
  screenGroup(params, tile, 0, word(params, FACTOR_START_ROWS), 2 * FACTOR_GROUP, word(params, FACTOR_SMALL))
}

/** The margin above, in whole units; the group's parameters lie at `group`. */
@inline
function marginOf(state: usize, group: usize): f64 {
  const roundedItem = load<f64>(state, SCALE) * load<f64>(state, NORM) * load<f64>(group, 8)
  return (roundedItem + load<f64>(state, ERROR) * load<f64>(group, 16)) * RELATIVE
}

@inline
function parametersOf(params: usize, group: i32): usize {
  return <usize>word(params, FACTOR_GROUPS) + (<usize>group << 5)
}

/** Only items above it can be among the best: 2 units for f32 rounding and for the strictness of the comparison. */
@inline
export function limitOf(params: usize, state: usize, group: i32): i32 {
  const parameters = parametersOf(params, group)
  const scale = load<f64>(state, SCALE) * load<f64>(parameters)
  const limit = <f64>load<f32>(state, THRESHOLD) * scale - marginOf(state, parameters) - 2 - UNDERFLOW * scale
  return limit > -32768 ? <i32>min<f64>(floor(limit), 32767) : -32768
}

/** Whether some item from this group on can be among the best. */
@inline
export function reaches(params: usize, state: usize, group: i32): bool {
  const bound = load<f64>(state, NORM) * load<f64>(parametersOf(params, group), 24) * RELATIVE + UNDERFLOW
  return bound >= <f64>load<f32>(state, THRESHOLD)
}

/** Whether a group has an item above a limit, from the `greatest` of its columns. */
@inline
export function hits(limit: i32, greatest: usize): bool {
  const l = i16x8.splat(<i16>limit)
  return v128.any_true(v128.or(i16x8.gt_s(v128.load(greatest), l), i16x8.gt_s(v128.load(greatest, 16), l)))
}

/** A list of BATCH positions: a row's size. */
@inline
function copyBatch(to: usize, from: usize): void {
  storeRow(to, v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48))
}

/** Scores exactly what of a group's row is open and above the limit `least`; less than BATCH wait in the query's state for company. */
export function scan(params: usize, query: i32, row: usize, group: i32, least: i32): void {
  const limit = i16x8.splat(<i16>least)
  const state = stateOf(params, query)
  const items = <usize>word(params, FACTOR_ITEM_OF)
  const positions = <usize>word(params, FACTOR_VIEW_POSITIONS)
  const survivors = <usize>word(params, FACTOR_SMALL) + SURVIVORS
  let top = survivors + (<usize>load<u32>(state, PENDING) << 2)
  copyBatch(survivors, state + PENDING_LIST)
  let first = <u32>group * FACTOR_GROUP
  for (let at = row; at < row + 2 * FACTOR_GROUP; at += 128) {
    const g0 = i16x8.gt_s(v128.load(at), limit)
    const g1 = i16x8.gt_s(v128.load(at, 16), limit)
    const g2 = i16x8.gt_s(v128.load(at, 32), limit)
    const g3 = i16x8.gt_s(v128.load(at, 48), limit)
    const g4 = i16x8.gt_s(v128.load(at, 64), limit)
    const g5 = i16x8.gt_s(v128.load(at, 80), limit)
    const g6 = i16x8.gt_s(v128.load(at, 96), limit)
    const g7 = i16x8.gt_s(v128.load(at, 112), limit)
    const low = i8x16.bitmask(i8x16.narrow_i16x8_s(g0, g1)) | (i8x16.bitmask(i8x16.narrow_i16x8_s(g2, g3)) << 16)
    const high = i8x16.bitmask(i8x16.narrow_i16x8_s(g4, g5)) | (i8x16.bitmask(i8x16.narrow_i16x8_s(g6, g7)) << 16)
    // As many at once as a word has bits: where a loop ends is a wrong guess as often as not.
    let mask = <u64><u32>low | (<u64><u32>high << 32)
    while (mask) {
      const position = load<u32>(positions + (<usize>(first + <u32>ctz(mask)) << 2))
      mask &= mask - 1
      store<u32>(top, position)
      top += <usize>isOpen(state, load<u32>(items + (<usize>position << 2))) << 2
    }
    first += 64
  }
  let at = survivors
  for (; at + 4 * BATCH <= top; at += 4 * BATCH) scoreBatch(params, query, state, at, BATCH)
  copyBatch(state + PENDING_LIST, at)
  store<u32>(state, <u32>((top - at) >> 2), PENDING)
}

/** Takes in the first `count` of the BATCH positions listed at `list`, where they reach the threshold; the others are any positions. */
export function scoreBatch(params: usize, query: i32, state: usize, list: usize, count: i32): void {
  const scores = <usize>word(params, FACTOR_SMALL) + SCORES
  const from = <usize>word(params, FACTOR_QUERIES) + <usize>query * (<usize>word(params, FACTOR_QUERY_FLOATS) << 2)
  exactScores(params, from, list, scores)
  const threshold = f32x4.splat(load<f32>(state, THRESHOLD))
  const g01 = i16x8.narrow_i32x4_s(f32x4.ge(v128.load(scores), threshold), f32x4.ge(v128.load(scores, 16), threshold))
  const g23 = i16x8.narrow_i32x4_s(f32x4.ge(v128.load(scores, 32), threshold), f32x4.ge(v128.load(scores, 48), threshold))
  let mask = i8x16.bitmask(i8x16.narrow_i16x8_s(g01, g23))
  mask &= (1 << count) - 1
  const entries = entriesOf(params, query)
  const items = <usize>word(params, FACTOR_ITEM_OF)
  if (<i32>word(params, FACTOR_WANTED) > FACTOR_SORTED_MAX) {
    let top = entries + (<usize>load<u32>(state, FOUND) << 3)
    while (mask) {
      const i = <usize>ctz(mask) << 2
      mask &= mask - 1
      store<i64>(top, entryOf(load<f32>(scores + i), load<u32>(items + (<usize>load<u32>(list + i) << 2))))
      top += 8
    }
    const found = <u32>((top - entries) >> 3)
    store<u32>(state, found, FOUND)
    if (found + FACTOR_ENTRIES_SPARE > word(params, FACTOR_CAPACITY)) cutDown(params, state, entries)
    return
  }
  while (mask) {
    const i = <usize>ctz(mask) << 2
    mask &= mask - 1
    take(params, state, entries, load<f32>(scores + i), load<u32>(items + (<usize>load<u32>(list + i) << 2)))
  }
}
