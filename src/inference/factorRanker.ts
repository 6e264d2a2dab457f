/**
 * Histories in, the best items and their probabilities out: exact, block by block, on the calling thread. For factor models.
 *
 *   query        Σ_f Σ_k kernels[f][k] · sources[f, event k places before the newest], added up in f32, f ascending, then k
 *   score        query · item over the factors ascending, then the bias, in f32: one order of summation (assembly/exactScores.ts)
 *   order        score descending, then item index ascending: exactly that, though few items are scored at all (assembly/screen.ts)
 *   probability  exp(sharpness · score) over its sum over the whole catalogue, excluded items too; the sum is estimated (assembly/estimate.ts),
 *                or exact where the model was placed so
 *
 * Lists that lie in the model's own memory are read where they are; others are copied. Results are views of that memory where they fit
 * (PlacedFactors.resultCells).
 */
import { capacityOf, START_GROUPS_MAX } from '../kernels/factorMemory.ts'
import * as at from '../kernels/factorParameters.ts'
import { instantiate } from '../kernels/load.ts'
import { assert } from '../lib/assert.ts'
import type { PlacedFactors } from './placeFactors.ts'
import { type QueryBlock, type QueryLists, type RankedBlock, type Ranker, rankedBlock } from './queries.ts'

/** Items from whose scores a threshold starts, for each of the best that are wanted: for k up to FACTOR_SORTED_MAX, and above. */
const START_SHARE = { few: 8, many: 6 }

/** One for each thread, on a slot of its own: slot < placeFactors's `threads`. */
export function openFactorRanker(placed: PlacedFactors, slot: number): Ranker {
  const { memory, itemCount, entryCount, resultCells, excludedMax } = placed
  const { buffer } = memory
  const places = placed.slots[slot]
  assert(
    places !== undefined,
    `the model was placed for ${placed.slots.length} threads, slot ${slot} is not among them`,
  )
  const { params } = places
  const kernels = instantiate(placed.module, memory, slot)
  const words = new Uint32Array(buffer, params, at.FACTOR_WORDS)
  const history = listPlace(
    buffer,
    [places.historyOffsets, places.historyItems],
    placed.blockSize,
    placed.blockSize * placed.historyLength,
  )
  const struck = listPlace(buffer, [places.excludedOffsets, places.excludedItems], placed.blockSize, excludedMax)
  const masks = openMasks(placed, words)
  const everyScore = new Float32Array(buffer, words[at.FACTOR_EVERY_SCORE], itemCount)
  const prior = new Float32Array(buffer, words[at.FACTOR_PRIOR], itemCount)

  const viewsAt = (cell: number, query: number, count: number, k: number): RankedBlock => ({
    counts: new Uint32Array(buffer, places.counts + 4 * query, count),
    items: new Int32Array(buffer, places.items + 4 * cell, count * k),
    probabilities: new Float32Array(buffer, places.probabilities + 4 * cell, count * k),
  })

  /** Queries [from, from + count) of the block as vectors. */
  const fold = (lists: QueryLists, from: number, count: number): void => {
    const { starts, items } = placeLists(history, lists, from, count, placed.historyLength)
    words[at.FACTOR_STARTS] = starts
    words[at.FACTOR_ENDS] = starts + 4
    words[at.FACTOR_EVENTS] = items
    words[at.FACTOR_QUERY_COUNT] = count
    words[at.FACTOR_FAULT] = 0
    for (let query = 0; query < count; query++) kernels.foldIn(params, query)
    assert(words[at.FACTOR_FAULT] === 0, 'a history names an item that the model does not have')
  }

  /** What may be chosen by queries [from, from + count), of which the masks are there. */
  const restrict = ({ allowed, excluded }: QueryBlock, from: number, count: number): void => {
    words[at.FACTOR_MASKED] = allowed ? 1 : 0
    const place = excluded && placeLists(struck, excluded, from, count, Number.POSITIVE_INFINITY)
    words[at.FACTOR_EXCLUDED_STARTS] = place?.starts ?? 0
    words[at.FACTOR_EXCLUDED_ENDS] = place ? place.starts + 4 : 0
    words[at.FACTOR_EXCLUDED_ITEMS] = place?.items ?? 0
    kernels.openItems(params, 0)
    assert(words[at.FACTOR_FAULT] === 0, 'an exclusion names an item that the model does not have')
  }

  return {
    rank(block) {
      const { count, k, allowed, excluded } = block
      assert(Number.isInteger(k) && k >= 1 && k <= itemCount, `k is ${k}; 1 to ${itemCount} was expected`)
      assert(block.offsets.length > count)
      assert(!excluded || excluded.offsets.length > count)
      assert(!allowed || allowed.length >= count)
      const stays = count * k <= resultCells
      const ranked = stays ? viewsAt(0, 0, count, k) : rankedBlock(count, k)
      const capacity = capacityOf(k, itemCount)
      const size = Math.min(placed.blockSize, Math.floor(entryCount / capacity), Math.floor(resultCells / k))
      words[at.FACTOR_WANTED] = k
      words[at.FACTOR_CAPACITY] = capacity
      words[at.FACTOR_START_GROUPS] = Math.min(
        words[at.FACTOR_GROUP_COUNT],
        START_GROUPS_MAX,
        Math.ceil(((k <= at.FACTOR_SORTED_MAX ? START_SHARE.few : START_SHARE.many) * k) / at.FACTOR_GROUP),
      )
      let from = 0
      while (from < count) {
        const most = excluded
          ? fitting(excluded.offsets, from, Math.min(size, count - from), excludedMax)
          : Math.min(size, count - from)
        const part = allowed ? masks.place(allowed, from, most) : most
        const [cell, query] = stays ? [from * k, from] : [0, 0]
        words[at.FACTOR_ITEMS] = places.items + 4 * cell
        words[at.FACTOR_PROBABILITIES] = places.probabilities + 4 * cell
        words[at.FACTOR_COUNTS] = places.counts + 4 * query
        fold(block, from, part)
        restrict(block, from, part)
        kernels.bestOf(params, 0)
        if (words[at.FACTOR_EXACT_TOTALS] !== 0) kernels.sumWeights(params, 0)
        kernels.shares(params, 0)
        if (!stays) {
          const views = viewsAt(0, 0, part, k)
          ranked.counts.set(views.counts, from)
          ranked.items.set(views.items, from * k)
          ranked.probabilities.set(views.probabilities, from * k)
        }
        from += part
      }
      return ranked
    },
    scoreAll(items) {
      if (items.length === 0) everyScore.set(prior)
      else {
        fold({ offsets: Uint32Array.of(0, items.length), items }, 0, 1)
        kernels.scoreItems(params, 0)
      }
      return everyScore
    },
  }
}

