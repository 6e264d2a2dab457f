/** The plain twin of assembly/pool.ts. */
import {
  EXPERT_INVERSE_SCALE,
  EXPERT_KERNEL,
  EXPERT_KERNEL_LENGTH,
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
  RANK_OFFSETS,
  RANK_POOL,
  RANK_PRIOR,
  RANK_SCORES,
  RANK_SUMS,
} from '../parameters.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

const { fround } = Math

const one = new Float32Array(1)
const bitsOfOne = new Int32Array(one.buffer)

/** The f32 with these bits. */
const floatOf = (bits: number): number => {
  bitsOfOne[0] = bits
  return one[0]
}

/** The coefficients of assembly/pool.ts, highest first. */
const [C3, C2, C1] = [0.2987173, 0.39977542, 0.66666776].map(fround)
const LN2 = fround(Math.LN2)
const SQRT_HALF_BITS = 0x3f3504f3

/** ln(x) of a normal f32 x > 0, by the steps of assembly/pool.ts. */
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

export const poolScores: PlainKernel = (memory, params, query) => {
  const { u32, f32 } = memory
  const word = (block: number, index: number) => u32[block / 4 + index]
  const columns = word(params, RANK_COLUMN_COUNT)
  const scores = f32.subarray(word(params, RANK_SCORES) / 4 + query * columns).subarray(0, columns)
  const [from, to] = [0, 1].map(step => u32[word(params, RANK_OFFSETS) / 4 + query + step])
  const pool = word(params, RANK_POOL)
  const start = from === to ? word(params, RANK_PRIOR) : word(pool, POOL_BIAS)
  scores.set(f32.subarray(start / 4, start / 4 + columns))
  if (from === to) return
  const events = u32.subarray(word(params, RANK_EVENTS) / 4 + from, word(params, RANK_EVENTS) / 4 + to)
  const sums = f32.subarray(word(params, RANK_SUMS) / 4, word(params, RANK_SUMS) / 4 + columns + POOL_GROUP)
  const epsilon = f32[pool / 4 + POOL_EPSILON]
  for (let f = 0; f < word(pool, POOL_EXPERT_COUNT); f++) {
    const expert = word(pool, POOL_EXPERTS) + f * EXPERT_WORDS * 4
    scatter(memory, expert, events, word(pool, POOL_NEAR) !== 0, sums)
    const weight = f32[expert / 4 + EXPERT_WEIGHT]
    for (let j = 0; j < columns; j++) {
      const share = fround(Math.max(0, sums[j]) * f32[expert / 4 + EXPERT_INVERSE_SCALE])
      const term = word(pool, POOL_COMBINATION) === POOL_LOG ? plainLn(fround(share + epsilon)) : share
      scores[j] += fround(weight * term)
      sums[j] = 0
    }
  }
}

function scatter({ u32, f32 }: PlainMemory, expert: number, events: Uint32Array, near: boolean, sums: Float32Array) {
  const words = u32.subarray(expert / 4, expert / 4 + EXPERT_WORDS)
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
