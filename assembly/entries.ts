/**
 * The best of a query so far. An entry is one integer: the score's bits as an integer of the same order, then the item's index complemented, so that
 * one comparison knows score and tie. Up to FACTOR_SORTED_MAX entries are kept sorted; more are collected and cut down to the wanted
 * ones when there is no room left.
 */
import {
  FACTOR_CAPACITY,
  FACTOR_ENTRIES,
  FACTOR_SMALL,
  FACTOR_SORTED_MAX,
  FACTOR_SORTING,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { FOUND, THRESHOLD } from './queryState'
import { sortDescending } from './choose'
import { word } from './words'

/** Room in FACTOR_SMALL for the 256 counters of a digit. */
const HISTOGRAM: usize = 4096

@inline
export function entriesOf(params: usize, query: i32): usize {
  return <usize>word(params, FACTOR_ENTRIES) + ((<usize>query * word(params, FACTOR_CAPACITY)) << 3)
}

@inline
function entryOf(score: f32, item: u32): i64 {
  const bits = reinterpret<i32>(score + <f32>0) // one zero of two
  return (<i64>(bits ^ ((bits >> 31) & 0x7fffffff)) << 32) | <i64>~item
}

@inline
export function scoreOf(entry: i64): f32 {
  const bits = <i32>(entry >> 32)
  return reinterpret<f32>(bits ^ ((bits >> 31) & 0x7fffffff))
}

@inline
export function itemOf(entry: i64): u32 {
  return ~(<u32>entry)
}

/** Takes an item in, when it is among the best; FOUND and THRESHOLD follow. */
export function take(params: usize, state: usize, entries: usize, score: f32, item: u32): void {
  const wanted = <i32>word(params, FACTOR_WANTED)
  const entry = entryOf(score, item)
  let found = <i32>load<u32>(state, FOUND)
  if (wanted > FACTOR_SORTED_MAX) {
    store<i64>(entries + (<usize>found << 3), entry)
    store<u32>(state, ++found, FOUND)
    if (found == <i32>word(params, FACTOR_CAPACITY)) cutDown(params, state, entries)
    return
  }
  if (found == wanted) {
    if (entry < load<i64>(entries + (<usize>--found << 3))) return
  }
  let at = entries + (<usize>found << 3)
  while (at > entries && load<i64>(at - 8) < entry) {
    store<i64>(at, load<i64>(at - 8))
    at -= 8
  }
  store<i64>(at, entry)
  store<u32>(state, ++found, FOUND)
  if (found == wanted) store<f32>(state, scoreOf(load<i64>(entries + (<usize>(wanted - 1) << 3))), THRESHOLD)
}

/** How many of `count` entries are at least `bound`. */
function countFrom(entries: usize, count: i32, bound: i64): i32 {
  const b = i64x2.splat(bound)
  let c0 = i64x2.splat(0), c1 = c0
  const end = entries + (<usize>(count & ~3) << 3)
  let at = entries
  for (; at < end; at += 32) {
    c0 = i64x2.sub(c0, i64x2.ge_s(v128.load(at), b))
    c1 = i64x2.sub(c1, i64x2.ge_s(v128.load(at, 16), b))
  }
  c0 = i64x2.add(c0, c1)
  let sum = <i32>(i64x2.extract_lane(c0, 0) + i64x2.extract_lane(c0, 1))
  for (; at < entries + (<usize>count << 3); at += 8) sum += <i32>(load<i64>(at) >= bound)
  return sum
}

/** Keeps the WANTED best of the entries, in any order. Bisection between the least and the greatest: no two are equal, so it ends. */
export function cutDown(params: usize, state: usize, entries: usize): void {
  const wanted = <i32>word(params, FACTOR_WANTED)
  const found = <i32>load<u32>(state, FOUND)
  if (found < wanted) return
  let low = i64.MAX_VALUE
  let high = i64.MIN_VALUE
  for (let at = entries; at < entries + (<usize>found << 3); at += 8) {
    const entry = load<i64>(at)
    low = min(low, entry)
    high = max(high, entry)
  }
  while (found > wanted && low < high) {
    const middle = low + <i64>((<u64>(high - low) + 1) >>> 1)
    const count = countFrom(entries, found, middle)
    if (count >= wanted) low = middle
    else high = middle - 1
    if (count == wanted) break
  }
  let to = entries
  let least = i64.MAX_VALUE
  for (let at = entries; at < entries + (<usize>found << 3); at += 8) {
    const entry = load<i64>(at)
    store<i64>(to, entry)
    const kept = entry >= low
    to += <usize>kept << 3
    least = kept ? min(least, entry) : least
  }
  store<u32>(state, wanted, FOUND)
  store<f32>(state, scoreOf(least), THRESHOLD)
}

/** Sorts a query's entries, best first; afterwards they are the WANTED best, or fewer. */
export function sortEntries(params: usize, state: usize, entries: usize): void {
  const wanted = <i32>word(params, FACTOR_WANTED)
  if (wanted <= FACTOR_SORTED_MAX) return
  if (<i32>load<u32>(state, FOUND) > wanted) cutDown(params, state, entries)
  const count = <i32>load<u32>(state, FOUND)
  if (count < 2) return

  // By the scores' four digits, the last first (Knuth, TAOCP 3, §5.2.5), then runs of equal scores by item.
  let from = entries
  let to = <usize>word(params, FACTOR_SORTING)
  for (let digit: usize = 4; digit < 8; digit++) {
    if (!sortByDigit(params, from, to, count, digit)) continue
    const other = from
    from = to
    to = other
  }
  if (from != entries) memory.copy(entries, from, <usize>count << 3)
  for (let first = 0; first < count; ) {
    const score = <i32>(load<i64>(entries + (<usize>first << 3)) >> 32)
    let last = first + 1
    while (last < count && <i32>(load<i64>(entries + (<usize>last << 3)) >> 32) == score) last++
    if (last - first > 1) sortDescending(entries + (<usize>first << 3), last - first)
    first = last
  }
}

/** Stable and descending by one byte; false and nothing moved when all have the same. */
function sortByDigit(params: usize, from: usize, to: usize, count: i32, digit: usize): bool {
  const histogram = <usize>word(params, FACTOR_SMALL) + HISTOGRAM
  const flip: u32 = digit == 7 ? 0x7f : 0xff // the greatest first; the uppermost byte is signed
  memory.fill(histogram, 0, 1024)
  const end = from + (<usize>count << 3)
  for (let at = from; at < end; at += 8) {
    const counter = histogram + (<usize>(<u32>load<u8>(at + digit) ^ flip) << 2)
    store<u32>(counter, load<u32>(counter) + 1)
  }
  if (load<u32>(histogram + (<usize>(<u32>load<u8>(from + digit) ^ flip) << 2)) == <u32>count) return false
  let sum: u32 = 0
  for (let at = histogram; at < histogram + 1024; at += 4) {
    const size = load<u32>(at)
    store<u32>(at, sum)
    sum += size
  }
  for (let at = from; at < end; at += 8) {
    const counter = histogram + (<usize>(<u32>load<u8>(at + digit) ^ flip) << 2)
    const place = load<u32>(counter)
    store<u32>(counter, place + 1)
    store<i64>(to + (<usize>place << 3), load<i64>(at))
  }
  return true
}
