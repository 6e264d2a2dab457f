/**
 * The 8-bit form of queries, made so that a sum over all dimensions of products with 7-bit items never leaves 16 bits: with ‖q‖ the norm of
 * the rounded query, ‖q‖ · ROUNDED_NORM ≤ 32 700 by choice of the scale, so |q · v| is by Cauchy-Schwarz. Sums on the way may wrap; arithmetic
 * modulo 2¹⁶ does not mind. Two products of 127 · 127 fit 16 bits, so no pair saturates.
 */
import {
  FACTOR_DIMENSION,
  FACTOR_FAULT,
  FACTOR_QUERIES,
  FACTOR_QUERY_FLOATS,
  FACTOR_QUERY_MAX,
  FACTOR_ROUNDED_NORM,
  FACTOR_TILE_BYTES,
  FACTOR_TILE_HEADER,
  FACTOR_TILE_ROWS,
  FACTOR_TILES,
} from '../src/kernels/factorParameters'
import { ERROR, LISTED, MODE, NORM, orderedCount, orderedQuery, SCALE, SCREENED, SETTLED, stateOf, ZERO } from './queryState'
import { float, setWord, word } from './words'

/** Below it the inverse of a component and the scale are not safely finite; such a query scores every item. 2⁻¹¹⁰. */
const TINY: f32 = 7.703719777548943e-34

@inline
function sum4(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
}

/** Tile `tile` of TILES: queries of ORDER, whose SCALE is known, 0 beyond the last; ERROR of their states. */
export function quantise(params: usize, tile: i32): void {
  const to = <usize>word(params, FACTOR_TILES) + <usize>tile * word(params, FACTOR_TILE_BYTES)
  for (let m = 0; m < FACTOR_TILE_ROWS; m++) {
    const place = tile * FACTOR_TILE_ROWS + m
    if (place < orderedCount(params)) pack(params, orderedQuery(params, place), to, m)
    else packZero(params, to, m)
  }
}

/**
 * NORM and SCALE of a query, if it is SCREENED; where it is 0 it becomes ZERO, where it is tiny LISTED. FAULT when a component is not a number up
 * to QUERY_MAX.
 */
export function scaleQuery(params: usize, query: i32): void {
  const state = stateOf(params, query)
  if (load<u32>(state, MODE) != SCREENED) return
  const bytes = <usize>word(params, FACTOR_QUERY_FLOATS) << 2
  const from = <usize>word(params, FACTOR_QUERIES) + <usize>query * bytes
  // As integers floats without a sign have the same order, and what is not a number is the greatest: one instruction, where a maximum of floats is seven.
  let g = i32x4.splat(0)
  for (let at: usize = 0; at < bytes; at += 16) g = i32x4.max_s(g, f32x4.abs(v128.load(from + at)))
  const greatest = reinterpret<f32>(
    max(
      max(i32x4.extract_lane(g, 0), i32x4.extract_lane(g, 1)),
      max(i32x4.extract_lane(g, 2), i32x4.extract_lane(g, 3)),
    ),
  )
  if (!(greatest <= float(params, FACTOR_QUERY_MAX))) {
    setWord(params, FACTOR_FAULT, 1)
    store<u32>(state, SETTLED, MODE)
    return
  }
  if (greatest < TINY) {
    store<u32>(state, greatest == 0 ? ZERO : LISTED, MODE)
    return
  }

  const inverse = f32x4.splat(<f32>1 / greatest) // squares of components relative to the greatest neither vanish nor overflow
  let squares = f32x4.splat(0)
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = f32x4.mul(v128.load(from + at), inverse)
    squares = f32x4.add(squares, f32x4.mul(x, x))
  }
  const norm = sqrt<f64>(<f64>sum4(squares)) * <f64>greatest
  const dimension = <f64>word(params, FACTOR_DIMENSION)
  const roundedNorm = load<f64>(<usize>word(params, FACTOR_ROUNDED_NORM))
  const fitting = (32700 / max<f64>(roundedNorm, 1) - 0.5 * sqrt<f64>(dimension)) / norm
  store<f64>(state, norm, NORM)
  store<f64>(state, <f64>(<f32>min<f64>(127 / <f64>greatest, fitting)), SCALE)
}

function pack(params: usize, query: i32, to: usize, m: i32): void {
  const state = stateOf(params, query)
  const bytes = <usize>word(params, FACTOR_QUERY_FLOATS) << 2
  const from = <usize>word(params, FACTOR_QUERIES) + <usize>query * bytes
  const scale = f32x4.splat(<f32>load<f64>(state, SCALE))
  let squares = f32x4.splat(0)
  let total = i32x4.splat(0)
  let cell = to + FACTOR_TILE_HEADER + (<usize>m << 2)
  for (let at: usize = 0; at < bytes; at += 32) {
    const x0 = f32x4.mul(v128.load(from + at), scale)
    const x1 = f32x4.mul(v128.load(from + at, 16), scale)
    const n0 = f32x4.nearest(x0)
    const n1 = f32x4.nearest(x1)
    const e0 = f32x4.sub(n0, x0)
    const e1 = f32x4.sub(n1, x1)
    squares = f32x4.add(squares, f32x4.add(f32x4.mul(e0, e0), f32x4.mul(e1, e1)))
    const q = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(n0), i32x4.trunc_sat_f32x4_s(n1))
    total = i32x4.add(total, i32x4.dot_i16x8_s(q, i16x8.splat(1)))
    const fours = i8x16.narrow_i16x8_s(q, q)
    v128.store32_lane(cell, fours, 0)
    v128.store32_lane(cell, fours, 1, 4 * FACTOR_TILE_ROWS)
    cell += 8 * FACTOR_TILE_ROWS
  }
  // Items are stored with 64 added to every dimension.
  storeStart(to, m, -64 * (i32x4.extract_lane(total, 0) + i32x4.extract_lane(total, 2)), -64 * (i32x4.extract_lane(total, 1) + i32x4.extract_lane(total, 3)))
  store<f64>(state, sqrt<f64>(<f64>sum4(squares)), ERROR)
}

function packZero(params: usize, to: usize, m: i32): void {
  const end = to + word(params, FACTOR_TILE_BYTES)
  for (let cell = to + FACTOR_TILE_HEADER + (<usize>m << 2); cell < end; cell += 4 * FACTOR_TILE_ROWS) store<u32>(cell, 0)
  storeStart(to, m, 0, 0)
}

/** Where the sums of query m start: of the first two dimensions of each four, and of the other two. */
@inline
function storeStart(to: usize, m: i32, first: i32, second: i32): void {
  store<i32>(to + (<usize>m << 2), first + second)
  store<i16>(to + (<usize>m << 2), <i16>first, 4 * FACTOR_TILE_ROWS)
  store<i16>(to + (<usize>m << 2), <i16>second, 4 * FACTOR_TILE_ROWS + 2)
}
