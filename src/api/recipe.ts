/** Recipes: what can be trained. They belong to the service and cannot be changed. */
import { assert } from '../lib/assert.ts'
import { ServiceError } from '../protocol/errors.ts'
import { enumeration, list, optional, string, structure } from '../protocol/shape.ts'
import type { DomainRecipe } from '../recipes/domainRecipe.ts'
import { domainRecipeByArn, domainRecipes, recipeByArn, recipes } from '../recipes/index.ts'
import type { Recipe } from '../recipes/recipe.ts'
import type { Resource } from '../resources/resources.ts'
import type { SolutionVersionBody } from '../resources/types.ts'
import { operation } from './operation.ts'
import { refuse } from './refuse.ts'
import { Arn, Domain, dates, Name, NextToken, page, Status } from './shapes.ts'

const summary = {
  name: optional(Name),
  recipeArn: optional(Arn),
  status: optional(Status),
  ...dates,
  domain: optional(Domain),
}

/** A recipe for solutions. Throws ResourceNotFoundException, naming those there are; InvalidInputException for one of a domain. */
export function recipeOf(arn: string): Recipe {
  const found = recipeByArn(arn)
  if (found) return found
  if (domainRecipeByArn(arn)) {
    refuse(`The recipe ${arn} is one of a domain: it stands behind recommenders, not solutions.`)
  }
  const known = recipes
    .filter(({ legacy }) => !legacy)
    .map(recipe => recipe.name)
    .join(', ')
  throw new ServiceError(
    'ResourceNotFoundException',
    `Resource Arn ${arn} does not exist. This version of sommelier has the recipes ${known}.`,
  )
}

/** Of a version that is ACTIVE: with performAutoML the one that its training chose. */
export function recipeOfVersion({ arn, body }: Resource<SolutionVersionBody, unknown>): Recipe {
  assert(body.recipeArn !== undefined, `${arn} is ACTIVE, and so of a recipe`)
  return recipeOf(body.recipeArn)
}

/** The reference says `recipeType` in Describe only. */
const shownRecipe = ({ type, ...recipe }: Recipe | DomainRecipe) => ({ ...recipe, recipeType: type })

/** Their own order is that of the alphabet, those of domains among the others and without those withdrawn, as the reference lists them. */
const byName = [...recipes.filter(({ legacy }) => !legacy), ...domainRecipes].sort((a, b) => (a.name < b.name ? -1 : 1))

const listRecipes = operation({
  name: 'ListRecipes',
  input: structure({ recipeProvider: optional(enumeration(['SERVICE'])), ...page, domain: optional(Domain) }),
  output: structure({ recipes: optional(list(structure(summary), { max: 100 })), nextToken: optional(NextToken) }),
  errors: ['InvalidNextTokenException', 'InvalidInputException'],
  differences: 'Lists the custom recipes that can be trained here, and all recipes of domains.',
  async handle({ domain, ...asked }, { resources }) {
    const all = domain === undefined ? byName : domainRecipes.filter(recipe => recipe.domain === domain)
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
  differences: 'The description names the published method that stands behind the recipe here.',
  handle: async input => ({ recipe: shownRecipe(domainRecipeByArn(input.recipeArn) ?? recipeOf(input.recipeArn)) }),
})

export const recipeOperations = [listRecipes, describeRecipe]
