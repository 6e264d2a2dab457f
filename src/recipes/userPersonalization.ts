/**
 * AWS's name, our model: directional ridge over the newest `bptt` events of a user (historyRidge.ts), solved in closed form. The reference
 * service describes a hierarchical recurrent network (HRNN); this is not Amazon's implementation.
 */
import { Refusal } from '../lib/refusal.ts'
import { DENSE_ITEM_COUNT_MAX } from '../models/directionalRidge.ts'
import { usersByHistoryLength } from '../models/splits.ts'
import { fitHistoryRidge } from './historyRidge.ts'
import { continuous, flag, integer } from './parameters.ts'
import { recipe } from './recipe.ts'
import { withUsers } from './trainingData.ts'

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
  batch: { record: 'userId', scores: true, reasons: false },
  hyperparameters: {
    /** The rank of the reference's item table. The item-item matrix here is kept whole, the limit of every rank: checked, without effect. */
    hidden_dimension: integer({ min: 32, max: 256, default: 149, tunable: true }),
    /** How far back a step of training looks (back-propagation through time): here the length of the kernel. */
    bptt: integer({ min: 2, max: 32, default: 32, tunable: true }),
    /** true: an event k places back counts (k+1)^-0.7; false: all alike, in training and in serving. */
    recency_mask: flag({ default: true, tunable: true }),
  },
  featureTransformationParameters: {
    /** Users with fewer events than this percentile of all users are not learnt from: they tell popularity rather than taste. */
    min_user_history_length_percentile: continuous({ min: 0, max: 1, default: 0 }),
    /** Users with more events than this percentile are not learnt from: they tend to be robots. */
    max_user_history_length_percentile: continuous({ min: 0, max: 1, default: 0.99 }),
  },
  check({ min_user_history_length_percentile: min, max_user_history_length_percentile: max }) {
    if (min <= max) return
    throw new Refusal(
      `The feature transformation parameter min_user_history_length_percentile is ${min}, where at most max_user_history_length_percentile, ${max}, was expected.`,
    )
  },
  select: (data, { min_user_history_length_percentile: min, max_user_history_length_percentile: max }) =>
    withUsers(data, usersByHistoryLength(data.interactions, { min, max })),
  train: ({ interactions }, { bptt, recency_mask }, control) =>
    fitHistoryRidge(interactions, { eventCount: bptt, recency: recency_mask }, control),
})
