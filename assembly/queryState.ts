/** What is known of a query while its items pass by: QUERY_STATE bytes, the fields at these offsets. */
import { FACTOR_ORDER, FACTOR_STATES, MODE_SETTLED, QUERY_STATE, STATE_MODE } from '../src/kernels/factorParameters'
import { word } from './words'

/** f64: ‖query‖, scale of its 8-bit form, ‖rounding error‖ of that. */
export const NORM: usize = 0
export const SCALE: usize = 8
export const ERROR: usize = 16
/** f32: no score below it can be among the best, unless it was guessed and fewer than are wanted reach it (sample.ts). */
export const THRESHOLD: usize = 24
/** u32: entries so far. */
export const FOUND: usize = 28
/** u32: how many items may be chosen. */
export const OPEN: usize = 32
/** u32: one of those below. */
export const MODE: usize = STATE_MODE
/** u32, u32[BATCH]: positions that wait for others to be scored with, less than BATCH (exactScores.ts). */
export const PENDING: usize = 40
export const PENDING_LIST: usize = 64
/** u32: address of what may be chosen, a bit an item. */
export const ALLOWED: usize = 44
/** u32: address of the filter of what may not all the same (strike.ts), 0 where that is nothing; u32: its last bit; u32 twice: the list. */
export const STRUCK: usize = 48
export const STRUCK_LAST: usize = 52
export const STRUCK_LIST: usize = 56
export const STRUCK_END: usize = 60

/** Items are screened, group after group. */
export const SCREENED = 0
/** Nothing left to do. */
export const SETTLED = MODE_SETTLED
/** Every open item is scored: they are few, or the query is too small to be rounded. */
export const LISTED = 2
/** All scores are 0. */
export const ZERO = 3
/** No history: the prior's order. */
export const PRIOR = 4
/** Searched to the end of a view that is cut, and some item beyond it can be among the best. */
export const OPEN_ENDED = 5

@inline
export function stateOf(params: usize, query: i32): usize {
  return <usize>word(params, FACTOR_STATES) + <usize>query * QUERY_STATE
}

@inline
export function orderedCount(params: usize): i32 {
  return load<i32>(<usize>word(params, FACTOR_ORDER))
}

@inline
export function orderedQuery(params: usize, place: i32): i32 {
  return load<i32>(<usize>word(params, FACTOR_ORDER) + (<usize>place << 3), 8)
}

@inline
export function isAllowed(state: usize, item: u32): bool {
  return ((load<u32>(<usize>load<u32>(state, ALLOWED) + (<usize>(item >>> 5) << 2)) >>> (item & 31)) & 1) != 0
}

/** The bit of a filter of 2 ** (32 - shift) bits that an item sets. */
@inline
export function struckBit(item: u32, shift: u32): u32 {
  return (item * 0x9e3779b1) >>> shift // the uppermost bits of a product: Knuth, TAOCP 3, §6.4
}

@inline
export function isOpen(state: usize, item: u32): bool {
  if (!isAllowed(state, item)) return false
  const struck = <usize>load<u32>(state, STRUCK)
  if (struck == 0) return true
  const bit = struckBit(item, clz(load<u32>(state, STRUCK_LAST)))
  return ((load<u32>(struck + (<usize>(bit >>> 5) << 2)) >>> (bit & 31)) & 1) == 0 || !isListed(state, item)
}

/** Whether the item is in the query's list of what is struck. */
function isListed(state: usize, item: u32): bool {
  const wanted = i32x4.splat(item)
  const end = <usize>load<u32>(state, STRUCK_END)
  let at = <usize>load<u32>(state, STRUCK_LIST)
  for (; at + 16 <= end; at += 16) if (v128.any_true(i32x4.eq(v128.load(at), wanted))) return true
  for (; at < end; at += 4) if (load<u32>(at) == item) return true
  return false
}
