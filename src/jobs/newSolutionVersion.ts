/** A new version of a solution, asked for by a person or by the schedule of automatic training. */
import { ServiceError } from '../protocol/errors.ts'
import { recipeByArn } from '../recipes/index.ts'
import { resourceOfArn } from '../resources/arn.ts'
import { type Resource, type Resources, randomVersionId } from '../resources/resources.ts'
import type { Tag } from '../resources/stateStore.ts'
import { type SolutionBody, type SolutionHidden, solutionVersion, type TrainedModel } from '../resources/types.ts'
import { trainingSources } from './trainingSources.ts'
import { trainAutomatically } from './trainSolutionVersion.ts'

/** What the new version is called by; its data is what the dataset group holds now. Throws ServiceError. */
export async function newSolutionVersion(
  resources: Resources,
  solution: Resource<SolutionBody, SolutionHidden>,
  asked: {
    trainingType: 'AUTOMATIC' | 'MANUAL'
    /** Of trainingMode UPDATE, with the recipe that it is of. */
    base?: { readonly recipeArn: string; readonly model: TrainedModel } | undefined
    name?: string | undefined
    tags?: readonly Tag[] | undefined
  },
): Promise<string> {
  const { performAutoTraining: _, latestSolutionUpdate: __, solutionConfig, ...settings } = solution.body
  const { laterColumns } = solution.hidden
  const { trainingDataConfig } = solutionConfig ?? {}
  const recipeArn = asked.base?.recipeArn ?? settings.recipeArn
  const needs = recipeArn !== undefined && recipeByArn(recipeArn)?.text ? 'ITEMS' : 'INTERACTIONS'
  const data = await trainingSources(resources, settings.datasetGroupArn, { trainingDataConfig, laterColumns, needs })
  if (!data) {
    throw new ServiceError(
      'InvalidInputException',
      `The dataset group ${settings.datasetGroupArn} has no dataset of type ${needs} to train on.`,
    )
  }
  const path = `${resourceOfArn(solution.arn).split('/')[1]}/${randomVersionId()}`
  const name = asked.name ?? path
  return resources.create(solutionVersion, {
    path,
    name,
    parent: solution.arn,
    body: {
      ...settings,
      recipeArn,
      name,
      solutionArn: solution.arn,
      solutionConfig: solutionConfig ?? {},
      trainingMode: asked.base ? 'UPDATE' : 'FULL',
      trainingType: asked.trainingType,
    },
    hidden: { data, ...(asked.base && { base: asked.base.model }) },
    tags: asked.tags,
    ...(asked.trainingType === 'AUTOMATIC' && { work: trainAutomatically.name }),
  })
}
