/**
 * The k best of many scores, in order: linear in their number, however large k is. Scores become 32-bit keys of the same order; counts of their digits
 * find the key of the k-th exactly; whatever is not worse is sorted by radix (Knuth vol. 3 §5.2.5).
 */
import {
  BEST_ALLOWED,
  BEST_ALLOWED_WORDS,
  BEST_CHOSEN,
  BEST_COUNT,
  BEST_DIGIT_COUNT,
  BEST_DIGITS,
  BEST_FIRST,
  BEST_SCORES,
  BEST_SCRATCH,
  BEST_SCRATCH_BYTES,
  BEST_STRIDE,
  BEST_WANTED,
} from '../src/kernels/userParameters'
import { stopped, word } from './words'

/**
 * Of list FIRST + task the rows of the WANTED highest scores that are allowed, best first; of equal scores the lower row first, and -0 is 0. They take the
 * place of the scores, CHOSEN of them: fewer where fewer are allowed. No score is NaN. Between passes, which take some 20 ms of five million scores, it looks
 * whether the work is still wanted.
 */
export function bestRows(params: usize, task: i32): void {
  const list = <usize>word(params, BEST_FIRST) + <usize>task
  const scores = <usize>word(params, BEST_SCORES) + ((list * <usize>word(params, BEST_STRIDE)) << 2)
  const count = <usize>word(params, BEST_COUNT)
  const bits = <usize>word(params, BEST_ALLOWED)
  const allowed = bits == 0 ? <usize>0 : bits + ((<usize>task * <usize>word(params, BEST_ALLOWED_WORDS)) << 2)
  const counts = <usize>word(params, BEST_SCRATCH) + <usize>task * <usize>word(params, BEST_SCRATCH_BYTES)
  const wanted = word(params, BEST_WANTED)
  const pairs = counts + (BEST_DIGITS << 2)
  const others = pairs + ((<usize>wanted + 1) << 3)

  // Digit by digit the key of the last that is wanted, and how many of its equals are.
  let last: u32 = u32.MAX_VALUE
  let equals: u32 = u32.MAX_VALUE
  const everybody = allowed == 0 && count <= <usize>wanted
  const open = everybody ? <u32>count : countDigits(scores, count, allowed, counts, 0, 32, 21)
  if (open > wanted) {
    equals = wanted
    last = 0
    for (let shift: u32 = 21, below: u32 = 32; ; ) {
      let at = counts
      let passed = load<u32>(at)
      while (passed < equals) {
        equals -= passed
        at += 4
        passed = load<u32>(at)
      }
      last = (last << (below - shift)) | <u32>((at - counts) >>> 2)
      if (shift == 0 || wanted == 0) break
      if (stopped()) return
      below = shift
      shift = shift == 21 ? 10 : 0
      countDigits(scores, count, allowed, counts, last, below, shift)
    }
  }
  const chosen = min(open, wanted)
  store<u32>(<usize>word(params, BEST_CHOSEN) + (<usize>task << 2), chosen)
  if (chosen == 0 || stopped()) return
  take(scores, count, allowed, last, equals, pairs)
  sort(pairs, others, chosen, counts, scores)
}

/** The keys of four scores: a higher score has a lower one. The bits of a positive float ascend with it, those of a negative one descend. */
@inline
function keysOf(scores: usize): v128 {
  const bits = v128.load(scores)
  const descending = v128.andnot(i32x4.splat(i32.MAX_VALUE), i32x4.shr_s(bits, 31))
  const isZero = f32x4.eq(bits, f32x4.splat(0))
  return v128.bitselect(i32x4.splat(i32.MAX_VALUE), v128.xor(bits, descending), isZero)
}

/** Of rows [first, first + 32) those that may be chosen. */
@inline
function openOf(allowed: usize, first: usize, count: usize): u32 {
  const inside = count - first >= 32 ? u32.MAX_VALUE : (<u32>1 << <u32>(count - first)) - 1
  return allowed == 0 ? inside : inside & load<u32>(allowed + (first >>> 3))
}

