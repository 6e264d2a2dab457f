/**
 * What others did next where they had just done what a history ends with (src/models/nearestSequences.ts; src/kernels/plain/nearest.ts is the definition).
 * On real histories that is 1250 places, of which each waits for a line or two of the events, and 4200 votes. How far a walk goes is a matter of chance, which no
 * processor foresees: so every walk looks at all NEAREST_BEYOND events, and those without a vote add 0.
 */
import {
  NEAREST_ANCHOR,
  NEAREST_ANCHORS,
  NEAREST_BEHIND,
  NEAREST_BEYOND,
  NEAREST_DECAYS,
  NEAREST_EVENTS,
  NEAREST_PLACES,
  NEAREST_PLACES_MAX,
  NEAREST_RARITY,
  NEAREST_SEEN,
  NEAREST_STAND_INS,
  NEAREST_STAND_OFFSETS,
  NEAREST_STAND_WEIGHTS,
  NEAREST_STARTS,
  NEAREST_STEPS,
  NEAREST_TWIN_COUNT,
  NEAREST_TWINS,
} from '../src/kernels/nearestParameters'
import {
  EXPERT_KERNEL,
  EXPERT_KERNEL_LENGTH,
  EXPERT_NEAREST,
  RANK_COLUMN_COUNT,
  RANK_ITEM_COUNT,
  RANK_MARKS,
  RANK_SUMS_OF_WEIGHTS,
  RANK_WORTH,
} from '../src/kernels/parameters'
import { word } from './words'

/** Places whose events are brought near before they are read (pool.ts says why). */
const TOUCHED_PLACES: usize = 32

/** What was touched, as in pool.ts. */
export let touchedEvents: i32 = 0

/** An item's share of the votes to `sums`, f32[columns] of zeros, of `count` events, newest first. WORTH and MARKS are left as they came. */
export function addVotes(params: usize, expert: usize, events: usize, count: i32, near: bool, sums: usize): void {
  const nearest = <usize>word(expert, EXPERT_NEAREST)
  const worth = <usize>word(params, RANK_WORTH)
  const marks = <usize>word(params, RANK_MARKS)
  const reach = min(count, <i32>word(expert, EXPERT_KERNEL_LENGTH))
  const items = word(params, RANK_ITEM_COUNT)
  const twinCount = word(nearest, NEAREST_TWIN_COUNT)
  const twins = <usize>word(nearest, NEAREST_TWINS)
  if (twinCount > 0) {
    const taken = <usize>word(params, RANK_SUMS_OF_WEIGHTS)
    takeFor(events, reach, twins, items - twinCount, taken)
    events = taken
  }
  const last = events + (<usize>reach << 2)
  const seen = word(nearest, NEAREST_STEPS) != 0 ? NEAREST_SEEN : 0
  weigh(<usize>word(expert, EXPERT_KERNEL), <usize>word(nearest, NEAREST_RARITY), events, last, worth, marks, seen)
  let found = 0
  let end = events
  for (; end < last && found < NEAREST_ANCHORS; end += 4) {
    const item = marks + <usize>load<u32>(end)
    if (load<u8>(item) == NEAREST_ANCHOR) continue
    store<u8>(item, NEAREST_ANCHOR)
    found++
  }
  let total: f64 = 0
  let placesMax: u32 = NEAREST_PLACES_MAX
  for (let at = events; at < end; at += 4) {
    const anchor = load<u32>(at)
    if (isBetween(events, at, anchor)) continue
    total = near
      ? walk(nearest, anchor, placesMax, worth, marks, sums, total, true)
      : walk(nearest, anchor, placesMax, worth, marks, sums, total, false)
    placesMax >>= 1
  }
  for (let at = events; at < last; at += 4) {
    const item = <usize>load<u32>(at)
    store<f32>(worth + (item << 2), 0)
    store<u8>(marks + item, 0)
  }
  if (total == 0) return
  const inverse = f32x4.splat(<f32>(1 / total))
  const stop = sums + (<usize>word(params, RANK_COLUMN_COUNT) << 2)
  for (let at = sums; at < stop; at += 16) v128.store(at, f32x4.mul(v128.load(at), inverse))
  if (twinCount > 0) mixNew(nearest, sums, sums + (<usize>(items - twinCount) << 2), twinCount)
}

/** The shares of the last items, which are 0, made of others'. */
function mixNew(nearest: usize, sums: usize, to: usize, count: u32): void {
  const offsets = <usize>word(nearest, NEAREST_STAND_OFFSETS)
  const items = <usize>word(nearest, NEAREST_STAND_INS)
  const weights = <usize>word(nearest, NEAREST_STAND_WEIGHTS)
  let at = <usize>load<u32>(offsets) << 2
  for (let c: usize = 0; c < <usize>count << 2; c += 4) {
    let sum: f32 = 0
    for (const end = <usize>load<u32>(offsets + c, 4) << 2; at < end; at += 4)
      sum += load<f32>(weights + at) * load<f32>(sums + (<usize>load<u32>(items + at) << 2))
    store<f32>(to + c, sum)
  }
}

