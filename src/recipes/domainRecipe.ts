/**
 * A recipe of a domain: a use case of a shop or a film service, behind a recommender. It has no model of its own: `model` is the recipe
 * that trains it, with that recipe's defaults, on the events of one type or on all of them.
 */
import { assert } from '../lib/assert.ts'
import { LAST_UPDATED, type Recipe, type RecipeType, serviceArn } from './recipe.ts'

export interface DomainRecipe {
  readonly name: string
  readonly domain: 'ECOMMERCE' | 'VIDEO_ON_DEMAND'
  readonly type: RecipeType
  readonly description: string
  /** Absent: all events are learnt from. */
  readonly eventType?: string
  /** What the dataset group has to have besides INTERACTIONS. */
  readonly needsItems: boolean
  /** Whether itemExplorationConfig may be given (spec/recipes.md §6). */
  readonly exploration: boolean
  readonly model: Recipe
  /** How often a recommender of it trains anew by itself. */
  readonly retrainingSeconds: number
  readonly recipeArn: string
  readonly algorithmArn: string
  readonly featureTransformationArn: string
  readonly status: 'ACTIVE'
  /** Epoch seconds. */
  readonly creationDateTime: number
  readonly lastUpdatedDateTime: number
}

type Declaration = Pick<DomainRecipe, 'name' | 'domain' | 'type' | 'description' | 'eventType' | 'model'> &
  Partial<Pick<DomainRecipe, 'needsItems' | 'exploration' | 'retrainingSeconds'>>

/** As the reference retrains its recommenders (spec/lifecycle.md §7). */
export const RETRAINING_SECONDS = 7 * 24 * 3600

/** As the reference dates its film recipes, before their domain existed; those of shops are not known and get the same (recipes.md §7). */
const CREATED = Date.UTC(2019, 5, 10) / 1000

export function domainRecipe(declaration: Declaration): DomainRecipe {
  const { name, domain } = declaration
  assert(name.startsWith(domain === 'ECOMMERCE' ? 'aws-ecomm-' : 'aws-vod-'), `${name} is not a name of ${domain}`)
  return {
    needsItems: false,
    exploration: false,
    retrainingSeconds: RETRAINING_SECONDS,
    ...declaration,
    recipeArn: serviceArn('recipe', name),
    algorithmArn: serviceArn('algorithm', name),
    featureTransformationArn: serviceArn('feature-transformation', name),
    status: 'ACTIVE',
    creationDateTime: CREATED,
    lastUpdatedDateTime: LAST_UPDATED,
  }
}
