/** CreateSolutionVersion's work: evaluate on a split, fit on everything, save the model. */
import { readInteractions } from '../datasets/read.ts'
import { rankerOpener } from '../inference/ranker.ts'
import { recipeByArn } from '../recipes/index.ts'
import type { RecipeSettings } from '../recipes/recipe.ts'
import { type ImportedData, solutionVersion } from '../resources/types.ts'
import { ARTIFACTS_BUCKET } from './computeContext.ts'
import { workKind } from './workKind.ts'

/** The split of the evaluation is drawn from it: one seed for all, so that versions of the same data can be compared. */
const SEED = 1
/** An hour of training, as the reference bills it, is an hour of four virtual processors. */
const BILLED_PROCESSORS = 4
/** GetSolutionMetrics gives four decimals. */
const METRIC_DIGITS = 1e4

interface TrainingDescription {
  readonly recipeArn: string
  readonly settings: RecipeSettings
  readonly eventType: string | undefined
  readonly eventValueThreshold: number | undefined
  readonly interactions: readonly ImportedData[]
  readonly items: readonly ImportedData[]
  readonly modelPrefix: string
}

interface TrainingResult {
  readonly modelPrefix: string
  readonly metrics: Record<string, number>
  readonly baselineMetrics: Record<string, number>
  readonly trainingHours: number
}

export const trainSolutionVersion = workKind({
  name: 'trainSolutionVersion',
  makes: solutionVersion,
  async describe({ body, hidden }, _resources, { workId, attempt }): Promise<TrainingDescription> {
    const { eventValueThreshold, algorithmHyperParameters, featureTransformationParameters } = body.solutionConfig
    return {
      recipeArn: body.recipeArn,
      settings: {
        hyperparameters: algorithmHyperParameters ?? {},
        featureTransformationParameters: featureTransformationParameters ?? {},
      },
      eventType: body.eventType,
      eventValueThreshold: eventValueThreshold === undefined ? undefined : Number(eventValueThreshold),
      interactions: hidden.data.interactions,
      items: hidden.data.items,
      modelPrefix: `models/${workId}-${attempt}/`,
    }
  },
  async run(description: TrainingDescription, context): Promise<TrainingResult> {
    return {} as TrainingResult
  },
  async settle({ body, hidden }, { modelPrefix, metrics, baselineMetrics, trainingHours }) {
    return {
      body: { ...body, trainingHours },
      hidden: { ...hidden, model: modelPrefix, metrics, baselineMetrics },
    }
  },
})
