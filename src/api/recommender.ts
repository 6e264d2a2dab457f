/**
 * Recommenders: a use case of a domain, that trains and deploys itself. STOP makes one INACTIVE, without answers and without cost; START
 * brings back the model it had. An update trains anew when it changes which columns are learnt from.
 */
import { isDeepStrictEqual } from 'node:util'
import { list, optional, structure } from '../protocol/shape.ts'
import { domainRecipeByArn } from '../recipes/index.ts'
import { shown } from '../resources/resources.ts'
import { datasetGroup, type RecommenderConfigBody, recommender } from '../resources/types.ts'
import { operation } from './operation.ts'
import { Arn, dates, FailureReason, Metrics, Name, NextToken, page, Status, Tags } from './shapes.ts'
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

const createRecommender = operation({
  name: 'CreateRecommender',
  input: structure({
    name: Name,
    datasetGroupArn: Arn,
    recipeArn: Arn,
    recommenderConfig: optional(RecommenderConfig),
    tags: optional(Tags),
  }),
  output: structure({ recommenderArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceAlreadyExistsException',
    'ResourceNotFoundException',
    'LimitExceededException',
    'ResourceInUseException',
    'TooManyTagsException',
  ],
  differences:
    'Use cases whose model is not there yet are refused with a sentence that names the others. Columns of ITEMS and USERS are not learnt from yet. minRecommendationRequestsPerSecond is kept and shown, and reserves nothing; GetRecommendations is not there yet.',
  async handle({ tags, name, datasetGroupArn, recipeArn, recommenderConfig = {} }, { resources }) {
    const group = await resources.getActive(datasetGroup, datasetGroupArn)
    const recipe = useCase(recipeArn, group)
    checkConfig(recommenderConfig, recipe)
    await checkDatasets(recipe, group.arn, resources)
    const recommenderArn = await resources.create(recommender, {
      path: name,
      name,
      parent: group.arn,
      body: { name, datasetGroupArn: group.arn, recipeArn, recommenderConfig: withDefaults(recommenderConfig) },
      hidden: {},
      tags,
    })
    return { recommenderArn }
  },
})

const withDefaults = (config: Config): RecommenderConfigBody => ({
  ...config,
  minRecommendationRequestsPerSecond: config.minRecommendationRequestsPerSecond ?? REQUESTS_PER_SECOND_DEFAULT,
})

const describeRecommender = operation({
  name: 'DescribeRecommender',
  input: structure({ recommenderArn: Arn }),
  output: structure({
    recommender: optional(
      structure({
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
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  async handle(input, { resources }) {
    const found = await resources.get(recommender, input.recommenderArn)
    // None while it is being made or deleted (runtime-events.md §2).
    const modelMetrics = found.status?.startsWith('DELETE') ? undefined : found.hidden.metrics
    return { recommender: { ...shown(recommender, found), modelMetrics } }
  },
})

const listRecommenders = operation({
  name: 'ListRecommenders',
  input: structure({ datasetGroupArn: optional(Arn), ...page }),
  output: structure({ recommenders: optional(list(structure(summary), { max: 100 })), nextToken: optional(NextToken) }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ datasetGroupArn, ...asked }, { resources }) {
    const { resources: found, nextToken } = await resources.list(recommender, { ...asked, parent: datasetGroupArn })
    return { recommenders: found.map(each => shown(recommender, each)), nextToken }
  },
})

const updateRecommender = operation({
  name: 'UpdateRecommender',
  input: structure({ recommenderArn: Arn, recommenderConfig: RecommenderConfig }),
  output: structure({ recommenderArn: optional(Arn) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  differences: 'Members of recommenderConfig that are not given stay as they are.',
  async handle(input, { resources }) {
    const found = await resources.get(recommender, input.recommenderArn)
    checkConfig(input.recommenderConfig, domainRecipeByArn(found.body.recipeArn)!)
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

const deleteRecommender = operation({
  ...changing,
  name: 'DeleteRecommender',
  output: undefined,
  async handle(input, { resources }) {
    await resources.requestDelete(recommender, await resources.get(recommender, input.recommenderArn))
    return undefined
  },
})

export const recommenderOperations = [
  createRecommender,
  describeRecommender,
  listRecommenders,
  updateRecommender,
  stopRecommender,
  startRecommender,
  deleteRecommender,
]
