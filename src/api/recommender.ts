/**
 * Recommenders: a use case of a domain, that trains and deploys itself. STOP makes one INACTIVE, without answers and without cost; START
 * brings back the model it had. An update trains anew when it changes which columns are learnt from.
 */
import { isDeepStrictEqual } from 'node:util'
import { optional, structure } from '../protocol/shape.ts'
import { domainRecipeByArn } from '../recipes/index.ts'
import { datasetGroup, type RecommenderConfigBody, recommender } from '../resources/types.ts'
import { creating, deleting, describing, listing } from './nounOperations.ts'
import { operation } from './operation.ts'
import { Arn, dates, FailureReason, Metrics, Name, Status } from './shapes.ts'
import { type Config, checkConfig, checkDatasets, RecommenderConfig, useCase } from './useCase.ts'

/** The reference's default: it bills by this number. Here it is kept and shown, and reserves nothing. */
const REQUESTS_PER_SECOND_DEFAULT = 1

const summary = {
  name: optional(Name),
  recommenderArn: optional(Arn),
  datasetGroupArn: optional(Arn),
  recipeArn: optional(Arn),
  recommenderConfig: optional(RecommenderConfig),
  status: optional(Status),
  ...dates,
}

const createRecommender = creating('CreateRecommender', recommender, {
  input: {
    name: Name,
    datasetGroupArn: Arn,
    recipeArn: Arn,
    recommenderConfig: optional(RecommenderConfig),
  },
  differences:
    'Columns of ITEMS and USERS are not learnt from yet. minRecommendationRequestsPerSecond is kept and shown, and reserves nothing; GetRecommendations is not there yet.',
  async make({ name, datasetGroupArn, recipeArn, recommenderConfig = {} }, resources) {
    const group = await resources.getActive(datasetGroup, datasetGroupArn)
    const recipe = useCase(recipeArn, group)
    await checkDatasets(recipe, group.arn, resources)
    await checkConfig(recommenderConfig, recipe, group.arn, resources)
    return {
      parent: group.arn,
      body: { name, datasetGroupArn: group.arn, recipeArn, recommenderConfig: withDefaults(recommenderConfig) },
      hidden: {},
    }
  },
})

const withDefaults = (config: Config): RecommenderConfigBody => ({
  ...config,
  minRecommendationRequestsPerSecond: config.minRecommendationRequestsPerSecond ?? REQUESTS_PER_SECOND_DEFAULT,
})

const describeRecommender = describing(
  'DescribeRecommender',
  recommender,
  {
    ...summary,
    failureReason: optional(FailureReason),
    latestRecommenderUpdate: optional(
      structure({
        recommenderConfig: optional(RecommenderConfig),
        ...dates,
        status: optional(Status),
        failureReason: optional(FailureReason),
      }),
    ),
    modelMetrics: optional(Metrics),
  },
  {
    // None while it is being made or deleted (runtime-events.md §2).
    show: async ({ status, hidden }) => ({ modelMetrics: status?.startsWith('DELETE') ? undefined : hidden.metrics }),
  },
)

const listRecommenders = listing('ListRecommenders', recommender, summary, { within: 'datasetGroupArn' })

const updateRecommender = operation({
  name: 'UpdateRecommender',
  input: structure({ recommenderArn: Arn, recommenderConfig: RecommenderConfig }),
  output: structure({ recommenderArn: optional(Arn) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  differences: 'Members of recommenderConfig that are not given stay as they are.',
  async handle(input, { resources }) {
    const found = await resources.get(recommender, input.recommenderArn)
    const { recipeArn, datasetGroupArn } = found.body
    await checkConfig(input.recommenderConfig, domainRecipeByArn(recipeArn)!, datasetGroupArn, resources)
    const before = found.body.recommenderConfig
    const { minRecommendationRequestsPerSecond = before.minRecommendationRequestsPerSecond } = input.recommenderConfig
    const recommenderConfig = { ...before, ...input.recommenderConfig, minRecommendationRequestsPerSecond }
    const retrain = !isDeepStrictEqual(columnsOf(recommenderConfig), columnsOf(before))
    await resources.requestUpdate(recommender, found, { recommenderConfig, retrain })
    return { recommenderArn: found.arn }
  },
})

/** The same columns in another order, or in another case of the dataset's type, are the same training. */
function columnsOf({ trainingDataConfig }: RecommenderConfigBody): unknown {
  const entries = Object.entries(trainingDataConfig ?? {}) as [string, Record<string, string[]>][]
  return new Map(
    entries.map(([member, types]) => [
      member,
      new Map(Object.entries(types).map(([type, columns]) => [type.toUpperCase(), new Set(columns)])),
    ]),
  )
}

const changing = {
  input: structure({ recommenderArn: Arn }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
} as const

const stopRecommender = operation({
  ...changing,
  name: 'StopRecommender',
  output: structure({ recommenderArn: optional(Arn) }),
  async handle(input, { resources }) {
    await resources.requestStop(recommender, await resources.get(recommender, input.recommenderArn))
    return input
  },
})

const startRecommender = operation({
  ...changing,
  name: 'StartRecommender',
  output: structure({ recommenderArn: optional(Arn) }),
  async handle(input, { resources }) {
    await resources.requestStart(recommender, await resources.get(recommender, input.recommenderArn))
    return input
  },
})

const deleteRecommender = deleting('DeleteRecommender', recommender)

export const recommenderOperations = [
  createRecommender,
  describeRecommender,
  listRecommenders,
  updateRecommender,
  stopRecommender,
  startRecommender,
  deleteRecommender,
]
