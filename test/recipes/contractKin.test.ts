/** The contract of the recipes that train the model of another one: a file of its own, so that both run at once. */
import { recipes } from '../../src/recipes/index.ts'
import { recipeContract } from './contract.ts'
import { obvious } from './obvious.ts'

for (const recipe of recipes)
  if (recipe.type === 'PERSONALIZED_RANKING' || recipe.legacy) recipeContract({ recipe, obvious: obvious[recipe.name] })
