/** The plain twins of assembly/neighbours.ts. */
import {
  NEAR_DIAGONAL,
  NEAR_FIRST,
  NEAR_GRAM_ITEMS,
  NEAR_GRAM_LENGTHS,
  NEAR_GRAM_OFFSETS,
  NEAR_GRAM_VALUES,
  NEAR_LENGTHS,
  NEAR_OFFSETS,
  NEAR_PAIRS,
  NEAR_SOURCES,
  NEAR_VALUES,
  PAIRS_AHEAD,
  PAIRS_BEHIND,
  PAIRS_EVENTS,
  PAIRS_KERNEL,
  PAIRS_KERNEL_LENGTH,
  PAIRS_OFFSETS,
  PAIRS_POSITIONS,
  PAIRS_REACH,
  PAIRS_RIDGE,
  PAIRS_WEIGHTS,
} from '../parameters.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

const { fround } = Math
const PIVOT_SHARE_MIN = fround(1e-6)

/** Sums by item, in the order in which the items were met. */
type Sums = Map<number, number>

const add = (sums: Sums, item: number, weight: number): void => void sums.set(item, (sums.get(item) ?? 0) + weight)

/** Of each place of `item`: where it stands in u32, and how many events lie before and after it. */
function eachPlace(
  { u32 }: PlainMemory,
  word: (index: number) => number,
  item: number,
  use: (event: number, before: number, after: number) => void,
): void {
  const offsets = word(PAIRS_OFFSETS) / 4 + item
  for (let i = u32[offsets]; i < u32[offsets + 1]; i++) {
    const position = u32[word(PAIRS_POSITIONS) / 4 + i]
    const reach = u32[word(PAIRS_REACH) / 4 + position]
    use(word(PAIRS_EVENTS) / 4 + position, reach & 0xffff, reach >>> 16)
  }
}

function countGram(memory: PlainMemory, word: (index: number) => number, item: number): Sums {
  const { u32, f64 } = memory
  const sums: Sums = new Map()
  const K = word(PAIRS_KERNEL_LENGTH)
  eachPlace(memory, word, item, (event, before, after) => {
    if (K === 0) for (let d = -before; d <= after; d++) add(sums, u32[event + d], 1)
    if (K === 0 || after === 0) return
    const [ahead, behind] = [word(PAIRS_AHEAD) / 8 + (after - 1) * K, word(PAIRS_BEHIND) / 8 + (after - 1) * K]
    for (let d = 0; d < after; d++) add(sums, u32[event + d], f64[ahead + d])
    for (let d = 1; d <= Math.min(before, K - 1); d++) add(sums, u32[event - d], f64[behind + d])
  })
  return sums
}

function countCross(memory: PlainMemory, word: (index: number) => number, target: number): Sums {
  const { u32, f32, f64 } = memory
  const shares = word(PAIRS_WEIGHTS)
  const sums: Sums = new Map()
  const K = word(PAIRS_KERNEL_LENGTH)
  eachPlace(memory, word, target, (event, before, after) => {
    const share = shares === 0 ? 1 : f32[shares / 4 + event - word(PAIRS_EVENTS) / 4]
    if (share === 0) return
    if (K === 0) {
      for (let d = 1; d <= before; d++) add(sums, u32[event - d], share)
      for (let d = 1; d <= after; d++) add(sums, u32[event + d], share)
      return
    }
    for (let k = 0; k < before; k++) add(sums, u32[event - 1 - k], share * f64[word(PAIRS_KERNEL) / 8 + k])
  })
  return sums
}

/** The `room` entries of greatest importance, of equals the lower item, in the order in which they were met. */
function best(sums: Sums, room: number, importance: (item: number, sum: number) => number): [number, number][] {
  const entries = [...sums]
  if (entries.length <= room) return entries
  const order = entries.toSorted((a, b) => fround(importance(...b)) - fround(importance(...a)) || a[0] - b[0])
  const chosen = new Set(order.slice(0, room).map(([item]) => item))
  return entries.filter(([item]) => chosen.has(item))
}

