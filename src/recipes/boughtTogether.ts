/**
 * The model behind aws-ecomm-frequently-bought-together: co-occurrence (models/coOccurrence.ts), counted in baskets instead of users. What
 * somebody bought half a year later was not bought together.
 */
import { intoBaskets } from '../models/baskets.ts'
import { fitCoOccurrence } from '../models/coOccurrence.ts'
import { logShares, uniqueUserCounts } from '../models/popularity.ts'
import { RELATED_ROW_LENGTH, relatedItemsModel } from '../models/relatedItems.ts'
import { evaluateForItems } from './evaluate.ts'
import { recipe } from './recipe.ts'

/** A basket goes on while no pause is longer. On Online Retail an hour and a day measured alike (P@25 .0463, .0469). */
const PAUSE_SECONDS = 24 * 3600
/** Precision@10 of held-out events on Online Retail for .3, .5, .7: .0716, .0685, .0599; of all that users had in common (.3) .0730. */
const POPULARITY_DISCOUNT = 0.3
/** Twice may be chance. */
const COUNT_MIN = 3

export const boughtTogether = recipe({
  name: 'aws-ecomm-frequently-bought-together',
  type: 'RELATED_ITEMS',
  algorithm: 'aws-ecomm-frequently-bought-together',
  featureTransformation: 'aws-ecomm-frequently-bought-together',
  description: 'Items by how many baskets they share with the one named, discounted by popularity.',
  creationDateTime: Date.UTC(2019, 5, 10) / 1000,
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  batch: undefined,
  hyperparameters: {},
  featureTransformationParameters: {},
  evaluate: () => evaluateForItems,
  async train({ interactions }, _, control) {
    const options = { popularityDiscount: POPULARITY_DISCOUNT, countMin: COUNT_MIN, rowLength: RELATED_ROW_LENGTH }
    const rows = await fitCoOccurrence(intoBaskets(interactions, PAUSE_SECONDS), options, control)
    return relatedItemsModel(
      [{ name: 'baskets in common', rows, weight: 1 }],
      logShares(uniqueUserCounts(interactions)),
    )
  },
})
