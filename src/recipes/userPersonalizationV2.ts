/** AWS's name, our model: that of the second generation (transformerFamily.ts). Not Amazon's implementation. */
import { DENSE_ITEM_COUNT_MAX } from '../models/directionalRidge.ts'
import { recipe } from './recipe.ts'
import { transformerFamily } from './transformerFamily.ts'

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
  metadata: true,
  weighsEvents: true,
  batch: { record: 'userId', scores: true, reasons: true },
  ...transformerFamily,
})