/** `count` events, each for the item that it is taken for, those from `known` on for their twins. */
function takeFor(events: usize, count: i32, twins: usize, known: u32, taken: usize): void {
  for (let k: usize = 0; k < <usize>count << 2; k += 4) {
    const item = load<u32>(events + k)
    store<u32>(taken + k, item < known ? item : load<u32>(twins + (<usize>(item - known) << 2)))
  }
}

/** What the items of a history are worth, by the newest event of each, and that they have been seen. */
function weigh(kernel: usize, rarity: usize, events: usize, last: usize, worth: usize, marks: usize, seen: i32): void {
  for (let at = last; at > events; ) {
    at -= 4
    const item = <usize>load<u32>(at)
    store<f32>(worth + (item << 2), load<f32>(kernel + (at - events)) * load<f32>(rarity + (item << 2)))
    store<u8>(marks + item, <u8>seen)
  }
}

/** Whether an item stands among the events [from, to). */
function isBetween(from: usize, to: usize, item: u32): bool {
  for (; from < to; from += 4) if (load<u32>(from) == item) return true
  return false
}

/** Of somebody's event, `step` after the one at `at`. */
@inline
function itemAt(at: usize, step: usize, near: bool): usize {
  return near ? <usize>load<u16>(at + (step << 1)) : <usize>load<u32>(at + (step << 2))
}

@inline
function worth4(worth: usize, at: usize, step: usize, near: bool): v128 {
  const w0 = v128.load32_zero(worth + (itemAt(at, step, near) << 2))
  const w1 = v128.load32_lane(worth + (itemAt(at, step + 1, near) << 2), w0, 1)
  const w2 = v128.load32_lane(worth + (itemAt(at, step + 2, near) << 2), w1, 2)
  return v128.load32_lane(worth + (itemAt(at, step + 3, near) << 2), w2, 3)
}

/** Something of every cache line that these places need. */
@inline
function touch(events: usize, place: usize, stop: usize, step: usize, near: bool): i32 {
  const width: usize = near ? 2 : 4
  let bits: i32 = 0
  for (; place < stop; place += step) {
    const at = events + <usize>load<u32>(place) * width
    bits |= load<i32>(at) | load<i32>(at + <usize>(NEAREST_BEHIND + NEAREST_BEYOND) * width - 4)
  }
  return bits
}

/** The votes from the places of an anchor, `placesMax` at most; answers `total` and them. */
@inline
function walk(
  nearest: usize, anchor: u32, placesMax: u32, worth: usize, marks: usize, sums: usize, total: f64, near: bool,
): f64 {
  const width: usize = near ? 2 : 4
  const starts = <usize>word(nearest, NEAREST_STARTS) + (<usize>anchor << 2)
  const places = <usize>word(nearest, NEAREST_PLACES)
  const events = <usize>word(nearest, NEAREST_EVENTS) - <usize>(NEAREST_BEHIND - 1) * width
  const decays = <usize>word(nearest, NEAREST_DECAYS)
  const d0 = v128.load(decays)
  const d1 = v128.load(decays, 16)
  const d2 = v128.load(decays, 32)
  let place = places + (<usize>load<u32>(starts) << 2)
  const end = places + (<usize>load<u32>(starts, 4) << 2)
  const step = <usize>((load<u32>(starts, 4) - load<u32>(starts) + placesMax - 1) / placesMax) << 2
  while (place < end) {
    const stop = min(end, place + step * TOUCHED_PLACES)
    touchedEvents = touch(events, place, stop, step, near)
    for (; place < stop; place += step) {
      let at = events + <usize>load<u32>(place) * width
      const old = f32x4.mul(d0, worth4(worth, at, 0, near))
      const middle = f32x4.add(old, f32x4.mul(d1, worth4(worth, at, 4, near)))
      const all = f32x4.add(middle, f32x4.mul(d2, worth4(worth, at, 8, near)))
      const low = f32x4.extract_lane(all, 0) + f32x4.extract_lane(all, 1)
      const nearness = low + (f32x4.extract_lane(all, 2) + f32x4.extract_lane(all, 3))
      const square = nearness * nearness
      const vote = square * square
      const bits = reinterpret<i32>(vote)
      at += <usize>NEAREST_BEHIND * width
      let open: i32 = -1
      let votes: i32 = 0
      for (const last = at + <usize>NEAREST_BEYOND * width; at < last; at += width) {
        const item = itemAt(at, 0, near)
        const mark = <i32>load<u8>(marks + item)
        open &= i32(mark == NEAREST_ANCHOR) - 1
        const takes = open & (i32(mark != 0) - 1)
        const sum = sums + (item << 2)
        store<f32>(sum, load<f32>(sum) + reinterpret<f32>(bits & takes))
        votes -= takes
      }
      total += <f64>vote * <f64>votes
    }
  }
  return total
}
