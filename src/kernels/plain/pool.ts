/** The plain twins of assembly/pool.ts and assembly/poolScores.ts; and of poolListed (assembly/listed.ts). */
import {
  NEAREST_EVENTS,
  NEAREST_PLACES,
  NEAREST_RARITY,
  NEAREST_STAND_INS,
  NEAREST_STAND_OFFSETS,
  NEAREST_STAND_WEIGHTS,
  NEAREST_STARTS,
  NEAREST_STEPS,
  NEAREST_TWIN_COUNT,
} from '../nearestParameters.ts'
import {
  EXPERT_INVERSE_SCALE,
  EXPERT_KERNEL,
  EXPERT_KERNEL_LENGTH,
  EXPERT_NEAREST,
  EXPERT_OFFSETS,
  EXPERT_ROWS,
  EXPERT_WEIGHT,
  EXPERT_WORDS,
  POOL_BIAS,
  POOL_COMBINATION,
  POOL_EPSILON,
  POOL_EXPERT_COUNT,
  POOL_EXPERTS,
  POOL_GROUP,
  POOL_LOG,
  POOL_NEAR,
  RANK_COLUMN_COUNT,
  RANK_EVENTS,
  RANK_ITEM_COUNT,
  RANK_ITEMS,
  RANK_LISTED_COUNT,
  RANK_MARKS,
  RANK_OFFSETS,
  RANK_POOL,
  RANK_PRIOR,
  RANK_SCORES,
  RANK_SUMS,
  RANK_WORTH,
} from '../parameters.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'
import { shareVotes } from './nearest.ts'

const { fround } = Math

const one = new Float32Array(1)
const bitsOfOne = new Int32Array(one.buffer)

/** The f32 with these bits. */
const floatOf = (bits: number): number => {
  bitsOfOne[0] = bits
  return one[0]
}

/** The coefficients of assembly/transcendentals.ts, highest first. */
const [C3, C2, C1] = [0.2987173, 0.39977542, 0.66666776].map(fround)
const LN2 = fround(Math.LN2)
const SQRT_HALF_BITS = 0x3f3504f3

/** ln(x) of a normal f32 x > 0, by the steps of assembly/transcendentals.ts. */
export function plainLn(x: number): number {
  one[0] = x
  const bits = (bitsOfOne[0] - SQRT_HALF_BITS) | 0
  const m = floatOf(bitsOfOne[0] - (bits & 0xff800000))
  const s = fround(fround(m - 1) / fround(m + 1))
  const z = fround(s * s)
  const high = fround(fround(z * C3) + C2)
  const low = fround(fround(z * C1) + 2)
  const p = fround(low + fround(fround(z * z) * high))
  return fround(fround((bits >> 23) * LN2) + fround(s * p))
}

/** What a kernel finds behind its parameters, of query `query`. */
export function poolOf({ u32, f32 }: PlainMemory, params: number, query: number) {
  const word = (index: number) => u32[params / 4 + index]
  const columns = word(RANK_COLUMN_COUNT)
  const pool = word(RANK_POOL) / 4
  const [from, to] = [0, 1].map(step => u32[word(RANK_OFFSETS) / 4 + query + step])
  const experts = Array.from({ length: u32[pool + POOL_EXPERT_COUNT] }, (_, f) => {
    const place = u32[pool + POOL_EXPERTS] / 4 + f * EXPERT_WORDS
    const sums = word(RANK_SUMS) / 4 + f * (columns + POOL_GROUP)
    return {
      words: u32.subarray(place, place + EXPERT_WORDS),
      weight: f32[place + EXPERT_WEIGHT],
      inverse: f32[place + EXPERT_INVERSE_SCALE],
      sums: f32.subarray(sums, sums + columns + POOL_GROUP),
    }
  })
  return {
    columns,
    experts,
    events: u32.subarray(word(RANK_EVENTS) / 4 + from, word(RANK_EVENTS) / 4 + to),
    scores: f32.subarray(word(RANK_SCORES) / 4 + query * columns).subarray(0, columns),
    prior: f32.subarray(word(RANK_PRIOR) / 4).subarray(0, columns),
    bias: f32.subarray(u32[pool + POOL_BIAS] / 4).subarray(0, columns),
    epsilon: f32[pool + POOL_EPSILON],
    isLog: u32[pool + POOL_COMBINATION] === POOL_LOG,
    isNear: u32[pool + POOL_NEAR] !== 0,
  }
}

