/**
 * The first groups of all queries, those of the greatest norms, in f32: the estimate of the denominator begins with the catalogue's, and where a
 * query's threshold starts comes from those that are searched.
 */
import {
  FACTOR_DIMENSION,
  FACTOR_EXACT_TOTALS,
  FACTOR_GROUP,
  FACTOR_QUERY_COUNT,
  FACTOR_SAMPLE_GROUPS,
  FACTOR_START_GROUPS,
  FACTOR_START_PANELS,
  FACTOR_START_ROWS,
  FACTOR_TILE_ROWS,
  FACTOR_TILES_AT_ONCE,
  FACTOR_VIEW_COUNT,
  FACTOR_VIEW_CUT,
  FACTOR_VIEW_POSITIONS,
  FACTOR_VIEW_START_PANELS,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { TILE_COLUMNS } from '../src/kernels/parameters'
import { estimateTiles } from './estimate'
import { listOpen } from './listOpen'
import { orderAll } from './order'
import { quantise, scaleQuery } from './quantise'
import { FOUND, LISTED, MODE, OPEN, PENDING, SCREENED, SETTLED, stateOf, THRESHOLD, ZERO } from './queryState'
import { forgetSample, sampleOf, sampleSize, screenSample } from './sample'
import { packScoreTile, scoreRows } from './scores'
import { start } from './start'
import { word } from './words'

/** Scoring an open item by itself costs as much as screening this many: where fewer are open, they are listed. */
const LISTED_SHARE = 16

/** Sets all queries out, finds where the threshold of each starts, and passes the first groups; TOTALS as they are estimated. */
export function passFirstGroups(params: usize): void {
  const tiles = tilesOf(params)
  for (let query = 0; query < tiles * FACTOR_TILE_ROWS; query++) begin(params, query)
  const known = knownPanels(params)
  const size = sampleSize(params)
  if (size > 0) {
    forgetSample()
    orderAll(params)
  }
  const most = tilesAtOnce(params, size)
  for (let tile = 0; tile < tiles; tile += most) startTiles(params, tile, min(most, tiles - tile), known, size)
}

/** The first groups once more, of those that are SCREENED, from what is proven. */
export function passFirstGroupsAgain(params: usize): void {
  const known = knownPanels(params)
  for (let tile = 0; tile < tilesOf(params); tile++) if (isScreened(params, tile, 1)) startTiles(params, tile, 1, known, 0)
}

@inline
function tilesOf(params: usize): i32 {
  return (<i32>word(params, FACTOR_QUERY_COUNT) + FACTOR_TILE_ROWS - 1) / FACTOR_TILE_ROWS
}

function isScreened(params: usize, tile: i32, tiles: i32): bool {
  for (let query = tile * FACTOR_TILE_ROWS; query < (tile + tiles) * FACTOR_TILE_ROWS; query++) {
    if (load<u32>(stateOf(params, query), MODE) == SCREENED) return true
  }
  return false
}

/** Tiles for whose rows START_ROWS has room: where there is no sample, they may lie where one would. */
@inline
function tilesAtOnce(params: usize, size: i32): i32 {
  const groups = <i32>word(params, FACTOR_START_GROUPS)
  return size == 0 && 2 * groups * (FACTOR_TILES_AT_ONCE - 1) <= FACTOR_SAMPLE_GROUPS ? FACTOR_TILES_AT_ONCE : 1
}

/** Those of `tiles` tiles, of whose view's first group `known` panels are scored for the estimate, and, of one alone, of which a sample of `size` groups is taken. */
function startTiles(params: usize, tile: i32, tiles: i32, known: i32, size: i32): void {
  const first = tile * FACTOR_TILE_ROWS
  const queries = tiles * FACTOR_TILE_ROWS
  const screened = isScreened(params, tile, tiles)
  const estimated = word(params, FACTOR_EXACT_TOTALS) == 0
  if (!screened && !estimated) return

  for (let t = tile; t < tile + tiles; t++) packScoreTile(params, t)
  const rows = <usize>word(params, FACTOR_START_ROWS)
  const groups = screened ? <i32>word(params, FACTOR_START_GROUPS) : 1
  const rowBytes = <usize>groups * (4 * FACTOR_GROUP)
  const all = <usize>word(params, FACTOR_START_PANELS)
  const panels = <usize>word(params, FACTOR_VIEW_START_PANELS)
  if (estimated) {
    scoreRows(params, tile, tiles, all, FACTOR_GROUP / TILE_COLUMNS, rows, rowBytes)
    estimateTiles(params, tile, tiles, rows, rowBytes)
    if (!screened) return
  }
  const scored = <usize>known * TILE_COLUMNS
  if (panels != all) for (let m = 0; m < queries; m++) gatherKnown(params, scored, rows + <usize>m * rowBytes)
  const panelBytes = <usize>word(params, FACTOR_DIMENSION) * (4 * TILE_COLUMNS)
  const rest = groups * (FACTOR_GROUP / TILE_COLUMNS) - known
  scoreRows(params, tile, tiles, panels + <usize>known * panelBytes, rest, rows + (scored << 2), rowBytes)
  if (size > 0) {
    quantise(params, tile)
    screenSample(params, tile, size)
  }
  for (let m = 0; m < queries; m++) {
    if (load<u32>(stateOf(params, first + m), MODE) != SCREENED) continue
    start(params, first + m, rows + <usize>m * rowBytes, sampleOf(params, m), size)
  }
}

/** Sets a query's state out; what is not screened has its items pending, and is settled. */
function begin(params: usize, query: i32): void {
  const state = stateOf(params, query)
  store<u32>(state, 0, FOUND)
  store<u32>(state, 0, PENDING)
  store<f32>(state, -Infinity, THRESHOLD)
  if (query < <i32>word(params, FACTOR_QUERY_COUNT)) scaleQuery(params, query)
  else store<u32>(state, SETTLED, MODE)
  const mode = load<u32>(state, MODE)
  if (mode == LISTED) listOpen(params, query, i32.MAX_VALUE)
  else if (mode == ZERO) listOpen(params, query, <i32>word(params, FACTOR_WANTED))
  if (mode != SCREENED || word(params, FACTOR_VIEW_CUT)) return
  const open = load<u32>(state, OPEN)
  if (open > word(params, FACTOR_WANTED) && open > word(params, FACTOR_VIEW_COUNT) / LISTED_SHARE) return
  listOpen(params, query, i32.MAX_VALUE)
  store<u32>(state, SETTLED, MODE)
}

/** Panels that are scored before the view is looked at: all of the first group, where the view is the catalogue; of others what they begin with. */
function knownPanels(params: usize): i32 {
  if (word(params, FACTOR_EXACT_TOTALS) != 0) return 0
  if (word(params, FACTOR_VIEW_START_PANELS) == word(params, FACTOR_START_PANELS)) return FACTOR_GROUP / TILE_COLUMNS
  const positions = <usize>word(params, FACTOR_VIEW_POSITIONS)
  const count = min(word(params, FACTOR_VIEW_COUNT), <u32>FACTOR_GROUP)
  let known: u32 = 0
  while (known < count && load<u32>(positions + (<usize>known << 2)) < <u32>FACTOR_GROUP) known++
  return <i32>known / TILE_COLUMNS
}

/** Puts the scores of the catalogue's first group, the row, where the view's first `count` places have them. */
function gatherKnown(params: usize, count: usize, row: usize): void {
  let position = <usize>word(params, FACTOR_VIEW_POSITIONS)
  // Nothing is read after it was written: positions ascend.
  for (let to = row; to < row + (count << 2); to += 16) {
    let x = v128.load32_zero(row + (<usize>load<u32>(position) << 2))
    x = v128.load32_lane(row + (<usize>load<u32>(position, 4) << 2), x, 1)
    x = v128.load32_lane(row + (<usize>load<u32>(position, 8) << 2), x, 2)
    x = v128.load32_lane(row + (<usize>load<u32>(position, 12) << 2), x, 3)
    v128.store(to, x)
    position += 16
  }
}
