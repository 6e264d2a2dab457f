/** Recipes: what can be trained. They belong to the service and cannot be changed. */
import { ServiceError } from '../protocol/errors.ts'
import { enumeration, list, optional, string, structure } from '../protocol/shape.ts'
import { recipeByArn, recipes } from '../recipes/index.ts'
import type { Recipe } from '../recipes/recipe.ts'
import { operation } from './operation.ts'
import { Arn, Domain, dates, Name, NextToken, page, Status } from './shapes.ts'

const summary = {
  name: optional(Name),
  recipeArn: optional(Arn),
  status: optional(Status),
  ...dates,
  domain: optional(Domain),
}

/** Throws ResourceNotFoundException, naming the recipes there are. */
export function recipeOf(arn: string): Recipe {
  const found = recipeByArn(arn)
  if (found) return found
  const known = recipes.map(recipe => recipe.name).join(', ')
  throw new ServiceError(
    'ResourceNotFoundException',
    `Resource Arn ${arn} does not exist. This version of sommelier has the recipes ${known}.`,
  )
}

/** The reference says `recipeType` in Describe only. */
const shownRecipe = ({ type, ...recipe }: Recipe) => ({ ...recipe, recipeType: type })

const listRecipes = operation({
  name: 'ListRecipes',
  input: structure({ recipeProvider: optional(enumeration(['SERVICE'])), ...page, domain: optional(Domain) }),
  output: structure({ recipes: optional(list(structure(summary), { max: 100 })), nextToken: optional(NextToken) }),
  errors: ['InvalidNextTokenException', 'InvalidInputException'],
  async handle({ domain, ...asked }, { resources }) {
    // Recipes of a domain stand behind recommenders; those here are all custom ones.
    const all = domain === undefined ? recipes : []
    const { found, nextToken } = resources.listOf(all, `recipes ${domain ?? ''}`, asked)
    return { recipes: found.map(shownRecipe), nextToken }
  },
})

const describeRecipe = operation({
  name: 'DescribeRecipe',
  input: structure({ recipeArn: Arn }),
  output: structure({
    recipe: optional(
      structure({
        name: optional(Name),
        recipeArn: optional(Arn),
        algorithmArn: optional(Arn),
        featureTransformationArn: optional(Arn),
        status: optional(Status),
        description: optional(string()),
        ...dates,
        recipeType: optional(string({ max: 256 })),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async input => ({ recipe: shownRecipe(recipeOf(input.recipeArn)) }),
})

export const recipeOperations = [listRecipes, describeRecipe]
