/**
 * An operation of our own, beside those of AWS: what of somebody's history carried what a model recommends them. `sommelier explain` is its
 * client. Target prefix `Sommelier`.
 */
import type { ExplanationQuery } from '../jobs/explanation.ts'
import { double, integer, list, map, optional, string, structure } from '../protocol/shape.ts'
import { domainRecipeByArn, recipeByArn } from '../recipes/index.ts'
import { trainedModel } from './evaluation.ts'
import { Computed, operation } from './operation.ts'
import { refuse } from './refuse.ts'
import { Arn } from './shapes.ts'

const Id = string({ min: 1, max: 256 })

/** As requests of the real-time operations have it (spec/runtime-events.md). */
const Context = map(string({ min: 1, max: 150 }), string({ max: 1000 }), { max: 150 })

/** What a page shows; each item is taken apart by itself. */
const RESULTS_DEFAULT = 10
const RESULTS_MAX = 100

const explainRecommendations = operation({
  name: 'ExplainRecommendations',
  input: structure({
    resourceArn: Arn,
    userId: Id,
    itemId: optional(Id),
    numResults: optional(integer({ min: 1, max: RESULTS_MAX })),
    context: optional(Context),
  }),
  output: structure({
    resourceArn: Arn,
    recipeArn: Arn,
    userId: string(),
    eventCount: integer(),
    unheard: optional(list(string())),
    items: list(
      structure({
        itemId: string(),
        rank: integer(),
        probability: double(),
        score: double(),
        base: double(),
        carriers: list(structure({ itemId: string(), events: integer(), weight: double() })),
        others: structure({ items: integer(), weight: double() }),
        contexts: optional(list(structure({ column: string(), weight: double() }))),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle({ numResults = RESULTS_DEFAULT, ...input }, { resources }) {
    const trained = await trainedModel(input.resourceArn, resources)
    const recipe = recipeByArn(trained.recipeArn) ?? domainRecipeByArn(trained.recipeArn)?.model
    if (recipe && !EXPLAINED.has(recipe.type))
      refuse(
        `The recipe ${recipe.name} is of the type ${recipe.type}: only recommendations for a user can be explained by the user's history.`,
      )
    const query: ExplanationQuery = { ...input, ...trained, numResults }
    return new Computed('explainRecommendations', query)
  },
})

/** What ranks items by a person's history; popularity does so with no weights. */
const EXPLAINED: ReadonlySet<string> = new Set(['USER_PERSONALIZATION', 'PERSONALIZED_RANKING', 'POPULAR_ITEMS'])

export const explainRecommendationsOperations = [explainRecommendations]
