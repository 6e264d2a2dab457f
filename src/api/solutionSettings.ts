/**
 * What a solution may be asked for, when it is created and when it is updated. A setting that this version cannot honour is refused:
 * training without it would give another model than the one asked for.
 */
import type { TypeOf } from '../protocol/shape.ts'
import type { Recipe } from '../recipes/recipe.ts'
import { refuse } from './refuse.ts'
import { checked } from './schema.ts'
import type { SolutionConfig } from './shapes.ts'

/** `rate(N days)`: the reference's bounds. */
const TRAINING_DAYS_MAX = 30

export interface SolutionSettings {
  readonly performHPO?: boolean | undefined
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
  const unsupported: [string, boolean][] = [
    ['performHPO', performHPO && !ignoresHPO],
    [`${at}.eventsConfig`, config.eventsConfig !== undefined],
    [`${at}.optimizationObjective`, (config.optimizationObjective?.objectiveSensitivity ?? 'OFF') !== 'OFF'],
  ]
  for (const [member, given] of unsupported) {
    if (given) refuse(`${member} was given: this version of sommelier cannot train with it. Leave it out.`)
  }
  if (performIncrementalUpdate)
    refuse(`performIncrementalUpdate was true: it is for aws-semantic-similarity, this solution is of ${recipe.name}.`)
  const threshold = config.eventValueThreshold
  if (threshold !== undefined && (threshold.trim() === '' || !Number.isFinite(Number(threshold))))
    refuse(`${at}.eventValueThreshold was '${threshold}': a number was expected.`)
  const schedule = config.autoTrainingConfig?.schedulingExpression
  if (schedule === undefined) return
  const days = Number(/\d+/.exec(schedule)?.[0])
  if (days < 1 || days > TRAINING_DAYS_MAX)
    refuse(
      `${at}.autoTrainingConfig.schedulingExpression was '${schedule}': rate(N days) with N from 1 to ${TRAINING_DAYS_MAX} was expected.`,
    )
}
