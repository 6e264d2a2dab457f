/** What of a block is copied into a slot's memory: lists of items, and sets of those that may be chosen. */
import * as at from '../kernels/factorParameters.ts'
import { assert } from '../lib/assert.ts'
import { countOnes } from '../lib/packedBits.ts'
import type { PlacedFactors } from './placeFactors.ts'
import type { QueryLists } from './queries.ts'

/** Where lists of a block are copied to. */
interface ListPlace {
  readonly buffer: SharedArrayBuffer
  readonly offsets: Uint32Array
  readonly items: Uint32Array
}

export const listPlace = (
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
export function placeLists(place: ListPlace, lists: QueryLists, from: number, count: number, newest: number) {
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
export function fitting(offsets: Uint32Array, from: number, most: number, room: number): number {
  let count = most
  while (count > 1 && offsets[from + count] - offsets[from] > room) count = Math.ceil(count / 2)
  return count
}

/** The sets of items that queries may choose from, each copied once as long as there is room. */
export function openMasks({ memory, itemCount, masksMax }: PlacedFactors, words: Uint32Array) {
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
    sizes[place] = countOnes(mask)
    places.set(mask, place)
    return place
  }
  const placeOf = (mask: Uint32Array): number => places.get(mask) ?? copy(mask)
  return {
    /** The set, copied; valid until others are. */
    addressOf(mask: Uint32Array): number {
      if (!places.has(mask) && places.size === masksMax) places.clear()
      return words[at.FACTOR_MASKS] + 4 * openWords * placeOf(mask)
    },
    /** MASK_OF of the first queries from `from` on, `most` at most, and how many those are. */
    place(allowed: readonly Uint32Array[], from: number, most: number): number {
      for (let query = 0; query < most; query++) {
        const mask = allowed[from + query]
        if (!places.has(mask) && places.size === masksMax) {
          places.clear()
          if (query > 0) return query
        }
        maskOf[query] = placeOf(mask)
      }
      return most
    },
  }
}
