/**
 * What happens between the interactions and an ACTIVE solution version:
 *
 *   enough data? ─► what the recipe learns from ─► a search for hyperparameters, if asked for (tuning.ts)
 *                                              ─► evaluation on a part of it: metrics, beside popularity's, and sharpness (evaluate.ts)
 *                                              ─► fit on everybody, with that sharpness
 *
 * Scoring belongs to the inference layer above, so whoever calls this hands in how a model is opened for it.
 */
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { withoutActions } from '../models/actionEvents.ts'
import type { ActionModel } from '../models/actionModel.ts'
import { sharpened } from '../models/calibration.ts'
import type { ContextChoices } from '../models/contextFit.ts'
import { type ContextLifts, contextLifts, countContexts } from '../models/contextLifts.ts'
import { type HistoryModel, historyLength } from '../models/historyModel.ts'
import { activeUserCount, EVENT_COUNT_MIN, type Interactions } from '../models/interactions.ts'
import type { SolutionMetrics } from '../models/metrics.ts'
import { fitNewcomers, type Newcomers } from '../models/newcomers.ts'
import { withNewItems } from '../models/newItems.ts'
import { withObjective } from '../models/objective.ts'
import { rankable } from '../models/poolPlan.ts'
import { type ItemLists, newestEvents } from '../models/splits.ts'
import { standIns } from '../models/standIns.ts'
import type { Evaluation, EvaluationControl, Reports } from './evaluate.ts'
import { isAboutPeople, type Recipe, type RecipeSettings } from './recipe.ts'
import type { TrainingControl, TrainingData } from './trainingData.ts'
import { type Tuning, type TuningControl, tune } from './tuning.ts'

/** The reference service's minimum (spec/recipes.md §3, lifecycle.md §3), after filtering by event type and value. */
const INTERACTION_COUNT_MIN = 1000
const USER_COUNT_MIN = 25
const USER_SHARE_MIN = 0.01

export interface TrainingSettings extends RecipeSettings {
  readonly seed: number
  /** The solution's; only to be named when too little is left. */
  readonly eventType?: string
  /** Hyperparameters are searched for first. */
  readonly tuning?: Tuning
}

export interface TrainedSolution {
  /** What a search has chosen, this one or one before. */
  readonly tuned: Readonly<Record<string, string>> | undefined
  /** Of the recipe's model and of popularity, on the same split. Not rounded. */
  readonly metrics: SolutionMetrics
  readonly baseline: SolutionMetrics
  readonly report: Reports | undefined
  /** Fitted on all that the recipe learns from. */
  readonly model: HistoryModel
  /** Of every user, whether learnt from or not: the newest events, as many as the model looks at. */
  readonly histories: ItemLists
  /** Of recipes about actions. */
  readonly actions?: ActionModel
  /** Of recipes that look at what is told of people: what it adds for those without a history, whose prior the model has. */
  readonly newcomers?: Pick<Newcomers, 'lifts' | 'choice'>
  /** Of data with contexts: what those that are listened to add, and how that was chosen. */
  readonly contexts?: { readonly lifts: readonly ContextLifts[]; readonly choice: ContextChoices }
}

/**
 * Throws Refusal where the data or the settings do not do; rejects with `options.signal.reason` when aborted.
 * The same data, settings and seed give the same bytes for any number of threads.
 */
export async function trainSolution(
  recipe: Recipe,
  data: TrainingData,
  settings: TrainingSettings,
  options: TuningControl,
): Promise<TrainedSolution> {
  const { tuning } = settings
  const onItems = withoutActions(data.interactions, data.actions?.count ?? 0)
  if (!recipe.text) checkEnough(onItems, settings.eventType)
  checkNotTooMuch(onItems, recipe)
  const selected = recipe.configure(settings).select(data)
  if (!recipe.text) checkEnoughSelected(selected.interactions)
  const tuned = tuning ? (await tune(recipe, selected, { ...settings, tuning }, options)).texts : settings.tuned
  const configured = recipe.configure({ ...settings, ...(tuned && { tuned }) })
  const train: typeof configured.train = async (learntFrom, control) =>
    rankable(await configured.train(learntFrom, control), control.signal)
  const evaluation = stageOf('evaluation', options)
  const {
    metrics,
    baseline,
    sharpness,
    newItemOffset,
    report: reported,
    contexts,
  } = await configured.evaluate(train, selected, settings.seed, evaluation)
  const report = await reported?.()
  const fitted = await train(selected, stageOf('training', options))
  const newcomers = isAboutPeople(recipe)
    ? await fitNewcomers(selected.interactions, selected.userAttributes, settings.seed, stageOf('training', options))
    : undefined
  const calibrated = withPrior(
    await withOffset(sharpened(fitted, sharpness), newItemOffset, stageOf('training', options)),
    newcomers,
  )
  const whole = await withItemsOfMetadata(calibrated, recipe, selected, options)
  const steered = selected.objective ? withObjective(whole, selected.objective) : whole
  const model = await rankable(steered, options.signal)
  const actions = await configured.trainActions(model, selected, stageOf('training', options))
  const histories = newestEvents(data.interactions, historyLength(model))
  return {
    ...{ tuned, metrics, baseline, report, model, histories },
    ...(actions && { actions }),
    ...(contexts && { contexts: { lifts: liftsOf(contexts, selected), choice: contexts } }),
    ...(newcomers && { newcomers: { lifts: newcomers.lifts, choice: newcomers.choice } }),
  }
}