const wordsAt =
  ({ u32 }: PlainMemory, params: number) =>
  (index: number): number =>
    u32[params / 4 + index]

export const gramRow: PlainKernel = (memory, params, row) => {
  const { u32, f32, f64 } = memory
  const word = wordsAt(memory, params)
  const pairs = wordsAt(memory, word(NEAR_PAIRS))
  const sums = countGram(memory, pairs, row)
  f64[word(NEAR_DIAGONAL) / 8 + row] = sums.get(row) ?? 0
  const [first, end] = u32.subarray(word(NEAR_GRAM_OFFSETS) / 4 + row)
  const frequency = (item: number) => u32[pairs(PAIRS_OFFSETS) / 4 + item + 1] - u32[pairs(PAIRS_OFFSETS) / 4 + item]
  const below = new Map([...sums].filter(([item]) => item < row))
  const kept = best(below, end - first, (item, sum) => (sum * sum) / frequency(item))
  for (const [i, [item, sum]] of kept.entries()) {
    u32[word(NEAR_GRAM_ITEMS) / 4 + first + i] = item
    f32[word(NEAR_GRAM_VALUES) / 4 + first + i] = sum
  }
  u32[word(NEAR_GRAM_LENGTHS) / 4 + row] = kept.length
}

export const neighbourRow: PlainKernel = (memory, params, task) => {
  const { u32, f32, f64 } = memory
  const word = wordsAt(memory, params)
  const pairs = wordsAt(memory, word(NEAR_PAIRS))
  const diagonal = (item: number) => f64[word(NEAR_DIAGONAL) / 8 + item]
  const [regularization, share] = f64.subarray(pairs(PAIRS_RIDGE) / 8)
  const ridged = (item: number) => diagonal(item) + regularization + share * diagonal(item)
  const [first, end] = u32.subarray(word(NEAR_OFFSETS) / 4 + task)
  const sums = countCross(memory, pairs, word(NEAR_FIRST) + task)
  const sources = best(sums, end - first, (item, sum) => (sum * sum) / ridged(item))

  const m = sources.length
  const place = new Map(sources.map(([item], i) => [item, i]))
  const U = Array.from({ length: m }, () => new Float32Array(m + 1))
  for (const [i, [item, sum]] of sources.entries()) {
    U[i][i] = ridged(item)
    U[i][m] = sum
    const from = u32[word(NEAR_GRAM_OFFSETS) / 4 + item]
    for (let at = from; at < from + u32[word(NEAR_GRAM_LENGTHS) / 4 + item]; at++) {
      const j = place.get(u32[word(NEAR_GRAM_ITEMS) / 4 + at])
      if (j !== undefined) U[Math.min(i, j)][Math.max(i, j)] = f32[word(NEAR_GRAM_VALUES) / 4 + at]
    }
  }
  for (let k = 0; k < m; k++) {
    const pivot = U[k][k]
    if (!(pivot > fround(PIVOT_SHARE_MIN * fround(diagonal(sources[k][0]))))) {
      U[k].fill(0)
      continue
    }
    const inverse = fround(1 / fround(Math.sqrt(pivot)))
    for (let i = k; i <= m; i++) U[k][i] *= inverse
    for (let i = k + 1; i < m; i++) {
      const factor = U[k][i]
      if (factor === 0) continue
      for (let j = i; j <= m; j++) U[i][j] = memory.madd(-factor, U[k][j], U[i][j])
    }
  }
  const x = new Float32Array(m)
  for (let k = m - 1; k >= 0; k--) {
    let sum = U[k][m]
    for (let i = k + 1; i < m; i++) sum = fround(sum - fround(U[k][i] * x[i]))
    x[k] = U[k][k] === 0 ? 0 : sum / U[k][k]
  }
  for (const [i, [item]] of sources.entries()) {
    u32[word(NEAR_SOURCES) / 4 + first + i] = item
    f32[word(NEAR_VALUES) / 4 + first + i] = x[i]
  }
  u32[word(NEAR_LENGTHS) / 4 + task] = m
}
