/**
 * AWS's name, our model: directional ridge over the newest sixty events of a user (historyRidge.ts), solved in closed form. The reference
 * service describes a transformer over the same list; this is not Amazon's implementation.
 */
import { DENSE_ITEM_COUNT_MAX } from '../models/directionalRidge.ts'
import { fitHistoryRidge } from './historyRidge.ts'
import { flag } from './parameters.ts'
import { recipe } from './recipe.ts'

/** Fifty to eighty places measured alike; the sixtieth weighs (60)^-0.7 = .06 of the newest (design/recommenders.md §5.1). */
const EVENT_COUNT = 60

export const userPersonalizationV2 = recipe({
  name: 'aws-user-personalization-v2',
  type: 'USER_PERSONALIZATION',
  algorithm: 'aws-user-personalization-v2',
  featureTransformation: 'aws-user-personalization-v2',
  description:
    'Recommends what a user is likely to interact with next. Sommelier trains a directional ridge model: a closed-form linear model of the next item, given the recency-weighted list of the newest 60 interactions.',
  creationDateTime: Date.UTC(2024, 0, 1) / 1000,
  /** Interactions: the documented cap. Items: what the dense solve holds in memory, where the reference goes up to 5 million. */
  limits: { itemCount: DENSE_ITEM_COUNT_MAX, interactionCount: 3_000_000_000 },
  batch: { record: 'userId', scores: true, reasons: true },
  hyperparameters: {
    /** true: an event k places back counts (k+1)^-0.7; false: all sixty alike, in training and in serving. */
    apply_recency_bias: flag({ default: true }),
  },
  featureTransformationParameters: {},
  train: ({ interactions }, values, control) =>
    fitHistoryRidge(interactions, { eventCount: EVENT_COUNT, recency: values.apply_recency_bias }, control),
})
