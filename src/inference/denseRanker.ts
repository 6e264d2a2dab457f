/** Ranks by a dense model: scores are Σ_k kernel[k] · rows[event k places before the newest], added up in f32 from the newest on. */
import { RANK_PANEL } from '../kernels/parameters.ts'
import { openKernelRanker } from './kernelRanker.ts'
import type { PlacedDense } from './placeDense.ts'
import { PriorRanker, priorOrder } from './priorRanker.ts'
import { checkSet, type QueryBlock, type RankedBlock, type Ranker, rankedBlock } from './queries.ts'

/** One for each thread, on a slot of its own: slot < placeDense's `threads`. */
export function openDenseRanker(placed: PlacedDense, slot: number): Ranker {
  const panels = Math.ceil(placed.itemCount / RANK_PANEL)
  const ranker = openKernelRanker(placed, slot, {
    block(kernels, params) {
      for (let panel = 0; panel < panels; panel++) kernels.scorePanel(params, panel)
    },
    keys: (kernels, params, query) => kernels.weigh(params, query),
    choose: (kernels, params) => kernels.choose(params, 0),
  })
  return placed.historyLength > 0 ? ranker : withOneOrder(ranker, placed.itemCount)
}

/**
 * Of a model without rows everybody gets the same, so the catalogue is ordered once and not for every query: an evaluation of popularity over a million
 * items took as long as that of a model. The same bytes.
 */
function withOneOrder(ranker: Ranker, itemCount: number): Ranker {
  let made: { readonly k: number; readonly prior: PriorRanker } | undefined
  return {
    historyLength: 0,
    scoreAll: (history, only) => ranker.scoreAll(history, only),
    rank(block: QueryBlock): RankedBlock {
      const { count, k, allowed, excluded } = block
      // The whole order is what the kernels are asked for, once.
      if (k === itemCount) return ranker.rank(block)
      for (let q = 0; allowed && q < count; q++) checkSet(allowed[q], itemCount)
      if (made?.k !== k) made = { k, prior: new PriorRanker(priorOrder(ranker, itemCount), k) }
      const { prior } = made
      const ranked = rankedBlock(count, k)
      for (let q = 0; q < count; q++) {
        const struck = excluded?.items.subarray(excluded.offsets[q], excluded.offsets[q + 1])
        const found = prior.rank(allowed?.[q], struck)
        ranked.counts[q] = found.count
        for (let i = 0; i < found.count; i++) {
          ranked.items[q * k + i] = prior.order[found.places[i]]
          ranked.probabilities[q * k + i] = prior.probabilities[found.places[i]]
        }
      }
      return ranked
    },
  }
}
