/**
 * How the model of a recipe is judged: fitted on a part of the data, asked about the rest, beside popularity on the same split
 * (spec/training.md §3). What is measured is a model that has not seen the answers; the one that is kept is fitted on everything.
 */
import { sharpened } from '../models/calibration.ts'
import { calibrate, evaluateRanking, type OpenRanker } from '../models/evaluation.ts'
import { type HistoryModel, isPriorAlone } from '../models/historyModel.ts'
import type { SolutionMetrics } from '../models/metrics.ts'
import { withObjective } from '../models/objective.ts'
import { popularityModel, uniqueUserCounts } from '../models/popularity.ts'
import { type HeldOut, itemLists, listAt, splitByUsers } from '../models/splits.ts'
import { type TrainingControl, type TrainingData, withUsers } from './trainingData.ts'

export interface EvaluationControl extends TrainingControl {
  readonly openRanker: OpenRanker
}

export interface Evaluation {
  readonly metrics: SolutionMetrics
  /** Of popularity: what any model has to beat. */
  readonly baseline: SolutionMetrics
  /** For the model that is fitted on everything; undefined: it is calibrated as it comes. */
  readonly sharpness: number | undefined
}

export type Evaluate = (
  fit: (data: TrainingData, control: TrainingControl) => Promise<HistoryModel>,
  data: TrainingData,
  seed: number,
  control: EvaluationControl,
) => Promise<Evaluation>

/** Nine tenths of the users are learnt from; the others' newest events are to be found from their older ones. */
export const evaluateForUsers: Evaluate = async (fit, data, seed, control) => {
  const { training, trainingUsers, test } = splitByUsers(data.interactions, seed)
  const { catalogueItemCount } = data
  const { itemCount } = training
  const values = data.objective?.values
  const measure = (ranker: ReturnType<OpenRanker>) =>
    evaluateRanking(ranker, test, { itemCount, catalogueItemCount, withoutInputItems: false, values }, control)

  const model = await fit(withUsers(data, trainingUsers), control)
  const ranker = control.openRanker(model)
  /** The prior gives shares as they are; there is nothing to calibrate. */
  const sharpness = isPriorAlone(model) ? undefined : await calibrate(ranker, model.itemCount, test, control)
  const metrics = await measure(
    data.objective ? control.openRanker(withObjective(sharpened(model, sharpness), data.objective)) : ranker,
  )
  const baseline = await measure(control.openRanker(popularityModel(uniqueUserCounts(training))))
  return { metrics, baseline, sharpness }
}

/**
 * The same split for what is asked about one item: the newest one of a tested user's older events is the question, and cannot be an answer.
 * Nothing is calibrated, since such recipes give no scores.
 */
export const evaluateForItems: Evaluate = async (fit, data, seed, control) => {
  const { training, trainingUsers, test } = splitByUsers(data.interactions, seed)
  const asked = aboutNewestItems(test)
  const { catalogueItemCount } = data
  const { itemCount } = training
  const measure = (model: HistoryModel) =>
    evaluateRanking(
      control.openRanker(model),
      asked,
      { itemCount, catalogueItemCount, withoutInputItems: true },
      control,
    )
  const metrics = await measure(await fit(withUsers(data, trainingUsers), control))
  const baseline = await measure(popularityModel(uniqueUserCounts(training)))
  return { metrics, baseline, sharpness: undefined }
}

/** A repeat of the question cannot be found and is not asked for, unless nothing else would be. */
function aboutNewestItems(test: HeldOut): HeldOut {
  const rows = Array.from({ length: test.userCount }, (_, row) => {
    const question = listAt(test.inputs, row).slice(-1)
    const others = listAt(test.truths, row).filter(item => item !== question[0])
    return { question, truth: others.length > 0 ? others : listAt(test.truths, row) }
  })
  const { userCount, users } = test
  return {
    userCount,
    users,
    inputs: itemLists(rows.map(({ question }) => question)),
    truths: itemLists(rows.map(({ truth }) => truth)),
  }
}
