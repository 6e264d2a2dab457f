/**
 * EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", eq. 8): every item from the other items of the same user, in
 * closed form. With X[user][item] = 1 where the user has the item,
 *
 *   G = XᵀX,   P = (G + λI + δ·diag G)⁻¹,   B[i][j] = -P[i][j] / P[j][j],   B[j][j] = 0
 *
 * It knows no order. As an expert of a pool it is served with a kernel that forgets (design/recommenders.md §5.2).
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
export const fitEase = (
  sequences: Sequences,
  { rowLength, ...ridge }: EaseOptions,
  control: WorkControl & { readonly threads: number },
): Promise<SparseRows> =>
  solveAllPairs('togetherRow', sequences, { ...ridge, kernel: TOGETHER }, control, async inverse => {
    const { itemCount } = sequences
    const { signal } = control
    const scales = Float32Array.from({ length: itemCount }, (_, item) => -1 / inverse[item * itemCount + item])
    const rowsPerTurn = Math.max(1, Math.floor(NUMBERS_PER_TURN / itemCount))
    await inTurns(itemCount, rowsPerTurn, signal, (from, to) => {
      for (let row = from; row < to; row++) {
        const at = row * itemCount
        for (let item = 0; item < itemCount; item++) inverse[at + item] *= scales[item]
        inverse[at + row] = 0
      }
    })
    return largestOfRows(inverse, itemCount, rowLength, signal)
  })
