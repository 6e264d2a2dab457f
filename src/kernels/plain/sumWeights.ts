/** The plain twins of assembly/scores.ts, sumWeights.ts, estimate.ts and shares.ts; and of scoreListed (assembly/listed.ts). */
import * as at from '../factorParameters.ts'
import { TILE_COLUMNS } from '../parameters.ts'
import { historyOf, modeOf, PRIOR, queryOf, scoreAt, wordsOf } from './factors.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'
import { plainExp } from './rank.ts'

const { fround } = Math

export const packScoreTile: PlainKernel = (memory, params, tile) => {
  const words = wordsOf(memory, params)
  const dimension = words[at.FACTOR_DIMENSION]
  const to = words[at.FACTOR_SCORE_TILES] / 4 + tile * dimension * at.FACTOR_TILE_ROWS
  for (let m = 0; m < at.FACTOR_TILE_ROWS; m++) {
    const query = tile * at.FACTOR_TILE_ROWS + m
    const vector = queryOf(memory, words, query)
    for (let x = 0; x < dimension; x++)
      memory.f32[to + x * at.FACTOR_TILE_ROWS + m] = query < words[at.FACTOR_QUERY_COUNT] ? vector[x] : 0
  }
}

export const packScorePanels: PlainKernel = (memory, params, group) => {
  const words = wordsOf(memory, params)
  const dimension = words[at.FACTOR_DIMENSION]
  for (let item = 0; item < at.FACTOR_GROUP; item++) {
    const row = words[at.FACTOR_ROWS] / 4 + (group * at.FACTOR_GROUP + item) * words[at.FACTOR_ROW_FLOATS]
    const panel = words[at.FACTOR_SCORE_PANELS] / 4 + Math.floor(item / TILE_COLUMNS) * dimension * TILE_COLUMNS
    for (let x = 0; x < dimension; x++)
      memory.f32[panel + x * TILE_COLUMNS + (item % TILE_COLUMNS)] = memory.f32[row + x]
  }
}

export const scoreGroup: PlainKernel = (memory, params, tile) => {
  const { f32, madd } = memory
  const words = wordsOf(memory, params)
  const dimension = words[at.FACTOR_DIMENSION]
  for (let m = 0; m < at.FACTOR_TILE_ROWS; m++) {
    const a = words[at.FACTOR_SCORE_TILES] / 4 + tile * dimension * at.FACTOR_TILE_ROWS + m
    for (let item = 0; item < at.FACTOR_GROUP; item++) {
      const panel = words[at.FACTOR_SCORE_PANELS] / 4 + Math.floor(item / TILE_COLUMNS) * dimension * TILE_COLUMNS
      let sum = 0
      for (let x = 0; x < dimension; x++)
        sum = madd(f32[a + x * at.FACTOR_TILE_ROWS], f32[panel + x * TILE_COLUMNS + (item % TILE_COLUMNS)], sum)
      f32[words[at.FACTOR_SCORE_ROWS] / 4 + m * at.FACTOR_GROUP + item] = sum
    }
  }
}

const totalsOf = ({ f64 }: PlainMemory, words: Uint32Array, query: number) => {
  const from = (words[at.FACTOR_TOTALS] + query * at.FACTOR_TOTAL_BYTES) / 8
  return f64.subarray(from, from + 3)
}

/** (l0 + l1) + (l2 + l3) of sums over the places ≡ l mod 4. */
function sumOfFour(values: ArrayLike<number>): number {
  const lanes = [0, 0, 0, 0]
  for (let i = 0; i < values.length; i++) lanes[i % 4] += values[i]
  return lanes[0] + lanes[1] + (lanes[2] + lanes[3])
}

/** The greatest score and the sum of the weights after those of a group are added. */
function addWeights(
  [before, sum]: readonly [number, number],
  scores: readonly number[],
  sharpness: number,
): [number, number] {
  const greatest = Math.max(before, ...scores)
  const weights = scores.map(score => plainExp(fround(sharpness * fround(score - greatest))))
  const earlier = greatest > before ? sum * plainExp(fround(sharpness * fround(before - greatest))) : sum
  return [greatest, earlier + sumOfFour(weights)]
}

export const sumWeights: PlainKernel = (memory, params) => {
  const words = wordsOf(memory, params)
  const sharpness = memory.f32[params / 4 + at.FACTOR_SHARPNESS]
  const itemCount = words[at.FACTOR_ITEM_COUNT]
  for (let query = 0; query < words[at.FACTOR_QUERY_COUNT]; query++) {
    const vector = queryOf(memory, words, query)
    let totals: [number, number] = [Number.NEGATIVE_INFINITY, 0]
    for (let first = 0; first < itemCount; first += at.FACTOR_GROUP) {
      const length = Math.min(at.FACTOR_GROUP, itemCount - first)
      const scores = Array.from({ length }, (_, i) => scoreAt(memory, words, vector, first + i))
      totals = addWeights(totals, scores, sharpness)
    }
    totalsOf(memory, words, query).set([...totals, Number.NEGATIVE_INFINITY])
  }
}

