/**
 * What the recipes of the second generation share, User-Personalization-v2 and Personalized-Ranking-v2: their parameter and the model.
 *
 * The model is a directional ridge over the newest sixty events of a user (historyRidge.ts), solved in closed form. The reference service
 * describes a transformer over the same list; this is not Amazon's implementation.
 */
import type { HistoryModel } from '../models/historyModel.ts'
import { fitHistoryRidge } from './historyRidge.ts'
import { flag, type ParameterValues } from './parameters.ts'
import type { TrainingControl, TrainingData } from './trainingData.ts'

/** Fifty to eighty places measured alike; the sixtieth weighs (60)^-0.7 = .06 of the newest (design/recommenders.md §5.1). */
const EVENT_COUNT = 60

const hyperparameters = {
  /** true: an event k places back counts (k+1)^-0.7; false: all sixty alike, in training and in serving. */
  apply_recency_bias: flag({ default: true }),
}

/** The members of a recipe of the family. */
export const transformerFamily = {
  hyperparameters,
  featureTransformationParameters: {},
  train: (
    { interactions }: TrainingData,
    { apply_recency_bias: recency }: ParameterValues<typeof hyperparameters>,
    control: TrainingControl,
  ): Promise<HistoryModel> => fitHistoryRidge(interactions, { eventCount: EVENT_COUNT, recency }, control),
}
