/**
 * The denominator of a softmax without the scores of most items. The first group, the items with the greatest norms, is added up as it is: its scores
 * are there, and it holds the weights that differ most. Of the others the scores of one query are nearly normal, with the mean m = q · μ and the
 * variance v = qᵀ Σ q of their mean and covariance, and a sum of exponentials of n such numbers is n · exp(β m + β² v / 2), the second order
 * of its cumulants (docs/decisions/0024-estimated-denominators.md has the errors).
 */
import {
  FACTOR_DIMENSION,
  FACTOR_GROUP,
  FACTOR_ITEM_COUNT,
  FACTOR_LOG_REST,
  FACTOR_MOMENT_PANELS,
  FACTOR_QUERIES,
  FACTOR_QUERY_FLOATS,
  FACTOR_SCORE_ROWS,
  FACTOR_SHARPNESS,
  FACTOR_START_PANELS,
  FACTOR_TILE_ROWS,
  FACTOR_TOTAL_BYTES,
  FACTOR_TOTALS,
} from '../src/kernels/factorParameters'
import { TILE_COLUMNS } from '../src/kernels/parameters'
import { scoreRows } from './scores'
import { addWeights } from './sumWeights'
import { float, word } from './words'

@inline
export function totalsOf(params: usize, query: i32): usize {
  return <usize>word(params, FACTOR_TOTALS) + <usize>query * FACTOR_TOTAL_BYTES
}

/**
 * TOTALS of the queries of a tile, whose SCORE_TILES are packed. The scores of the first group are left at `rows`, f32[TILE_ROWS], rows
 * `bytes` apart; places beyond the last item are -Infinity.
 */
export function estimateTile(params: usize, tile: i32, rows: usize, bytes: usize): void {
  const moments = <usize>word(params, FACTOR_SCORE_ROWS)
  const dimension = <i32>word(params, FACTOR_DIMENSION)
  const columns = (dimension + TILE_COLUMNS) / TILE_COLUMNS
  const momentBytes = <usize>columns * (4 * TILE_COLUMNS)
  scoreRows(params, tile, word(params, FACTOR_MOMENT_PANELS), columns, moments, momentBytes)
  const items = <i32>word(params, FACTOR_ITEM_COUNT)
  const sharpness = float(params, FACTOR_SHARPNESS)
  const logRest = load<f64>(<usize>word(params, FACTOR_LOG_REST))
  for (let m = 0; m < FACTOR_TILE_ROWS; m++) {
    const query = tile * FACTOR_TILE_ROWS + m
    const row = rows + <usize>m * bytes
    for (let i = items; i < FACTOR_GROUP; i++) store<f32>(row + (<usize>i << 2), -Infinity)
    const totals = totalsOf(params, query)
    store<f64>(totals, -Infinity)
    store<f64>(totals, 0, 8)
    addWeights(row, totals, sharpness)
    const from = <usize>word(params, FACTOR_QUERIES) + <usize>query * (<usize>word(params, FACTOR_QUERY_FLOATS) << 2)
    const products = moments + <usize>m * momentBytes
    let sums = f32x4.splat(0)
    let x: usize = 0
    for (; x + 4 <= <usize>dimension; x += 4) {
      sums = f32x4.relaxed_madd(v128.load(from + (x << 2)), v128.load(products + (x << 2)), sums)
    }
    let variance =
      <f64>f32x4.extract_lane(sums, 0) + <f64>f32x4.extract_lane(sums, 1) + (<f64>f32x4.extract_lane(sums, 2) + <f64>f32x4.extract_lane(sums, 3))
    for (; x < <usize>dimension; x++) variance += <f64>load<f32>(from + (x << 2)) * <f64>load<f32>(products + (x << 2))
    const mean = <f64>load<f32>(products + (<usize>dimension << 2))
    const beta = <f64>sharpness
    store<f64>(totals, logRest + beta * mean + 0.5 * beta * beta * (variance > 0 ? variance : 0), 16)
  }
}

/** TOTALS of tile `tile` by itself: what the self-test compares. */
export function estimate(params: usize, tile: i32): void {
  const moments = (<i32>word(params, FACTOR_DIMENSION) + TILE_COLUMNS) / TILE_COLUMNS
  const rows = <usize>word(params, FACTOR_SCORE_ROWS) + <usize>(moments * FACTOR_TILE_ROWS * TILE_COLUMNS * 4)
  scoreRows(params, tile, word(params, FACTOR_START_PANELS), FACTOR_GROUP / TILE_COLUMNS, rows, 4 * FACTOR_GROUP)
  estimateTile(params, tile, rows, 4 * FACTOR_GROUP)
}
