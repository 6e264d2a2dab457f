/**
 * Batch segment jobs: the users most likely to interact with an item. They need a solution version of a USER_SEGMENTATION recipe, and no
 * recipe of this version is one: whatever else holds, creating one is refused for that reason.
 */
import { integer, optional, structure } from '../protocol/shape.ts'
import { batchSegmentJob, filter, solutionVersion } from '../resources/types.ts'
import { creating, describing, listing } from './nounOperations.ts'
import { recipeOf } from './recipe.ts'
import { refuse } from './refuse.ts'
import { Arn, dates, FailureReason, KmsKeyArn, Name, RoleArn, S3Location, Status } from './shapes.ts'

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

const createBatchSegmentJob = creating('CreateBatchSegmentJob', batchSegmentJob, {
  input: {
    jobName: Name,
    solutionVersionArn: Arn,
    filterArn: optional(Arn),
    numResults: optional(integer()),
    jobInput: JobInput,
    jobOutput: JobOutput,
    roleArn: RoleArn,
  },
  differences:
    'Refused after all checks: no recipe of type USER_SEGMENTATION can be trained yet, so no solution version can be of one.',
  async make({ solutionVersionArn, filterArn, numResults, jobInput, jobOutput }, resources) {
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

function checkPath(direction: 'input' | 'output', member: string, path: string): void {
  if (!path.startsWith('s3://'))
    refuse(`Invalid S3 ${direction} path. ${member} was '${path}': s3://bucket/key was expected.`)
}

const describeBatchSegmentJob = describing('DescribeBatchSegmentJob', batchSegmentJob, {
  ...summary,
  filterArn: optional(Arn),
  numResults: optional(integer()),
  jobInput: optional(JobInput),
  jobOutput: optional(JobOutput),
  roleArn: optional(RoleArn),
})

const listBatchSegmentJobs = listing('ListBatchSegmentJobs', batchSegmentJob, summary, { within: 'solutionVersionArn' })

export const batchSegmentJobOperations = [createBatchSegmentJob, describeBatchSegmentJob, listBatchSegmentJobs]
