/** Rows of G and columns of C as sparse sums (models/pairCounts.ts says of what): the items met, in their order, and a sum for each. */
import {
  PAIRS_AHEAD,
  PAIRS_BEHIND,
  PAIRS_EVENTS,
  PAIRS_KERNEL,
  PAIRS_KERNEL_LENGTH,
  PAIRS_OFFSETS,
  PAIRS_POSITIONS,
  PAIRS_REACH,
  PAIRS_WEIGHTS,
} from '../src/kernels/parameters'
import { stopped, word } from './words'

/** sums[item] += weight; answers the new number of items met. All weights are positive: a sum of 0 means not yet met. */
@inline
function add(sums: usize, met: usize, count: i32, item: usize, weight: f64): i32 {
  const at = sums + (item << 3)
  const before = load<f64>(at)
  store<f64>(at, before + weight)
  if (before != 0) return count
  store<u32>(met + (<usize>count << 2), <u32>item)
  return count + 1
}

/** Row `item` of G into the sums. Without a kernel: how many users have both (every user has an item once). */
export function countGram(pairs: usize, item: i32, sums: usize, met: usize): i32 {
  const K = <i32>word(pairs, PAIRS_KERNEL_LENGTH)
  const aheads = <usize>word(pairs, PAIRS_AHEAD)
  const behinds = <usize>word(pairs, PAIRS_BEHIND)
  const events = <usize>word(pairs, PAIRS_EVENTS)
  const reaches = <usize>word(pairs, PAIRS_REACH)
  const positions = <usize>word(pairs, PAIRS_POSITIONS)
  const offsets = <usize>word(pairs, PAIRS_OFFSETS) + (<usize>item << 2)
  const end = load<u32>(offsets, 4)
  let count = 0
  for (let i = load<u32>(offsets); i < end; i++) {
    const position = <usize>load<u32>(positions + (<usize>i << 2))
    const reach = load<u32>(reaches + (position << 2))
    const before = <i32>(reach & 0xffff)
    const after = <i32>(reach >> 16)
    const event = events + (position << 2)
    if (K == 0) {
      for (let d = -before; d <= after; d++) count = add(sums, met, count, load<u32>(event + (<isize>d << 2)), 1)
    } else if (after > 0) {
      const ahead = aheads + <usize>(after - 1) * K * 8
      const behind = behinds + <usize>(after - 1) * K * 8
      for (let d = 0; d < after; d++) {
        count = add(sums, met, count, load<u32>(event + (<usize>d << 2)), load<f64>(ahead + (<usize>d << 3)))
      }
      for (let d = 1; d <= min(before, K - 1); d++) {
        count = add(sums, met, count, load<u32>(event - (<usize>d << 2)), load<f64>(behind + (<usize>d << 3)))
      }
    }
    if (stopped()) break
  }
  return count
}

/** Column `target` of C into the sums: what came before it. Without a kernel: who has both but the target itself, as EASE has it; either by the target's weight. */
export function countCross(pairs: usize, target: i32, sums: usize, met: usize): i32 {
  const K = <i32>word(pairs, PAIRS_KERNEL_LENGTH)
  const kernel = <usize>word(pairs, PAIRS_KERNEL)
  const shares = <usize>word(pairs, PAIRS_WEIGHTS)
  const events = <usize>word(pairs, PAIRS_EVENTS)
  const reaches = <usize>word(pairs, PAIRS_REACH)
  const positions = <usize>word(pairs, PAIRS_POSITIONS)
  const offsets = <usize>word(pairs, PAIRS_OFFSETS) + (<usize>target << 2)
  const end = load<u32>(offsets, 4)
  let count = 0
  for (let i = load<u32>(offsets); i < end; i++) {
    const position = <usize>load<u32>(positions + (<usize>i << 2))
    const reach = load<u32>(reaches + (position << 2))
    const before = <i32>(reach & 0xffff)
    const event = events + (position << 2)
    const share = shares == 0 ? 1 : <f64>load<f32>(shares + (position << 2))
    if (share == 0) continue // a sum of 0 would mean not yet met
    if (K == 0) {
      const after = <i32>(reach >> 16)
      for (let d = 1; d <= before; d++) count = add(sums, met, count, load<u32>(event - (<usize>d << 2)), share)
      for (let d = 1; d <= after; d++) count = add(sums, met, count, load<u32>(event + (<usize>d << 2)), share)
    } else {
      for (let k = 0; k < before; k++) {
        const weight = share * load<f64>(kernel + (<usize>k << 3))
        count = add(sums, met, count, load<u32>(event - 4 - (<usize>k << 2)), weight)
      }
    }
    if (stopped()) break
  }
  return count
}
