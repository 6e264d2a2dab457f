/**
 * What a solution may be asked for, when it is created and when it is updated. A setting that this version cannot honour is refused:
 * training without it would give another model than the one asked for.
 */

import { tuningOf } from '../jobs/tuningOf.ts'
import type { TypeOf } from '../protocol/shape.ts'
import { isCandidate, OBJECTIVES } from '../recipes/chooseRecipe.ts'
import type { Recipe } from '../recipes/recipe.ts'
import { checkTuning, TUNING_TRIES_MAX } from '../recipes/tuning.ts'
import { recipeOf } from './recipe.ts'
import { refuse } from './refuse.ts'
import { checked } from './schema.ts'
import type { EventsConfig, SolutionConfig } from './shapes.ts'

/** `rate(N days)`: the reference's bounds. */
const TRAINING_DAYS_MAX = 30

export interface SolutionSettings {
  readonly performHPO?: boolean | undefined
  readonly eventType?: string | undefined
  readonly performIncrementalUpdate?: boolean | undefined
  readonly config: TypeOf<typeof SolutionConfig>
  /** The member of the request that `config` stands in. */
  readonly at: 'solutionConfig' | 'solutionUpdateConfig'
}

/** Throws InvalidInputException. */
export function checkSettings(recipe: Recipe, settings: SolutionSettings): void {
  const { performHPO = false, performIncrementalUpdate = false, config, at } = settings
  checked(() =>
    recipe.configure({
      hyperparameters: config.algorithmHyperParameters ?? {},
      featureTransformationParameters: config.featureTransformationParameters ?? {},
    }),
  )
  // The -v2 recipes ignore it in the reference too (training.md §1).
  const ignoresHPO = recipe.name.endsWith('-v2')
  if (performHPO && !ignoresHPO) checkSearch(recipe, config, at)
  if (config.eventsConfig) checkEvents(recipe, config.eventsConfig, settings.eventType, `${at}.eventsConfig`)
  if (performIncrementalUpdate)
    refuse(
      recipe.text
        ? 'performIncrementalUpdate was true: this version of sommelier takes in new items with a new solution version. Leave it out.'
        : `performIncrementalUpdate was true: it is for aws-semantic-similarity, this solution is of ${recipe.name}.`,
    )
  if (config.autoMLConfig)
    refuse(`${at}.autoMLConfig was given: it goes with performAutoML, and this solution is of ${recipe.name}.`)
  const threshold = config.eventValueThreshold
  if (threshold !== undefined && (threshold.trim() === '' || !Number.isFinite(Number(threshold))))
    refuse(`${at}.eventValueThreshold was '${threshold}': a number was expected.`)
  checkSchedule(config, at)
}

function checkSchedule(config: SolutionSettings['config'], at: string): void {
  const schedule = config.autoTrainingConfig?.schedulingExpression
  if (schedule === undefined) return
  const days = Number(/\d+/.exec(schedule)?.[0])
  if (days < 1 || days > TRAINING_DAYS_MAX)
    refuse(
      `${at}.autoTrainingConfig.schedulingExpression was '${schedule}': rate(N days) with N from 1 to ${TRAINING_DAYS_MAX} was expected.`,
    )
}

/**
 * Of a solution that finds its own recipe. Of solutionConfig the reference reads nothing but autoMLConfig then (training.md §1), and the schedule is no affair
 * of the recipe's; anything else would be without effect. Throws InvalidInputException.
 */
export function checkAutoML(settings: SolutionSettings & { readonly recipeArn?: string | undefined }): void {
  const { recipeArn, performIncrementalUpdate, config, at } = settings
  if (recipeArn !== undefined)
    refuse(
      `recipeArn was given, and performAutoML was true: one of them was expected. Candidates go to ${at}.autoMLConfig.`,
    )
  if (performIncrementalUpdate)
    refuse('performIncrementalUpdate was true: it is for aws-semantic-similarity, which performAutoML does not choose.')
  const { autoMLConfig = {}, autoTrainingConfig: _, ...others } = config
  const stray = Object.entries(others).find(([, value]) => value !== undefined)?.[0]
  if (stray !== undefined)
    refuse(
      `${at}.${stray} was given, and performAutoML is true: nothing but autoMLConfig and autoTrainingConfig counts then.`,
    )
  checkSchedule(config, at)
  const { recipeList = [], metricName } = autoMLConfig
  for (const [i, arn] of recipeList.entries()) {
    const { name, type } = recipeOf(arn)
    if (!isCandidate(recipeOf(arn)))
      refuse(
        `${at}.autoMLConfig.recipeList[${i}] is ${name}, of type ${type}: a recipe of type USER_PERSONALIZATION was expected.`,
      )
  }
  if (metricName !== undefined && !OBJECTIVES.includes(metricName))
    refuse(`${at}.autoMLConfig.metricName was '${metricName}': one of ${OBJECTIVES.join(', ')} was expected.`)
}

/** How many training jobs there may be at once is of no consequence: one uses all processors. */
function checkSearch(recipe: Recipe, config: SolutionSettings['config'], at: string): void {
  const tries = config.hpoConfig?.hpoResourceConfig?.maxNumberOfTrainingJobs
  if (tries !== undefined && !(/^\d+$/.test(tries) && Number(tries) >= 1 && Number(tries) <= TUNING_TRIES_MAX))
    refuse(
      `${at}.hpoConfig.hpoResourceConfig.maxNumberOfTrainingJobs was '${tries}': a number from 1 to ${TUNING_TRIES_MAX} was expected.`,
    )
  checked(() => checkTuning(recipe, tuningOf(config)))
}

/** Weights are for the -v2 recipes (training.md §1), whose models count events; without one a type has the weight 1. */
function checkEvents(
  recipe: Recipe,
  { eventParametersList: list }: TypeOf<typeof EventsConfig>,
  only: string | undefined,
  at: string,
): void {
  if (!recipe.weighsEvents)
    refuse(`${at} was given: it is for recipes of the second generation (-v2), this solution is of ${recipe.name}.`)
  if (only !== undefined) refuse(`eventType and ${at} were both given: one of them was expected.`)
  if (list === undefined || list.length === 0)
    refuse(`${at}.eventParametersList is missing or empty: at least one type of events was expected.`)
  const seen = new Set<string>()
  for (const [i, { eventType = '' }] of list.entries()) {
    const member = `${at}.eventParametersList[${i}].eventType`
    if (eventType === '') refuse(`${member} is missing: the type of events that the weight is for was expected.`)
    if (seen.has(eventType.toLowerCase()))
      refuse(`${member} was '${eventType}', which the list has before: each type once was expected, whatever its case.`)
    seen.add(eventType.toLowerCase())
  }
  if (list.every(({ weight }) => weight === 0))
    refuse(`${at}.eventParametersList has weights of 0 alone: one above 0 was expected.`)
}
