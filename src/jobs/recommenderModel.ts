/** The model of a recommender: trained by the recipe behind its domain recipe, on what the dataset group holds now, then opened once. */
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import { domainRecipeByArn } from '../recipes/index.ts'
import type { Resources } from '../resources/resources.ts'
import { type RecommenderHidden, recommender } from '../resources/types.ts'
import type { ComputeContext } from './computeContext.ts'
import type { TrainingDescription, TrainingResult } from './training.ts'
import { trainingSources } from './trainingSources.ts'
import type { Attempt } from './workKind.ts'

/** Keeps in the record what the training will read, so that a FULL import in the meantime does not sweep it away. */
export async function describeTraining(
  arn: string,
  resources: Resources,
  { workId, attempt }: Attempt,
): Promise<TrainingDescription> {
  const found = await resources.get(recommender, arn)
  const { datasetGroupArn, recipeArn } = found.body
  const recipe = domainRecipeByArn(recipeArn)
  assert(recipe)
  const { trainingDataConfig } = found.body.recommenderConfig
  const data = await trainingSources(resources, datasetGroupArn, { trainingDataConfig })
  if (!data) throw new Refusal(`The dataset group ${datasetGroupArn} has no dataset of type INTERACTIONS to train on.`)
  await resources.keep(found, { ...found.hidden, data })
  return {
    recipeArn,
    settings: {},
    eventType: recipe.eventType,
    eventValueThreshold: undefined,
    events: undefined,
    objective: undefined,
    sources: data,
    modelPrefix: `models/${workId}-${attempt}/`,
  }
}

/** In the compute process. Throws Refusal when the data will not do. */
export async function trainAndOpen(description: TrainingDescription, context: ComputeContext): Promise<TrainingResult> {
  const { trainModel } = await import('./training.ts')
  const { openDeployment } = await import('./deployment.ts')
  const result = await trainModel(description, context)
  await openDeployment(result, context)
  return result
}

export const withModel = (hidden: RecommenderHidden, { modelPrefix, metrics }: TrainingResult): RecommenderHidden => ({
  ...hidden,
  model: modelPrefix,
  metrics,
})
