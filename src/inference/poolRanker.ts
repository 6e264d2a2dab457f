/** Ranks by a pool of sparse experts, one query after the other: nothing is shared between queries, so blocks would gain nothing. */
import { openKernelRanker } from './kernelRanker.ts'
import type { PlacedPool } from './placePool.ts'
import type { Ranker } from './queries.ts'

/** One for each thread, on a slot of its own: slot < placePool's `threads`. */
export function openPoolRanker(placed: PlacedPool, slot: number): Ranker {
  return openKernelRanker(placed, slot, (kernels, params, count) => {
    for (let q = 0; q < count; q++) kernels.poolScores(params, q)
  })
}
