/** What a recommender may be made of: a use case of the group's domain, settings that it takes, and the datasets that it learns from. */
import { ServiceError } from '../protocol/errors.ts'
import { boolean, integer, optional, structure, type TypeOf } from '../protocol/shape.ts'
import type { DomainRecipe } from '../recipes/domainRecipe.ts'
import { domainRecipeByArn, domainRecipes, recipeByArn } from '../recipes/index.ts'
import type { Resource, Resources } from '../resources/resources.ts'
import { type DatasetGroupBody, dataset } from '../resources/types.ts'
import { checkExploration, recommenderExploration } from './exploration.ts'
import { refuse } from './refuse.ts'
import { HyperParameters, TrainingDataConfig } from './shapes.ts'
import { checkColumns } from './trainingColumns.ts'

/** The others cannot be made in a domain group (lifecycle.md §2). */
const domainDatasets = ['INTERACTIONS', 'ITEMS', 'USERS'] as const

export const RecommenderConfig = structure({
  itemExplorationConfig: optional(HyperParameters),
  minRecommendationRequestsPerSecond: optional(integer({ min: 1 })),
  trainingDataConfig: optional(TrainingDataConfig),
  enableMetadataWithRecommendations: optional(boolean),
})
export type Config = TypeOf<typeof RecommenderConfig>

/** The recipe, if it is one of the group's domain. */
export function useCase(arn: string, group: Resource<DatasetGroupBody, unknown>): DomainRecipe {
  const { domain } = group.body
  if (recipeByArn(arn))
    refuse(
      `The recipe ${arn} is one for solutions: a recommender takes a recipe of a domain, as ListRecipes shows them.`,
    )
  const recipe = domainRecipeByArn(arn)
  if (!recipe) throw new ServiceError('ResourceNotFoundException', `Resource Arn ${arn} does not exist.`)
  if (domain === undefined)
    refuse(
      `The dataset group ${group.arn} is of no domain: recommenders are for groups of ECOMMERCE or VIDEO_ON_DEMAND.`,
    )
  if (recipe.domain !== domain)
    refuse(`The recipe ${arn} is of the domain ${recipe.domain}, the dataset group ${group.arn} of ${domain}.`)
  return recipe
}

export async function checkConfig(
  { itemExplorationConfig, trainingDataConfig }: Config,
  recipe: DomainRecipe,
  group: string,
  resources: Resources,
): Promise<void> {
  if (itemExplorationConfig !== undefined) {
    if (!recipe.exploration) {
      const exploring = domainRecipes.filter(each => each.exploration).map(each => each.name)
      refuse(
        `recommenderConfig.itemExplorationConfig was given: it is for ${exploring.join(' and ')}, this recommender is of ${recipe.name}.`,
      )
    }
    checkExploration(recommenderExploration, itemExplorationConfig, 'recommenderConfig.itemExplorationConfig')
  }
  const asked = { config: trainingDataConfig ?? {}, at: 'recommenderConfig', group, types: domainDatasets }
  await checkColumns(asked, resources)
}

export async function checkDatasets(recipe: DomainRecipe, group: string, resources: Resources): Promise<void> {
  for (const type of recipe.needsItems ? ['INTERACTIONS', 'ITEMS'] : ['INTERACTIONS']) {
    const found = await resources.firstWhere(dataset, ({ body }) => body.datasetType === type, group)
    if (!found) refuse(`The dataset group ${group} has no dataset of type ${type}: ${recipe.name} needs one.`)
  }
}
