/**
 * A model of histories, in one of three forms. With q_1 … q_L a user's events, oldest first, each form says how they become a score for every
 * item; a user is nothing but their list of events, so a new event needs no training. For L = 0 the score of item j is prior[j].
 *
 *   dense     score(j) = Σ_{k < min(L, K)} kernel[k] · rows[q_{L-k}, j]           (k = 0 is the newest event)
 *   factors   query = Σ_f Σ_{k < min(L, K_f)} kernels[f][k] · sources[f, q_{L-k}];   score(j) = query · targets[j] + bias[j]
 *   pool      s_f(j) = max(0, Σ_{k < min(L, K_f)} kernel_f[k] · rows_f[q_{L-k}, j]) / scale_f, over sparse rows, or j's share of the votes of the nearest
 *             sequences (nearestSequences.ts) / scale_f; then
 *             log:     score(j) = bias[j] + Σ_f weight_f · ln(s_f(j) + epsilon)
 *             linear:  score(j) = bias[j] + Σ_f weight_f · s_f(j)
 *
 *   probability(j) = exp(sharpness · score(j)) / Σ_i exp(sharpness · score(i))   over the whole catalogue
 *
 * Sources: design/recommenders.md §5.1 (dense), §0.2 (factors: the same in low rank), §5.4 (pool: Hinton 2002, products of experts, and the
 * linear opinion pool, Stone 1961).
 */
import type { StandIns } from './standIns.ts'

export type HistoryModel = DenseModel | FactorModel | PoolModel

interface Common {
  readonly itemCount: number
  /** f32[itemCount]: log-probability / sharpness of an item by its popularity, so that its softmax is the share of events. */
  readonly prior: Float32Array
  /** Inverse temperature > 0 of the softmax, fitted on held-out events by maximum likelihood. */
  readonly sharpness: number
}

export interface DenseModel extends Common {
  readonly form: 'dense'
  /** f32[K], K ≥ 0: the weight of the event k places before the newest. */
  readonly kernel: Float32Array
  /** f32[itemCount, itemCount], row-major, one row a source item; absent: everybody gets `prior`. */
  readonly rows: Float32Array | undefined
}

export interface FactorModel extends Common {
  readonly form: 'factors'
  /** d ≥ 1. */
  readonly dimension: number
  /** F ≥ 1 kernels, f32[K_f] each. */
  readonly kernels: readonly Float32Array[]
  /** f32[F, itemCount, d]: what an event of an item adds to the query, by kernel. */
  readonly sources: Float32Array
  /** f32[itemCount, d] */
  readonly targets: Float32Array
  /** f32[itemCount]; absent: 0. */
  readonly bias: Float32Array | undefined
}

export interface PoolModel extends Common {
  readonly form: 'pool'
  readonly combination: 'log' | 'linear'
  /** > 0; in the logarithm only. */
  readonly epsilon: number
  /** At least one. */
  readonly experts: readonly PoolExpert[]
  /** f32[itemCount]; absent: 0. */
  readonly bias: Float32Array | undefined
  /** What is added to sharpness · score of items without interactions, ≤ 0 (newItemOffset.ts); absent: 0. Of those that are in the model it is in `bias`. */
  readonly newItemOffset?: number
  readonly choice?: PoolChoice
}

/** What was chosen when a pool was fitted, and on what grounds: for people. NDCG is that of held-out next items, at 10. */
export interface PoolChoice {
  readonly heldOutPairCount: number
  readonly combination: 'log' | 'linear'
  readonly fittedBy: 'likelihood' | 'NDCG' | 'default'
  readonly solved: 'all pairs of items' | 'neighbourhoods'
  /** What the regularization of all experts was multiplied with: all that was tried. */
  readonly ridges: readonly { readonly factor: number; readonly ndcgAt10: number }[]
  /** Ways to fit the weights, each measured on pairs that its weights were not fitted on. */
  readonly tried: readonly {
    readonly combination: 'log' | 'linear'
    readonly fittedBy: 'likelihood' | 'NDCG'
    readonly ndcgAt10: number
  }[]
  /** All that were asked; those of weight 0 are not in the model. `ndcgAt10` is that of the expert alone. */
  readonly experts: readonly {
    readonly name: string
    readonly regularization: number
    readonly diagonal: number
    readonly weight: number
    readonly ndcgAt10?: number
  }[]
  /** Of either sign in a log pool. */
  readonly popularityWeight: number
}

export type PoolExpert = SparseExpert | NearestExpert

interface AnyExpert {
  /** For people: what the report calls it. */
  readonly name: string
  /** f32[K_f], K_f ≥ 1 */
  readonly kernel: Float32Array
  /** ≥ 0 */
  readonly weight: number
  /** > 0: what a score is divided by, its usual total. */
  readonly scale: number
}

export interface NearestExpert extends AnyExpert {
  /** Whether what a history has gets no votes. */
  readonly steps: boolean
  readonly sequences: KeptSequences
}

/** What is remembered of everybody (nearestSequences.ts). All on shared memory. */
export interface KeptSequences {
  /** i32: as kernels/plain/nearest.ts has them. */
  readonly events: Int32Array
  /** u32[rows + 1]: row r is events[offsets[r] … offsets[r + 1] - NEAREST_BEHIND). */
  readonly offsets: Uint32Array
  /** u32[rows]: which user of the model each row is. */
  readonly people: Uint32Array
  /** u32[itemCount + 1], u32[…]: of each item the places that are looked at. */
  readonly starts: Uint32Array
  readonly places: Uint32Array
  /** f32[itemCount]: ln(1 + rows / the item's events); 0 for one that has none. */
  readonly rarity: Float32Array
  /** Of the last items, which nobody had: what each is made of (newItems.ts). */
  readonly standIns: StandIns
}

export interface SparseExpert extends AnyExpert {
  /** u32[itemCount + 1]: source item i's entries are [offsets[i], offsets[i + 1]). */
  readonly offsets: Uint32Array
  /** i32[entries]: target items, ascending within a row, each once. */
  readonly items: Int32Array
  /** f32[entries] */
  readonly values: Float32Array
}

/** How many of a user's newest events a score depends on. */
export function historyLength(model: HistoryModel): number {
  if (model.form === 'dense') return model.kernel.length
  const kernels = model.form === 'factors' ? model.kernels : model.experts.map(({ kernel }) => kernel)
  return Math.max(...kernels.map(kernel => kernel.length))
}

/** Everybody gets the prior, whatever they did. */
export const isPriorAlone = (model: HistoryModel): boolean => model.form === 'dense' && model.rows === undefined
