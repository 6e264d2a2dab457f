/** The best of a query's keys and their probabilities: an exact choice whose cost hardly depends on the scores. */
import {
  RANK_CANDIDATES,
  RANK_CANDIDATES_SPARE,
  RANK_COLUMN_COUNT,
  RANK_EXCLUDED,
  RANK_ITEMS,
  RANK_KEYS,
  RANK_PROBABILITIES,
  RANK_TOTAL,
  RANK_WANTED,
  RANK_WEIGHTS,
} from '../src/kernels/parameters'
import { keyOf, turned } from './rank'
import { word } from './words'

/** How many keys are at least `bound`. */
function countFrom(keys: usize, end: usize, bound: i32): i32 {
  const b = i32x4.splat(bound)
  let c0 = i32x4.splat(0)
  let c1 = c0, c2 = c0, c3 = c0
  while (keys < end) {
    c0 = i32x4.sub(c0, i32x4.ge_s(v128.load(keys), b))
    c1 = i32x4.sub(c1, i32x4.ge_s(v128.load(keys, 16), b))
    c2 = i32x4.sub(c2, i32x4.ge_s(v128.load(keys, 32), b))
    c3 = i32x4.sub(c3, i32x4.ge_s(v128.load(keys, 48), b))
    keys += 64
  }
  c0 = i32x4.add(i32x4.add(c0, c1), i32x4.add(c2, c3))
  return i32x4.extract_lane(c0, 0) + i32x4.extract_lane(c0, 1) + i32x4.extract_lane(c0, 2) + i32x4.extract_lane(c0, 3)
}

/** The lane-wise maxima of each 32 keys: 8 each in the ith of 4 neighbouring lanes. */
function storeMaxima(keys: usize, end: usize, maxima: usize): void {
  for (; keys < end; keys += 128, maxima += 16) {
    const m0 = i32x4.max_s(v128.load(keys), v128.load(keys, 16))
    const m1 = i32x4.max_s(v128.load(keys, 32), v128.load(keys, 48))
    const m2 = i32x4.max_s(v128.load(keys, 64), v128.load(keys, 80))
    const m3 = i32x4.max_s(v128.load(keys, 96), v128.load(keys, 112))
    v128.store(maxima, i32x4.max_s(i32x4.max_s(m0, m1), i32x4.max_s(m2, m3)))
  }
}

/** countFrom of any number of vectors. */
function countVectors(from: usize, end: usize, bound: i32): i32 {
  const whole = from + ((end - from) & ~63)
  let count = countFrom(from, whole, bound)
  const b = i32x4.splat(bound)
  for (from = whole; from < end; from += 16) count += popcnt(i32x4.bitmask(i32x4.ge_s(v128.load(from), b)))
  return count
}

/**
 * A bound that WANTED keys reach and not many more, for as long as the best are spread over the catalogue: as many maxima of 8 keys reach
 * it, each a key of its own. RANK_EXCLUDED where there is none.
 */
function startBound(keys: usize, end: usize, maxima: usize, wanted: i32): i32 {
  storeMaxima(keys, end, maxima)
  const last = maxima + ((end - keys) >> 3)
  let low = RANK_EXCLUDED
  let high: i32 = 0x7fffffff
  while (low < high) {
    const middle = low + <i32>((<u32>(high - low)) >>> 1) + 1 // which is in (low, high], even over all 2³² keys
    const count = countVectors(maxima, last, middle)
    if (count < wanted) high = middle - 1
    else {
      low = middle
      if (count <= wanted + (wanted >> 1)) break
    }
  }
  return low
}

/** The WANTED best of KEYS, which is at most the number of keys that are not RANK_EXCLUDED, and their probabilities. */
export function choose(params: usize, _task: i32): void {
  const wanted = <i32>word(params, RANK_WANTED)
  const candidates = <usize>word(params, RANK_CANDIDATES)
  chooseKeys(<usize>word(params, RANK_KEYS), word(params, RANK_COLUMN_COUNT), wanted, candidates)
  putOut(params, candidates, wanted)
}

