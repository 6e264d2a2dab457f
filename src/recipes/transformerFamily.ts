/**
 * What the recipes of the second generation share, User-Personalization-v2 and Personalized-Ranking-v2: their parameter and the model.
 *
 * The model is a pool of experts (historyPool.ts), each solved in closed form or remembered, their weights chosen on held-out events. The reference
 * service describes a transformer over the same list; this is not Amazon's implementation.
 */
import type { HistoryModel } from '../models/historyModel.ts'
import { fitHistoryPool } from './historyPool.ts'
import { flag, type ParameterValues } from './parameters.ts'
import type { TrainingControl, TrainingData } from './trainingData.ts'

const hyperparameters = {
  /** true: experts that forget at different rates; false: all events alike, in training and in serving. */
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
  ): Promise<HistoryModel> => fitHistoryPool(interactions, { recency }, control),
}
