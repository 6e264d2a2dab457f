/** Every recipe there is, by name. Nothing else lists them. */
import type { DomainRecipe } from './domainRecipe.ts'
import { ecommerce } from './ecommerce.ts'
import { hrnn } from './hrnn.ts'
import { hrnnColdstart } from './hrnnColdstart.ts'
import { hrnnMetadata } from './hrnnMetadata.ts'
import { itemAffinity } from './itemAffinity.ts'
import { itemAttributeAffinity } from './itemAttributeAffinity.ts'
import { nextBestAction } from './nextBestAction.ts'
import { personalizedRanking } from './personalizedRanking.ts'
import { personalizedRankingV2 } from './personalizedRankingV2.ts'
import { popularityCount } from './popularityCount.ts'
import type { Recipe } from './recipe.ts'
import { semanticSimilarity } from './semanticSimilarity.ts'
import { similarItems } from './similarItems.ts'
import { sims } from './sims.ts'
import { trendingNow } from './trendingNow.ts'
import { userPersonalization } from './userPersonalization.ts'
import { userPersonalizationV2 } from './userPersonalizationV2.ts'
import { videoOnDemand } from './videoOnDemand.ts'

export const recipes: readonly Recipe[] = [
  itemAffinity,
  itemAttributeAffinity,
  nextBestAction,
  popularityCount,
  personalizedRanking,
  personalizedRankingV2,
  semanticSimilarity,
  similarItems,
  sims,
  trendingNow,
  userPersonalization,
  userPersonalizationV2,
  hrnn,
  hrnnColdstart,
  hrnnMetadata,
]

/** Those that stand behind recommenders. */
export const domainRecipes: readonly DomainRecipe[] = [...ecommerce, ...videoOnDemand]

export const recipeByArn = (arn: string): Recipe | undefined => recipes.find(({ recipeArn }) => recipeArn === arn)

export const domainRecipeByArn = (arn: string): DomainRecipe | undefined =>
  domainRecipes.find(({ recipeArn }) => recipeArn === arn)
