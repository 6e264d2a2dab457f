/** AWS's name, our model: that of aws-user-personalization-v2 (transformerFamily.ts), asked about the items of a list only. Not Amazon's implementation. */
import { recipe } from './recipe.ts'
import { transformerFamily } from './transformerFamily.ts'

export const personalizedRankingV2 = recipe({
  name: 'aws-personalized-ranking-v2',
  type: 'PERSONALIZED_RANKING',
  algorithm: 'aws-personalized-ranking-v2',
  featureTransformation: 'aws-personalized-ranking-v2',
  description:
    'Ranks a list of items for a user. Sommelier trains the model of aws-user-personalization-v2; scores are a softmax over the items of the list, and items without interactions come last.',
  creationDateTime: Date.UTC(2024, 0, 1) / 1000,
  /** As aws-user-personalization-v2. */
  limits: { itemCount: 5_000_000, interactionCount: 3_000_000_000 },
  metadata: true,
  weighsEvents: true,
  batch: { record: 'userId and itemList', scores: true, reasons: false, contexts: true },
  ...transformerFamily,
})
