/** Solutions: a recipe with its settings, for the data of one dataset group. ACTIVE almost at once; its versions are the trained models. */
import { ServiceError } from '../protocol/errors.ts'
import { boolean, list, optional, structure } from '../protocol/shape.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import { shown } from '../resources/resources.ts'
import { campaign, datasetGroup, solution, solutionVersion } from '../resources/types.ts'
import { operation } from './operation.ts'
import { recipeOf } from './recipe.ts'
import {
  Arn,
  AutoTrainingConfig,
  dates,
  EventsConfig,
  EventType,
  Name,
  NextToken,
  page,
  SolutionConfig,
  SolutionUpdateSummary,
  Status,
  Tags,
} from './shapes.ts'
import { checkSettings } from './solutionSettings.ts'
import { versionSummary } from './solutionVersion.ts'

const summary = {
  name: optional(Name),
  solutionArn: optional(Arn),
  status: optional(Status),
  ...dates,
  recipeArn: optional(Arn),
}

const createSolution = operation({
  name: 'CreateSolution',
  input: structure({
    name: Name,
    performHPO: optional(boolean),
    performAutoML: optional(boolean),
    performAutoTraining: optional(boolean),
    performIncrementalUpdate: optional(boolean),
    recipeArn: optional(Arn),
    datasetGroupArn: Arn,
    eventType: optional(EventType),
    solutionConfig: optional(SolutionConfig),
    tags: optional(Tags),
  }),
  output: structure({ solutionArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceAlreadyExistsException',
    'ResourceNotFoundException',
    'LimitExceededException',
    'ResourceInUseException',
    'TooManyTagsException',
  ],
  differences:
    'performAutoML, performHPO (but for -v2 recipes, which ignore it), eventsConfig and optimizationObjective are refused: training cannot honour them yet.',
  async handle({ tags, ...input }, { resources }) {
    if (input.performAutoML) {
      throw new ServiceError(
        'InvalidInputException',
        'performAutoML was true: choosing a recipe automatically is not part of this version of sommelier. Name one in recipeArn.',
      )
    }
    if (input.recipeArn === undefined) {
      throw new ServiceError(
        'InvalidInputException',
        'recipeArn is missing: it is required unless performAutoML is true.',
      )
    }
    const group = await resources.getActive(datasetGroup, input.datasetGroupArn)
    const recipe = recipeOf(input.recipeArn)
    checkSettings(recipe, { ...input, config: input.solutionConfig ?? {}, at: 'solutionConfig' })
    const solutionArn = await resources.create(solution, {
      path: input.name,
      name: input.name,
      parent: group.arn,
      body: {
        ...input,
        recipeArn: input.recipeArn,
        performHPO: input.performHPO ?? false,
        performAutoML: false,
        performAutoTraining: input.performAutoTraining ?? true,
        performIncrementalUpdate: input.performIncrementalUpdate ?? false,
      },
      hidden: {},
      tags,
    })
    return { solutionArn }
  },
})

const describeSolution = operation({
  name: 'DescribeSolution',
  input: structure({ solutionArn: Arn }),
  output: structure({
    solution: optional(
      structure({
        ...summary,
        performHPO: optional(boolean),
        performAutoML: optional(boolean),
        performAutoTraining: optional(boolean),
        performIncrementalUpdate: optional(boolean),
        datasetGroupArn: optional(Arn),
        eventType: optional(EventType),
        solutionConfig: optional(SolutionConfig),
        autoMLResult: optional(structure({ bestRecipeArn: optional(Arn) })),
        latestSolutionVersion: optional(versionSummary),
        latestSolutionUpdate: optional(SolutionUpdateSummary),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  async handle(input, { resources }) {
    const found = await resources.get(solution, input.solutionArn)
    const { resources: newest } = await resources.list(solutionVersion, { parent: found.arn, maxResults: 1 })
    return {
      solution: { ...shown(solution, found), latestSolutionVersion: newest[0] && shown(solutionVersion, newest[0]) },
    }
  },
})

const listSolutions = operation({
  name: 'ListSolutions',
  input: structure({ datasetGroupArn: optional(Arn), ...page }),
  output: structure({ solutions: optional(list(structure(summary), { max: 100 })), nextToken: optional(NextToken) }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ datasetGroupArn, ...asked }, { resources }) {
    const { resources: found, nextToken } = await resources.list(solution, { ...asked, parent: datasetGroupArn })
    return { solutions: found.map(each => shown(solution, each)), nextToken }
  },
})

/** Versions that are being trained go on; the schedule of automatic training begins anew when the update is ACTIVE. */
const updateSolution = operation({
  name: 'UpdateSolution',
  input: structure({
    solutionArn: Arn,
    performAutoTraining: optional(boolean),
    performIncrementalUpdate: optional(boolean),
    solutionUpdateConfig: optional(
      structure({ autoTrainingConfig: optional(AutoTrainingConfig), eventsConfig: optional(EventsConfig) }),
    ),
  }),
  output: structure({ solutionArn: optional(Arn) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException', 'LimitExceededException'],
  differences: 'eventsConfig is refused: training cannot honour it yet.',
  async handle({ solutionArn, ...asked }, { resources }) {
    const found = await resources.get(solution, solutionArn)
    const { performAutoTraining = found.body.performAutoTraining } = asked
    const { performIncrementalUpdate = found.body.performIncrementalUpdate, solutionUpdateConfig } = asked
    const config = solutionUpdateConfig ?? {}
    checkSettings(recipeOf(found.body.recipeArn), { performIncrementalUpdate, config, at: 'solutionUpdateConfig' })
    const next = { performAutoTraining, performIncrementalUpdate, solutionUpdateConfig }
    await resources.requestUpdate(solution, found, next)
    return { solutionArn: found.arn }
  },
})

const deleteSolution = operation({
  name: 'DeleteSolution',
  input: structure({ solutionArn: Arn }),
  output: undefined,
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle(input, { resources }) {
    const found = await resources.get(solution, input.solutionArn)
    if ((await resources.count(campaign, found.arn)) > 0) {
      throw new ServiceError(
        'ResourceInUseException',
        `The solution ${found.arn} still has campaigns: delete them first.`,
      )
    }
    const training = await resources.firstWhere(solutionVersion, each => isUnderWay(each.status), found.arn)
    if (training) {
      throw new ServiceError(
        'ResourceInUseException',
        `The solution ${found.arn} has the version ${training.arn}, which is ${training.status}.`,
      )
    }
    await resources.requestDelete(solution, found)
    return undefined
  },
})

export const solutionOperations = [createSolution, describeSolution, listSolutions, updateSolution, deleteSolution]
