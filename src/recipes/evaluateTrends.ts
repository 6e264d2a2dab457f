/**
 * How a recipe about what is rising is judged: like any other, by what users did next, and by its own measure. At ten moments
 * of the newest tenth of time, it learns from what was there by then and is asked what will rise in the interval after it
 * (models/trendAccuracy.ts), beside popularity.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EvaluationReport } from '../models/evaluationReport.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { SolutionMetrics } from '../models/metrics.ts'
import { popularityModel, uniqueUserCounts } from '../models/popularity.ts'
import { eventsUntil } from '../models/splits.ts'
import { firstOf, increases, trendAccuracy, trendMoments } from '../models/trendAccuracy.ts'
import { type Evaluate, type EvaluationControl, evaluateForUsers, type Reports } from './evaluate.ts'
import type { TrainingData } from './trainingData.ts'

/** Each is a training, with its own choice of half-lives. */
const MOMENTS = 10

/** `intervalSeconds`: how often trends are looked at anew. */
export const evaluateTrends =
  (intervalSeconds: number): Evaluate =>
  async (fit, data, seed, control) => {
    const { metrics, baseline, report, ...rest } = await evaluateForUsers(fit, data, seed, control)
    const moments = trendMoments(data.interactions.times, intervalSeconds, MOMENTS)
    const popular = async ({ interactions }: TrainingData) => popularityModel(uniqueUserCounts(interactions))
    const accuracy = (model: Fit) => meanAccuracy(model, data, moments, intervalSeconds, control)
    const [found, plain] = [await accuracy(fit), await accuracy(popular)]
    const trends = { moments: found.moments, model: found.mean, popularity: plain.mean }
    return {
      metrics: withAccuracy(metrics, found.mean),
      baseline: withAccuracy(baseline, plain.mean),
      ...rest,
      ...(report && { report: async () => withTrends(await report(), trends) }),
    }
  }

type Fit = (data: TrainingData, control: EvaluationControl) => Promise<HistoryModel>

const withAccuracy = (metrics: SolutionMetrics, accuracy: number): SolutionMetrics => ({
  ...metrics,
  service: { ...metrics.service, trend_prediction_accuracy: accuracy },
})

const withTrends = (report: Reports | undefined, trends: EvaluationReport['trends']): Reports | undefined =>
  report && 'byHistoryLength' in report && trends ? { ...report, trends } : report

/** Over the moments at which something rose; 0 where nothing ever did: nothing was foretold. */
async function meanAccuracy(
  fit: Fit,
  data: TrainingData,
  moments: readonly number[],
  intervalSeconds: number,
  control: EvaluationControl,
): Promise<{ readonly mean: number; readonly moments: number }> {
  let [sum, count] = [0, 0]
  for (const [done, time] of moments.entries()) {
    control.progress({ stage: 'foretelling trends', done, total: moments.length, unit: 'moments' })
    await nextTurn()
    control.signal.throwIfAborted()
    const { prior } = await fit({ ...data, interactions: eventsUntil(data.interactions, time) }, control)
    const accuracy = trendAccuracy(firstOf(prior), increases(data.interactions, time, intervalSeconds))
    if (accuracy === undefined) continue
    sum += accuracy
    count++
  }
  return { mean: count === 0 ? 0 : sum / count, moments: count }
}
