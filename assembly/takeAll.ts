/** The first entries of a query, all at once: sorted by counting, for each, how many are greater. */
import { FACTOR_SMALL, FACTOR_WANTED } from '../src/kernels/factorParameters'
import { itemOf, scoreOf, take } from './entries'
import { FOUND, THRESHOLD } from './queryState'
import { word } from './words'

/** Entries that takeAll takes at most, a multiple of 16. */
export const TAKEN_MAX = 160

/** In FACTOR_SMALL: the scores of entries by themselves, i32[TAKEN_MAX]; how many are greater than each, u32[TAKEN_MAX], and an entry. */
const KEYS: usize = 6144
const GREATER: usize = KEYS + 4 * TAKEN_MAX

/**
 * Takes in the entries in [list, top), at most TAKEN_MAX, behind which there is room for 3, at most FACTOR_SORTED_MAX being wanted. When they are
 * the first, an entry's place is the number of greater scores; others, and where two scores are alike, are taken one by one.
 */
export function takeAll(params: usize, state: usize, entries: usize, list: usize, top: usize): void {
  const count = <u32>((top - list) >> 3)
  if (load<u32>(state, FOUND) > 0 || !placeByScore(params, entries, list, count)) {
    for (let at = list; at < top; at += 8) take(params, state, entries, scoreOf(load<i64>(at)), itemOf(load<i64>(at)))
    return
  }
  const wanted = word(params, FACTOR_WANTED)
  const found = min<u32>(wanted, count)
  store<u32>(state, found, FOUND)
  if (found == wanted) store<f32>(state, scoreOf(load<i64>(entries + (<usize>(wanted - 1) << 3))), THRESHOLD)
}

/**
 * Puts the greatest WANTED of the entries at `list` where the number of greater scores says. Where two scores are alike, some number is
 * missing among the places: then the answer is false, and what was written is worth nothing.
 */
function placeByScore(params: usize, entries: usize, list: usize, count: u32): bool {
  const keys = <usize>word(params, FACTOR_SMALL) + KEYS
  const greater = <usize>word(params, FACTOR_SMALL) + GREATER
  const end = keys + (<usize>count << 2)
  for (let to = keys, at = list; to < end; to += 16, at += 32) {
    v128.store(to, v128.shuffle<i32>(v128.load(at), v128.load(at, 16), 1, 3, 5, 7))
  }
  for (let row: usize = 0; row < <usize>count << 2; row += 64) {
    const k0 = v128.load(keys + row), k1 = v128.load(keys + row, 16), k2 = v128.load(keys + row, 32), k3 = v128.load(keys + row, 48)
    let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0
    for (let at = keys; at < end; at += 4) {
      const key = v128.load32_splat(at)
      c0 = i32x4.sub(c0, i32x4.gt_s(key, k0))
      c1 = i32x4.sub(c1, i32x4.gt_s(key, k1))
      c2 = i32x4.sub(c2, i32x4.gt_s(key, k2))
      c3 = i32x4.sub(c3, i32x4.gt_s(key, k3))
    }
    v128.store(greater + row, c0)
    v128.store(greater + row, c1, 16)
    v128.store(greater + row, c2, 32)
    v128.store(greater + row, c3, 48)
  }
  const wanted = word(params, FACTOR_WANTED)
  const beside = greater + 4 * TAKEN_MAX
  let sum: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const place = load<u32>(greater + (<usize>i << 2))
    sum += place
    // Which are too many nothing tells, so that a branch would be a guess.
    const to = select<usize>(entries + (<usize>place << 3), beside, place < wanted)
    store<i64>(to, load<i64>(list + (<usize>i << 3)))
  }
  return 2 * sum == count * (count - 1)
}
