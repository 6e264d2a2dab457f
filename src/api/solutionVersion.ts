/** Solution versions: trained models, with what the offline evaluation found. */
import { newSolutionVersion } from '../jobs/newSolutionVersion.ts'
import { boolean, double, enumeration, optional, structure } from '../protocol/shape.ts'
import type { Resource, Resources } from '../resources/resources.ts'
import { type SolutionBody, solution, solutionVersion, type TrainedModel } from '../resources/types.ts'
import { describing, listing } from './nounOperations.ts'
import { operation } from './operation.ts'
import { recipeOf } from './recipe.ts'
import { refuse, refuseNow } from './refuse.ts'
import {
  Arn,
  dates,
  EventType,
  FailureReason,
  HyperParameters,
  Metrics,
  Name,
  SolutionConfig,
  Status,
  Tags,
} from './shapes.ts'

const TrainingMode = enumeration(['FULL', 'UPDATE', 'AUTOTRAIN'])
const TrainingType = enumeration(['AUTOMATIC', 'MANUAL'])

export const versionSummary = {
  solutionVersionArn: optional(Arn),
  status: optional(Status),
  trainingMode: optional(TrainingMode),
  trainingType: optional(TrainingType),
  ...dates,
  failureReason: optional(FailureReason),
}

const createSolutionVersion = operation({
  name: 'CreateSolutionVersion',
  input: structure({
    name: optional(Name),
    solutionArn: Arn,
    trainingMode: optional(TrainingMode),
    tags: optional(Tags),
  }),
  output: structure({ solutionVersionArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceNotFoundException',
    'LimitExceededException',
    'ResourceInUseException',
    'TooManyTagsException',
    'ResourceAlreadyExistsException',
  ],
  differences: 'trainingMode AUTOTRAIN is refused: the schedule of automatic training asks for its versions itself.',
  async handle({ tags, ...input }, { resources }) {
    const of = await resources.getActive(solution, input.solutionArn)
    const trainingMode = input.trainingMode ?? 'FULL'
    if (trainingMode === 'AUTOTRAIN') {
      refuse(
        'trainingMode was AUTOTRAIN: FULL or UPDATE was expected. The schedule of automatic training asks for its versions itself.',
      )
    }
    const base = trainingMode === 'UPDATE' ? await newestFull(resources, of) : undefined
    const { name } = input
    const solutionVersionArn = await newSolutionVersion(resources, of, { trainingType: 'MANUAL', name, tags, base })
    return { solutionVersionArn }
  },
})

/** What a version of trainingMode UPDATE starts from. Throws InvalidInputException. */
async function newestFull(
  resources: Resources,
  { arn, body }: Resource<SolutionBody, unknown>,
): Promise<{ recipeArn: string; model: TrainedModel }> {
  if (body.recipeArn !== undefined) checkUpdates(body.recipeArn)
  const full = await resources.firstWhere(
    solutionVersion,
    ({ status, body }) => status === 'ACTIVE' && body.trainingMode === 'FULL',
    arn,
  )
  const { model, metrics, baselineMetrics } = full?.hidden ?? {}
  const recipeArn = full?.body.recipeArn
  if (model === undefined || !metrics || !baselineMetrics || recipeArn === undefined)
    refuse(`trainingMode was UPDATE: the solution ${arn} has no ACTIVE version of trainingMode FULL to start from.`)
  checkUpdates(recipeArn)
  return { recipeArn, model: { model, metrics, baselineMetrics } }
}

function checkUpdates(recipeArn: string): void {
  const { updates, name } = recipeOf(recipeArn)
  if (!updates)
    refuse(
      `trainingMode was UPDATE: it is for aws-user-personalization and aws-hrnn-coldstart, this solution is of ${name}.`,
    )
}

const describeSolutionVersion = describing(
  'DescribeSolutionVersion',
  solutionVersion,
  {
    ...versionSummary,
    name: optional(Name),
    solutionArn: optional(Arn),
    performHPO: optional(boolean),
    performAutoML: optional(boolean),
    performIncrementalUpdate: optional(boolean),
    recipeArn: optional(Arn),
    eventType: optional(EventType),
    datasetGroupArn: optional(Arn),
    solutionConfig: optional(SolutionConfig),
    trainingHours: optional(double({ min: 0 })),
    tunedHPOParams: optional(structure({ algorithmHyperParameters: optional(HyperParameters) })),
  },
  {
    differences: 'trainingHours are hours of processor time spent here, divided by four.',
  },
)

const listSolutionVersions = listing('ListSolutionVersions', solutionVersion, versionSummary, {
  within: 'solutionArn',
  parent: solution,
})

const stopSolutionVersionCreation = operation({
  name: 'StopSolutionVersionCreation',
  input: structure({ solutionVersionArn: Arn }),
  output: undefined,
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle(input, { resources }) {
    const found = await resources.get(solutionVersion, input.solutionVersionArn)
    if (found.status === 'CREATE PENDING') await resources.move(solutionVersion, found.arn, 'CREATE STOPPED')
    else if (found.status === 'CREATE IN_PROGRESS') await resources.move(solutionVersion, found.arn, 'CREATE STOPPING')
    else {
      refuseNow(
        `Resource Arn ${found.arn} is in status ${found.status}: only CREATE PENDING and CREATE IN_PROGRESS can be stopped.`,
      )
    }
    await resources.stopWork(found.arn)
    return undefined
  },
})

const getSolutionMetrics = operation({
  name: 'GetSolutionMetrics',
  input: structure({ solutionVersionArn: Arn }),
  output: structure({ solutionVersionArn: optional(Arn), metrics: optional(Metrics) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle(input, { resources }) {
    const found = await resources.getActive(solutionVersion, input.solutionVersionArn)
    return { solutionVersionArn: found.arn, metrics: found.hidden.metrics ?? {} }
  },
})

export const solutionVersionOperations = [
  createSolutionVersion,
  describeSolutionVersion,
  listSolutionVersions,
  stopSolutionVersionCreation,
  getSolutionMetrics,
]
