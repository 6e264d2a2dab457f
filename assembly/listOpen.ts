/** Queries to which few items are open, and those too small to be rounded: what is open is scored, and nothing screened. */
import {
  FACTOR_ITEM_COUNT,
  FACTOR_ITEM_OF,
  FACTOR_OPEN_WORDS,
  FACTOR_POSITION_OF,
  FACTOR_VIEW_COUNT,
  FACTOR_VIEW_POSITIONS,
} from '../src/kernels/factorParameters'
import { BATCH } from './exactScores'
import { ALLOWED, isOpen, PENDING, PENDING_LIST, stateOf } from './queryState'
import { scoreBatch } from './screen'
import { word } from './words'

/** Scores the open items themselves: of the whole catalogue by index ascending, at most `most` of them; of a view all. */
export function listOpen(params: usize, query: i32, most: i32): void {
  if (word(params, FACTOR_VIEW_COUNT) < word(params, FACTOR_ITEM_COUNT)) {
    listView(params, query)
    return
  }
  const state = stateOf(params, query)
  const allowed = <usize>load<u32>(state, ALLOWED)
  const words = <i32>word(params, FACTOR_OPEN_WORDS)
  const positions = <usize>word(params, FACTOR_POSITION_OF)
  const list = state + PENDING_LIST
  let waiting = 0
  for (let w = 0; w < words; w++) {
    let bits = load<u32>(allowed + (<usize>w << 2))
    while (bits && most > 0) {
      const item = (w << 5) + ctz(bits)
      bits &= bits - 1
      if (!isOpen(state, item)) continue
      most--
      store<u32>(list + (<usize>waiting << 2), load<u32>(positions + (<usize>item << 2)))
      if (++waiting < BATCH) continue
      scoreBatch(params, query, state, list, BATCH)
      waiting = 0
    }
  }
  store<u32>(state, waiting, PENDING)
}

function listView(params: usize, query: i32): void {
  const state = stateOf(params, query)
  const positions = <usize>word(params, FACTOR_VIEW_POSITIONS)
  const items = <usize>word(params, FACTOR_ITEM_OF)
  const list = state + PENDING_LIST
  let waiting = 0
  for (let place: usize = 0; place < <usize>word(params, FACTOR_VIEW_COUNT); place++) {
    const position = load<u32>(positions + (place << 2))
    if (!isOpen(state, load<u32>(items + (<usize>position << 2)))) continue
    store<u32>(list + (<usize>waiting << 2), position)
    if (++waiting < BATCH) continue
    scoreBatch(params, query, state, list, BATCH)
    waiting = 0
  }
  store<u32>(state, waiting, PENDING)
}
