/** The plain twin of assembly/rest.ts: everything that follows is scored and sorted with what has been found. */
import * as at from '../factorParameters.ts'
import { isStruck, modeOf, PRIOR, queryOf, scoreAt, wordsOf } from './factors.ts'
import type { PlainKernel } from './memory.ts'

export const searchRest: PlainKernel = (memory, params, query) => {
  const { u32, f32 } = memory
  const words = wordsOf(memory, params)
  if (modeOf(memory, words, query) === PRIOR) return
  const wanted = words[at.FACTOR_WANTED]
  const items = u32.subarray(words[at.FACTOR_ITEMS] / 4 + query * wanted).subarray(0, wanted)
  const scores = f32.subarray(words[at.FACTOR_SCORES] / 4 + query * wanted).subarray(0, wanted)
  const found = u32[words[at.FACTOR_COUNTS] / 4 + query]
  const best = Array.from({ length: found }, (_, place) => ({ item: items[place], score: scores[place] }))
  const vector = queryOf(memory, words, query)
  for (let position = words[at.FACTOR_REST_FROM]; position < words[at.FACTOR_ITEM_COUNT]; position++) {
    const item = u32[words[at.FACTOR_ITEM_OF] / 4 + position]
    const allowed = (u32[words[at.FACTOR_REST_MASK] / 4 + (item >>> 5)] >>> (item & 31)) & 1
    if (allowed === 1 && !isStruck(memory, words, query, item))
      best.push({ item, score: scoreAt(memory, words, vector, position) + 0 })
  }
  best.sort((a, b) => b.score - a.score || a.item - b.item)
  best.length = Math.min(best.length, wanted)
  u32[words[at.FACTOR_COUNTS] / 4 + query] = best.length
  for (const [place, { item, score }] of best.entries()) {
    items[place] = item
    scores[place] = score
  }
}
