/** Every recipe there is, by name. Nothing else lists them. */
import { popularityCount } from './popularityCount.ts'
import type { Recipe } from './recipe.ts'
import { userPersonalization } from './userPersonalization.ts'
import { userPersonalizationV2 } from './userPersonalizationV2.ts'

export const recipes: readonly Recipe[] = [popularityCount, userPersonalization, userPersonalizationV2]

export const recipeByArn = (arn: string): Recipe | undefined => recipes.find(({ recipeArn }) => recipeArn === arn)
