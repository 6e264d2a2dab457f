/** AWS's name, our model: users ranked for the items that have certain attributes, by the mean over them (affinityFamily.ts). Not Amazon's implementation. */
import { affinityFamily } from './affinityFamily.ts'
import { recipe } from './recipe.ts'

export const itemAttributeAffinity = recipe({
  name: 'aws-item-attribute-affinity',
  algorithm: 'aws-item-attribute-affinity',
  featureTransformation: 'item-attribute-affinity',
  description:
    'Finds the users who are most likely to interact with items of certain attributes. Sommelier trains a reduced-rank directional ridge and ranks users by its mean score for those items, times the root of how much they did.',
  creationDateTime: Date.UTC(2021, 7, 25) / 1000,
  segments: 'itemAttributes',
  ...affinityFamily,
})
