/**
 * EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", eq. 8): every item from the other items of the same user, in
 * closed form. With X[user][item] = 1 where the user has the item,
 *
 *   G = XᵀX,   P = (G + λI + δ·diag G)⁻¹,   B[i][j] = -P[i][j] / P[j][j],   B[j][j] = 0
 *
 * It knows no order. As an expert of a pool it is served with a kernel that forgets (design/recommenders.md §5.2).
 *
 * Where events have weights v, a target counts by its own and sources count alike, as in pairCounts.ts: the least squares answer for Y[user][item] = v
 * instead of X on the left, min ‖Y - XB‖² + ridge with B[j][j] = 0. The multiplier of that constraint (Steck 2019, §3.1) is now another,
 *
 *   S = P·XᵀY,   B[i][j] = S[i][j] - P[i][j]·S[j][j] / P[j][j]
 *
 * which is eq. 8 where all v are 1. It takes two solutions, P and S, instead of one.
 */
import type { WorkControl } from '../lib/work.ts'
import { solveAllPairs } from './denseSystem.ts'
import { inTurns, type Sequences } from './pairCounts.ts'
import { largestOfRows, type SparseRows } from './sparseRows.ts'

/** Rows rewritten between two turns of the event loop: some milliseconds at the largest catalogue. */
const NUMBERS_PER_TURN = 1 << 22

export interface EaseOptions {
  /** λ > 0, in users. */
  readonly regularization: number
  /** δ ≥ 0, the share of an item's own users that is added to it. */
  readonly diagonal: number
  /** The most entries that a row of the result has: those of largest magnitude. */
  readonly rowLength: number
}

/** A kernel of no length: users who have both. */
export const TOGETHER = new Float32Array(0)

/** B as sparse rows. Sequences name an item once a user (distinctItems). Otherwise as solveAllPairs. */
export async function fitEase(
  { weights, ...sequences }: Sequences,
  { rowLength, ...ridge }: EaseOptions,
  control: WorkControl & { readonly threads: number },
): Promise<SparseRows> {
  const { itemCount } = sequences
  const { signal } = control
  const options = { ...ridge, kernel: TOGETHER }
  const solved = weights
    ? await solveAllPairs('togetherRow', { ...sequences, weights }, options, control, async solution =>
        solution.slice(),
      )
    : undefined
  return solveAllPairs('togetherRow', sequences, options, control, async inverse => {
    /** What a column of P is multiplied with. */
    const scales = Float32Array.from({ length: itemCount }, (_, item) => {
      const own = item * itemCount + item
      return -(solved ? solved[own] : 1) / inverse[own]
    })
    const rowsPerTurn = Math.max(1, Math.floor(NUMBERS_PER_TURN / itemCount))
    await inTurns(itemCount, rowsPerTurn, signal, (from, to) => {
      for (let row = from; row < to; row++) {
        const at = row * itemCount
        for (let item = 0; item < itemCount; item++) inverse[at + item] *= scales[item]
        if (solved) for (let item = 0; item < itemCount; item++) inverse[at + item] += solved[at + item]
        inverse[at + row] = 0
      }
    })
    return largestOfRows(inverse, itemCount, rowLength, signal)
  })
}
