/**
 * What must not be chosen by a query though it is allowed: a list, and before it a filter of one hash and eight bits an item or more (Bloom 1970), since
 * only what survives the screen is looked up, some dozens of items of thousands, and few of those are struck.
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
  FACTOR_STRUCK_BITS_MIN,
  FACTOR_VIEW_COUNT,
} from '../src/kernels/factorParameters'
import { ALLOWED, OPEN, stateOf, STRUCK, STRUCK_END, STRUCK_LAST, STRUCK_LIST, struckBit } from './queryState'
import { setWord, word } from './words'

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
        }
        table += <usize>bits >>> 3
      }
    }
    store<u32>(state, open, OPEN)
  }
}
