/**
 * The automatic update before a batch inference job (spec/batch-inference.md §5): the newest fully trained version of a recipe that personalizes takes in
 * the items that ITEMS has got since, for this job alone. Older versions, and those of trainingMode UPDATE, answer with what they have.
 */
import { recipeByArn } from '../recipes/index.ts'
import type { Resource, Resources } from '../resources/resources.ts'
import {
  type SolutionVersionBody,
  type SolutionVersionHidden,
  solution,
  solutionVersion,
  type TrainingSources,
} from '../resources/types.ts'
import { trainingSources } from './trainingSources.ts'

/** What the group holds now; undefined where there is nothing to take in. */
export async function newItemsSince(
  resources: Resources,
  { arn, body, hidden }: Resource<SolutionVersionBody, SolutionVersionHidden>,
): Promise<TrainingSources | undefined> {
  const recipe = body.recipeArn === undefined ? undefined : recipeByArn(body.recipeArn)
  if (!recipe?.metadata || recipe.type !== 'USER_PERSONALIZATION') return undefined
  const newest = await resources.firstWhere(
    solutionVersion,
    each => each.status === 'ACTIVE' && each.body.trainingMode === 'FULL',
    body.solutionArn,
  )
  if (newest?.arn !== arn) return undefined
  const { laterColumns } = (await resources.get(solution, body.solutionArn)).hidden
  const { trainingDataConfig } = body.solutionConfig
  const now = await trainingSources(resources, body.datasetGroupArn, { trainingDataConfig, laterColumns })
  const partsOf = ({ items }: TrainingSources) => items.flatMap(({ parts }) => parts).join()
  return now && partsOf(now) !== partsOf(hidden.data) ? now : undefined
}
