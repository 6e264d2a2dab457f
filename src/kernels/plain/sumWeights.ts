/** The plain twins of assembly/sumWeights.ts. */
import * as at from '../factorParameters.ts'
import { TILE_COLUMNS } from '../parameters.ts'
import { modeOf, PRIOR, queryOf, scoreAt, wordsOf } from './factors.ts'
import type { PlainKernel } from './memory.ts'
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

export const sumWeights: PlainKernel = (memory, params) => {
  const { f32, f64 } = memory
  const words = wordsOf(memory, params)
  const sharpness = f32[params / 4 + at.FACTOR_SHARPNESS]
  const itemCount = words[at.FACTOR_ITEM_COUNT]
  for (let query = 0; query < words[at.FACTOR_QUERY_COUNT]; query++) {
    const vector = queryOf(memory, words, query)
    let [greatest, total] = [Number.NEGATIVE_INFINITY, 0]
    for (let first = 0; first < itemCount; first += at.FACTOR_GROUP) {
      const length = Math.min(at.FACTOR_GROUP, itemCount - first)
      const scores = Array.from({ length }, (_, i) => scoreAt(memory, words, vector, first + i))
      const most = Math.max(greatest, ...scores)
      if (most > greatest) total *= plainExp(fround(sharpness * fround(greatest - most)))
      greatest = most
      const lanes = [0, 0, 0, 0]
      for (const [i, score] of scores.entries()) lanes[i % 4] += plainExp(fround(sharpness * fround(score - greatest)))
      total += lanes[0] + lanes[1] + (lanes[2] + lanes[3])
    }
    f64[words[at.FACTOR_TOTALS] / 8 + 2 * query] = greatest
    f64[words[at.FACTOR_TOTALS] / 8 + 2 * query + 1] = total
  }
}

export const shares: PlainKernel = (memory, params) => {
  const { u32, f32, f64 } = memory
  const words = wordsOf(memory, params)
  const sharpness = f32[params / 4 + at.FACTOR_SHARPNESS]
  for (let query = 0; query < words[at.FACTOR_QUERY_COUNT]; query++) {
    if (modeOf(memory, words, query) === PRIOR) continue
    const greatest = fround(f64[words[at.FACTOR_TOTALS] / 8 + 2 * query])
    const total = f64[words[at.FACTOR_TOTALS] / 8 + 2 * query + 1]
    for (let i = 0; i < u32[words[at.FACTOR_COUNTS] / 4 + query]; i++) {
      const place = query * words[at.FACTOR_WANTED] + i
      const weight = plainExp(fround(sharpness * fround(f32[words[at.FACTOR_SCORES] / 4 + place] - greatest)))
      f32[words[at.FACTOR_PROBABILITIES] / 4 + place] = weight / total
    }
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