/**
 * The `wanted` best of the keys to the head of `candidates`, by key descending, then index ascending, each key with its index complemented
 * below. What reaches a bound that enough keys reach is sorted; where too many do, the wanted-th greatest is sought exactly.
 */
export function chooseKeys(keys: usize, columns: u32, wanted: i32, candidates: usize): void {
  const end = keys + (<usize>columns << 2)
  let found = 0
  let bound = RANK_EXCLUDED
  if (hasStart(columns, wanted)) {
    bound = startBound(keys, end, maximaOf(candidates, columns), wanted)
    if (bound != RANK_EXCLUDED) found = collectFrom(keys, end, bound, candidates, limitOf(columns, wanted))
  }
  if (found < wanted) found = chooseExactly(keys, end, wanted, max(bound, RANK_EXCLUDED + 1), candidates)
  sortDescending(candidates, found)
}

/**
 * The keys, like candidates, of all numbers that are less than the wanted-th greatest by `margin` or not at all, and of some more; 0 where there
 * is no such bound or they are too many.
 */
export function collectAbout(keys: usize, columns: u32, wanted: i32, margin: f32, candidates: usize): i32 {
  if (!hasStart(columns, wanted)) return 0
  const end = keys + (<usize>columns << 2)
  const bound = startBound(keys, end, maximaOf(candidates, columns), wanted)
  if (bound == RANK_EXCLUDED) return 0
  const least = keyOf(reinterpret<f32>(turned(bound)) - margin)
  return collectFrom(keys, end, least, candidates, limitOf(columns, wanted))
}

/** Whether the maxima of eight keys are enough to tell where the best begin. */
@inline
function hasStart(columns: u32, wanted: i32): bool {
  return wanted <= <i32>(columns >> 4)
}

/** The candidates' second half, which is room for the maxima. */
@inline
function maximaOf(candidates: usize, columns: u32): usize {
  return candidates + (<usize>columns << 2)
}

/** As many candidates as are sorted at most: they keep to their first half. */
@inline
function limitOf(columns: u32, wanted: i32): i32 {
  return min(<i32>(columns >> 1), 4 * wanted + RANK_CANDIDATES_SPARE)
}

/**
 * Bisection over the keys from `least` on, which the wanted-th greatest is not below, finds it in at most 32 passes, whatever the scores look like.
 * Where few items have a score and all others the same one, it is `least` itself.
 */
function chooseExactly(keys: usize, end: usize, wanted: i32, least: i32, candidates: usize): i32 {
  const above = least == 0x7fffffff ? 0 : countFrom(keys, end, least + 1)
  if (above < wanted) return collect(keys, end, least, wanted - above, candidates)
  let low = least + 1
  let high: i32 = 0x7fffffff
  let equals = wanted
  while (low < high) {
    const middle = low + <i32>(((<u32>(high - low)) + 1) >>> 1)
    const count = countFrom(keys, end, middle)
    if (count == wanted) {
      low = middle - 1
      equals = 0
      break
    }
    if (count > wanted) low = middle
    else {
      high = middle - 1
      equals = wanted - count
    }
  }
  return collect(keys, end, low, equals, candidates)
}

/** The first `wanted` candidates to ITEMS and PROBABILITIES. */
function putOut(params: usize, candidates: usize, wanted: i32): void {
  const items = <usize>word(params, RANK_ITEMS)
  const probabilities = <usize>word(params, RANK_PROBABILITIES)
  const weights = <usize>word(params, RANK_WEIGHTS)
  const total = load<f64>(<usize>word(params, RANK_TOTAL))
  for (let i: usize = 0; i < <usize>wanted; i++) {
    const item = ~<u32>load<u64>(candidates + (i << 3))
    store<u32>(items + (i << 2), item)
    store<f32>(probabilities + (i << 2), notAbove(<f64>load<f32>(weights + (<usize>item << 2)) / total))
  }
}

