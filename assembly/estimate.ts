/**
 * The denominator of a softmax without the scores of most items. The first group, the items with the greatest norms, is added up as it is: its scores
 * are there, and it holds the weights that differ most. Of the others the scores of one query are nearly normal, with the mean m = q · μ and the
 * variance v = qᵀ Σ q of their mean and covariance, and a sum of exponentials of n such numbers is n · exp(β m + β² v / 2), the second order
 * of its cumulants. What is known to lie in the tail of greater scores that a normal distribution does not have is added up as it is too: what was
 * chosen, and what the user has had (docs/decisions/0024-estimated-denominators.md has the errors).
 */
import {
  FACTOR_DIMENSION,
  FACTOR_ENDS,
  FACTOR_EVENTS,
  FACTOR_GROUP,
  FACTOR_ITEM_COUNT,
  FACTOR_KNOWN,
  FACTOR_KNOWN_EVENTS,
  FACTOR_LOG_REST,
  FACTOR_MOMENT_PANELS,
  FACTOR_POSITION_OF,
  FACTOR_QUERIES,
  FACTOR_QUERY_FLOATS,
  FACTOR_SCORE_ROWS,
  FACTOR_SHARPNESS,
  FACTOR_SMALL,
  FACTOR_START_PANELS,
  FACTOR_STARTS,
  FACTOR_TILE_ROWS,
} from '../src/kernels/factorParameters'
import { TILE_COLUMNS } from '../src/kernels/parameters'
import { BATCH, exactScores } from './exactScores'
import { scoreRows } from './scores'
import { addWeights, totalsOf } from './sumWeights'
import { float, word } from './words'

/** Places in FACTOR_SMALL: positions of what an estimate takes from a history, u32[KNOWN_EVENTS + 1]; their scores, f32[KNOWN_EVENTS]. */
const POSITIONS: usize = 1024
const SCORES: usize = 1280
/** f32[FACTOR_GROUP] */
const WEIGHTS: usize = 2048

/**
 * TOTALS of the queries of `tiles` tiles from `tile` on, at most TILES_AT_ONCE, whose SCORE_TILES are packed and whose scores of the first group lie at
 * `rows`, f32[tiles · TILE_ROWS], rows `bytes` apart; places beyond the last item become -Infinity.
 */
export function estimateTiles(params: usize, tile: i32, tiles: i32, rows: usize, bytes: usize): void {
  const moments = <usize>word(params, FACTOR_SCORE_ROWS)
  const dimension = <i32>word(params, FACTOR_DIMENSION)
  const columns = (dimension + TILE_COLUMNS) / TILE_COLUMNS
  const momentBytes = <usize>columns * (4 * TILE_COLUMNS)
  scoreRows(params, tile, tiles, word(params, FACTOR_MOMENT_PANELS), columns, moments, momentBytes)
  const items = <i32>word(params, FACTOR_ITEM_COUNT)
  const sharpness = float(params, FACTOR_SHARPNESS)
  const weights = <usize>word(params, FACTOR_SMALL) + WEIGHTS
  const logRest = load<f64>(<usize>word(params, FACTOR_LOG_REST))
  for (let m = 0; m < tiles * FACTOR_TILE_ROWS; m++) {
    const query = tile * FACTOR_TILE_ROWS + m
    const row = rows + <usize>m * bytes
    for (let i = items; i < FACTOR_GROUP; i++) store<f32>(row + (<usize>i << 2), -Infinity)
    const totals = totalsOf(params, query)
    store<f64>(totals, -Infinity)
    store<f64>(totals, 0, 8)
    addWeights(row, 4 * FACTOR_GROUP, totals, sharpness, weights)
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

/** Sets the item's bit in KNOWN and answers whether it was 0. */
@inline
function know(params: usize, item: u32): bool {
  const at = <usize>word(params, FACTOR_KNOWN) + (<usize>(item >>> 5) << 2)
  const bits = load<u32>(at)
  store<u32>(at, bits | (1 << (item & 31)))
  return ((bits >>> (item & 31)) & 1) == 0
}

@inline
function forget(params: usize, item: u32): void {
  store<u32>(<usize>word(params, FACTOR_KNOWN) + (<usize>(item >>> 5) << 2), 0)
}

/**
 * Adds to the TOTALS of a query what its newest KNOWN_EVENTS events name beyond the first group, each item once and none of the `best` at `items`,
 * which shares.ts adds. Answers how many those are.
 */
export function addHistory(params: usize, query: i32, items: usize, best: i32): i32 {
  const small = <usize>word(params, FACTOR_SMALL)
  const positionOf = <usize>word(params, FACTOR_POSITION_OF)
  const events = <usize>word(params, FACTOR_EVENTS)
  const start = load<u32>(<usize>word(params, FACTOR_STARTS) + (<usize>query << 2))
  const end = load<u32>(<usize>word(params, FACTOR_ENDS) + (<usize>query << 2))
  const list = small + POSITIONS
  const newest = events + (<usize>end << 2)
  const oldest = newest - (<usize>min<u32>(end - start, FACTOR_KNOWN_EVENTS) << 2)
  let found = 0
  for (let at = items; at < items + (<usize>best << 2); at += 4) know(params, load<u32>(at))
  for (let at = newest; at > oldest; ) {
    at -= 4
    const item = load<u32>(at)
    const position = load<u32>(positionOf + (<usize>item << 2))
    store<u32>(list + (<usize>found << 2), position)
    found += <i32>know(params, item) & <i32>(position >= <u32>FACTOR_GROUP) // a branch would be a guess
  }
  for (let at = items; at < items + (<usize>best << 2); at += 4) forget(params, load<u32>(at))
  for (let at = oldest; at < newest; at += 4) forget(params, load<u32>(at))
  if (found == 0) return 0

  const scores = small + SCORES
  const from = <usize>word(params, FACTOR_QUERIES) + <usize>query * (<usize>word(params, FACTOR_QUERY_FLOATS) << 2)
  const places = (found + BATCH - 1) & -BATCH
  for (let i = found; i < places; i++) store<u32>(list + (<usize>i << 2), 0)
  for (let i = 0; i < places; i += BATCH) exactScores(params, from, list + (<usize>i << 2), scores + (<usize>i << 2))
  for (let i = found; i < places; i++) store<f32>(scores + (<usize>i << 2), -Infinity)
  addWeights(scores, <usize>places << 2, totalsOf(params, query), float(params, FACTOR_SHARPNESS), small + WEIGHTS)
  return found
}

/** TOTALS of tile `tile` by itself: what the self-test compares. */
export function estimate(params: usize, tile: i32): void {
  const moments = (<i32>word(params, FACTOR_DIMENSION) + TILE_COLUMNS) / TILE_COLUMNS
  const rows = <usize>word(params, FACTOR_SCORE_ROWS) + <usize>(moments * FACTOR_TILE_ROWS * TILE_COLUMNS * 4)
  scoreRows(params, tile, 1, word(params, FACTOR_START_PANELS), FACTOR_GROUP / TILE_COLUMNS, rows, 4 * FACTOR_GROUP)
  estimateTiles(params, tile, 1, rows, 4 * FACTOR_GROUP)
}
