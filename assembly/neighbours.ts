/**
 * A ridge of every target item on its nearest source items only (models/neighbourhoodRidge.ts). Two kernels, run one after the other:
 *
 *   gramRow        row a of G as a sparse list: the items b < a that occur around a, and G[a][a] apart. Indexes run by descending
 *                  frequency, so that a pair is stored with the rarer of its two items and no list grows with the catalogue.
 *   neighbourRow   the sources A of target j, as many as have room: those with the largest C[i][j]² / (G[i][i] + ridge); then
 *                  (G[A, A] + ridge) x = C[A, j] by Cholesky in f32, and A and x as j's list.
 *
 * The sums of counts are f64, in the order of the item's positions. A list keeps the order in which its items were met. Every task writes
 * to places of its own, so the result does not depend on threads.
 */
import {
  NEAR_DIAGONAL,
  NEAR_FIRST,
  NEAR_GRAM_ITEMS,
  NEAR_GRAM_LENGTHS,
  NEAR_GRAM_OFFSETS,
  NEAR_GRAM_VALUES,
  NEAR_LENGTHS,
  NEAR_OFFSETS,
  NEAR_PAIRS,
  NEAR_SOURCES,
  NEAR_VALUES,
  PAIRS_ITEM_COUNT,
  PAIRS_OFFSETS,
  PAIRS_RIDGE,
} from '../src/kernels/parameters'
import { countCross, countGram } from './neighbourCounts'
import { scratchOf, solveFor } from './neighbourSystem'
import { word } from './words'

/** An importance ≥ 0 and an item as one number: larger where the importance is larger, of equals where the item is lower. */
@inline
function keyOf(importance: f64, item: u32): u64 {
  return ((<u64>reinterpret<u32>(<f32>importance)) << 32) | <u64>(~item)
}

/** A heap with the least on top takes `key` in place of its top. */
function replaceTop(heap: usize, count: i32, key: u64): void {
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= count) break
    if (child + 1 < count && load<u64>(heap + (<usize>child << 3), 8) < load<u64>(heap + (<usize>child << 3))) child++
    const least = load<u64>(heap + (<usize>child << 3))
    if (least >= key) break
    store<u64>(heap + (<usize>at << 3), least)
    at = child
  }
  store<u64>(heap + (<usize>at << 3), key)
}

/** What a source is worth to a target: C² / (G + ridge), the share of the target's variance it explains alone. */
@inline
function worth(cross: f64, diagonal: f64, ridge: usize): f64 {
  return (cross * cross) / (diagonal + load<f64>(ridge) + load<f64>(ridge, 8) * diagonal)
}

export function gramRow(params: usize, row: i32): void {
  const pairs = <usize>word(params, NEAR_PAIRS)
  const n = <usize>word(pairs, PAIRS_ITEM_COUNT)
  const sums = scratchOf(params)
  const met = sums + (n << 3)
  const heap = met + (n << 3)
  const count = countGram(pairs, row, sums, met)
  const first = load<u32>(<usize>word(params, NEAR_GRAM_OFFSETS) + (<usize>row << 2))
  const room = <i32>(load<u32>(<usize>word(params, NEAR_GRAM_OFFSETS) + (<usize>row << 2), 4) - first)
  const frequencies = <usize>word(pairs, PAIRS_OFFSETS)
  store<f64>(<usize>word(params, NEAR_DIAGONAL) + (<usize>row << 3), load<f64>(sums + (<usize>row << 3)))

  // Where there is no room for all, those stay that are large beside the frequency of the other item.
  let wanted = 0
  for (let i = 0; i < count; i++) if (load<u32>(met + (<usize>i << 2)) < <u32>row) wanted++
  let bound: u64 = 0
  if (wanted > room && room > 0) {
    memory.fill(heap, 0, <usize>room << 3)
    for (let i = 0; i < count; i++) {
      const item = load<u32>(met + (<usize>i << 2))
      if (item >= <u32>row) continue
      const sum = load<f64>(sums + (<usize>item << 3))
      const at = frequencies + (<usize>item << 2)
      const key = keyOf((sum * sum) / <f64>(load<u32>(at, 4) - load<u32>(at)), item)
      if (key > load<u64>(heap)) replaceTop(heap, room, key)
    }
    bound = load<u64>(heap)
  }
  const items = <usize>word(params, NEAR_GRAM_ITEMS) + (<usize>first << 2)
  const values = <usize>word(params, NEAR_GRAM_VALUES) + (<usize>first << 2)
  let kept = 0
  for (let i = 0; i < count; i++) {
    const item = load<u32>(met + (<usize>i << 2))
    const place = sums + (<usize>item << 3)
    const sum = load<f64>(place)
    store<f64>(place, 0)
    if (item >= <u32>row || kept == room) continue
    if (bound != 0) {
      const at = frequencies + (<usize>item << 2)
      if (keyOf((sum * sum) / <f64>(load<u32>(at, 4) - load<u32>(at)), item) < bound) continue
    }
    store<u32>(items + (<usize>kept << 2), item)
    store<f32>(values + (<usize>kept << 2), <f32>sum)
    kept++
  }
  store<u32>(<usize>word(params, NEAR_GRAM_LENGTHS) + (<usize>row << 2), kept)
}

/** `task` is the place of the target behind NEAR_FIRST. */
export function neighbourRow(params: usize, task: i32): void {
  const pairs = <usize>word(params, NEAR_PAIRS)
  const n = <usize>word(pairs, PAIRS_ITEM_COUNT)
  const sums = scratchOf(params)
  const met = sums + (n << 3)
  const heap = met + (n << 3)
  const diagonals = <usize>word(params, NEAR_DIAGONAL)
  const ridge = <usize>word(pairs, PAIRS_RIDGE)
  const offsets = <usize>word(params, NEAR_OFFSETS) + (<usize>task << 2)
  const room = <i32>(load<u32>(offsets, 4) - load<u32>(offsets))
  const sources = <usize>word(params, NEAR_SOURCES) + (<usize>load<u32>(offsets) << 2)
  const values = <usize>word(params, NEAR_VALUES) + (<usize>load<u32>(offsets) << 2)
  const count = countCross(pairs, <i32>word(params, NEAR_FIRST) + task, sums, met)

  let bound: u64 = 0
  if (count > room && room > 0) {
    memory.fill(heap, 0, <usize>room << 3)
    for (let i = 0; i < count; i++) {
      const item = load<u32>(met + (<usize>i << 2))
      const key = keyOf(worth(load<f64>(sums + (<usize>item << 3)), load<f64>(diagonals + (<usize>item << 3)), ridge), item)
      if (key > load<u64>(heap)) replaceTop(heap, room, key)
    }
    bound = load<u64>(heap)
  }
  let kept = 0
  for (let i = 0; i < count; i++) {
    const item = load<u32>(met + (<usize>i << 2))
    const place = sums + (<usize>item << 3)
    const sum = load<f64>(place)
    store<f64>(place, 0)
    if (kept == room) continue
    if (bound != 0 && keyOf(worth(sum, load<f64>(diagonals + (<usize>item << 3)), ridge), item) < bound) continue
    store<u32>(sources + (<usize>kept << 2), item)
    store<f32>(values + (<usize>kept << 2), <f32>sum)
    kept++
  }
  solveFor(params, sources, values, kept)
  store<u32>(<usize>word(params, NEAR_LENGTHS) + (<usize>task << 2), kept)
}
