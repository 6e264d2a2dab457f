/** Ranks by a dense model: scores are Σ_k kernel[k] · rows[event k places before the newest], added up in f32 from the newest on. */
import { RANK_PANEL } from '../kernels/parameters.ts'
import { openKernelRanker } from './kernelRanker.ts'
import type { PlacedDense } from './placeDense.ts'
import type { Ranker } from './queries.ts'

/** One for each thread, on a slot of its own: slot < placeDense's `threads`. */
export function openDenseRanker(placed: PlacedDense, slot: number): Ranker {
  const panels = Math.ceil(placed.itemCount / RANK_PANEL)
  return openKernelRanker(placed, slot, (kernels, params) => {
    for (let panel = 0; panel < panels; panel++) kernels.scorePanel(params, panel)
  })
}
