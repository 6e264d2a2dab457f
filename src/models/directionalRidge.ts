/**
 * Directional ridge: the next item from the decayed list of the items before it (design/recommenders.md §5.1; the linear sequence
 * models SLIST, Choi et al. 2021, and TALE, Park et al. 2025, are its kin). With a user's events q_1 … q_L, oldest first, and a
 * kernel w of length K, every event t ≥ 2 is an example: source x_t = Σ_{k < K, k ≤ t-2} w(k)·e[q_{t-1-k}], target e[q_t].
 *
 *   G = Σ x_t x_tᵀ,   C = Σ x_t e[q_t]ᵀ,   B = (G + λI + δ·diag G)⁻¹ C
 *
 * Row i of B is what an event of item i adds to the scores of all items; histories are scored with the same kernel (historyModel.ts).
 */
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import { solveAllPairs } from './denseSystem.ts'
import type { Sequences } from './pairCounts.ts'
import { largestOfRows, type SparseRows } from './sparseRows.ts'

export interface DirectionalRidgeOptions {
  /** f32[K], 1 ≤ K ≤ 1024: w, the weight of the event k places before the newest. */
  readonly kernel: Float32Array
  /** λ ≥ 0, in squared kernel units. */
  readonly regularization: number
  /** δ ≥ 0, the share of an item's own Σ w² that is added to it. */
  readonly diagonal: number
  /** The most entries that a row of the result has: those of largest magnitude. */
  readonly rowLength: number
}

/** f32[length]: (k + 1)^-exponent. */
export const powerKernel = (exponent: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, k) => (k + 1) ** -exponent)

/** f32[length]: exp(-k / decay). */
export const exponentialKernel = (decay: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, k) => Math.exp(-k / decay))

/** B as sparse rows. Otherwise as solveAllPairs. Cost: 3·events·K additions, 7/3·itemCount³ operations. */
export function fitDirectionalRidge(
  sequences: Sequences,
  { rowLength, ...options }: DirectionalRidgeOptions,
  control: WorkControl & { readonly threads: number },
): Promise<SparseRows> {
  assert(options.kernel.length >= 1)
  return solveAllPairs('pairRow', sequences, options, control, solution =>
    largestOfRows(solution, sequences.itemCount, rowLength, control.signal),
  )
}
