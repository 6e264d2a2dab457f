/** The body of a training: read what was imported, train and evaluate, save the model. Runs in the compute process. */
import { openRanker, placeModel } from '../inference/ranker.ts'
import { assert } from '../lib/assert.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { SolutionMetrics } from '../models/metrics.ts'
import type { ItemLists } from '../models/splits.ts'
import { type ChosenRecipe, chooseRecipe, type RecipeChoice } from '../recipes/chooseRecipe.ts'
import { copyEvaluation, saveEvaluation } from '../recipes/evaluationFile.ts'
import { domainRecipeByArn, recipeByArn } from '../recipes/index.ts'
import { loadModel, saveModel } from '../recipes/modelFile.ts'
import { newcomersFor } from '../recipes/newcomerTensors.ts'
import type { Recipe, RecipeSettings } from '../recipes/recipe.ts'
import { trainSolution } from '../recipes/train.ts'
import type { Tuning, TuningControl } from '../recipes/tuning.ts'
import type { TrainedModel } from '../resources/types.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from './computeContext.ts'
import { readTexts } from './readTexts.ts'
import { readTrainingData, type TrainingQuery } from './readTrainingData.ts'
import { updatedModel } from './updateModel.ts'

/** The split of the evaluation is drawn from it: one seed for all, so that versions of the same data can be compared. */
const SEED = 1
/** An hour of training, as the reference bills it, is an hour of four virtual processors. */
const BILLED_PROCESSORS = 4
const MICROSECONDS_PER_HOUR = 3600e6

export interface TrainingDescription extends TrainingQuery {
  /** Of a recipe, or of a domain's; of several the one that suits the data is chosen first (performAutoML). */
  readonly recipeArn: string | RecipeCandidates
  readonly settings: RecipeSettings
  readonly modelPrefix: string
  /** Take in what has come since this model was trained, and learn nothing anew (trainingMode UPDATE). */
  readonly base?: TrainedModel | undefined
  /** Search for hyperparameters first (performHPO). */
  readonly tuning?: Tuning | undefined
}

export interface RecipeCandidates {
  readonly recipeArns: readonly string[]
  readonly objective?: string | undefined
}

export interface TrainingResult {
  /** What was trained. */
  readonly recipeArn: string
  readonly modelPrefix: string
  readonly metrics: Record<string, number>
  /** Popularity on the same split: what any model has to beat. */
  readonly baselineMetrics: Record<string, number>
  readonly trainingHours: number
  /** What the search has chosen. */
  readonly tuned?: Readonly<Record<string, string>> | undefined
}

/** Throws Refusal when the data or the settings will not do; the sentence becomes the failureReason. */
export async function trainModel(description: TrainingDescription, context: ComputeContext): Promise<TrainingResult> {
  const { artifacts, threads, signal, progress } = context
  const control = {
    threads,
    signal,
    progress,
    openRanker: (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0),
    scores: { found: context.finished, keep: context.checkpoint },
  }
  const chosen = await chosenRecipe(description, control, context)
  const { recipe } = chosen
  const place = (key: string) => ({ artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key } })
  const { modelPrefix, base } = description
  if (base) {
    const before = await loadModel(place(base.model), { signal })
    await saveModel(place(modelPrefix), await updatedModel(before, description, recipe, context), { signal })
    await copyEvaluation(place(base.model), place(modelPrefix), { signal })
    const { metrics, baselineMetrics } = base
    return { recipeArn: recipe.recipeArn, modelPrefix, metrics, baselineMetrics, trainingHours: billedHours() }
  }
  const read = recipe.text ? readTexts : readTrainingData
  const { data, users, items, wholeOf, facts, actions } = await read(description, recipe, context)
  const trained = await trainSolution(
    recipe,
    data,
    {
      ...description.settings,
      ...(chosen.tuned && { tuned: chosen.tuned }),
      seed: SEED,
      ...(description.tuning && { tuning: description.tuning }),
      ...(description.eventType !== undefined && { eventType: description.eventType }),
    },
    control,
  )
  const { model, histories, metrics, baseline, report, tuned, actions: learnt } = trained
  const ofActions = actions && learnt && { actions: { ...actions, model: learnt } }
  const { userAttributes } = data
  const told = trained.newcomers && userAttributes && newcomersFor(trained.newcomers.lifts, userAttributes, histories)
  const ofPeople = { histories: ofManyUsers(histories, users.size), ...(told && { newcomers: told }) }
  const lifts = trained.contexts?.lifts ?? []
  const ofContexts = lifts.length > 0 && { contexts: lifts }
  const isWhole = wholeOf !== undefined && histories.items.length === data.interactions.items.length
  const ofEvents = { ...ofContexts, wholeOf: isWhole ? wholeOf : undefined }
  const saved = { model, users, items, ...ofPeople, ...ofEvents, ...(facts && { facts }), ...ofActions }
  await saveModel(place(modelPrefix), saved, { signal })
  const choice = model.form === 'pool' ? model.choice : undefined
  const recipes = chosen.choice
  const newcomers = trained.newcomers?.choice
  const choices = { ...(choice && { choice }), ...(recipes && { recipes }), ...(newcomers && { newcomers }) }
  const contexts = trained.contexts?.choice
  const judged = report && ('bySize' in report ? { comparison: report } : report)
  if (judged)
    await saveEvaluation(place(modelPrefix), { ...judged, ...choices, ...(contexts && { contexts }) }, { signal })
  return {
    recipeArn: recipe.recipeArn,
    modelPrefix,
    metrics: shownMetrics(metrics),
    baselineMetrics: shownMetrics(baseline),
    trainingHours: billedHours(),
    tuned,
  }
}

async function chosenRecipe(
  description: TrainingDescription,
  control: TuningControl,
  context: ComputeContext,
): Promise<Pick<ChosenRecipe, 'recipe' | 'tuned'> & { choice?: RecipeChoice }> {
  const { recipeArn } = description
  if (typeof recipeArn === 'string') {
    const recipe = recipeByArn(recipeArn) ?? domainRecipeByArn(recipeArn)?.model
    assert(recipe)
    return { recipe, tuned: undefined }
  }
  const candidates = recipeArn.recipeArns.map(arn => {
    const recipe = recipeByArn(arn)
    assert(recipe, 'candidates are checked where they come in')
    return recipe
  })
  const read = async (recipe: Recipe) => (await readTrainingData(description, recipe, context)).data
  const chosen = await chooseRecipe(candidates, { seed: SEED, objective: recipeArn.objective }, read, control)
  const { metric, candidates: tried } = chosen.choice
  const scores = tried.map(each => `${each.recipe} ${each.score.toFixed(4)}`).join(', ')
  context.log.info('a recipe was chosen', { recipe: chosen.recipe.name, metric, scores })
  return chosen
}

/** The users after those that have lists have empty ones. */
function ofManyUsers({ offsets, items }: ItemLists, userCount: number): ItemLists {
  const wide = new Uint32Array(userCount + 1).fill(items.length)
  wide.set(offsets)
  return { offsets: wide, items }
}

/** Of this process, which does nothing else. */
function billedHours(): number {
  const { user, system } = process.cpuUsage()
  return Math.round(((user + system) / MICROSECONDS_PER_HOUR / BILLED_PROCESSORS) * 1e3) / 1e3
}

/** GetSolutionMetrics gives four decimals. */
const shownMetrics = ({ service }: SolutionMetrics): Record<string, number> =>
  Object.fromEntries(Object.entries(service).map(([name, value]) => [name, Math.round(value * 1e4) / 1e4]))
