/** AWS's name, and as documented: items by the number of different users who interacted with them, the same list for everybody. */
import { popularityModel, uniqueUserCounts } from '../models/popularity.ts'
import { recipe } from './recipe.ts'

export const popularityCount = recipe({
  name: 'aws-popularity-count',
  type: 'POPULAR_ITEMS',
  algorithm: 'aws-popularity-count',
  featureTransformation: 'sims',
  description:
    'Recommends the most popular items: those that the most different users interacted with. The same list for every user.',
  creationDateTime: Date.UTC(2019, 5, 10) / 1000,
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  batch: { record: 'userId', scores: false, reasons: false },
  hyperparameters: {},
  featureTransformationParameters: {},
  train: ({ interactions }) => popularityModel(uniqueUserCounts(interactions)),
})
