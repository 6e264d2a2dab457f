/** AWS's name, our model: users ranked for an item (affinityFamily.ts). Not Amazon's implementation. */
import { affinityFamily } from './affinityFamily.ts'
import { recipe } from './recipe.ts'

export const itemAffinity = recipe({
  name: 'aws-item-affinity',
  algorithm: 'aws-item-affinity',
  featureTransformation: 'item-affinity',
  description:
    'Finds the users who are most likely to interact with an item. Sommelier trains a reduced-rank directional ridge and ranks users by its scores, times the root of how much they did.',
  creationDateTime: Date.UTC(2021, 6, 15) / 1000,
  segments: 'itemId',
  ...affinityFamily,
})
