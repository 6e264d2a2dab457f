/** The plain twins of assembly/score.ts, assembly/rank.ts and assembly/choose.ts. */
import {
  RANK_ALLOWED,
  RANK_COLUMN_COUNT,
  RANK_EVENTS,
  RANK_EXCLUDED,
  RANK_ITEM_COUNT,
  RANK_ITEMS,
  RANK_KERNEL,
  RANK_KEYS,
  RANK_OFFSETS,
  RANK_OPEN,
  RANK_PANEL,
  RANK_PRIOR,
  RANK_PROBABILITIES,
  RANK_QUERY_COUNT,
  RANK_ROWS,
  RANK_SCORES,
  RANK_SHARPNESS,
  RANK_TOTAL,
  RANK_WANTED,
  RANK_WEIGHTS,
  RANK_WORDS,
} from '../parameters.ts'
import type { PlainKernel } from './memory.ts'

const { fround } = Math

export const probeMadd: PlainKernel = ({ f32, madd }, params) => {
  const at = params / 4
  for (let lane = 0; lane < 8; lane++)
    f32[at + lane] = madd(f32[at + 8 + lane], f32[at + 16 + lane], f32[at + 24 + lane])
}

export const scorePanel: PlainKernel = ({ u32, f32, madd }, params, panel) => {
  const words = u32.subarray(params / 4, params / 4 + RANK_WORDS)
  const rows = words[RANK_ROWS] / 4 + panel * words[RANK_ITEM_COUNT] * RANK_PANEL
  for (let q = 0; q < words[RANK_QUERY_COUNT]; q++) {
    const start = u32[words[RANK_OFFSETS] / 4 + q]
    const count = u32[words[RANK_OFFSETS] / 4 + q + 1] - start
    const scores = words[RANK_SCORES] / 4 + q * words[RANK_COLUMN_COUNT] + panel * RANK_PANEL
    for (let x = 0; x < RANK_PANEL; x++) {
      let sum = count > 0 ? 0 : f32[words[RANK_PRIOR] / 4 + panel * RANK_PANEL + x]
      for (let k = 0; k < count; k++) {
        const item = u32[words[RANK_EVENTS] / 4 + start + k]
        sum = madd(f32[words[RANK_KERNEL] / 4 + k], f32[rows + item * RANK_PANEL + x], sum)
      }
      f32[scores + x] = sum
    }
  }
}

/** The coefficients of assembly/rank.ts, by the power of r they belong to. */
const [EXP2, EXP3, EXP4, EXP5, EXP6] = [0.49999994, 0.16666521, 0.04166839, 0.008368745, 0.001381454].map(fround)

/** exp(x), x ≤ 0, by the steps of assembly/rank.ts. */
export function plainExp(x: number): number {
  const least = fround(-87.3)
  if (x < least) return 0
  const magic = 1.5 * 2 ** 23 // adding and subtracting it rounds to the nearest integer, ties to even
  const n = fround(fround(fround(x * fround(Math.LOG2E)) + magic) - magic)
  const r = fround(fround(x - fround(n * 0.693359375)) - fround(n * fround(-2.1219444e-4)))
  const z = fround(r * r)
  const low = fround(fround(r * EXP3) + EXP2)
  const high = fround(fround(r * EXP5) + EXP4)
  const q = fround(low + fround(z * fround(high + fround(z * EXP6))))
  const p = fround(1 + fround(r + fround(z * q)))
  return fround(p * 2 ** n)
}

const one = new Float32Array(1)
const bitsOfOne = new Int32Array(one.buffer)

/** The bits of a float as an integer of the same order, the same one for both zeros. */
export function keyOf(x: number): number {
  one[0] = x + 0
  return bitsOfOne[0] < 0 ? bitsOfOne[0] ^ 0x7fffffff : bitsOfOne[0]
}

export const weigh: PlainKernel = ({ i32, u32, f32, f64 }, params, query) => {
  const words = u32.subarray(params / 4, params / 4 + RANK_WORDS)
  const items = words[RANK_ITEM_COUNT]
  const columns = words[RANK_COLUMN_COUNT]
  const scores = f32.subarray(words[RANK_SCORES] / 4 + query * columns).subarray(0, columns)
  const keys = i32.subarray(words[RANK_KEYS] / 4).subarray(0, columns)
  scores.fill(Number.NEGATIVE_INFINITY, items)
  const sharpness = f32[params / 4 + RANK_SHARPNESS]
  const greatest = scores.reduce((a, b) => Math.max(a, b))
  const lanes = [0, 0, 0, 0]
  for (let j = 0; j < columns; j++) {
    const weight = plainExp(fround(sharpness * fround(scores[j] - greatest)))
    f32[words[RANK_WEIGHTS] / 4 + j] = weight
    lanes[j % 4] += weight
    keys[j] = keyOf(scores[j])
  }
  keys.fill(RANK_EXCLUDED, items)
  f64[words[RANK_TOTAL] / 8] = lanes[0] + lanes[1] + (lanes[2] + lanes[3])
}

export const restrict: PlainKernel = ({ i32, u32 }, params) => {
  const words = u32.subarray(params / 4, params / 4 + RANK_WORDS)
  let open = 0
  for (let column = 0; column < words[RANK_COLUMN_COUNT]; column++) {
    const allowed = (u32[words[RANK_ALLOWED] / 4 + (column >>> 5)] >>> (column & 31)) & 1
    if (allowed === 0) i32[words[RANK_KEYS] / 4 + column] = RANK_EXCLUDED
    open += allowed
  }
  words[RANK_OPEN] = open
}

/** The nearest f32 that is not above x ≥ 0. */
export function notAbove(x: number): number {
  const nearest = new Float32Array([x])
  if (nearest[0] > x) new Uint32Array(nearest.buffer)[0]--
  return nearest[0]
}

export const choose: PlainKernel = ({ i32, u32, f32, f64 }, params) => {
  const words = u32.subarray(params / 4, params / 4 + RANK_WORDS)
  const keys = i32.subarray(words[RANK_KEYS] / 4).subarray(0, words[RANK_COLUMN_COUNT])
  const order = Array.from(keys.keys())
    .filter(index => keys[index] !== RANK_EXCLUDED)
    .sort((a, b) => keys[b] - keys[a] || a - b)
  for (const [place, item] of order.slice(0, words[RANK_WANTED]).entries()) {
    i32[words[RANK_ITEMS] / 4 + place] = item
    f32[words[RANK_PROBABILITIES] / 4 + place] = notAbove(
      f32[words[RANK_WEIGHTS] / 4 + item] / f64[words[RANK_TOTAL] / 8],
    )
  }
}
