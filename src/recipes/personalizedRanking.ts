/** AWS's name, our model: that of aws-user-personalization (recurrentFamily.ts), asked about the items of a list only. Not Amazon's implementation. */
import { recipe } from './recipe.ts'
import { recurrentFamily } from './recurrentFamily.ts'

export const personalizedRanking = recipe({
  name: 'aws-personalized-ranking',
  type: 'PERSONALIZED_RANKING',
  algorithm: 'aws-personalized-ranking',
  featureTransformation: 'JSON-percentile-filtering',
  description:
    'Ranks a list of items for a user. Sommelier trains the model of aws-user-personalization; scores are a softmax over the items of the list, and items without interactions come last.',
  creationDateTime: Date.UTC(2019, 5, 10) / 1000,
  metadata: true,
  objective: true,
  batch: { record: 'userId and itemList', scores: true, reasons: false, contexts: true },
  ...recurrentFamily({ hiddenDimension: 149 }),
})
