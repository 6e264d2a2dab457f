/**
 * AWS's name, and as documented: item-to-item similarity by users in common with a discount for popularity (models/coOccurrence.ts:
 * Deshpande and Karypis 2004). Not Amazon's implementation.
 *
 * The percentiles say what is learnt from: users with neither too few events nor too many, and items likewise. An item that is left out is
 * related to nothing and gets what is popular, as do an unknown one and one with too few companions.
 */
import { fitCoOccurrence } from '../models/coOccurrence.ts'
import { eventCounts, logShares, uniqueUserCounts } from '../models/popularity.ts'
import { RELATED_ROW_LENGTH, relatedItemsModel } from '../models/relatedItems.ts'
import { percentileRange, usersByHistoryLength } from '../models/splits.ts'
import { evaluateForItems } from './evaluate.ts'
import { checkPercentiles, continuous, integer } from './parameters.ts'
import { recipe } from './recipe.ts'
import { withUsers } from './trainingData.ts'

export const sims = recipe({
  name: 'aws-sims',
  type: 'RELATED_ITEMS',
  algorithm: 'aws-sims',
  featureTransformation: 'sims',
  description:
    'Recommends items that go with the one named: by how many users interacted with both, discounted by popularity. For an unknown item what is popular.',
  creationDateTime: Date.UTC(2019, 5, 10) / 1000,
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  batch: { record: 'itemId', scores: false, reasons: false },
  hyperparameters: {
    /** 0: the most common companions, however popular; 1: only how exclusively they go together. */
    popularity_discount_factor: continuous({ min: 0, max: 1, default: 0.5, tunable: true }),
    /** Users that two items have in common, at least, to be related. */
    min_cointeraction_count: integer({ min: 0, max: 10, default: 3, tunable: true }),
  },
  featureTransformationParameters: {
    min_user_history_length_percentile: continuous({ min: 0, max: 1, default: 0.005 }),
    max_user_history_length_percentile: continuous({ min: 0, max: 1, default: 0.995 }),
    min_item_interaction_count_percentile: continuous({ min: 0, max: 1, default: 0.01 }),
    max_item_interaction_count_percentile: continuous({ min: 0, max: 1, default: 0.9 }),
  },
  check(values) {
    checkPercentiles(values, 'user_history_length')
    checkPercentiles(values, 'item_interaction_count')
  },
  select: (data, { min_user_history_length_percentile: min, max_user_history_length_percentile: max }) =>
    withUsers(data, usersByHistoryLength(data.interactions, { min, max })),
  evaluate: () => evaluateForItems,
  async train({ interactions }, values, control) {
    const { min_item_interaction_count_percentile: min, max_item_interaction_count_percentile: max } = values
    const events = eventCounts(interactions)
    const { least, most } = percentileRange(Uint32Array.from(events.filter(count => count > 0)), { min, max })
    const rows = await fitCoOccurrence(
      interactions,
      {
        popularityDiscount: values.popularity_discount_factor,
        countMin: values.min_cointeraction_count,
        rowLength: RELATED_ROW_LENGTH,
        counts: item => events[item] >= least && events[item] <= most,
      },
      control,
    )
    return relatedItemsModel([{ name: 'users in common', rows, weight: 1 }], logShares(uniqueUserCounts(interactions)))
  },
})
