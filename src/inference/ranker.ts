/** A model of any form, placed in memory that all threads share, and a ranker on it for each thread: the form picks who does it. */

import { fastestTiles } from '../kernels/tileShape.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import { openDenseRanker } from './denseRanker.ts'
import { openFactorRanker } from './factorRanker.ts'
import { type PlacedDense, placeDense } from './placeDense.ts'
import { type PlacedFactors, placeFactors } from './placeFactors.ts'
import { type PlacedPool, placePool } from './placePool.ts'
import { openPoolRanker } from './poolRanker.ts'
import type { Ranker } from './queries.ts'

/** Can be cloned into worker threads; everything large in it is shared memory. */
export type PlacedModel = PlacedDense | PlacedFactors | PlacedPool

export interface PlaceOptions {
  /** Rankers that may be open at once. */
  readonly threads: number
  /** Queries that are scored together, by dense and factor models. */
  readonly blockSize?: number
  /**
   * Whether probabilities of factor models and pools are shares of the exact sum over the catalogue; those of dense models always are. Absent: of small
   * catalogues, as each form has it.
   */
  readonly exactTotals?: boolean
  /** Whether queries will say what is allowed: factor models then keep room for it. */
  readonly filtered?: boolean
  /** What those views may take; absent: VIEWS_BYTES. */
  readonly viewsBytes?: number
}

/**
 * The caller's model may go where the form copies it.
 * Throws Refusal when a value is not a finite number, when scores could grow beyond the greatest finite one, or when the model is too large.
 */
export function placeModel(model: HistoryModel, options: PlaceOptions): PlacedModel {
  if (model.form === 'dense') return placeDense(model, options)
  return model.form === 'pool' ? placePool(model, options) : placeFactors(model, { ...options, tiles: fastestTiles() })
}

/** One for each thread, on a slot of its own: slot < placeModel's `threads`. */
export function openRanker(placed: PlacedModel, slot: number): Ranker {
  if (placed.form === 'dense') return openDenseRanker(placed, slot)
  return placed.form === 'pool' ? openPoolRanker(placed, slot) : openFactorRanker(placed, slot)
}
