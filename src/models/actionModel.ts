/**
 * How probable it is that a user takes an action within a period of meeting it: a logistic regression with a ridge for each action
 * (Chapelle, Manavoglu and Rosales 2014, §4: response prediction; fitted in actionFit.ts) on what the user did before,
 *
 *   P(a) = σ(bias[a] + weights[a] · x),   x = (query of the history, log(1 + t), log(1 + s))
 *
 * query: the vector of a factor model over items and actions together (historyModel.ts); t and s: how much the user took this very action
 * before, and was shown it without, by the last of the model's kernels. Without history it is the share of exposures that succeed.
 */
import type { HistoryModel } from './historyModel.ts'
import { sigmoid } from './logistic.ts'

export interface ActionModel {
  readonly actionCount: number
  /** u8[actionCount]: 0 for an action of which too little is known; its probability is 0. */
  readonly known: Uint8Array
  /** f64[actionCount]: the logit for a user without history. */
  readonly prior: Float64Array
  /** f64[actionCount] */
  readonly bias: Float64Array
  /** f64[actionCount, dimension + 2] */
  readonly weights: Float64Array
}

/** t and s of the header. */
export const OWN_COUNT = 2
export const featureCount = (model: HistoryModel): number =>
  (model.form === 'factors' ? model.dimension : 0) + OWN_COUNT

/** x of the header for each action of `actions`, f64[actions.length, featureCount]; 0 for an empty history. */
export function actionFeatures(
  model: HistoryModel,
  actionCount: number,
  history: ArrayLike<number>,
  actions: ArrayLike<number>,
): Float64Array {
  const width = featureCount(model)
  const features = new Float64Array(actions.length * width)
  if (model.form !== 'factors') return features
  const { dimension, kernels, sources, itemCount: all } = model
  const query = new Float64Array(dimension)
  for (const [f, kernel] of kernels.entries())
    for (let k = 0; k < Math.min(kernel.length, history.length); k++) {
      const row = (f * all + history[history.length - 1 - k]) * dimension
      for (let x = 0; x < dimension; x++) query[x] += kernel[k] * sources[row + x]
    }
  const slowest = kernels[kernels.length - 1]
  const own = new Float64Array(2 * actionCount)
  const first = all - 2 * actionCount
  for (let k = 0; k < Math.min(slowest.length, history.length); k++) {
    const event = history[history.length - 1 - k] - first
    if (event >= 0) own[event] += slowest[k]
  }
  for (let i = 0; i < actions.length; i++) {
    features.set(query, i * width)
    features[i * width + dimension] = Math.log1p(own[actions[i]])
    features[i * width + dimension + 1] = Math.log1p(own[actionCount + actions[i]])
  }
  return features
}

/** f64[actionCount]: P of the header, 0 for actions of which too little is known. */
export function actionProbabilities(
  { actionCount, known, prior, bias, weights }: ActionModel,
  model: HistoryModel,
  history: ArrayLike<number>,
): Float64Array {
  if (history.length === 0) return prior.map((logit, action) => (known[action] ? sigmoid(logit) : 0))
  const width = featureCount(model)
  const features = actionFeatures(
    model,
    actionCount,
    history,
    Uint32Array.from({ length: actionCount }, (_, a) => a),
  )
  return bias.map((logit, action) => {
    if (!known[action]) return 0
    for (let j = action * width; j < (action + 1) * width; j++) logit += weights[j] * features[j]
    return sigmoid(logit)
  })
}
