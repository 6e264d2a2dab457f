/**
 * What the recipes of the first generation share, User-Personalization, Personalized-Ranking and the withdrawn HRNN recipes: the
 * parameters of a recurrent network over a user's events (spec/recipes.md §4), whose users are learnt from, and the model behind them all.
 *
 * The model is a directional ridge over the newest `bptt` events (historyRidge.ts), solved in closed form. The reference service describes
 * a hierarchical recurrent network (HRNN: Quadrana et al. 2017); this is not Amazon's implementation.
 */
import { Refusal } from '../lib/refusal.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import { usersByHistoryLength } from '../models/splits.ts'
import { fitHistoryRidge } from './historyRidge.ts'
import { continuous, flag, integer, type ParameterValues } from './parameters.ts'
import { type TrainingControl, type TrainingData, withUsers } from './trainingData.ts'

const hyperparameters = (hiddenDimension: number) => ({
  /** The rank of the reference's item table. The item-item matrix here is kept whole, the limit of every rank: checked, without effect. */
  hidden_dimension: integer({ min: 32, max: 256, default: hiddenDimension, tunable: true }),
  /** How far back a step of training looks (back-propagation through time): here the length of the kernel. */
  bptt: integer({ min: 2, max: 32, default: 32, tunable: true }),
  /** true: an event k places back counts (k+1)^-0.7; false: all alike, in training and in serving. */
  recency_mask: flag({ default: true, tunable: true }),
})

const featureTransformationParameters = {
  /** Users with fewer events than this percentile of all users are not learnt from: they tell popularity rather than taste. */
  min_user_history_length_percentile: continuous({ min: 0, max: 1, default: 0 }),
  /** Users with more events than this percentile are not learnt from: they tend to be robots. */
  max_user_history_length_percentile: continuous({ min: 0, max: 1, default: 0.99 }),
}
type Percentiles = ParameterValues<typeof featureTransformationParameters>

/** The members of a recipe of the family; `hiddenDimension` is the default that differs between them. */
export const recurrentFamily = ({ hiddenDimension }: { hiddenDimension: number }) => ({
  hyperparameters: hyperparameters(hiddenDimension),
  featureTransformationParameters,
  check: (values: Percentiles) => checkPercentiles(values, 'user_history_length'),
  select: (data: TrainingData, values: Percentiles): TrainingData => {
    const { min_user_history_length_percentile: min, max_user_history_length_percentile: max } = values
    return withUsers(data, usersByHistoryLength(data.interactions, { min, max }))
  },
  train: (
    { interactions }: TrainingData,
    { bptt, recency_mask }: ParameterValues<ReturnType<typeof hyperparameters>>,
    control: TrainingControl,
  ): Promise<HistoryModel> => fitHistoryRidge(interactions, { eventCount: bptt, recency: recency_mask }, control),
})

/** Throws Refusal where `min_…_percentile` is above `max_…_percentile`. */
function checkPercentiles(values: Readonly<Record<string, unknown>>, of: string): void {
  const [min, max] = [`min_${of}_percentile`, `max_${of}_percentile`]
  if ((values[min] as number) <= (values[max] as number)) return
  throw new Refusal(
    `The feature transformation parameter ${min} is ${values[min]}, where at most ${max}, ${values[max]}, was expected.`,
  )
}
