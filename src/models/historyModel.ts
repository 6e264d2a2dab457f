/**
 * A linear model of histories. With q_1 … q_L a user's events, oldest first:
 *
 *   score(j) = Σ_{k < min(L, K)} kernel[k] · rows[q_{L-k}, j]       for L > 0 (k = 0 is the newest event)
 *   score(j) = prior[j]                                             for L = 0, and for every user of a model without rows
 *   probability(j) = exp(sharpness · score(j)) / Σ_i exp(sharpness · score(i))   over the whole catalogue
 *
 * A user is nothing but their list of events, so a new event needs no training. The inference layer knows no other form.
 */
export interface HistoryModel {
  readonly itemCount: number
  /** f32[K], K ≥ 0: the weight of the event k places before the newest. */
  readonly kernel: Float32Array
  /** f32[itemCount, itemCount], row-major, one row a source item; absent: everybody gets `prior`. */
  readonly rows: Float32Array | undefined
  /** f32[itemCount]: log-probability / sharpness of an item by its popularity, so that its softmax is the share of events. */
  readonly prior: Float32Array
  /** Inverse temperature > 0 of the softmax, fitted on held-out events by maximum likelihood. */
  readonly sharpness: number
}
