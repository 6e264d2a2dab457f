/**
 * The best of a query so far. An entry is one integer: the score's bits as an integer of the same order, then the item's index complemented, so that
 * one comparison knows score and tie. Up to FACTOR_SORTED_MAX entries are kept sorted; more are collected, and cut down to little more than
 * the wanted ones when there is no room left.
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

/** Room in FACTOR_SMALL for the 256 counters of each of two digits. */
const HISTOGRAM: usize = 4096

@inline
export function entriesOf(params: usize, query: i32): usize {
  return <usize>word(params, FACTOR_ENTRIES) + ((<usize>query * word(params, FACTOR_CAPACITY)) << 3)
}

@inline
export function entryOf(score: f32, item: u32): i64 {
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

/** Takes an item in, when it is among the best of at most FACTOR_SORTED_MAX; FOUND and THRESHOLD follow. */
export function take(params: usize, state: usize, entries: usize, score: f32, item: u32): void {
  const wanted = <i32>word(params, FACTOR_WANTED)
  const entry = entryOf(score, item)
  let found = <i32>load<u32>(state, FOUND)
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

/** Entries that cutDown may leave: an eighth too many saves it most of its passes. */
@inline
function leftMax(wanted: i32): i32 {
  return wanted + (wanted >> 3)
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

/**
 * Keeps the WANTED best of the entries and few others, in any order; THRESHOLD follows. Bisection between the least and the greatest: no two
 * are equal, so it ends.
 */
export function cutDown(params: usize, state: usize, entries: usize): void {
  const wanted = <i32>word(params, FACTOR_WANTED)
  const found = <i32>load<u32>(state, FOUND)
  if (found <= leftMax(wanted)) return
  let low = i64.MAX_VALUE
  let high = i64.MIN_VALUE
  const end = entries + (<usize>found << 3)
  for (let at = entries; at < end; at += 8) {
    const entry = load<i64>(at)
    low = min(low, entry)
    high = max(high, entry)
  }
  while (low < high) {
    const middle = low + <i64>((<u64>(high - low) + 1) >>> 1)
    const count = countFrom(entries, found, middle)
    if (count >= wanted) low = middle
    else high = middle - 1
    if (count >= wanted && count <= leftMax(wanted)) break
  }
  let to = entries
  let least = i64.MAX_VALUE
  for (let at = entries; at < end; at += 8) {
    const entry = load<i64>(at)
    store<i64>(to, entry)
    const kept = entry >= low
    to += <usize>kept << 3
    least = kept ? min(least, entry) : least
  }
  store<u32>(state, <u32>((to - entries) >> 3), FOUND)
  store<f32>(state, scoreOf(least), THRESHOLD)
}

/** Sorts a query's entries, best first, and leaves at most WANTED. */
export function sortEntries(params: usize, state: usize, entries: usize): void {
  const wanted = <i32>word(params, FACTOR_WANTED)
  if (wanted <= FACTOR_SORTED_MAX) return
  // To cut a quarter off takes as long as to sort it.
  if (<i32>load<u32>(state, FOUND) > wanted + (wanted >> 2)) cutDown(params, state, entries)
  const count = <i32>load<u32>(state, FOUND)
  if (count > 1) sortByScore(params, entries, count)
  store<u32>(state, min(count, wanted), FOUND)
}

@inline
function keyAt(at: usize): i32 {
  return load<i32>(at, 4)
}

/**
 * By the uppermost 16 bits of the distance to the greatest score, two digits, the last first (Knuth, TAOCP 3, §5.2.5); few entries of a query are
 * alike in those. Then what is alike by itself.
 */
function sortByScore(params: usize, entries: usize, count: i32): void {
  const end = entries + (<usize>count << 3)
  let most = v128.load(entries)
  let least = most
  for (let at = entries; at + 16 <= end; at += 16) {
    const two = v128.load(at)
    most = i32x4.max_s(most, two)
    least = i32x4.min_s(least, two)
  }
  const last = v128.load(end - 16)
  most = i32x4.max_s(most, last)
  least = i32x4.min_s(least, last)
  const greatest = max(i32x4.extract_lane(most, 1), i32x4.extract_lane(most, 3))
  const smallest = min(i32x4.extract_lane(least, 1), i32x4.extract_lane(least, 3))
  const shift = max(0, 16 - clz<i32>(greatest - smallest))
  const low = <usize>word(params, FACTOR_SMALL) + HISTOGRAM
  const high = low + 1024
  memory.fill(low, 0, 2048)
  for (let at = entries; at < end; at += 8) {
    const digits = <u32>(greatest - keyAt(at)) >>> shift
    const l = low + (<usize>(digits & 255) << 2)
    const h = high + (<usize>(digits >>> 8) << 2)
    store<u32>(l, load<u32>(l) + 1)
    store<u32>(h, load<u32>(h) + 1)
  }
  const between = <usize>word(params, FACTOR_SORTING)
  let l = <u32>between
  let h = <u32>entries
  for (let at = low; at < high; at += 4) {
    const sizes = load<u32>(at)
    store<u32>(at, l)
    l += sizes << 3
    const size = load<u32>(at, 1024)
    store<u32>(at, h, 1024)
    h += size << 3
  }
  for (let at = entries; at < end; at += 8) move(at, low + (<usize>(((greatest - keyAt(at)) >>> shift) & 255) << 2))
  for (let at = between; at < between + (<usize>count << 3); at += 8) {
    move(at, high + (<usize>(<u32>(greatest - keyAt(at)) >>> shift >>> 8) << 2))
  }
  sortRuns(entries, end, greatest, shift)
}

/** An entry to where the counter points, which goes on. */
@inline
function move(from: usize, counter: usize): void {
  const to = load<u32>(counter)
  store<u32>(counter, to + 8)
  store<i64>(to, load<i64>(from))
}

/** Sorts what is alike but for the `shift` lowest bits of the score, and the item. */
function sortRuns(entries: usize, end: usize, greatest: i32, shift: i32): void {
  for (let first = entries; first < end; ) {
    const digits = <u32>(greatest - keyAt(first)) >>> shift
    let next = first + 8
    while (next < end && <u32>(greatest - keyAt(next)) >>> shift == digits) next += 8
    if (next > first + 8) sortDescending(first, <i32>((next - first) >> 3))
    first = next
  }
}
