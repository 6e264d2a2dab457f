/** Scores in f32, tile by tile, in the order of summation of exactScores.ts: dimensions ascending, each a multiply-add, from +0. */
import { score5x16, score5x8 } from '../build/assembly/tiles'
import {
  FACTOR_DIMENSION,
  FACTOR_GROUP,
  FACTOR_QUERIES,
  FACTOR_QUERY_COUNT,
  FACTOR_QUERY_FLOATS,
  FACTOR_ROW_FLOATS,
  FACTOR_ROWS,
  FACTOR_SCORE_PANELS,
  FACTOR_SCORE_ROWS,
  FACTOR_SCORE_TILES,
  FACTOR_TILE_ROWS,
  FACTOR_WIDE,
} from '../src/kernels/factorParameters'
import { TILE_COLUMNS } from '../src/kernels/parameters'
import { word } from './words'

/** Tile `tile` of SCORE_TILES; places beyond the last query are 0. */
export function packScoreTile(params: usize, tile: i32): void {
  const dimension = <usize>word(params, FACTOR_DIMENSION)
  const rowBytes = <usize>word(params, FACTOR_QUERY_FLOATS) << 2
  const first = tile * FACTOR_TILE_ROWS
  const queries = <i32>word(params, FACTOR_QUERY_COUNT)
  let from = <usize>word(params, FACTOR_QUERIES) + <usize>first * rowBytes
  let to = <usize>word(params, FACTOR_SCORE_TILES) + (<usize>first * dimension << 2)
  for (let query = first; query < first + FACTOR_TILE_ROWS; query++) {
    for (let x: usize = 0; x < dimension; x++) {
      store<f32>(to + x * (4 * FACTOR_TILE_ROWS), query < queries ? load<f32>(from + (x << 2)) : 0)
    }
    from += rowBytes
    to += 4
  }
}

/** SCORE_PANELS of group `group`. */
export function packScorePanels(params: usize, group: i32): void {
  const dimension = <usize>word(params, FACTOR_DIMENSION)
  const rowBytes = <usize>word(params, FACTOR_ROW_FLOATS) << 2
  const panels = <usize>word(params, FACTOR_SCORE_PANELS)
  let from = <usize>word(params, FACTOR_ROWS) + <usize>group * FACTOR_GROUP * rowBytes
  for (let item: usize = 0; item < <usize>FACTOR_GROUP; item++) {
    const panel = item / TILE_COLUMNS
    let to = panels + ((panel * dimension * TILE_COLUMNS + (item - panel * TILE_COLUMNS)) << 2)
    for (let x: usize = 0; x < dimension; x++) {
      store<f32>(to, load<f32>(from + (x << 2)))
      to += 4 * TILE_COLUMNS
    }
    from += rowBytes
  }
}

/**
 * The scores of `panels` panels of items, which lie at `b`, for the queries of `tiles` tiles from `tile` on: f32[tiles · TILE_ROWS], rows `bytes` apart
 * from `to` on. A panel comes from the second level cache once for all of the tiles.
 */
export function scoreRows(params: usize, tile: i32, tiles: i32, b: usize, panels: i32, to: usize, bytes: usize): void {
  const dimension = <i32>word(params, FACTOR_DIMENSION)
  const tileBytes = <usize>dimension * (4 * FACTOR_TILE_ROWS)
  const first = <usize>word(params, FACTOR_SCORE_TILES) + <usize>tile * tileBytes
  const end = first + <usize>tiles * tileBytes
  const wide = word(params, FACTOR_WIDE)
  for (let panel = 0; panel < panels; panel++) {
    let row = to
    for (let a = first; a < end; a += tileBytes) {
      if (wide) score5x16(row, bytes, a, b, dimension)
      else score5x8(row, bytes, a, b, dimension)
      row += bytes * FACTOR_TILE_ROWS
    }
    b += <usize>dimension * (4 * TILE_COLUMNS)
    to += 4 * TILE_COLUMNS
  }
}

/** SCORE_ROWS of the group in SCORE_PANELS for the queries of tile `tile`. */
export function scoreGroup(params: usize, tile: i32): void {
  const panels = word(params, FACTOR_SCORE_PANELS)
  scoreRows(params, tile, 1, panels, FACTOR_GROUP / TILE_COLUMNS, word(params, FACTOR_SCORE_ROWS), 4 * FACTOR_GROUP)
}
