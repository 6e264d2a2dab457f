/** Solutions: a recipe with its settings, for the data of one dataset group. ACTIVE almost at once; its versions are the trained models. */
import { boolean, optional, structure } from '../protocol/shape.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import { shown } from '../resources/resources.ts'
import { campaign, datasetGroup, solution, solutionVersion } from '../resources/types.ts'
import { datasetTypes } from './dataset.ts'
import { creating, deleting, describing, listing } from './nounOperations.ts'
import { checkObjective } from './objective.ts'
import { operation } from './operation.ts'
import { recipeOf } from './recipe.ts'
import { refuse, refuseNow } from './refuse.ts'
import {
  Arn,
  AutoTrainingConfig,
  dates,
  EventsConfig,
  EventType,
  Name,
  SolutionConfig,
  SolutionUpdateSummary,
  Status,
} from './shapes.ts'
import { checkAutoML, checkSettings } from './solutionSettings.ts'
import { versionSummary } from './solutionVersion.ts'
import { checkColumns } from './trainingColumns.ts'

const summary = {
  name: optional(Name),
  solutionArn: optional(Arn),
  status: optional(Status),
  ...dates,
  recipeArn: optional(Arn),
}

const createSolution = creating('CreateSolution', solution, {
  input: {
    name: Name,
    performHPO: optional(boolean),
    performAutoML: optional(boolean),
    performAutoTraining: optional(boolean),
    performIncrementalUpdate: optional(boolean),
    recipeArn: optional(Arn),
    datasetGroupArn: Arn,
    eventType: optional(EventType),
    solutionConfig: optional(SolutionConfig),
  },
  differences:
    'performAutoML chooses anew for each solution version, among aws-user-personalization-v2 and aws-user-personalization where no recipeList is given; its performHPO is true whatever the request says. performHPO without hpoConfig searches the whole ranges of the recipe; hpoObjective and maxParallelTrainingJobs are taken and have no effect. Names of ranges may begin with training. or data.; they are repeated as they were sent.',
  async make(input, resources) {
    const { recipeArn, performAutoML = false, solutionConfig = {} } = input
    const at = 'solutionConfig'
    if (performAutoML) checkAutoML({ ...input, config: solutionConfig, at })
    else if (recipeArn === undefined) refuse('recipeArn is missing: it is required unless performAutoML is true.')
    const group = await resources.getActive(datasetGroup, input.datasetGroupArn)
    if (recipeArn !== undefined) {
      const recipe = recipeOf(recipeArn)
      checkSettings(recipe, { ...input, config: solutionConfig, at })
      const config = solutionConfig.trainingDataConfig ?? {}
      await checkColumns({ config, at, group: group.arn, types: datasetTypes }, resources)
      await checkObjective(solutionConfig.optimizationObjective, recipe, group.arn, resources)
    }
    return {
      parent: group.arn,
      body: {
        ...input,
        performHPO: performAutoML || (input.performHPO ?? false),
        performAutoML,
        performAutoTraining: input.performAutoTraining ?? true,
        performIncrementalUpdate: input.performIncrementalUpdate ?? false,
      },
      hidden: {},
    }
  },
})

const describeSolution = describing(
  'DescribeSolution',
  solution,
  {
    ...summary,
    performHPO: optional(boolean),
    performAutoML: optional(boolean),
    performAutoTraining: optional(boolean),
    performIncrementalUpdate: optional(boolean),
    datasetGroupArn: optional(Arn),
    eventType: optional(EventType),
    solutionConfig: optional(SolutionConfig),
    autoMLResult: optional(structure({ bestRecipeArn: optional(Arn) })),
    latestSolutionVersion: optional(structure(versionSummary)),
    latestSolutionUpdate: optional(SolutionUpdateSummary),
  },
  {
    differences: 'autoMLResult is that of the newest solution version that is ACTIVE, and absent before.',
    async show({ arn, body: { performAutoML } }, resources) {
      const { resources: newest } = await resources.list(solutionVersion, { parent: arn, maxResults: 1 })
      const best = performAutoML
        ? await resources.firstWhere(solutionVersion, ({ status }) => status === 'ACTIVE', arn)
        : undefined
      return {
        latestSolutionVersion: newest[0] && shown(solutionVersion, newest[0]),
        ...(best && { autoMLResult: { bestRecipeArn: best.body.recipeArn } }),
      }
    },
  },
)

const listSolutions = listing('ListSolutions', solution, summary, { within: 'datasetGroupArn' })

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
  async handle({ solutionArn, ...asked }, { resources }) {
    const found = await resources.get(solution, solutionArn)
    const { performAutoTraining = found.body.performAutoTraining } = asked
    const { performIncrementalUpdate = found.body.performIncrementalUpdate, solutionUpdateConfig } = asked
    const config = solutionUpdateConfig ?? {}
    const { eventType, recipeArn } = found.body
    const settings = { performIncrementalUpdate, eventType, config, at: 'solutionUpdateConfig' as const }
    if (recipeArn === undefined) checkAutoML(settings)
    else checkSettings(recipeOf(recipeArn), settings)
    const next = { performAutoTraining, performIncrementalUpdate, solutionUpdateConfig }
    await resources.requestUpdate(solution, found, next)
    return { solutionArn: found.arn }
  },
})

const deleteSolution = deleting('DeleteSolution', solution, async ({ arn }, resources) => {
  if ((await resources.count(campaign, arn)) > 0) {
    refuseNow(`The solution ${arn} still has campaigns: delete them first.`)
  }
  const training = await resources.firstWhere(solutionVersion, each => isUnderWay(each.status), arn)
  if (training) refuseNow(`The solution ${arn} has the version ${training.arn}, which is ${training.status}.`)
})

export const solutionOperations = [createSolution, describeSolution, listSolutions, updateSolution, deleteSolution]
