/** The plain twin of assembly/bestOf.ts, and of all it uses: everything is scored and sorted. */
import * as at from '../factorParameters.ts'
import { isOpen, modeOf, PRIOR, queryOf, scoreAt, wordsOf } from './factors.ts'
import type { PlainKernel } from './memory.ts'
import { estimate } from './sumWeights.ts'

export const bestOf: PlainKernel = (memory, params) => {
  const { u32, f32 } = memory
  const words = wordsOf(memory, params)
  const wanted = words[at.FACTOR_WANTED]
  const tiles = words[at.FACTOR_EXACT_TOTALS] === 0 ? Math.ceil(words[at.FACTOR_QUERY_COUNT] / at.FACTOR_TILE_ROWS) : 0
  for (let tile = 0; tile < tiles; tile++) estimate(memory, params, tile)
  for (let query = 0; query < words[at.FACTOR_QUERY_COUNT]; query++) {
    const prior = modeOf(memory, words, query) === PRIOR
    const order = u32.subarray(words[at.FACTOR_PRIOR_ORDER] / 4).subarray(0, words[at.FACTOR_ITEM_COUNT])
    const view = u32.subarray(words[at.FACTOR_VIEW_POSITIONS] / 4).subarray(0, words[at.FACTOR_VIEW_COUNT])
    const seen = new Set(Array.from(view, position => u32[words[at.FACTOR_ITEM_OF] / 4 + position]))
    const items = [...order].filter(item => prior || seen.has(item)).filter(item => isOpen(memory, words, query, item))
    const scores = new Float32Array(words[at.FACTOR_ITEM_COUNT])
    const vector = queryOf(memory, words, query)
    for (const item of prior ? [] : items)
      scores[item] = scoreAt(memory, words, vector, u32[words[at.FACTOR_POSITION_OF] / 4 + item]) + 0
    if (!prior) items.sort((a, b) => scores[b] - scores[a] || a - b)
    const best = items.slice(0, wanted)
    u32[words[at.FACTOR_COUNTS] / 4 + query] = best.length
    for (const [place, item] of best.entries()) {
      u32[words[at.FACTOR_ITEMS] / 4 + query * wanted + place] = item
      if (prior)
        f32[words[at.FACTOR_PROBABILITIES] / 4 + query * wanted + place] =
          f32[words[at.FACTOR_PRIOR_PROBABILITIES] / 4 + item]
      else f32[words[at.FACTOR_SCORES] / 4 + query * wanted + place] = scores[item]
    }
  }
}