/** Those without a history get what newcomers begin with. */
const withPrior = (model: HistoryModel, newcomers: Newcomers | undefined): HistoryModel =>
  newcomers ? { ...model, prior: newcomers.base.map(score => score / model.sharpness) } : model

/** Whoever takes in items without interactions, now or later, lowers their scores by it. */
async function withOffset(
  model: HistoryModel,
  offsetOf: Evaluation['newItemOffset'],
  control: EvaluationControl,
): Promise<HistoryModel> {
  return model.form === 'pool' && offsetOf ? { ...model, newItemOffset: await offsetOf(model, control) } : model
}

/** Items without interactions come after the others. The softmax is that of the larger catalogue; the ranking of the others stays. */
async function withItemsOfMetadata(
  model: HistoryModel,
  { metadata }: Recipe,
  { itemFeatures, newItemFeatures }: TrainingData,
  control: TrainingControl,
): Promise<HistoryModel> {
  if (!metadata || !itemFeatures || !newItemFeatures) return model
  return withNewItems(model, await standIns(itemFeatures, newItemFeatures, control))
}

/** Of the columns that were kept, by everybody's events. */
function liftsOf(
  { history, newcomers }: ContextChoices,
  { interactions, contextColumns = [] }: TrainingData,
): ContextLifts[] {
  const of = ({ columns }: ContextChoices['history'], whom: ContextLifts['for']) =>
    columns.map(chosen => {
      const place = contextColumns.findIndex(({ name }) => name === chosen.column)
      const column = contextColumns[place]
      return contextLifts(column, countContexts(interactions, place, column.rules.length), chosen, whom)
    })
  return newcomers ? [...of(history, 'history'), ...of(newcomers, 'newcomers')] : of(history, 'everybody')
}

const stageOf = <C extends WorkControl>(stage: string, control: C): C => ({
  ...control,
  progress: report => control.progress({ ...report, stage: `${stage}: ${report.stage}` }),
})

/** The sentences of the reference service, of which the first is known with an event type and the second as it stands. */
function checkEnough(interactions: Interactions, eventType: string | undefined): void {
  const { userCount, items } = interactions
  if (items.length < INTERACTION_COUNT_MIN) {
    const filter = eventType === undefined ? '.' : ` after filtering by event type: ${eventType}`
    throw new Refusal(`Dataset has fewer than ${INTERACTION_COUNT_MIN} interactions${filter}`)
  }
  const active = activeUserCount(interactions)
  const each = `users with at least ${EVENT_COUNT_MIN} interactions each.`
  if (active < USER_COUNT_MIN) throw new Refusal(`Dataset has fewer than ${USER_COUNT_MIN} ${each}`)
  if (active < userCount * USER_SHARE_MIN)
    throw new Refusal(`Dataset has fewer than ${USER_SHARE_MIN * 100} % of its ${each}`)
}

function checkEnoughSelected(interactions: Interactions): void {
  const active = activeUserCount(interactions)
  if (active < USER_COUNT_MIN) {
    throw new Refusal(
      `The feature transformation parameters leave ${active} users with at least ${EVENT_COUNT_MIN} interactions each to learn from, where at least ${USER_COUNT_MIN} were expected.`,
    )
  }
}

function checkNotTooMuch({ itemCount, items }: Interactions, { name, limits }: Recipe): void {
  if (itemCount > limits.itemCount)
    throw new Refusal(`The data has ${itemCount} items, where ${name} trains on at most ${limits.itemCount}.`)
  if (items.length > limits.interactionCount)
    throw new Refusal(
      `The data has ${items.length} interactions, where ${name} trains on at most ${limits.interactionCount}.`,
    )
}
