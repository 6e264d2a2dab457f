/**
 * What happens between the interactions and an ACTIVE solution version:
 *
 *   enough data? ─► what the recipe learns from ─► fit on 90 % of the users ─► rank for the other 10 %: metrics, beside popularity's
 *                                                                         └─► sharpness from their held-out events
 *                                              ─► fit on everybody, with that sharpness
 *
 * Scoring belongs to the inference layer above, so whoever calls this hands in how a model is opened for it.
 */
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { withSharpness } from '../models/calibration.ts'
import { calibrate, evaluateRanking, type OpenRanker } from '../models/evaluation.ts'
import { type HistoryModel, historyLength, isPriorAlone } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import type { RankingMetrics } from '../models/metrics.ts'
import { popularityModel, uniqueUserCounts } from '../models/popularity.ts'
import { type ItemLists, newestEvents, splitByUsers } from '../models/splits.ts'
import type { ConfiguredRecipe, Recipe, RecipeSettings, TrainingControl } from './recipe.ts'

/** The reference service's minimum (spec/recipes.md §3, lifecycle.md §3), after filtering by event type and value. */
const INTERACTION_COUNT_MIN = 1000
const USER_COUNT_MIN = 25
const EVENT_COUNT_MIN = 2
const USER_SHARE_MIN = 0.01

export interface TrainingData {
  /** Filtered by event type and value already. */
  readonly interactions: Interactions
  /** Distinct items in Interactions and Items. */
  readonly catalogueItemCount: number
}

export interface TrainingSettings extends RecipeSettings {
  readonly seed: number
  /** The solution's; only to be named when too little is left. */
  readonly eventType?: string
}

export interface TrainingOptions extends TrainingControl {
  readonly openRanker: OpenRanker
}

export interface TrainedSolution {
  /** Of the recipe's model and of popularity, on the same split. Not rounded. */
  readonly metrics: RankingMetrics
  readonly baseline: RankingMetrics
  /** Fitted on all that the recipe learns from. */
  readonly model: HistoryModel
  /** Of every user, whether learnt from or not: the newest events, as many as the model looks at. */
  readonly histories: ItemLists
}

/**
 * Throws Refusal where the data or the settings do not do; rejects with `options.signal.reason` when aborted.
 * The same data, settings and seed give the same bytes for any number of threads.
 */
export async function trainSolution(
  recipe: Recipe,
  data: TrainingData,
  settings: TrainingSettings,
  options: TrainingOptions,
): Promise<TrainedSolution> {
  const configured = recipe.configure(settings)
  checkEnough(data.interactions, settings.eventType)
  checkNotTooMuch(data.interactions, recipe)
  const interactions = configured.select(data.interactions)
  checkEnoughSelected(interactions)
  const { metrics, baseline, sharpness } = await evaluate(configured, { ...data, interactions }, settings.seed, options)
  const fitted = await configured.train(interactions, stageOf('training', options))
  const model = sharpness === undefined ? fitted : withSharpness(fitted, sharpness)
  return { metrics, baseline, model, histories: newestEvents(data.interactions, historyLength(model)) }
}

/** A function of its own, so that the evaluated model is gone before the next one is fitted. */
async function evaluate(recipe: ConfiguredRecipe, data: TrainingData, seed: number, options: TrainingOptions) {
  const { training, test } = splitByUsers(data.interactions, seed)
  const { itemCount } = data.interactions
  const { catalogueItemCount } = data
  const control = stageOf('evaluation', options)
  const measure = (ranker: ReturnType<OpenRanker>) =>
    evaluateRanking(ranker, test, { itemCount, catalogueItemCount, withoutInputItems: false }, control)

  const model = await recipe.train(training, control)
  const ranker = options.openRanker(model)
  const metrics = await measure(ranker)
  /** The prior gives shares as they are; there is nothing to calibrate. */
  const sharpness = isPriorAlone(model) ? undefined : await calibrate(ranker, model.itemCount, test, control)
  const baseline = await measure(options.openRanker(popularityModel(uniqueUserCounts(training))))
  return { metrics, baseline, sharpness }
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

function activeUserCount({ userCount, offsets }: Interactions): number {
  let active = 0
  for (let user = 0; user < userCount; user++) if (offsets[user + 1] - offsets[user] >= EVENT_COUNT_MIN) active++
  return active
}

function checkNotTooMuch({ itemCount, items }: Interactions, { name, limits }: Recipe): void {
  if (itemCount > limits.itemCount)
    throw new Refusal(`The data has ${itemCount} items, where ${name} trains on at most ${limits.itemCount}.`)
  if (items.length > limits.interactionCount)
    throw new Refusal(
      `The data has ${items.length} interactions, where ${name} trains on at most ${limits.interactionCount}.`,
    )
}
