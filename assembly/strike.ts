/**
 * What must not be chosen by a query though it is allowed: a list, and before it a filter of one hash and eight bits an item or more (Bloom 1970), since
 * only what survives the screen is looked up, some dozens of items of thousands, and few of those are struck. What of the list may be in the first groups,
 * whose scores are all looked at (start.ts), is listed by itself: one in some ten, and where the others are among a million items is read from memory.
 */
import {
  FACTOR_CAPACITY,
  FACTOR_EVERY_ITEM,
  FACTOR_EXCLUDED_ENDS,
  FACTOR_EXCLUDED_ITEMS,
  FACTOR_EXCLUDED_STARTS,
  FACTOR_FAULT,
  FACTOR_GROUP,
  FACTOR_ITEM_COUNT,
  FACTOR_ITEM_OF,
  FACTOR_MASK_OF,
  FACTOR_MASK_SIZES,
  FACTOR_MASKED,
  FACTOR_MASKS,
  FACTOR_OPEN_WORDS,
  FACTOR_QUERY_COUNT,
  FACTOR_SMALL,
  FACTOR_SMALL_NEAR,
  FACTOR_START_GROUPS,
  FACTOR_STRUCK,
  FACTOR_STRUCK_BITS_MIN,
  FACTOR_VIEW_COUNT,
  FACTOR_VIEW_POSITIONS,
} from '../src/kernels/factorParameters'
import { entriesOf } from './entries'
import { ALLOWED, OPEN, stateOf, STRUCK, STRUCK_END, STRUCK_LAST, STRUCK_LIST, struckBit } from './queryState'
import { sampleSize } from './sample'
import { setWord, word } from './words'

/** Of the filter of one hash at FACTOR_SMALL_NEAR, of the items of the first groups. */
const NEAR_BITS: u32 = 8192
const NEAR_SHIFT: u32 = 19
/** Of more first places so much would get through that it is not worth asking. */
const NEAR_PLACES_MAX: u32 = 1024
/** In the place of a count of what is near: not known. */
const ANYTHING: u32 = u32.MAX_VALUE

/** Notes which items are in the first groups; false where they are too many, and where with a sample everything has a place that matters. */
function noteNear(params: usize): bool {
  const near = <usize>word(params, FACTOR_SMALL) + FACTOR_SMALL_NEAR
  const places = min(word(params, FACTOR_START_GROUPS) * FACTOR_GROUP, word(params, FACTOR_VIEW_COUNT))
  if (sampleSize(params) > 0 || places > NEAR_PLACES_MAX) return false
  memory.fill(near, 0, NEAR_BITS / 8)
  const items = <usize>word(params, FACTOR_ITEM_OF)
  const positions = <usize>word(params, FACTOR_VIEW_POSITIONS)
  for (let place: u32 = 0; place < places; place++) {
    const bit = struckBit(load<u32>(items + (<usize>load<u32>(positions + (<usize>place << 2)) << 2)), NEAR_SHIFT)
    const to = near + (<usize>(bit >>> 5) << 2)
    store<u32>(to, load<u32>(to) | (1 << (bit & 31)))
  }
  return true
}

/** The query's items that are struck and may be in the first groups: a count, ANYTHING where it is not known, and those items; until the first entry is written. */
@inline
function nearOf(params: usize, query: i32): usize {
  return entriesOf(params, query)
}

/** Anything that is struck may be in the first groups. */
export function forgetNear(params: usize, query: i32): void {
  store<u32>(nearOf(params, query), ANYTHING)
}

/** Addresses of the first item that is struck and may be in the first groups, and behind the last, as two halves of a number. */
export function struckNear(params: usize, query: i32): u64 {
  const near = nearOf(params, query)
  const count = load<u32>(near)
  if (count != ANYTHING) return <u64>(near + 4) | (<u64>(near + 4 + (<usize>count << 2)) << 32)
  const state = stateOf(params, query)
  return load<u32>(state, STRUCK) ? load<u64>(state, STRUCK_LIST) : 0
}

/**
 * ALLOWED of every query, what its EXCLUDED list strikes (repeats allowed), and in OPEN at least how many are left then. FAULT when the list names an item
 * that the model does not have. One task.
 */
export function openItems(params: usize, _task: i32): void {
  const queries = <i32>word(params, FACTOR_QUERY_COUNT)
  const itemCount = word(params, FACTOR_ITEM_COUNT)
  const masked = word(params, FACTOR_MASKED)
  const starts = <usize>word(params, FACTOR_EXCLUDED_STARTS)
  const ends = <usize>word(params, FACTOR_EXCLUDED_ENDS)
  const items = <usize>word(params, FACTOR_EXCLUDED_ITEMS)
  const maskBytes = <usize>word(params, FACTOR_OPEN_WORDS) << 2
  let table = <usize>word(params, FACTOR_STRUCK)
  const noted = starts != 0 && noteNear(params)
  const near = <usize>word(params, FACTOR_SMALL) + FACTOR_SMALL_NEAR
  const nearRoom = (<usize>word(params, FACTOR_CAPACITY) << 3) - 4
  for (let q = 0; q < queries; q++) {
    const state = stateOf(params, q)
    store<u32>(state, word(params, FACTOR_EVERY_ITEM), ALLOWED)
    store<u32>(state, 0, STRUCK)
    let open = word(params, FACTOR_VIEW_COUNT)
    if (masked) {
      const mask = <usize>load<u32>(<usize>word(params, FACTOR_MASK_OF) + (<usize>q << 2))
      store<u32>(state, <u32>(<usize>word(params, FACTOR_MASKS) + mask * maskBytes), ALLOWED)
      open = load<u32>(<usize>word(params, FACTOR_MASK_SIZES) + (mask << 2))
    }
    if (starts) {
      const list = nearOf(params, q)
      let top = list + 4
      const start = load<u32>(starts + (<usize>q << 2))
      const end = load<u32>(ends + (<usize>q << 2))
      if (end > start) {
        const count = end - start
        open -= min(open, count)
        let bits: u32 = FACTOR_STRUCK_BITS_MIN
        while (bits >>> 3 < min(count, itemCount)) bits <<= 1
        store<u32>(state, <u32>table, STRUCK)
        store<u32>(state, bits - 1, STRUCK_LAST)
        store<u32>(state, <u32>(items + (<usize>start << 2)), STRUCK_LIST)
        store<u32>(state, <u32>(items + (<usize>end << 2)), STRUCK_END)
        memory.fill(table, 0, <usize>bits >>> 3)
        const shift = clz(bits - 1)
        for (let at = items + (<usize>start << 2); at < items + (<usize>end << 2); at += 4) {
          const item = load<u32>(at)
          if (item >= itemCount) {
            setWord(params, FACTOR_FAULT, 1)
            return
          }
          const bit = struckBit(item, shift)
          const to = table + (<usize>(bit >>> 5) << 2)
          store<u32>(to, load<u32>(to) | (1 << (bit & 31)))
          // Without a branch: one in some ten is near, and nothing tells which.
          const nearBit = struckBit(item, NEAR_SHIFT)
          store<u32>(top, item)
          top += <usize>((load<u32>(near + (<usize>(nearBit >>> 5) << 2)) >>> (nearBit & 31)) & 1) << 2
          top = min(top, list + nearRoom)
        }
        table += <usize>bits >>> 3
      }
      store<u32>(list, noted && top < list + nearRoom ? <u32>((top - list - 4) >> 2) : ANYTHING)
    }
    store<u32>(state, open, OPEN)
  }
}
