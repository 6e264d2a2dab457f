/** The plain twins of assembly/poolEstimate.ts and assembly/poolChoose.ts. */
import {
  POOL_MARGIN,
  RANK_EXCLUDED,
  RANK_GREATEST,
  RANK_ITEM_COUNT,
  RANK_ITEMS,
  RANK_KEYS,
  RANK_MARGIN,
  RANK_POOL,
  RANK_PROBABILITIES,
  RANK_SHARPNESS,
  RANK_TOTAL,
  RANK_WANTED,
  RANK_WORDS,
} from '../parameters.ts'
import type { PlainKernel } from './memory.ts'
import { poolOf, poolScores } from './pool.ts'
import { keyOf, notAbove, plainExp } from './rank.ts'

const { fround } = Math

/** The coefficients of assembly/poolEstimate.ts, by the power they belong to. */
const [LOG_C0, LOG_C1, LOG_C2] = [-127 * 2 ** 23 - 5661283.5, 8595519.6, -2892798.3].map(fround)
const [POWER_C0, POWER_C1, POWER_C2] = [1.0004431, 0.703448, 0.23842894].map(fround)
const LN_UNIT = fround(Math.LN2 / 2 ** 23)
const CHUNK = 1024

const one = new Float32Array(1)
const bitsOfOne = new Int32Array(one.buffer)

/** 2²³ · log2(x) of a normal f32 x > 0, less LOG_C0. */
function plainLog(x: number): number {
  one[0] = x
  const bits = bitsOfOne[0]
  bitsOfOne[0] = (bits & 0x7fffff) | 0x3f800000
  const [m] = one
  return fround(fround(bits) + fround(m * fround(fround(m * LOG_C2) + LOG_C1)))
}

/** 2^x, x ≤ 0. */
function plainPower(x: number): number {
  const y = Math.max(x, -125)
  const magic = 1.5 * 2 ** 23 // adding and subtracting it rounds to the nearest integer, ties to even
  const n = fround(fround(y + magic) - magic)
  const r = fround(y - n)
  return fround(POWER_C0 + fround(r * fround(POWER_C1 + fround(r * POWER_C2)))) * 2 ** n
}

export const poolEstimate: PlainKernel = (memory, params, query) => {
  const { i32, u32, f32, f64 } = memory
  const words = u32.subarray(params / 4, params / 4 + RANK_WORDS)
  const { columns, experts, events, scores, bias, epsilon } = poolOf(memory, params, query)
  const margin = events.length > 0 ? f32[words[RANK_POOL] / 4 + POOL_MARGIN] : 0
  if (margin === 0) poolScores(memory, params, query)
  else {
    const weights = experts.map(({ weight }) => fround(weight * LN_UNIT))
    const constant = weights.reduce((sum, weight) => fround(sum + fround(weight * LOG_C0)), 0)
    for (let j = 0; j < columns; j++) {
      scores[j] = fround(bias[j] + constant)
      for (const [f, { sums, inverse }] of experts.entries()) {
        const share = fround(Math.max(0, sums[j]) * inverse)
        scores[j] += fround(weights[f] * plainLog(fround(share + epsilon)))
      }
    }
  }
  scores.fill(Number.NEGATIVE_INFINITY, words[RANK_ITEM_COUNT])

  const sharpness = f32[params / 4 + RANK_SHARPNESS]
  const binary = fround(sharpness * fround(Math.LOG2E))
  let [greatest, total] = [Number.NEGATIVE_INFINITY, 0]
  for (let from = 0; from < columns; from += CHUNK) {
    const chunk = scores.subarray(from, from + CHUNK)
    const reference = chunk.reduce((a, b) => Math.max(a, b), greatest)
    const lanes = new Float32Array(8)
    for (const [j, score] of chunk.entries()) lanes[j % 8] += plainPower(fround(binary * fround(score - reference)))
    const [a, b, c, d] = [0, 1, 2, 3].map(lane => fround(lanes[lane] + lanes[4 + lane]))
    total = total * plainExp(fround(sharpness * fround(greatest - reference))) + (a + b + (c + d))
    greatest = reference
  }
  f32[params / 4 + RANK_MARGIN] = margin
  f32[params / 4 + RANK_GREATEST] = fround(greatest + margin)
  f64[words[RANK_TOTAL] / 8] = total * plainExp(fround(-sharpness * margin))
  const keys = i32.subarray(words[RANK_KEYS] / 4).subarray(0, columns)
  for (let j = 0; j < columns; j++) keys[j] = keyOf(scores[j])
  keys.fill(RANK_EXCLUDED, words[RANK_ITEM_COUNT])
}

/** By all scores, as they are defined. */
export const poolChoose: PlainKernel = (memory, params, query) => {
  const { i32, u32, f32, f64 } = memory
  const words = u32.subarray(params / 4, params / 4 + RANK_WORDS)
  const { scores } = poolOf(memory, params, query)
  poolScores(memory, params, query)
  const keys = i32.subarray(words[RANK_KEYS] / 4)
  const order = Array.from(scores.keys())
    .filter(item => keys[item] !== RANK_EXCLUDED)
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, words[RANK_WANTED])
  const [sharpness, greatest] = [RANK_SHARPNESS, RANK_GREATEST].map(word => f32[params / 4 + word])
  const weights = order.map(item => plainExp(fround(sharpness * fround(scores[item] - greatest))))
  const total = Math.max(
    f64[words[RANK_TOTAL] / 8],
    weights.reduce((sum, weight) => sum + weight, 0),
  )
  for (const [place, item] of order.entries()) {
    i32[words[RANK_ITEMS] / 4 + place] = item
    f32[words[RANK_PROBABILITIES] / 4 + place] = notAbove(weights[place] / total)
  }
}