/** Where lists of a block are copied to. */
interface ListPlace {
  readonly buffer: SharedArrayBuffer
  readonly offsets: Uint32Array
  readonly items: Uint32Array
}

const listPlace = (
  buffer: SharedArrayBuffer,
  [offsets, items]: readonly [number, number],
  blockSize: number,
  itemsMax: number,
): ListPlace => ({
  buffer,
  offsets: new Uint32Array(buffer, offsets, blockSize + 1),
  items: new Uint32Array(buffer, items, itemsMax),
})

const isPlaced = ({ offsets, items }: QueryLists, buffer: SharedArrayBuffer) =>
  offsets.buffer === buffer && items.buffer === buffer

/**
 * Addresses of the offsets of lists [from, from + count) and of the items they count from; of a list that is copied, its last `newest`.
 * A list that is too long to be copied is alone, and is copied without its repeats.
 */
function placeLists(place: ListPlace, lists: QueryLists, from: number, count: number, newest: number) {
  if (isPlaced(lists, place.buffer))
    return { starts: lists.offsets.byteOffset + 4 * from, items: lists.items.byteOffset }
  const [first, last] = [lists.offsets[from], lists.offsets[from + count]]
  if (newest === Number.POSITIVE_INFINITY && last - first <= place.items.length) {
    place.items.set(lists.items.subarray(first, last))
    for (let q = 1; q <= count; q++) place.offsets[q] = lists.offsets[from + q] - first
    return { starts: place.offsets.byteOffset, items: place.items.byteOffset }
  }
  let top = 0
  for (let q = 0; q < count; q++) {
    const end = lists.offsets[from + q + 1]
    const start = Math.max(lists.offsets[from + q], end - newest)
    if (end - start > place.items.length) {
      const distinct = [...new Set(lists.items.subarray(start, end))]
      assert(distinct.length <= place.items.length - top, 'a list has at most every item')
      place.items.set(distinct, top)
      top += distinct.length
    } else for (let i = start; i < end; i++) place.items[top++] = lists.items[i]
    place.offsets[q + 1] = top
  }
  return { starts: place.offsets.byteOffset, items: place.items.byteOffset }
}

/** How many of the lists from `from` on, `most` at most, have `room` items together; one always has, since repeats can go. */
function fitting(offsets: Uint32Array, from: number, most: number, room: number): number {
  let count = most
  while (count > 1 && offsets[from + count] - offsets[from] > room) count = Math.ceil(count / 2)
  return count
}

/** The sets of items that queries may choose from, each copied once as long as there is room. */
function openMasks({ memory, itemCount, masksMax }: PlacedFactors, words: Uint32Array) {
  const openWords = words[at.FACTOR_OPEN_WORDS]
  const bits = new Uint32Array(memory.buffer, words[at.FACTOR_MASKS], masksMax * openWords)
  const sizes = new Uint32Array(memory.buffer, words[at.FACTOR_MASK_SIZES], masksMax)
  const maskOf = new Uint32Array(memory.buffer, words[at.FACTOR_MASK_OF])
  const places = new Map<Uint32Array, number>()
  const copy = (mask: Uint32Array): number => {
    assert(mask.length === Math.ceil(itemCount / 32), 'a set of items has a bit for each')
    assert(itemCount % 32 === 0 || mask[mask.length - 1] >>> (itemCount % 32) === 0, 'no item is beyond the last')
    const place = places.size
    bits.set(mask, place * openWords)
    sizes[place] = sizeOf(mask)
    places.set(mask, place)
    return place
  }
  return {
    /** MASK_OF of the first queries from `from` on, `most` at most, and how many those are. */
    place(allowed: readonly Uint32Array[], from: number, most: number): number {
      for (let query = 0; query < most; query++) {
        const mask = allowed[from + query]
        const there = places.get(mask)
        if (there === undefined && places.size === masksMax) {
          places.clear()
          if (query > 0) return query
        }
        maskOf[query] = there ?? copy(mask)
      }
      return most
    },
  }
}

/** Bits of a word counted in parallel (Warren, Hacker's Delight, §5-1). */
function sizeOf(set: Uint32Array): number {
  let count = 0
  for (let word = 0; word < set.length; word++) {
    let bits = set[word]
    bits -= (bits >>> 1) & 0x55555555
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
    count += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}
