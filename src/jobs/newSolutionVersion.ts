/** A new version of a solution, asked for by a person or by the schedule of automatic training. */
import { ServiceError } from '../protocol/errors.ts'
import { resourceOfArn } from '../resources/arn.ts'
import { type Resource, type Resources, randomVersionId } from '../resources/resources.ts'
import type { Tag } from '../resources/stateStore.ts'
import { type DatasetTypeName, dataset, type SolutionBody, solutionVersion } from '../resources/types.ts'
import { trainAutomatically } from './trainSolutionVersion.ts'

/** What the new version is called by; its data is what the dataset group holds now. Throws ServiceError. */
export async function newSolutionVersion(
  resources: Resources,
  solution: Resource<SolutionBody, unknown>,
  asked: { trainingType: 'AUTOMATIC' | 'MANUAL'; name?: string | undefined; tags?: readonly Tag[] | undefined },
): Promise<string> {
  const { performAutoTraining: _, latestSolutionUpdate: __, solutionConfig, ...settings } = solution.body
  const interactions = await importsOf(resources, settings.datasetGroupArn, 'INTERACTIONS')
  if (!interactions) {
    throw new ServiceError(
      'InvalidInputException',
      `The dataset group ${settings.datasetGroupArn} has no dataset of type INTERACTIONS to train on.`,
    )
  }
  const items = await importsOf(resources, settings.datasetGroupArn, 'ITEMS')
  const path = `${resourceOfArn(solution.arn).split('/')[1]}/${randomVersionId()}`
  const name = asked.name ?? path
  return resources.create(solutionVersion, {
    path,
    name,
    parent: solution.arn,
    body: {
      ...settings,
      name,
      solutionArn: solution.arn,
      solutionConfig: solutionConfig ?? {},
      trainingMode: 'FULL',
      trainingType: asked.trainingType,
    },
    hidden: { data: { interactions, items: items ?? [] } },
    tags: asked.tags,
    ...(asked.trainingType === 'AUTOMATIC' && { work: trainAutomatically.name }),
  })
}

/** What the group's dataset of one type holds now; undefined when there is no such dataset. */
export async function importsOf(resources: Resources, group: string, type: DatasetTypeName) {
  const found = await resources.firstWhere(dataset, each => each.body.datasetType === type, group)
  return found?.hidden.imports
}
