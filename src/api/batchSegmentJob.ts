/**
 * Batch segment jobs: the users most likely to interact with an item. They need a solution version of a USER_SEGMENTATION recipe, and no
 * recipe of this version is one: whatever else holds, creating one is refused for that reason.
 */
import { ServiceError } from '../protocol/errors.ts'
import { integer, list, optional, structure } from '../protocol/shape.ts'
import { shown } from '../resources/resources.ts'
import { batchSegmentJob, filter, solutionVersion } from '../resources/types.ts'
import { operation } from './operation.ts'
import { recipeOf } from './recipe.ts'
import {
  Arn,
  dates,
  FailureReason,
  KmsKeyArn,
  Name,
  NextToken,
  page,
  RoleArn,
  S3Location,
  Status,
  Tags,
} from './shapes.ts'

/** Users of one segment (batch-segments.md §5). */
const RESULTS_MAX = 5_000_000

const S3DataConfig = structure({ path: S3Location, kmsKeyArn: optional(KmsKeyArn) })
const JobInput = structure({ s3DataSource: S3DataConfig })
const JobOutput = structure({ s3DataDestination: S3DataConfig })
const summary = {
  batchSegmentJobArn: optional(Arn),
  jobName: optional(Name),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
  solutionVersionArn: optional(Arn),
}

const createBatchSegmentJob = operation({
  name: 'CreateBatchSegmentJob',
  input: structure({
    jobName: Name,
    solutionVersionArn: Arn,
    filterArn: optional(Arn),
    numResults: optional(integer()),
    jobInput: JobInput,
    jobOutput: JobOutput,
    roleArn: RoleArn,
    tags: optional(Tags),
  }),
  output: structure({ batchSegmentJobArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceAlreadyExistsException',
    'LimitExceededException',
    'ResourceNotFoundException',
    'ResourceInUseException',
    'TooManyTagsException',
  ],
  differences:
    'Refused after all checks: no recipe of type USER_SEGMENTATION can be trained yet, so no solution version can be of one.',
  async handle({ solutionVersionArn, filterArn, numResults, jobInput, jobOutput }, { resources }) {
    const version = await resources.getActive(solutionVersion, solutionVersionArn)
    if (filterArn !== undefined) await resources.getActive(filter, filterArn)
    if (numResults !== undefined && (numResults < 1 || numResults > RESULTS_MAX))
      refuse(`numResults was ${numResults}: 1 to ${RESULTS_MAX} was expected.`)
    checkPath('input', 'jobInput.s3DataSource.path', jobInput.s3DataSource.path)
    checkPath('output', 'jobOutput.s3DataDestination.path', jobOutput.s3DataDestination.path)
    const { name, type } = recipeOf(version.body.recipeArn)
    return refuse(
      `The solution version ${version.arn} is of the recipe ${name}, of type ${type}: a recipe of type USER_SEGMENTATION was expected, aws-item-affinity or aws-item-attribute-affinity.`,
    )
  },
})

const refuse = (message: string): never => {
  throw new ServiceError('InvalidInputException', message)
}

function checkPath(direction: 'input' | 'output', member: string, path: string): void {
  if (!path.startsWith('s3://'))
    refuse(`Invalid S3 ${direction} path. ${member} was '${path}': s3://bucket/key was expected.`)
}

const describeBatchSegmentJob = operation({
  name: 'DescribeBatchSegmentJob',
  input: structure({ batchSegmentJobArn: Arn }),
  output: structure({
    batchSegmentJob: optional(
      structure({
        ...summary,
        filterArn: optional(Arn),
        numResults: optional(integer()),
        jobInput: optional(JobInput),
        jobOutput: optional(JobOutput),
        roleArn: optional(RoleArn),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async (input, { resources }) => ({
    batchSegmentJob: shown(batchSegmentJob, await resources.get(batchSegmentJob, input.batchSegmentJobArn)),
  }),
})

const listBatchSegmentJobs = operation({
  name: 'ListBatchSegmentJobs',
  input: structure({ solutionVersionArn: optional(Arn), ...page }),
  output: structure({
    batchSegmentJobs: optional(list(structure(summary), { max: 100 })),
    nextToken: optional(NextToken),
  }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ solutionVersionArn, ...asked }, { resources }) {
    const { resources: found, nextToken } = await resources.list(batchSegmentJob, {
      ...asked,
      parent: solutionVersionArn,
    })
    return { batchSegmentJobs: found.map(each => shown(batchSegmentJob, each)), nextToken }
  },
})

export const batchSegmentJobOperations = [createBatchSegmentJob, describeBatchSegmentJob, listBatchSegmentJobs]
