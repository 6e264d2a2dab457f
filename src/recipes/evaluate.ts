/**
 * How the model of a recipe is judged: fitted on a part of the data, asked about the rest, beside popularity on the same split
 * (spec/training.md §3). What is measured is a model that has not seen the answers; the one that is kept is fitted on everything.
 */
import { sharpened } from '../models/calibration.ts'
import type { ComparisonReport } from '../models/comparisonReport.ts'
import { type ContextChoices, fitContexts } from '../models/contextFit.ts'
import { calibrate, evaluateRanking, type OpenRanker, type Ranker } from '../models/evaluation.ts'
import { type EvaluationReport, evaluationReport, observation } from '../models/evaluationReport.ts'
import { type HistoryModel, isPriorAlone, type PoolModel } from '../models/historyModel.ts'
import type { SolutionMetrics } from '../models/metrics.ts'
import { fitNewItemOffset, type NewItemOffset, type OffsetQuestion, offsetForRoom } from '../models/newItemOffset.ts'
import { withObjective } from '../models/objective.ts'
import { popularityModel, uniqueUserCounts } from '../models/popularity.ts'
import { type HeldOut, itemLists, listAt, type Split, someTested, splitByUsers } from '../models/splits.ts'
import { newestTime } from '../models/trends.ts'
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
  /** How far the model that is fitted on everything, sharpened, is to lower items without interactions; absent where it was not asked. */
  readonly newItemOffset?: (kept: PoolModel, control: EvaluationControl) => Promise<number>
  /** Which contexts are listened to, and what that brings; absent where there are none. */
  readonly contexts?: ContextChoices
  /** Works out what people look at beyond the metrics; absent where there is nothing to tell. */
  readonly report?: () => Promise<Reports | undefined>
}

/** Of lists of recommendations; or of what else is judged. */
export type Reports = EvaluationReport | ComparisonReport

export type Evaluate = (
  fit: (data: TrainingData, control: TrainingControl) => Promise<HistoryModel>,
  data: TrainingData,
  seed: number,
  control: EvaluationControl,
) => Promise<Evaluation>

/** Nine tenths of the users are learnt from; the others' newest events are to be found from their older ones. */
export const evaluateForUsers: Evaluate = async (fit, data, seed, control) => {
  const whole = splitByUsers(data.interactions, seed)
  const split = { ...whole, test: askedOf(whole) }
  const model = await fit(withUsers(data, split.trainingUsers), control)
  const ranker = control.openRanker(model)
  /** The prior gives shares as they are; there is nothing to calibrate. */
  const sharpness = isPriorAlone(model) ? undefined : await calibrate(ranker, model.itemCount, whole.test, control)
  const { contextColumns: columns = [], itemFeatures: features } = data
  const newItemOffset =
    model.form === 'pool' && features && sharpness !== undefined
      ? await newItemOffsetOf(
          { model, ranker, sharpness, features, seed, training: split.training, test: whole.test },
          control,
        )
      : undefined
  const contexts =
    columns.length > 0
      ? await fitContexts(
          {
            ...{ scorer: ranker, sharpness: sharpness ?? 1, seed, columns },
            ...{ training: split.training, whole: data.interactions, users: whole.test.users },
          },
          control,
        )
      : undefined
  const judged = data.objective
    ? control.openRanker(withObjective(sharpened(model, sharpness), data.objective))
    : ranker
  return {
    ...(await measured(judged, data, split, { seed, asked: split.test, withoutInputItems: false }, control)),
    sharpness,
    ...(newItemOffset && { newItemOffset }),
    ...(contexts && { contexts }),
  }
}

/** Measured on the model of the question, whose people it has not seen, and carried over to the one that is kept. */
async function newItemOffsetOf(question: OffsetQuestion, control: EvaluationControl) {
  const { room }: NewItemOffset = await fitNewItemOffset(question, control)
  // The model of the question is not held on to while another is trained.
  const { features, seed, training, test } = question
  return (kept: PoolModel, whileTraining: EvaluationControl) => {
    const ofKept = { model: kept, ranker: whileTraining.openRanker(kept), sharpness: kept.sharpness }
    return offsetForRoom({ ...ofKept, features, seed, training, test }, room, whileTraining)
  }
}

/**
 * The same split for what is asked about one item: the newest one of a tested user's older events is the question, and cannot be an answer.
 * Nothing is calibrated, since such recipes give no scores.
 */
export const evaluateForItems: Evaluate = async (fit, data, seed, control) => {
  const whole = splitByUsers(data.interactions, seed)
  const split = { ...whole, test: askedOf(whole) }
  const ranker = control.openRanker(await fit(withUsers(data, split.trainingUsers), control))
  const asked = { seed, asked: aboutNewestItems(split.test), withoutInputItems: true }
  return { ...(await measured(ranker, data, split, asked, control)), sharpness: undefined }
}

const RECENT_SECONDS = 7 * 86_400

/**
 * Scores that all tested users' lists are chosen from: of a pool about a minute of CPU, and popularity is asked as often. With a million items 10 000
 * people are asked, whose precision of .04 has a standard error of .0007; with a hundred thousand items 100 000.
 */
const RANKED_SCORES_MAX = 1e10

/** Those who are asked: of a large catalogue not everybody who could be. */
const askedOf = ({ test, training }: Split): HeldOut =>
  someTested(test, Math.max(1, Math.floor(RANKED_SCORES_MAX / Math.max(1, training.itemCount))))

/** The model and popularity, of all time and of late, on the same questions. */
async function measured(
  judged: Ranker,
  { catalogueItemCount, objective }: TrainingData,
  { training, test }: Split,
  { seed, asked, withoutInputItems }: { seed: number; asked: HeldOut; withoutInputItems: boolean },
  control: EvaluationControl,
): Promise<Omit<Evaluation, 'sharpness'>> {
  const measure = async (ranker: Ranker) => {
    const { add, result } = observation()
    const values = objective?.values
    const { itemCount } = training
    const options = { itemCount, catalogueItemCount, withoutInputItems, values, observe: add }
    const metrics = await evaluateRanking(ranker, asked, options, control)
    return { metrics, observed: result() }
  }
  const popular = (afterSeconds?: number) =>
    measure(control.openRanker(popularityModel(uniqueUserCounts(training, afterSeconds))))
  const model = await measure(judged)
  const popularity = await popular()
  const report = async () => {
    const recent = await popular(newestTime(training.times) - RECENT_SECONDS)
    const observed = {
      model: model.observed,
      popularity: popularity.observed,
      recentPopularity: recent.observed,
    }
    // Buckets are of what each person had done, also where the question is but the newest item of it.
    return evaluationReport({ training, test, catalogueItemCount, seed, ...observed }, control)
  }
  return { metrics: model.metrics, baseline: popularity.metrics, report }
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