export const poolSums: PlainKernel = (memory, params, query) => {
  const { experts, events, isNear } = poolOf(memory, params, query)
  for (const { words, sums } of experts)
    if (words[EXPERT_NEAREST] === 0) scatter(memory, words, events, isNear, sums.fill(0))
    else vote(memory, words, params, events, isNear, sums.fill(0))
}

function vote(
  { u32, f32 }: PlainMemory,
  words: Uint32Array,
  params: number,
  history: Uint32Array,
  near: boolean,
  sums: Float32Array,
) {
  const nearest = u32.subarray(words[EXPERT_NEAREST] / 4)
  const events = near ? new Uint16Array(u32.buffer, nearest[NEAREST_EVENTS]) : u32.subarray(nearest[NEAREST_EVENTS] / 4)
  const starts = u32.subarray(nearest[NEAREST_STARTS] / 4)
  const places = u32.subarray(nearest[NEAREST_PLACES] / 4)
  const itemCount = u32[params / 4 + RANK_ITEM_COUNT]
  const rarity = f32.subarray(nearest[NEAREST_RARITY] / 4).subarray(0, itemCount)
  const standIns = {
    offsets: u32.subarray(nearest[NEAREST_STAND_OFFSETS] / 4).subarray(0, nearest[NEAREST_TWIN_COUNT] + 1),
    items: u32.subarray(nearest[NEAREST_STAND_INS] / 4),
    weights: f32.subarray(nearest[NEAREST_STAND_WEIGHTS] / 4),
  }
  const kernel = f32.subarray(words[EXPERT_KERNEL] / 4).subarray(0, words[EXPERT_KERNEL_LENGTH])
  const [worth, marks] = [
    f32.subarray(u32[params / 4 + RANK_WORTH] / 4),
    new Uint8Array(u32.buffer, u32[params / 4 + RANK_MARKS]),
  ]
  const steps = nearest[NEAREST_STEPS] !== 0
  shareVotes({ events, starts, places, standIns, rarity, kernel, steps }, history, { worth, marks }, sums)
}

export const poolScores: PlainKernel = (memory, params, query) => {
  const { scores, events, prior, bias, ...pool } = poolOf(memory, params, query)
  scores.set(events.length === 0 ? prior : bias)
  if (events.length > 0) for (let item = 0; item < scores.length; item++) addExperts(pool, scores, item)
}

export const poolListed: PlainKernel = (memory, params, query) => {
  const { scores, events, prior, bias, ...pool } = poolOf(memory, params, query)
  const from = memory.u32[params / 4 + RANK_ITEMS] / 4
  for (const item of memory.u32.subarray(from, from + memory.u32[params / 4 + RANK_LISTED_COUNT])) {
    scores[item] = events.length === 0 ? prior[item] : bias[item]
    if (events.length > 0) addExperts(pool, scores, item)
  }
}

function addExperts(
  { experts, epsilon, isLog }: Pick<ReturnType<typeof poolOf>, 'experts' | 'epsilon' | 'isLog'>,
  scores: Float32Array,
  item: number,
): void {
  for (const { sums, inverse, weight } of experts) {
    const share = fround(Math.max(0, sums[item]) * inverse)
    scores[item] += fround(weight * (isLog ? plainLn(fround(share + epsilon)) : share))
  }
}

function scatter(
  { u32, f32 }: PlainMemory,
  words: Uint32Array,
  events: Uint32Array,
  near: boolean,
  sums: Float32Array,
) {
  const u16 = new Uint16Array(u32.buffer)
  const groupWords = near ? 1.5 * POOL_GROUP : 2 * POOL_GROUP
  const weights = new Map<number, number>()
  for (const [k, item] of events.subarray(0, words[EXPERT_KERNEL_LENGTH]).entries())
    weights.set(item, fround((weights.get(item) ?? 0) + f32[words[EXPERT_KERNEL] / 4 + k]))
  for (const [item, weight] of weights) {
    const offset = words[EXPERT_OFFSETS] / 4 + item
    for (let group = u32[offset]; group < u32[offset + 1]; group++) {
      const at = words[EXPERT_ROWS] / 4 + group * groupWords
      for (let x = 0; x < POOL_GROUP; x++) {
        const target = near ? u16[2 * at + x] : u32[at + x]
        sums[target] += fround(weight * f32[at + groupWords - POOL_GROUP + x])
      }
    }
  }
}
