/**
 * What must not be chosen by a query though it is allowed: a table of its own for each, open addressing with linear probing (Knuth, TAOCP 3, §6.4),
 * at most half full. Only what survives the screen is looked up in it, some dozens of items of thousands.
 */
import {
  FACTOR_EVERY_ITEM,
  FACTOR_EXCLUDED_ENDS,
  FACTOR_EXCLUDED_ITEMS,
  FACTOR_EXCLUDED_STARTS,
  FACTOR_FAULT,
  FACTOR_ITEM_COUNT,
  FACTOR_MASK_OF,
  FACTOR_MASK_SIZES,
  FACTOR_MASKED,
  FACTOR_MASKS,
  FACTOR_OPEN_WORDS,
  FACTOR_QUERY_COUNT,
  FACTOR_STRUCK,
  FACTOR_STRUCK_SLOTS_MIN,
  FACTOR_VIEW_COUNT,
} from '../src/kernels/factorParameters'
import { ALLOWED, isAllowed, OPEN, stateOf, STRUCK, STRUCK_LAST, struckSlot } from './queryState'
import { setWord, word } from './words'

/**
 * ALLOWED, STRUCK and OPEN of every query: what its mask has, what its EXCLUDED list strikes (repeats allowed), and how many are left; in a view
 * at least so many. FAULT when the list names an item that the model does not have. One task.
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
      const start = load<u32>(starts + (<usize>q << 2))
      const end = load<u32>(ends + (<usize>q << 2))
      if (end > start) {
        let slots: u32 = FACTOR_STRUCK_SLOTS_MIN
        while (slots < 2 * min(end - start, itemCount)) slots <<= 1
        store<u32>(state, <u32>table, STRUCK)
        store<u32>(state, slots - 1, STRUCK_LAST)
        memory.fill(table, 0xff, <usize>slots << 2)
        for (let i = start; i < end; i++) {
          const item = load<u32>(items + (<usize>i << 2))
          if (item >= itemCount) {
            setWord(params, FACTOR_FAULT, 1)
            return
          }
          const slot = struckSlot(state, item)
          if (load<u32>(slot) == item) continue
          store<u32>(slot, item)
          if (open > 0 && isAllowed(state, item)) open--
        }
        table += <usize>slots << 2
      }
    }
    store<u32>(state, open, OPEN)
  }
}
