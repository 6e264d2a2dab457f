/** AWS's name, our model: that of the first generation (recurrentFamily.ts). Not Amazon's implementation. */
import { recipe } from './recipe.ts'
import { recurrentFamily } from './recurrentFamily.ts'

export const userPersonalization = recipe({
  name: 'aws-user-personalization',
  type: 'USER_PERSONALIZATION',
  algorithm: 'aws-user-personalization',
  featureTransformation: 'JSON-percentile-filtering',
  description:
    'Recommends what a user is likely to interact with next. Sommelier trains a reduced-rank directional ridge model: the newest bptt interactions, weighed by recency where recency_mask is true, become a vector of hidden_dimension numbers, and items are ranked by its products with theirs, all solved in closed form.',
  creationDateTime: Date.UTC(2019, 5, 10) / 1000,
  metadata: true,
  updates: true,
  explores: true,
  objective: true,
  batch: { record: 'userId', scores: true, reasons: false, contexts: true },
  ...recurrentFamily({ hiddenDimension: 149 }),
})
