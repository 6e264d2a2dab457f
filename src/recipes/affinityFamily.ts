/**
 * What the two recipes of user segments share: the reduced-rank directional ridge (historyFactors.ts) with one slow view of the history, and
 * users ranked by it for an item, or for the mean of items (models/userAffinity.ts).
 *
 * The view was chosen by the evaluation itself (evaluateSegments.ts; hits and recall at 1 %, rank 149) on ML-1M and Online Retail: exp(-k/30)
 * 5.66 / .134 and 2.90 / .162; exp(-k/100) 5.21 / .132 and 3.48 / .185; flat 4.01 / .114 and 3.69 / .180; 30 and flat together 5.69 / .138
 * and 3.14 / .176. By activity alone 4.11 / .118 and 2.89 / .154.
 */
import type { HistoryModel } from '../models/historyModel.ts'
import { evaluateSegments } from './evaluateSegments.ts'
import { fitHistoryFactors } from './historyFactors.ts'
import { integer, type ParameterValues } from './parameters.ts'
import type { TrainingControl, TrainingData } from './trainingData.ts'

/** In events. */
const RECENCY_TIME = 100
/** exp(-250/100) = .08: what lies further back hardly counts. */
const EVENT_COUNT = 250

const hyperparameters = {
  /** How many numbers a user and an item are told in. */
  hidden_dimension: integer({ min: 32, max: 256, default: 149 }),
}

export const affinityFamily = {
  type: 'USER_SEGMENTATION',
  /** The documented caps (spec/recipes.md §3). */
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  batch: undefined,
  hyperparameters,
  featureTransformationParameters: {},
  evaluate: () => evaluateSegments,
  train: (
    { interactions }: TrainingData,
    { hidden_dimension }: ParameterValues<typeof hyperparameters>,
    control: TrainingControl,
  ): Promise<HistoryModel> =>
    fitHistoryFactors(
      interactions,
      { eventCount: EVENT_COUNT, recencyTimes: [RECENCY_TIME], rank: hidden_dimension },
      control,
    ),
} as const
