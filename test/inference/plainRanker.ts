/**
 * Ranks by the plain scores of models/plainScores.ts, one query after the other: the twin of every ranker. Ties go to the lower index;
 * probabilities are the softmax over the whole catalogue in f64.
 */
import assert from 'node:assert/strict'
import { type QueryLists, type RankedBlock, type Ranker, rankedBlock } from '../../src/inference/queries.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { plainScores } from '../../src/models/plainScores.ts'

export function openPlainRanker(model: HistoryModel): Ranker {
  const { itemCount, sharpness } = model
  let ranked: RankedBlock = rankedBlock(0, 0)
  return {
    historyLength: Number.POSITIVE_INFINITY,
    rank({ count, k, allowed, excluded, ...lists }) {
      assert(Number.isInteger(k) && k >= 1 && k <= itemCount, `k is ${k}; 1 to ${itemCount} was expected`)
      if (ranked.counts.length !== count || ranked.items.length !== count * k) ranked = rankedBlock(count, k)
      for (let q = 0; q < count; q++) {
        const scores = plainScores(model, listOf(lists, q))
        const open = openItems(itemCount, allowed?.[q], excluded && listOf(excluded, q))
        const best = open.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k)
        const probability = softmax(scores, sharpness)
        ranked.counts[q] = best.length
        ranked.items.set(best, q * k)
        for (const [place, item] of best.entries()) ranked.probabilities[q * k + place] = probability(item)
      }
      return ranked
    },
    scoreAll: history => plainScores(model, history),
  }
}

const listOf = ({ offsets, items }: QueryLists, q: number) => items.subarray(offsets[q], offsets[q + 1])

function openItems(itemCount: number, allowed: Uint32Array | undefined, struck: Int32Array | undefined): number[] {
  const gone = new Set(struck)
  const open: number[] = []
  for (let item = 0; item < itemCount; item++) {
    if (allowed && ((allowed[item >>> 5] >>> (item & 31)) & 1) === 0) continue
    if (!gone.has(item)) open.push(item)
  }
  return open
}

function softmax(scores: Float32Array, sharpness: number): (item: number) => number {
  let best = Number.NEGATIVE_INFINITY
  for (const score of scores) if (score > best) best = score
  let total = 0
  for (const score of scores) total += Math.exp(sharpness * (score - best))
  return item => Math.exp(sharpness * (scores[item] - best)) / total
}
