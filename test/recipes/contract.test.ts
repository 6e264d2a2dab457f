/** The contract of recipes; contractKin.test.ts has those that train the model of another one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recipes } from '../../src/recipes/index.ts'
import { recipeContract } from './contract.ts'
import { obvious } from './obvious.ts'

test('every recipe has an obvious answer to find', () => {
  assert.deepEqual(
    recipes.map(({ name }) => name),
    Object.keys(obvious),
  )
})

for (const recipe of recipes)
  if (recipe.type !== 'PERSONALIZED_RANKING' && !recipe.legacy)
    recipeContract({ recipe, obvious: obvious[recipe.name] })
