/**
 * Batch segment jobs: for every item, or set of attributes, of the input files the users most likely to interact with it. ACTIVE means done; there
 * is no stop and no delete.
 */
import { integer, optional, structure } from '../protocol/shape.ts'
import { batchSegmentJob, filter as filterType, solutionVersion } from '../resources/types.ts'
import { filterOfSegmentJob } from './filter.ts'
import { creating, describing, listing } from './nounOperations.ts'
import { recipeOfVersion } from './recipe.ts'
import { refuse } from './refuse.ts'
import { Arn, dates, FailureReason, KmsKeyArn, Name, RoleArn, S3Location, Status } from './shapes.ts'

/** Users of one segment: the reference's default, and its most (batch-segments.md §1, §5). */
const RESULTS_DEFAULT = 25
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
  async make(input, resources) {
    const version = await resources.getActive(solutionVersion, input.solutionVersionArn)
    const { filterArn } = input
    if (filterArn !== undefined) await resources.getActive(filterType, filterArn)
    const numResults = input.numResults ?? RESULTS_DEFAULT
    if (numResults < 1 || numResults > RESULTS_MAX)
      refuse(`numResults was ${numResults}: 1 to ${RESULTS_MAX} was expected.`)
    checkPath('input', 'jobInput.s3DataSource.path', input.jobInput.s3DataSource.path)
    checkPath('output', 'jobOutput.s3DataDestination.path', input.jobOutput.s3DataDestination.path)
    const { name, type, segments } = recipeOfVersion(version)
    if (segments === undefined) {
      refuse(
        `The solution version ${version.arn} is of the recipe ${name}, of type ${type}: a recipe of type USER_SEGMENTATION was expected, aws-item-affinity or aws-item-attribute-affinity.`,
      )
    }
    const { datasetGroupArn } = version.body
    const filter =
      filterArn === undefined ? undefined : await filterOfSegmentJob(resources, filterArn, datasetGroupArn, name)
    const { model, data } = version.hidden
    if (model === undefined) throw new Error(`${version.arn} is ACTIVE and has no model`)
    const { ITEMS } = data.metadata
    const items = segments === 'itemAttributes' && ITEMS && { schema: ITEMS.schema, imports: data.items }
    return {
      parent: version.arn,
      body: { ...input, numResults },
      hidden: { model, record: segments, ...(items && { items }), ...(filter && { filter }) },
    }
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
