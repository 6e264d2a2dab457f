/**
 * An operation of our own, beside those of AWS: all that the evaluation of a solution version or a recommender found, of which
 * GetSolutionMetrics tells the means. `sommelier evaluate` is its client. Target prefix `Sommelier`.
 */
import type { EvaluationQuery } from '../jobs/readEvaluation.ts'
import { assert } from '../lib/assert.ts'
import { ServiceError } from '../protocol/errors.ts'
import { double, integer, list, map, optional, string, structure } from '../protocol/shape.ts'
import { resourceOfArn } from '../resources/arn.ts'
import type { Resources } from '../resources/resources.ts'
import { recommender, solutionVersion } from '../resources/types.ts'
import { Computed, operation } from './operation.ts'
import { Arn } from './shapes.ts'

const Interval = structure({ value: double(), low: double(), high: double() })
const Intervals = map(string(), Interval)

const MeasuredModel = structure({
  metrics: Intervals,
  coverage: double(),
  novelty: double(),
  intraListSimilarity: double(),
  coldItemShare: double(),
})

const Share = structure({ model: double(), baseline: double() })
const Comparison = structure({
  userCount: integer(),
  confidence: double(),
  baseline: string(),
  metrics: list(
    structure({
      name: string(),
      unit: string(),
      count: integer(),
      model: Interval,
      baseline: optional(Interval),
      gain: optional(Interval),
    }),
  ),
  coverage: Share,
  bySize: structure({
    metric: string(),
    unit: string(),
    size: string(),
    buckets: list(
      structure({ from: integer(), to: optional(integer()), count: integer(), model: Interval, baseline: Interval }),
    ),
  }),
})

const PoolChoice = structure({
  heldOutPairCount: integer(),
  combination: string(),
  fittedBy: string(),
  solved: string(),
  ridges: list(structure({ factor: double(), ndcgAt10: double() })),
  tried: list(structure({ combination: string(), fittedBy: string(), ndcgAt10: double() })),
  experts: list(
    structure({
      name: string(),
      regularization: double(),
      diagonal: double(),
      weight: double(),
      ndcgAt10: optional(double()),
    }),
  ),
  popularityWeight: double(),
})

const RecipeChoice = structure({
  metric: string(),
  candidates: list(
    structure({ recipe: string(), score: double(), tries: integer(), hyperparameters: map(string(), string()) }),
  ),
})

const NewcomerChoice = structure({
  heldOutUserCount: integer(),
  beginnings: optional(structure({ events: integer(), strength: double(), gain: double() })),
  lately: optional(structure({ seconds: integer(), strength: double(), gain: double(), heldOutUserCount: integer() })),
  attributes: optional(structure({ count: integer(), weight: double(), strength: double(), gain: double() })),
})

const ContextWeight = structure({
  column: string(),
  values: integer(),
  weight: double(),
  strength: double(),
  gain: double(),
})
const ContextChoice = structure({
  heldOutEventCount: integer(),
  columns: list(ContextWeight),
  unheard: list(string()),
  ndcgAt10: optional(structure({ without: double(), with: double() })),
})

const describeEvaluation = operation({
  name: 'DescribeEvaluation',
  input: structure({ resourceArn: Arn }),
  output: structure({
    resourceArn: Arn,
    recipeArn: Arn,
    // Of lists of recommendations:
    userCount: optional(integer()),
    confidence: optional(double()),
    resamples: optional(integer()),
    listLength: optional(integer()),
    model: optional(MeasuredModel),
    popularity: optional(MeasuredModel),
    recentPopularity: optional(MeasuredModel),
    gain: optional(Intervals),
    byHistoryLength: optional(
      list(
        structure({
          from: integer(),
          to: optional(integer()),
          userCount: integer(),
          model: Intervals,
          popularity: Intervals,
        }),
      ),
    ),
    cold: optional(structure({ eventCount: integer(), itemShare: double(), heldOutShare: double() })),
    trends: optional(structure({ moments: integer(), model: double(), popularity: double() })),
    // Of segments and actions:
    comparison: optional(Comparison),
    // Of either:
    choice: optional(PoolChoice),
    recipes: optional(RecipeChoice),
    newcomers: optional(NewcomerChoice),
    contexts: optional(structure({ history: ContextChoice, newcomers: optional(ContextChoice) })),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle({ resourceArn }, { resources }) {
    const query: EvaluationQuery = { resourceArn, ...(await trainedModel(resourceArn, resources)) }
    return new Computed('readEvaluation', query)
  },
})

/** Of a solution version that is ACTIVE, or a recommender that has been trained. Throws ServiceError. */
export async function trainedModel(
  arn: string,
  resources: Resources,
): Promise<{ recipeArn: string; modelPrefix: string }> {
  const { body, hidden } = resourceOfArn(arn).startsWith('recommender/')
    ? await resources.get(recommender, arn)
    : await resources.getActive(solutionVersion, arn)
  if (hidden.model === undefined)
    throw new ServiceError('ResourceInUseException', `Resource Arn ${arn} has not been trained yet.`)
  assert(body.recipeArn !== undefined, 'what has been trained is of a recipe')
  return { recipeArn: body.recipeArn, modelPrefix: hidden.model }
}

export const evaluationOperations = [describeEvaluation]
