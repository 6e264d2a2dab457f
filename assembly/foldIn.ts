/** From what is asked to the vectors that are compared with items: histories folded in. */
import {
  FACTOR_BIAS,
  FACTOR_DIMENSION,
  FACTOR_ENDS,
  FACTOR_EVENTS,
  FACTOR_FAULT,
  FACTOR_ITEM_COUNT,
  FACTOR_KERNEL_COUNT,
  FACTOR_KERNEL_OFFSETS,
  FACTOR_KERNELS,
  FACTOR_QUERIES,
  FACTOR_QUERY_COUNT,
  FACTOR_QUERY_FLOATS,
  FACTOR_SOURCE_FLOATS,
  FACTOR_SOURCES,
  FACTOR_STARTS,
} from '../src/kernels/factorParameters'
import { MODE, PRIOR, SCREENED, stateOf } from './queryState'
import { setWord, word } from './words'

/**
 * Query `query` of the block: QUERIES[query] = Σ_f Σ_k kernels[f][k] · sources[f, event k places before the newest], f ascending, then k, from
 * +0; the bias's component is 1. MODE becomes SCREENED, or PRIOR where there are no events. FAULT when an event is none of the model's.
 */
export function foldIn(params: usize, query: i32): void {
  const start = load<u32>(<usize>word(params, FACTOR_STARTS) + (<usize>query << 2))
  const end = load<u32>(<usize>word(params, FACTOR_ENDS) + (<usize>query << 2))
  const state = stateOf(params, query)
  store<u32>(state, start == end ? PRIOR : SCREENED, MODE)
  const queryFloats = <usize>word(params, FACTOR_QUERY_FLOATS)
  const to = <usize>word(params, FACTOR_QUERIES) + <usize>query * (queryFloats << 2)
  memory.fill(to, 0, queryFloats << 2)
  const events = <usize>word(params, FACTOR_EVENTS)
  const itemCount = word(params, FACTOR_ITEM_COUNT)
  for (let at = start; at < end; at++) {
    if (load<u32>(events + (<usize>at << 2)) < itemCount) continue
    setWord(params, FACTOR_FAULT, 1)
    return
  }

  const sourceBytes = <usize>word(params, FACTOR_SOURCE_FLOATS) << 2
  let at: usize = 0
  for (; at + 128 <= sourceBytes; at += 128) addUp32(params, to + at, at, events, start, end)
  for (; at < sourceBytes; at += 32) addUp8(params, to + at, at, events, start, end)
  if (word(params, FACTOR_BIAS)) store<f32>(to + (<usize>(word(params, FACTOR_DIMENSION) - 1) << 2), 1)
}

/** Components [inRow / 4, inRow / 4 + 32) of a query. */
function addUp32(params: usize, to: usize, inRow: usize, events: usize, start: u32, end: u32): void {
  const rowBytes = <usize>word(params, FACTOR_SOURCE_FLOATS) << 2
  const tableBytes = rowBytes * word(params, FACTOR_ITEM_COUNT)
  const kernels = <usize>word(params, FACTOR_KERNELS)
  const offsets = <usize>word(params, FACTOR_KERNEL_OFFSETS)
  const zero = f32x4.splat(0)
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero
  let table = <usize>word(params, FACTOR_SOURCES) + inRow
  for (let f: u32 = 0; f < word(params, FACTOR_KERNEL_COUNT); f++) {
    const first = load<u32>(offsets + (<usize>f << 2))
    const length = min(load<u32>(offsets + (<usize>f << 2), 4) - first, end - start)
    let kernel = kernels + (<usize>first << 2)
    let event = events + (<usize>end << 2)
    const oldest = event - (<usize>length << 2)
    while (event > oldest) {
      event -= 4
      const row = table + <usize>load<u32>(event) * rowBytes
      const weight = v128.load32_splat(kernel)
      s0 = f32x4.relaxed_madd(weight, v128.load(row), s0)
      s1 = f32x4.relaxed_madd(weight, v128.load(row, 16), s1)
      s2 = f32x4.relaxed_madd(weight, v128.load(row, 32), s2)
      s3 = f32x4.relaxed_madd(weight, v128.load(row, 48), s3)
      s4 = f32x4.relaxed_madd(weight, v128.load(row, 64), s4)
      s5 = f32x4.relaxed_madd(weight, v128.load(row, 80), s5)
      s6 = f32x4.relaxed_madd(weight, v128.load(row, 96), s6)
      s7 = f32x4.relaxed_madd(weight, v128.load(row, 112), s7)
      kernel += 4
    }
    table += tableBytes
  }
  v128.store(to, s0)
  v128.store(to, s1, 16)
  v128.store(to, s2, 32)
  v128.store(to, s3, 48)
  v128.store(to, s4, 64)
  v128.store(to, s5, 80)
  v128.store(to, s6, 96)
  v128.store(to, s7, 112)
}

/** The same of 8 components. */
function addUp8(params: usize, to: usize, inRow: usize, events: usize, start: u32, end: u32): void {
  const rowBytes = <usize>word(params, FACTOR_SOURCE_FLOATS) << 2
  const tableBytes = rowBytes * word(params, FACTOR_ITEM_COUNT)
  const kernels = <usize>word(params, FACTOR_KERNELS)
  const offsets = <usize>word(params, FACTOR_KERNEL_OFFSETS)
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0)
  let table = <usize>word(params, FACTOR_SOURCES) + inRow
  for (let f: u32 = 0; f < word(params, FACTOR_KERNEL_COUNT); f++) {
    const first = load<u32>(offsets + (<usize>f << 2))
    const length = min(load<u32>(offsets + (<usize>f << 2), 4) - first, end - start)
    let kernel = kernels + (<usize>first << 2)
    let event = events + (<usize>end << 2)
    const oldest = event - (<usize>length << 2)
    while (event > oldest) {
      event -= 4
      const row = table + <usize>load<u32>(event) * rowBytes
      const weight = v128.load32_splat(kernel)
      s0 = f32x4.relaxed_madd(weight, v128.load(row), s0)
      s1 = f32x4.relaxed_madd(weight, v128.load(row, 16), s1)
      kernel += 4
    }
    table += tableBytes
  }
  v128.store(to, s0)
  v128.store(to, s1, 16)
}
