/** Among which recipes performAutoML chooses, and by what, from `solutionConfig.autoMLConfig` (spec/training.md §1). */
import { DEFAULT_CANDIDATES } from '../recipes/chooseRecipe.ts'
import type { SolutionConfigBody } from '../resources/types.ts'
import type { RecipeCandidates } from './training.ts'

export function candidatesOf({ autoMLConfig = {} }: Pick<SolutionConfigBody, 'autoMLConfig'>): RecipeCandidates {
  const { recipeList = [], metricName } = autoMLConfig
  const named = [...new Set(recipeList)]
  return {
    recipeArns: named.length > 0 ? named : DEFAULT_CANDIDATES.map(({ recipeArn }) => recipeArn),
    objective: metricName,
  }
}