export const estimate: PlainKernel = (memory, params, tile) => {
  const { f32, f64, madd } = memory
  const words = wordsOf(memory, params)
  const dimension = words[at.FACTOR_DIMENSION]
  const sharpness = f32[params / 4 + at.FACTOR_SHARPNESS]
  const length = Math.min(at.FACTOR_GROUP, words[at.FACTOR_ITEM_COUNT])
  for (let query = tile * at.FACTOR_TILE_ROWS; query < (tile + 1) * at.FACTOR_TILE_ROWS; query++) {
    const known = query < words[at.FACTOR_QUERY_COUNT]
    const vector = known ? queryOf(memory, words, query) : new Float32Array(words[at.FACTOR_QUERY_FLOATS])
    const scores = Array.from({ length }, (_, i) => scoreAt(memory, words, vector, i))
    const totals = addWeights([Number.NEGATIVE_INFINITY, 0], scores, sharpness)
    const product = (column: number) => {
      const panel = words[at.FACTOR_MOMENT_PANELS] / 4 + Math.floor(column / TILE_COLUMNS) * dimension * TILE_COLUMNS
      let sum = 0
      for (let x = 0; x < dimension; x++)
        sum = madd(vector[x], f32[panel + x * TILE_COLUMNS + (column % TILE_COLUMNS)], sum)
      return sum
    }
    const lanes = [0, 0, 0, 0]
    const whole = dimension - (dimension % 4)
    for (let x = 0; x < whole; x++) lanes[x % 4] = madd(vector[x], product(x), lanes[x % 4])
    let variance = lanes[0] + lanes[1] + (lanes[2] + lanes[3])
    for (let x = whole; x < dimension; x++) variance += vector[x] * product(x)
    const logRest = f64[words[at.FACTOR_LOG_REST] / 8] + sharpness * product(dimension)
    const rest = logRest + 0.5 * sharpness * sharpness * Math.max(variance, 0)
    totalsOf(memory, words, query).set([...totals, rest])
  }
}

/** Adds to a query's totals the newest of its history beyond the first group, but for its best; how many those are. */
function addHistory(memory: PlainMemory, words: Uint32Array, query: number, best: Uint32Array): number {
  const positionOf = memory.u32.subarray(words[at.FACTOR_POSITION_OF] / 4)
  const newest = historyOf(memory, words, query).slice(-at.FACTOR_KNOWN_EVENTS).reverse()
  const items = new Set(newest.filter(item => positionOf[item] >= at.FACTOR_GROUP && !best.includes(item)))
  if (items.size === 0) return 0
  const vector = queryOf(memory, words, query)
  const totals = totalsOf(memory, words, query)
  const sharpness = memory.f32[words.byteOffset / 4 + at.FACTOR_SHARPNESS]
  const scores = [...items].map(item => scoreAt(memory, words, vector, positionOf[item]))
  totals.set(addWeights([totals[0], totals[1]], scores, sharpness))
  return items.size
}

/** exp(x) for any x, beyond 87 as at 87. */
const exp = (x: number): number => (x > 0 ? 1 / plainExp(-Math.min(x, 87)) : x < -87 ? 0 : plainExp(x))

/** The f32 that is not above x ≥ 0. */
function down(x: number): number {
  const bits = new Uint32Array(1)
  const y = new Float32Array(bits.buffer)
  y[0] = x
  if (y[0] > x) bits[0]--
  return y[0]
}

export const shares: PlainKernel = (memory, params) => {
  const { u32, f32 } = memory
  const words = wordsOf(memory, params)
  const sharpness = f32[params / 4 + at.FACTOR_SHARPNESS]
  for (let query = 0; query < words[at.FACTOR_QUERY_COUNT]; query++) {
    const count = u32[words[at.FACTOR_COUNTS] / 4 + query]
    if (count === 0 || modeOf(memory, words, query) === PRIOR) continue
    const row = (word: number) => words[word] / 4 + query * words[at.FACTOR_WANTED]
    const scores = f32.subarray(row(at.FACTOR_SCORES), row(at.FACTOR_SCORES) + count)
    const items = u32.subarray(row(at.FACTOR_ITEMS), row(at.FACTOR_ITEMS) + count)
    const exact = words[at.FACTOR_EXACT_TOTALS] !== 0
    const best = items.slice(0, at.FACTOR_KNOWN_BEST)
    let known = exact ? 0 : addHistory(memory, words, query, best)
    const [greatest, total, logRest] = totalsOf(memory, words, query)
    const reference = Math.max(fround(greatest), scores[0])
    const weights = scores.map(score => plainExp(fround(sharpness * fround(score - reference))))
    const chosen = sumOfFour(weights)
    let beyond = 0
    for (const [i, weight] of weights.entries()) {
      if (i >= best.length || u32[words[at.FACTOR_POSITION_OF] / 4 + best[i]] < at.FACTOR_GROUP) continue
      beyond += weight
      known++
    }
    const added = total * exp(fround(sharpness * fround(fround(greatest) - reference)))
    const rest = exp(fround(logRest - sharpness * reference))
    const others = words[at.FACTOR_ITEM_COUNT] - at.FACTOR_GROUP
    const estimated = rest * ((others - known) / Math.max(others, 1))
    const sum = Math.max(exact ? added : added + beyond + estimated, chosen)
    for (const [i, weight] of weights.entries()) f32[row(at.FACTOR_PROBABILITIES) + i] = down(weight / sum)
  }
}

export const scoreItems: PlainKernel = (memory, params, query) => {
  const words = wordsOf(memory, params)
  const vector = queryOf(memory, words, query)
  for (let item = 0; item < words[at.FACTOR_ITEM_COUNT]; item++) {
    const position = memory.u32[words[at.FACTOR_POSITION_OF] / 4 + item]
    memory.f32[words[at.FACTOR_EVERY_SCORE] / 4 + item] = scoreAt(memory, words, vector, position)
  }
}

export const scoreListed: PlainKernel = (memory, params, query) => {
  const words = wordsOf(memory, params)
  const vector = queryOf(memory, words, query)
  for (let i = 0; i < words[at.FACTOR_LISTED_COUNT]; i++) {
    const item = memory.u32[words[at.FACTOR_ITEMS] / 4 + i]
    const position = memory.u32[words[at.FACTOR_POSITION_OF] / 4 + item]
    memory.f32[words[at.FACTOR_EVERY_SCORE] / 4 + item] = scoreAt(memory, words, vector, position)
  }
}
