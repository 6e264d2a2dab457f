/** Which queries share a tile: those that are likely to stop at the same group, since a tile passes until its last query stops. */
import { FACTOR_ORDER, FACTOR_QUERY_COUNT, FACTOR_TILE_ROWS } from '../src/kernels/factorParameters'
import { sortDescending } from './choose'
import { entryOf } from './entries'
import { quantise } from './quantise'
import { MODE, NORM, orderedCount, SCREENED, stateOf, THRESHOLD } from './queryState'
import { word } from './words'

/** Before the first group of a block. */
export function forgetTiles(params: usize): void {
  store<i64>(word(params, FACTOR_ORDER), 0)
}

/** ORDER as the queries come, whatever becomes of them. */
export function orderAll(params: usize): void {
  const order = <usize>word(params, FACTOR_ORDER)
  const queries = <i32>word(params, FACTOR_QUERY_COUNT)
  store<i64>(order, queries)
  for (let query = 0; query < queries; query++) store<i64>(order + (<usize>query << 3), query, 8)
}

/**
 * ORDER and TILES of what is still screened: by threshold over norm ascending, as queries stop at the norm that this is. Answers how many tiles. What was made
 * before stays where no query has stopped since.
 */
export function makeTiles(params: usize): i32 {
  const queries = <i32>word(params, FACTOR_QUERY_COUNT)
  let count = 0
  for (let query = 0; query < queries; query++) count += <i32>(load<u32>(stateOf(params, query), MODE) == SCREENED)
  const tiles = (count + FACTOR_TILE_ROWS - 1) / FACTOR_TILE_ROWS
  if (count == orderedCount(params)) return tiles
  const order = <usize>word(params, FACTOR_ORDER)
  store<i64>(order, count)
  let to = order
  for (let query = 0; query < queries; query++) {
    const state = stateOf(params, query)
    if (load<u32>(state, MODE) != SCREENED) continue
    const stop = <f32>(<f64>load<f32>(state, THRESHOLD) / load<f64>(state, NORM))
    to += 8
    store<i64>(to, entryOf(-stop, ~(<u32>query)))
  }
  sortDescending(order + 8, count)
  for (let tile = 0; tile < tiles; tile++) quantise(params, tile)
  return tiles
}
