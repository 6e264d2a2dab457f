/** AWS's name, our model: that of the first generation (recurrentFamily.ts). Not Amazon's implementation. */
import { DENSE_ITEM_COUNT_MAX } from '../models/directionalRidge.ts'
import { recipe } from './recipe.ts'
import { recurrentFamily } from './recurrentFamily.ts'

export const userPersonalization = recipe({
  name: 'aws-user-personalization',
  type: 'USER_PERSONALIZATION',
  algorithm: 'aws-user-personalization',
  featureTransformation: 'JSON-percentile-filtering',
  description:
    'Recommends what a user is likely to interact with next. Sommelier trains a directional ridge model: a closed-form linear model of the next item, given the list of the newest bptt interactions; recency_mask weighs them by recency.',
  creationDateTime: Date.UTC(2019, 5, 10) / 1000,
  /** Interactions: the documented cap. Items: what the dense solve holds in memory, where the reference goes up to 750 000. */
  limits: { itemCount: DENSE_ITEM_COUNT_MAX, interactionCount: 500_000_000 },
  metadata: true,
  batch: { record: 'userId', scores: true, reasons: false },
  ...recurrentFamily({ hiddenDimension: 149 }),
})
