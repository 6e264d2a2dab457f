/** The exact best of every query of a block: the order in which queries and groups of items meet. */
import {
  FACTOR_COUNTS,
  FACTOR_DIMENSION,
  FACTOR_EXACT_TOTALS,
  FACTOR_GROUP,
  FACTOR_ITEM_COUNT,
  FACTOR_ITEMS,
  FACTOR_PRIOR_ORDER,
  FACTOR_PRIOR_PROBABILITIES,
  FACTOR_PROBABILITIES,
  FACTOR_QUERY_COUNT,
  FACTOR_SCORES,
  FACTOR_SMALL,
  FACTOR_START_GROUPS,
  FACTOR_START_PANELS,
  FACTOR_START_ROWS,
  FACTOR_TILE_ROWS,
  FACTOR_VIEW_COUNT,
  FACTOR_VIEW_CUT,
  FACTOR_VIEW_GROUPS,
  FACTOR_VIEW_POSITIONS,
  FACTOR_VIEW_START_PANELS,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { TILE_COLUMNS } from '../src/kernels/parameters'
import { entriesOf, itemOf, scoreOf, sortEntries } from './entries'
import { estimateTile } from './estimate'
import { BATCH } from './exactScores'
import { listOpen } from './listOpen'
import { forgetTiles, makeTiles } from './order'
import { scaleQuery } from './quantise'
import {
  FOUND,
  isOpen,
  LISTED,
  MODE,
  OPEN,
  orderedCount,
  orderedQuery,
  PENDING,
  PENDING_LIST,
  PRIOR,
  SCREENED,
  SETTLED,
  stateOf,
  THRESHOLD,
  ZERO,
} from './queryState'
import { packScoreTile, scoreRows } from './scores'
import { hits, reaches, scan, scoreBatch, screenGroup } from './screen'
import { start } from './start'
import { word } from './words'

/** Scoring an open item by itself costs as much as screening this many: where fewer are open, they are listed. */
const LISTED_SHARE = 16

/**
 * COUNTS, ITEMS and SCORES of all queries, which are folded in and whose OPEN is counted: the WANTED best by f32 score (exactScores.ts)
 * descending, then item index ascending. Of queries without a history the prior's order, with PROBABILITIES instead of SCORES.
 * TOTALS too, unless EXACT_TOTALS. One task. Where the view is cut, only what is SETTLED afterwards is so: the others need more items.
 *
 * A group of items stays in the first level cache while all tiles of queries pass, so that the items come from memory once a block.
 */
export function bestOf(params: usize, _task: i32): void {
  const queries = <i32>word(params, FACTOR_QUERY_COUNT)
  const tiles = (queries + FACTOR_TILE_ROWS - 1) / FACTOR_TILE_ROWS
  const groups = <i32>word(params, FACTOR_VIEW_GROUPS)
  for (let tile = 0; tile < tiles; tile++) startTile(params, tile)
  const startGroups = <i32>word(params, FACTOR_START_GROUPS)
  forgetTiles(params)
  let live = tiles
  for (let group = startGroups; live > 0 && group < groups; group++) {
    // Again after 2, 4, 8 … groups: thresholds have risen by then, and who has stopped leaves a place.
    if (group == startGroups || (group & (group - 1)) == 0) live = makeTiles(params)
    const passing = live
    live = 0
    for (let tile = 0; tile < passing; tile++) if (passGroup(params, tile, group)) live = tile + 1
  }
  for (let query = 0; query < queries; query++) {
    const state = stateOf(params, query)
    const cut = word(params, FACTOR_VIEW_CUT) != 0 && load<u32>(state, MODE) == SCREENED
    if (cut && !reaches(params, state, groups)) store<u32>(state, SETTLED, MODE)
    finish(params, query)
  }
}

/** Finds where the threshold of each of the tile's queries starts, and passes the first groups. */
function startTile(params: usize, tile: i32): void {
  let screened = false
  const first = tile * FACTOR_TILE_ROWS
  for (let query = first; query < first + FACTOR_TILE_ROWS; query++) {
    const state = stateOf(params, query)
    store<u32>(state, 0, FOUND)
    store<u32>(state, 0, PENDING)
    store<f32>(state, -Infinity, THRESHOLD)
    if (query < <i32>word(params, FACTOR_QUERY_COUNT)) scaleQuery(params, query)
    else store<u32>(state, SETTLED, MODE)
    const mode = load<u32>(state, MODE)
    if (mode != SCREENED) {
      if (mode == LISTED) listOpen(params, query, i32.MAX_VALUE)
      else if (mode == ZERO) listOpen(params, query, <i32>word(params, FACTOR_WANTED))
      continue
    }
    const open = load<u32>(state, OPEN)
    const few = open <= word(params, FACTOR_WANTED) || open <= word(params, FACTOR_VIEW_COUNT) / LISTED_SHARE
    if (few && !word(params, FACTOR_VIEW_CUT)) {
      listOpen(params, query, i32.MAX_VALUE)
      store<u32>(state, SETTLED, MODE)
    } else screened = true
  }
  const estimated = word(params, FACTOR_EXACT_TOTALS) == 0
  if (!screened && !estimated) return

  packScoreTile(params, tile)
  const rows = <usize>word(params, FACTOR_START_ROWS)
  const groups = screened ? <usize>word(params, FACTOR_START_GROUPS) : 1
  const rowBytes = groups * (4 * FACTOR_GROUP)
  const all = <usize>word(params, FACTOR_START_PANELS)
  const panels = <usize>word(params, FACTOR_VIEW_START_PANELS)
  let known = 0
  if (estimated && panels != all) {
    scoreRows(params, tile, all, FACTOR_GROUP / TILE_COLUMNS, rows, rowBytes)
    estimateTile(params, tile, rows, rowBytes)
    if (!screened) return
    known = gatherKnown(params, rows, rowBytes)
  }
  const panelBytes = <usize>word(params, FACTOR_DIMENSION) * (4 * TILE_COLUMNS)
  for (let group: usize = 0; group < groups; group++) {
    const first = group * (FACTOR_GROUP / TILE_COLUMNS) + <usize>known
    const count = FACTOR_GROUP / TILE_COLUMNS - known
    scoreRows(params, tile, panels + first * panelBytes, count, rows + first * (4 * TILE_COLUMNS), rowBytes)
    known = 0
  }
  if (estimated && panels == all) estimateTile(params, tile, rows, rowBytes)
  for (let m = 0; m < FACTOR_TILE_ROWS; m++) {
    if (load<u32>(stateOf(params, first + m), MODE) == SCREENED) start(params, first + m, rows + <usize>m * rowBytes)
  }
}

/**
 * A view begins with what is allowed of the catalogue's first group, whose scores lie at `rows`: puts them where the view has them, as far as they are
 * whole panels. Answers how many panels.
 */
function gatherKnown(params: usize, rows: usize, rowBytes: usize): i32 {
  const positions = <usize>word(params, FACTOR_VIEW_POSITIONS)
  const count = min<usize>(<usize>word(params, FACTOR_VIEW_COUNT), FACTOR_GROUP)
  let known: usize = 0
  while (known < count && load<u32>(positions + (known << 2)) < <u32>FACTOR_GROUP) known++
  const panels = known / TILE_COLUMNS
  for (let place: usize = 0; place < panels * TILE_COLUMNS; place++) {
    const to = rows + (place << 2)
    const from = rows + (<usize>load<u32>(positions + (place << 2)) << 2) // not before it: positions ascend
    for (let m: usize = 0; m < <usize>FACTOR_TILE_ROWS; m++) store<f32>(to + m * rowBytes, load<f32>(from + m * rowBytes))
  }
  return <i32>panels
}

/** Whether some query of the tile goes on. */
function passGroup(params: usize, tile: i32, group: i32): bool {
  const first = tile * FACTOR_TILE_ROWS
  const last = min(first + FACTOR_TILE_ROWS, orderedCount(params))
  let live = false
  for (let place = first; place < last; place++) {
    const state = stateOf(params, orderedQuery(params, place))
    if (load<u32>(state, MODE) != SCREENED) continue
    if (reaches(params, state, group)) live = true
    else store<u32>(state, SETTLED, MODE)
  }
  if (!live) return false
  const rows = <usize>word(params, FACTOR_START_ROWS)
  const greatest = <usize>word(params, FACTOR_SMALL)
  screenGroup(params, tile, group, rows, 2 * FACTOR_GROUP, greatest)
  for (let m = 0; first + m < last; m++) {
    const query = orderedQuery(params, first + m)
    const state = stateOf(params, query)
    if (load<u32>(state, MODE) != SCREENED) continue
    if (hits(params, state, group, greatest + <usize>m * 32)) scan(params, query, rows + <usize>m * (2 * FACTOR_GROUP), group)
  }
  return true
}

function finish(params: usize, query: i32): void {
  const state = stateOf(params, query)
  const wanted = <usize>word(params, FACTOR_WANTED)
  if (load<u32>(state, MODE) == PRIOR) {
    walkPrior(params, query)
    return
  }
  const pending = <i32>load<u32>(state, PENDING)
  if (pending > 0) {
    for (let i = pending; i < BATCH; i++) store<u32>(state + PENDING_LIST + (<usize>i << 2), 0)
    scoreBatch(params, query, state, state + PENDING_LIST, pending)
  }
  const entries = entriesOf(params, query)
  sortEntries(params, state, entries)
  const found = load<u32>(state, FOUND)
  let items = <usize>word(params, FACTOR_ITEMS) + ((<usize>query * wanted) << 2)
  let scores = <usize>word(params, FACTOR_SCORES) + ((<usize>query * wanted) << 2)
  for (let i: usize = 0; i < <usize>found; i++) {
    const entry = load<i64>(entries + (i << 3))
    store<u32>(items + (i << 2), itemOf(entry))
    store<f32>(scores + (i << 2), scoreOf(entry))
  }
  store<u32>(<usize>word(params, FACTOR_COUNTS) + (<usize>query << 2), found)
}

function walkPrior(params: usize, query: i32): void {
  const state = stateOf(params, query)
  const order = <usize>word(params, FACTOR_PRIOR_ORDER)
  const shares = <usize>word(params, FACTOR_PRIOR_PROBABILITIES)
  const wanted = word(params, FACTOR_WANTED)
  const row = (<usize>query * wanted) << 2
  const items = <usize>word(params, FACTOR_ITEMS) + row
  const probabilities = <usize>word(params, FACTOR_PROBABILITIES) + row
  let found: u32 = 0
  for (let place: usize = 0; place < <usize>word(params, FACTOR_ITEM_COUNT) && found < wanted; place++) {
    const item = load<u32>(order + (place << 2))
    if (!isOpen(state, item)) continue
    store<u32>(items + (<usize>found << 2), item)
    store<f32>(probabilities + (<usize>found << 2), load<f32>(shares + (<usize>item << 2)))
    found++
  }
  store<u32>(<usize>word(params, FACTOR_COUNTS) + (<usize>query << 2), found)
}
