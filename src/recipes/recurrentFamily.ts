/**
 * What the recipes of the first generation share, User-Personalization, Personalized-Ranking and the withdrawn HRNN recipes: the
 * parameters of a recurrent network over a user's events (spec/recipes.md §4), whose users are learnt from, and the model behind them all.
 *
 * The model is a reduced-rank directional ridge (historyFactors.ts): the newest `bptt` events of a user become a vector of `hidden_dimension`
 * numbers, and items are a matrix, all solved in closed form. It is made for throughput and for large catalogues; the second generation
 * (transformerFamily.ts) is for quality. The reference service describes a hierarchical recurrent network (HRNN: Quadrana et al. 2017); this
 * is not Amazon's implementation.
 */
import type { HistoryModel } from '../models/historyModel.ts'
import { usersByHistoryLength } from '../models/splits.ts'
import { fitHistoryFactors } from './historyFactors.ts'
import { checkPercentiles, continuous, flag, integer, type ParameterValues } from './parameters.ts'
import { type TrainingControl, type TrainingData, withUsers } from './trainingData.ts'

/** In events; chosen in historyFactors.ts. */
const RECENCY_TIMES = [1, 8]

const hyperparameters = (hiddenDimension: number) => ({
  /**
   * How many numbers a history and an item are told in. More is better and slower: on ML-1M (leave-one-out, bench/quality) an NDCG@10 of
   * .105, .132, .155 and .163 at 32, 64, 149 and 256.
   */
  hidden_dimension: integer({ min: 32, max: 256, default: hiddenDimension, tunable: true }),
  /** How far back a step of training looks (back-propagation through time): here the length of the kernels. */
  bptt: integer({ min: 2, max: 32, default: 32, tunable: true }),
  /** true: an event k places back counts exp(-k) in one view of the history and exp(-k/8) in another; false: all alike, in one view. */
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
  /** The documented caps (spec/recipes.md §3). */
  limits: { itemCount: 750_000, interactionCount: 500_000_000 },
  hyperparameters: hyperparameters(hiddenDimension),
  featureTransformationParameters,
  check: (values: Percentiles) => checkPercentiles(values, 'user_history_length'),
  select: (data: TrainingData, values: Percentiles): TrainingData => {
    const { min_user_history_length_percentile: min, max_user_history_length_percentile: max } = values
    return withUsers(data, usersByHistoryLength(data.interactions, { min, max }))
  },
  train: (
    { interactions }: TrainingData,
    { bptt, recency_mask, hidden_dimension }: ParameterValues<ReturnType<typeof hyperparameters>>,
    control: TrainingControl,
  ): Promise<HistoryModel> =>
    fitHistoryFactors(
      interactions,
      { eventCount: bptt, recencyTimes: recency_mask ? RECENCY_TIMES : [Infinity], rank: hidden_dimension },
      control,
    ),
})
