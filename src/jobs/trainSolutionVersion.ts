/** CreateSolutionVersion's work: evaluate on a split, fit on everything, save the model. The body is training.ts. */
import { type SolutionConfigBody, solutionVersion } from '../resources/types.ts'
import { syncCampaigns } from './syncCampaigns.ts'
import type { TrainingDescription, TrainingResult } from './training.ts'
import { workKind } from './workKind.ts'

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
      events: eventWeights(body.solutionConfig),
      objective: objectiveOf(body.solutionConfig),
      sources: hidden.data,
      base: hidden.base,
      modelPrefix: `models/${workId}-${attempt}/`,
    }
  },
  async run(description: TrainingDescription, context): Promise<TrainingResult> {
    const { trainModel } = await import('./training.ts')
    return trainModel(description, context)
  },
  async settle({ body, hidden }, { modelPrefix, metrics, baselineMetrics, trainingHours }) {
    return {
      body: { ...body, trainingHours },
      hidden: { ...hidden, model: modelPrefix, metrics, baselineMetrics },
    }
  },
  after: syncCampaigns,
})

/** Without a weight a type counts like one of weight 1. */
const eventWeights = ({ eventsConfig }: SolutionConfigBody) =>
  eventsConfig?.eventParametersList?.map(({ eventType = '', weight = 1, eventValueThreshold }) => ({
    eventType,
    weight,
    eventValueThreshold,
  }))

/** s of models/objective.ts: HIGH goes for the greatest expected value, the others for the greater part of it. */
const STRENGTHS: Readonly<Record<string, number>> = { LOW: 0.25, MEDIUM: 0.5, HIGH: 1 }

function objectiveOf({ optimizationObjective: asked }: SolutionConfigBody) {
  const strength = STRENGTHS[asked?.objectiveSensitivity ?? 'OFF']
  return asked?.itemAttribute === undefined || strength === undefined
    ? undefined
    : { column: asked.itemAttribute, strength }
}

/** The same for a version that the schedule asks for (autoTraining.ts). */
export const trainAutomatically = workKind({ ...trainSolutionVersion, name: 'trainAutomatically', background: true })
