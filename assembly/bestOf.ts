/** The exact best of every query of a block: the order in which queries and groups of items meet. */
import {
  FACTOR_COUNTS,
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
  FACTOR_START_ROWS,
  FACTOR_TILE_ROWS,
  FACTOR_VIEW_CUT,
  FACTOR_VIEW_GROUPS,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { entriesOf, itemOf, scoreOf, sortEntries } from './entries'
import { BATCH } from './exactScores'
import { passFirstGroups, passFirstGroupsAgain } from './firstGroups'
import { forgetTiles, makeTiles } from './order'
import {
  FOUND,
  isOpen,
  MODE,
  OPEN_ENDED,
  orderedCount,
  orderedQuery,
  PENDING,
  PENDING_LIST,
  PRIOR,
  SCREENED,
  SETTLED,
  stateOf,
  THRESHOLD,
} from './queryState'
import { samplePlace, sampleSize } from './sample'
import { hits, limitOf, reaches, scan, scoreBatch, screenGroup } from './screen'
import { forgetNear } from './strike'
import { word } from './words'

/**
 * COUNTS, ITEMS and SCORES of all queries, which are folded in and whose OPEN is counted: the WANTED best by f32 score (exactScores.ts)
 * descending, then item index ascending. Of queries without a history the prior's order, with PROBABILITIES instead of SCORES.
 * TOTALS too, unless EXACT_TOTALS. One task. Where the view is cut, only what is SETTLED afterwards is so: the others need more items.
 *
 * A group of items stays in the first level cache while all tiles of queries pass, so that the items come from memory once a block.
 */
export function bestOf(params: usize, _task: i32): void {
  passFirstGroups(params)
  passOthers(params, sampleSize(params))
  if (searchAgain(params)) {
    passFirstGroupsAgain(params)
    passOthers(params, 0)
    searchAgain(params)
  }
  for (let query = 0; query < <i32>word(params, FACTOR_QUERY_COUNT); query++) finish(params, query)
}

/** Passes the groups beyond the first, but for those in a sample of `size`. */
function passOthers(params: usize, size: i32): void {
  const groups = <i32>word(params, FACTOR_VIEW_GROUPS)
  const startGroups = <i32>word(params, FACTOR_START_GROUPS)
  forgetTiles(params)
  let live = 1
  for (let group = startGroups; live > 0 && group < groups; group++) {
    // Again after 2, 4, 8 … groups: thresholds have risen by then, and who has stopped leaves a place.
    if (group == startGroups || (group & (group - 1)) == 0) live = makeTiles(params)
    if (samplePlace(params, group, size) >= 0) continue
    const passing = live
    live = 0
    for (let tile = 0; tile < passing; tile++) if (passGroup(params, tile, group)) live = tile + 1
  }
}

/**
 * Scores what is pending, and settles every query that was screened but those that may have some of their best beyond a view that is cut. Whether
 * some are to be searched again, since fewer than are wanted reach what was guessed: those are SCREENED.
 */
function searchAgain(params: usize): bool {
  const wanted = word(params, FACTOR_WANTED)
  const groups = <i32>word(params, FACTOR_VIEW_GROUPS)
  const cut = word(params, FACTOR_VIEW_CUT) != 0
  let again = false
  for (let query = 0; query < <i32>word(params, FACTOR_QUERY_COUNT); query++) {
    const state = stateOf(params, query)
    scorePending(params, query, state)
    if (load<u32>(state, FOUND) < wanted && load<f32>(state, THRESHOLD) != -Infinity) {
      store<u32>(state, 0, FOUND)
      store<f32>(state, -Infinity, THRESHOLD)
      store<u32>(state, SCREENED, MODE)
      forgetNear(params, query)
      again = true
    } else if (load<u32>(state, MODE) == SCREENED) {
      store<u32>(state, cut && reaches(params, state, groups) ? OPEN_ENDED : SETTLED, MODE)
    }
  }
  return again
}

/** Scores those that wait for others to be scored with. */
export function scorePending(params: usize, query: i32, state: usize): void {
  const pending = <i32>load<u32>(state, PENDING)
  if (pending == 0) return
  for (let i = pending; i < BATCH; i++) store<u32>(state + PENDING_LIST + (<usize>i << 2), 0)
  scoreBatch(params, query, state, state + PENDING_LIST, pending)
  store<u32>(state, 0, PENDING)
}

/** In FACTOR_SMALL: the limits of a tile's queries, i32[TILE_ROWS]. */
const LIMITS: usize = 7680

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
  const limits = <usize>word(params, FACTOR_SMALL) + LIMITS
  screenGroup(params, tile, group, rows, 2 * FACTOR_GROUP, greatest)
  // First which queries have hits: one in two, and each branch on one would be a guess.
  let hit = 0
  for (let m = 0; first + m < last; m++) {
    const state = stateOf(params, orderedQuery(params, first + m))
    const limit = limitOf(params, state, group)
    hit |= (<i32>hits(limit, greatest + <usize>m * 32) & <i32>(load<u32>(state, MODE) == SCREENED)) << m
    store<i32>(limits + (<usize>m << 2), limit)
  }
  while (hit) {
    const m = ctz(hit)
    hit &= hit - 1
    const query = orderedQuery(params, first + m)
    scan(params, query, rows + <usize>m * (2 * FACTOR_GROUP), group, load<i32>(limits + (<usize>m << 2)))
  }
  return true
}

export function finish(params: usize, query: i32): void {
  const state = stateOf(params, query)
  const wanted = <usize>word(params, FACTOR_WANTED)
  if (load<u32>(state, MODE) == PRIOR) {
    walkPrior(params, query)
    return
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
