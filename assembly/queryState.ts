/** What is known of a query while its items pass by: QUERY_STATE bytes, the fields at these offsets. */
import { FACTOR_OPEN, FACTOR_OPEN_WORDS, FACTOR_STATES, QUERY_STATE } from '../src/kernels/factorParameters'
import { word } from './words'

/** f64: ‖query‖, scale of its 8-bit form, ‖rounding error‖ of that. */
export const NORM: usize = 0
export const SCALE: usize = 8
export const ERROR: usize = 16
/** f32: no score below it can be among the best. */
export const THRESHOLD: usize = 24
/** u32: entries so far. */
export const FOUND: usize = 28
/** u32: how many items may be chosen. */
export const OPEN: usize = 32
/** u32: one of those below. */
export const MODE: usize = 36
/** u32, u32[BATCH]: positions that wait for others to be scored with, less than BATCH (exactScores.ts). */
export const PENDING: usize = 40
export const PENDING_LIST: usize = 64

/** Items are screened, group after group. */
export const SCREENED = 0
/** Nothing left to do. */
export const SETTLED = 1
/** Every open item is scored: they are few, or the query is too small to be rounded. */
export const LISTED = 2
/** All scores are 0. */
export const ZERO = 3
/** No history: the prior's order. */
export const PRIOR = 4

@inline
export function stateOf(params: usize, query: i32): usize {
  return <usize>word(params, FACTOR_STATES) + <usize>query * QUERY_STATE
}

@inline
export function openOf(params: usize, query: i32): usize {
  return <usize>word(params, FACTOR_OPEN) + ((<usize>query * word(params, FACTOR_OPEN_WORDS)) << 2)
}

@inline
export function isOpen(open: usize, item: u32): bool {
  return ((load<u32>(open + (<usize>(item >>> 5) << 2)) >>> (item & 31)) & 1) != 0
}
