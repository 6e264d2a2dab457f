/** CreateSolutionVersion's work: evaluate on a split, fit on everything, save the model. The body is training.ts. */
import { solutionVersion } from '../resources/types.ts'
import { candidatesOf } from './candidatesOf.ts'
import { syncCampaigns } from './syncCampaigns.ts'
import type { TrainingDescription, TrainingResult } from './training.ts'
import { trainingQuery } from './trainingQuery.ts'
import { tuningOf } from './tuningOf.ts'
import { workKind } from './workKind.ts'

export const trainSolutionVersion = workKind({
  name: 'trainSolutionVersion',
  makes: solutionVersion,
  async describe({ body, hidden }, _resources, { workId, attempt }): Promise<TrainingDescription> {
    const { algorithmHyperParameters, featureTransformationParameters } = body.solutionConfig
    return {
      recipeArn: body.recipeArn ?? candidatesOf(body.solutionConfig),
      settings: {
        hyperparameters: algorithmHyperParameters ?? {},
        featureTransformationParameters: featureTransformationParameters ?? {},
      },
      ...trainingQuery(body, hidden.data),
      base: hidden.base,
      tuning: body.performHPO && body.recipeArn !== undefined ? tuningOf(body.solutionConfig) : undefined,
      modelPrefix: `models/${workId}-${attempt}/`,
    }
  },
  async run(description: TrainingDescription, context): Promise<TrainingResult> {
    const { trainModel } = await import('./training.ts')
    return trainModel(description, context)
  },
  async settle({ body, hidden }, { recipeArn, modelPrefix, metrics, baselineMetrics, trainingHours, tuned }) {
    const tunedHPOParams = tuned && { algorithmHyperParameters: tuned }
    return {
      body: { ...body, recipeArn, trainingHours, ...(tunedHPOParams && { tunedHPOParams }) },
      hidden: { ...hidden, model: modelPrefix, metrics, baselineMetrics },
    }
  },
  after: syncCampaigns,
})

/** The same for a version that the schedule asks for (autoTraining.ts). */
export const trainAutomatically = workKind({ ...trainSolutionVersion, name: 'trainAutomatically', background: true })
