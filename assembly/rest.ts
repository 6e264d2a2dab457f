/** Where the search of a query goes on that a view which is cut (kernels/factorView.ts) did not settle: among the items that follow the view's last. */
import {
  FACTOR_GROUP,
  FACTOR_ITEM_COUNT,
  FACTOR_ITEM_OF,
  FACTOR_REST_FROM,
  FACTOR_REST_MASK,
} from '../src/kernels/factorParameters'
import { finish, scorePending } from './bestOf'
import { BATCH } from './exactScores'
import { ALLOWED, isOpen, LISTED, MODE, PENDING, PENDING_LIST, PRIOR, SETTLED, stateOf, ZERO } from './queryState'
import { reaches, scoreBatch } from './screen'
import { word } from './words'

/**
 * COUNTS, ITEMS and SCORES of query `query`: the best of those that bestOf has put there and of the items that REST_MASK allows and nothing strikes, from position
 * REST_FROM of the catalogue on, which is looked at. By descending norm until none that follows can be among the best: few allowed items are scored, the others
 * are only passed. A screen would read every item of the groups that they are in.
 */
export function searchRest(params: usize, query: i32): void {
  const state = stateOf(params, query)
  const mode = load<u32>(state, MODE)
  if (mode == PRIOR) return
  // No bound is known of a query that is too small to be screened.
  const bounded = mode != ZERO && mode != LISTED
  store<u32>(state, word(params, FACTOR_REST_MASK), ALLOWED)
  const items = <usize>word(params, FACTOR_ITEM_OF)
  const list = state + PENDING_LIST
  const end = word(params, FACTOR_ITEM_COUNT)
  let waiting = 0
  for (let position = word(params, FACTOR_REST_FROM); position < end; position++) {
    if (bounded && position % FACTOR_GROUP == 0 && !reaches(params, state, <i32>(position / FACTOR_GROUP))) break
    if (!isOpen(state, load<u32>(items + (<usize>position << 2)))) continue
    store<u32>(list + (<usize>waiting << 2), position)
    if (++waiting < BATCH) continue
    scoreBatch(params, query, state, list, BATCH)
    waiting = 0
  }
  store<u32>(state, waiting, PENDING)
  scorePending(params, query, state)
  store<u32>(state, SETTLED, MODE)
  finish(params, query)
}