/** Of the open rows whose key begins with `prefix`, its bits from `below` on, how many have each digit from bit `shift` to `below`; and of all. */
function countDigits(scores: usize, count: usize, allowed: usize, counts: usize, prefix: u32, below: u32, shift: u32): u32 {
  memory.fill(counts, 0, BEST_DIGIT_COUNT << 2)
  const digits = i32x4.splat((1 << (below - shift)) - 1)
  const wanted = i32x4.splat(prefix)
  const prefixed = below < 32
  let total: u32 = 0
  for (let first: usize = 0; first < count; first += 32) {
    let from = scores + (first << 2)
    for (let open = openOf(allowed, first, count); open != 0; open >>>= 4, from += 16) {
      const keys = keysOf(from)
      let these = open & 15
      if (prefixed) these &= i32x4.bitmask(i32x4.eq(i32x4.shr_u(keys, below), wanted))
      if (these == 0) continue
      const at = i32x4.shl(v128.and(i32x4.shr_u(keys, shift), digits), 2)
      if (these & 1) increase(counts + <usize>i32x4.extract_lane(at, 0))
      if (these & 2) increase(counts + <usize>i32x4.extract_lane(at, 1))
      if (these & 4) increase(counts + <usize>i32x4.extract_lane(at, 2))
      if (these & 8) increase(counts + <usize>i32x4.extract_lane(at, 3))
      total += popcnt(these)
    }
  }
  return total
}

/** Key above and row below, u64, of the open rows whose key is less than `last`, and of the first `equals` that have it. What is behind them is no pair's. */
function take(scores: usize, count: usize, allowed: usize, last: u32, equals: u32, pairs: usize): void {
  const worst = i32x4.splat(last)
  let to = pairs
  for (let first: usize = 0; first < count; first += 32) {
    let from = scores + (first << 2)
    let row = first
    for (let open = openOf(allowed, first, count); open != 0; open >>>= 4, from += 16, row += 4) {
      const keys = keysOf(from)
      const these = open & 15 & i32x4.bitmask(i32x4.le_u(keys, worst))
      if (these == 0) continue
      let same = these & i32x4.bitmask(i32x4.eq(keys, worst))
      const equalCount = popcnt(same)
      let left = these
      if (equalCount <= equals) equals -= equalCount
      else {
        for (; equals > 0; equals--) same &= same - 1
        left &= ~same
      }
      store<u64>(to, ((<u64>i32x4.extract_lane(keys, 0)) << 32) | row)
      to += <usize>(left & 1) << 3
      store<u64>(to, ((<u64>i32x4.extract_lane(keys, 1)) << 32) | (row + 1))
      to += <usize>(left & 2) << 2
      store<u64>(to, ((<u64>i32x4.extract_lane(keys, 2)) << 32) | (row + 2))
      to += <usize>(left & 4) << 1
      store<u64>(to, ((<u64>i32x4.extract_lane(keys, 3)) << 32) | (row + 3))
      to += <usize>(left & 8)
    }
  }
}

/** By key, ascending; of equal keys as they come. Their rows, u32, at `rows`. */
function sort(pairs: usize, others: usize, count: u32, counts: usize, rows: usize): void {
  const middle = counts + (BEST_DIGIT_COUNT << 2)
  const upper = middle + (BEST_DIGIT_COUNT << 2)
  memory.fill(counts, 0, BEST_DIGITS << 2)
  const end = pairs + (<usize>count << 3)
  for (let at = pairs; at < end; at += 8) {
    const key = load<u32>(at, 4)
    increase(counts + (<usize>(key & 0x3ff) << 2))
    increase(middle + (<usize>((key >>> 10) & 0x7ff) << 2))
    increase(upper + (<usize>(key >>> 21) << 2))
  }
  placesOf(counts)
  placesOf(middle)
  placesOf(upper)
  if (stopped()) return
  for (let at = pairs; at < end; at += 8) {
    const pair = load<u64>(at)
    store<u64>(others + (<usize>next(counts + (<usize>((pair >>> 32) & 0x3ff) << 2)) << 3), pair)
  }
  if (stopped()) return
  const otherEnd = others + (<usize>count << 3)
  for (let at = others; at < otherEnd; at += 8) {
    const pair = load<u64>(at)
    store<u64>(pairs + (<usize>next(middle + (<usize>((pair >>> 42) & 0x7ff) << 2)) << 3), pair)
  }
  if (stopped()) return
  for (let at = pairs; at < end; at += 8) {
    const pair = load<u64>(at)
    store<u32>(rows + (<usize>next(upper + (<usize>(pair >>> 53) << 2)) << 2), <u32>pair)
  }
}

@inline
function increase(at: usize): void {
  store<u32>(at, load<u32>(at) + 1)
}

@inline
function next(at: usize): u32 {
  const place = load<u32>(at)
  store<u32>(at, place + 1)
  return place
}

/** Counts become where each digit begins. */
function placesOf(counts: usize): void {
  let sum: u32 = 0
  for (let at = counts; at < counts + (BEST_DIGIT_COUNT << 2); at += 4) {
    const count = load<u32>(at)
    store<u32>(at, sum)
    sum += count
  }
}
