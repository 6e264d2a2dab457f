/**
 * Histories in, the best items and their probabilities out: exact, block by block, on the calling thread. The form of the model says how
 * scores are made; what follows is the same for all forms that the kernels score.
 *
 *   order        score descending, then item index ascending
 *   probability  softmax over the whole catalogue, excluded items too: f32 exponentials (assembly/rank.ts) added up in f64,
 *                then rounded down, so that a list never adds up to more than 1. Of pools the sum is estimated
 *                (assembly/poolEstimate.ts), or exact where the model was placed so
 *
 * But for an estimated sum the relative error of a probability is below 2⁻²¹ + 2⁻²²·|log probability ratio to the best item|, the second from rounding the
 * exponent; items that are less than 2⁻¹²⁶ as probable as the best have probability 0.
 */
import { instantiate, type Kernels } from '../kernels/load.ts'
import {
  RANK_ALLOWED,
  RANK_COLUMN_COUNT,
  RANK_EVENTS,
  RANK_EXCLUDED,
  RANK_ITEMS,
  RANK_KEYS,
  RANK_LISTED_COUNT,
  RANK_OFFSETS,
  RANK_OPEN,
  RANK_PROBABILITIES,
  RANK_QUERY_COUNT,
  RANK_SCORES,
  RANK_WANTED,
  RANK_WORDS,
} from '../kernels/parameters.ts'
import { assert } from '../lib/assert.ts'
import { checkSet, placeListed, type QueryLists, type RankedBlock, type Ranker, rankedBlock } from './queries.ts'
import type { PlacedSlots } from './rankSlots.ts'

/** How a form of models works on the queries of the slot at `params`. */
export interface Scoring {
  /** What is done for the RANK_QUERY_COUNT queries of a block at once, before all else. */
  block(kernels: Kernels, params: number, queryCount: number): void
  /** RANK_SCORES of a query, where `block` has not filled them. */
  scores?(kernels: Kernels, params: number, query: number): void
  /** The same of the first RANK_LISTED_COUNT of RANK_ITEMS, where that is less work. */
  listed?(kernels: Kernels, params: number, query: number): void
  /** RANK_KEYS of a query, and what `choose` wants to know of it. */
  keys(kernels: Kernels, params: number, query: number): void
  /** The RANK_WANTED best by then, the items that may not be chosen being struck out of the keys. */
  choose(kernels: Kernels, params: number, query: number): void
}

/** One for each thread, on a slot of its own. */
export function openKernelRanker(placed: PlacedSlots, slot: number, scoring: Scoring): Ranker {
  const { memory, itemCount, historyLength, blockSize } = placed
  const params = placed.slots[slot]
  assert(
    params !== undefined,
    `the model was placed for ${placed.slots.length} threads, slot ${slot} is not among them`,
  )
  const kernels = instantiate(placed.module, memory, slot)
  const words = new Uint32Array(memory.buffer, params, RANK_WORDS)
  const columnCount = words[RANK_COLUMN_COUNT]
  const offsets = new Uint32Array(memory.buffer, words[RANK_OFFSETS], blockSize + 1)
  const events = new Uint32Array(memory.buffer, words[RANK_EVENTS], blockSize * historyLength)
  const keys = new Int32Array(memory.buffer, words[RANK_KEYS], itemCount)
  const allowedItems = new Uint32Array(memory.buffer, words[RANK_ALLOWED], columnCount / 32)
  const chosenItems = new Int32Array(memory.buffer, words[RANK_ITEMS], itemCount)
  const chosenProbabilities = new Float32Array(memory.buffer, words[RANK_PROBABILITIES], itemCount)
  const scores = new Float32Array(memory.buffer, words[RANK_SCORES], itemCount)

  /** Queries [from, from + count) of the lists, count ≤ blockSize. */
  const start = (lists: QueryLists, from: number, count: number): void => {
    placeHistories(lists, from, count, { offsets, events, historyLength, itemCount })
    words[RANK_QUERY_COUNT] = count
    scoring.block(kernels, params, count)
  }

  /** Strikes what is not allowed out of the keys; answers how many items are. */
  const restrict = (allowed: Uint32Array): number => {
    checkSet(allowed, itemCount)
    allowedItems.set(allowed)
    kernels.restrict(params, 0)
    return words[RANK_OPEN]
  }

  let ranked: RankedBlock = { counts: new Uint32Array(), items: new Int32Array(), probabilities: new Float32Array() }
  return {
    historyLength,
    rank(block) {
      const { count, k, allowed, excluded } = block
      assert(Number.isInteger(k) && k >= 1 && k <= itemCount, `k is ${k}; 1 to ${itemCount} was expected`)
      assert(block.offsets.length > count)
      assert(!excluded || excluded.offsets.length > count)
      assert(!allowed || allowed.length >= count)
      if (ranked.counts.length !== count || ranked.items.length !== count * k) ranked = rankedBlock(count, k)
      for (let from = 0; from < count; from += blockSize) {
        const size = Math.min(blockSize, count - from)
        start(block, from, size)
        for (let q = 0; q < size; q++) {
          scoring.keys(kernels, params, q)
          const among = allowed ? restrict(allowed[from + q]) : itemCount
          const open = among - (excluded ? exclude(excluded, from + q, keys) : 0)
          const wanted = Math.min(k, open)
          ranked.counts[from + q] = wanted
          if (wanted === 0) continue
          words[RANK_WANTED] = wanted
          scoring.choose(kernels, params, q)
          ranked.items.set(chosenItems.subarray(0, wanted), (from + q) * k)
          ranked.probabilities.set(chosenProbabilities.subarray(0, wanted), (from + q) * k)
        }
      }
      return ranked
    },
    scoreAll(history, only) {
      start({ offsets: Uint32Array.of(0, history.length), items: history }, 0, 1)
      if (only && scoring.listed) {
        placeListed(only, chosenItems)
        words[RANK_LISTED_COUNT] = only.length
        scoring.listed(kernels, params, 0)
      } else scoring.scores?.(kernels, params, 0)
      return scores
    },
  }
}

interface HistoryPlace {
  readonly offsets: Uint32Array
  readonly events: Uint32Array
  readonly historyLength: number
  readonly itemCount: number
}

/** The newest historyLength events of each history, newest first. */
function placeHistories(lists: QueryLists, from: number, count: number, place: HistoryPlace): void {
  const { offsets, events, historyLength, itemCount } = place
  let top = 0
  for (let q = 0; q < count; q++) {
    const end = lists.offsets[from + q + 1]
    const start = Math.max(lists.offsets[from + q], end - historyLength)
    for (let at = end - 1; at >= start; at--) {
      const item = lists.items[at]
      assert(item >= 0 && item < itemCount, 'a history names an item that the model does not have')
      events[top++] = item
    }
    offsets[q + 1] = top
  }
}

/** Strikes list q out of the keys; answers how many different items that were. */
function exclude({ offsets, items }: QueryLists, q: number, keys: Int32Array): number {
  let count = 0
  for (let at = offsets[q]; at < offsets[q + 1]; at++) {
    const item = items[at]
    assert(item >= 0 && item < keys.length, 'an exclusion names an item that the model does not have')
    if (keys[item] === RANK_EXCLUDED) continue
    keys[item] = RANK_EXCLUDED
    count++
  }
  return count
}