/** The nearest f32 that is not above x ≥ 0, so that shares of a whole do not add up to more than it. */
@inline
export function notAbove(x: f64): f32 {
  const nearest = <f32>x
  return <f64>nearest > x ? reinterpret<f32>(reinterpret<u32>(nearest) - 1) : nearest
}

/** All keys from `bound` on, each with its index complemented below; 0 where they are more than `limit`. */
function collectFrom(keys: usize, end: usize, bound: i32, candidates: usize, limit: i32): i32 {
  const b = i32x4.splat(bound)
  let found = 0
  for (let at = keys; at < end; at += 64) {
    const g0 = i32x4.ge_s(v128.load(at), b)
    const g1 = i32x4.ge_s(v128.load(at, 16), b)
    const g2 = i32x4.ge_s(v128.load(at, 32), b)
    const g3 = i32x4.ge_s(v128.load(at, 48), b)
    if (!v128.any_true(v128.or(v128.or(g0, g1), v128.or(g2, g3)))) continue
    let mask = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(g0, g1), i16x8.narrow_i32x4_s(g2, g3)))
    if (found + popcnt(mask) > limit) return 0
    while (mask) {
      const from = at + (<usize>ctz(mask) << 2)
      mask &= mask - 1
      store<i64>(candidates + (<usize>found << 3), (<i64>load<i32>(from) << 32) | <i64>~(<u32>((from - keys) >> 2)))
      found++
    }
  }
  return found
}

/** All keys above `bound` and the first `equals` that equal it, each with its index complemented below: one order for both. */
function collect(keys: usize, end: usize, bound: i32, equals: i32, candidates: usize): i32 {
  let b = i32x4.splat(bound)
  let found = 0
  for (let at = keys; at < end; at += 64) {
    const g0 = i32x4.ge_s(v128.load(at), b)
    const g1 = i32x4.ge_s(v128.load(at, 16), b)
    const g2 = i32x4.ge_s(v128.load(at, 32), b)
    const g3 = i32x4.ge_s(v128.load(at, 48), b)
    if (!v128.any_true(v128.or(v128.or(g0, g1), v128.or(g2, g3)))) continue
    let mask = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(g0, g1), i16x8.narrow_i32x4_s(g2, g3)))
    while (mask) {
      const from = at + (<usize>ctz(mask) << 2)
      mask &= mask - 1
      const key = load<i32>(from)
      if (key == bound && --equals < 0) {
        // Enough that equal it: from here on what is above it alone.
        if (bound < 0x7fffffff) b = i32x4.splat(bound + 1)
        continue
      }
      const index = <u32>((from - keys) >> 2)
      store<i64>(candidates + (<usize>found << 3), (<i64>key << 32) | <i64>~index)
      found++
    }
  }
  return found
}

/** Heapsort (Williams 1964) with the least on top: in place and n·log n for every input. */
export function sortDescending(values: usize, count: i32): void {
  for (let i = (count >> 1) - 1; i >= 0; i--) sink(values, i, count, load<i64>(values + (<usize>i << 3)))
  for (let last = count - 1; last > 0; last--) {
    const value = load<i64>(values + (<usize>last << 3))
    store<i64>(values + (<usize>last << 3), load<i64>(values))
    sink(values, 0, last, value)
  }
}

function sink(values: usize, at: i32, count: i32, value: i64): void {
  for (;;) {
    let child = 2 * at + 1
    if (child >= count) break
    const from = values + (<usize>child << 3)
    if (child + 1 < count && load<i64>(from, 8) < load<i64>(from)) child++
    const least = load<i64>(values + (<usize>child << 3))
    if (least >= value) break
    store<i64>(values + (<usize>at << 3), least)
    at = child
  }
  store<i64>(values + (<usize>at << 3), value)
}
