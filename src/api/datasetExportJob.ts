/** Dataset export jobs: a dataset's rows → CSV in the object store. ACTIVE means done; there is no stop and no delete. */
import { parseAddress } from '../objects/objectStore.ts'
import { enumeration, list, optional, structure } from '../protocol/shape.ts'
import { shown } from '../resources/resources.ts'
import { dataset, datasetExportJob } from '../resources/types.ts'
import { operation } from './operation.ts'
import { checked } from './schema.ts'
import { Arn, dates, FailureReason, Name, NextToken, page, RoleArn, S3DataConfig, Status, Tags } from './shapes.ts'

const IngestionMode = enumeration(['BULK', 'PUT', 'ALL'])
const JobOutput = structure({ s3DataDestination: S3DataConfig })
const summary = {
  datasetExportJobArn: optional(Arn),
  jobName: optional(Name),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
}

const createDatasetExportJob = operation({
  name: 'CreateDatasetExportJob',
  input: structure({
    jobName: Name,
    datasetArn: Arn,
    ingestionMode: optional(IngestionMode),
    roleArn: RoleArn,
    jobOutput: JobOutput,
    tags: optional(Tags),
  }),
  output: structure({ datasetExportJobArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceNotFoundException',
    'ResourceAlreadyExistsException',
    'LimitExceededException',
    'ResourceInUseException',
    'TooManyTagsException',
  ],
  async handle({ tags, ingestionMode = 'PUT', ...input }, { resources }) {
    const from = await resources.getActive(dataset, input.datasetArn)
    checked(() => parseAddress(input.jobOutput.s3DataDestination.path), 'Invalid S3 output path:')
    const datasetExportJobArn = await resources.create(datasetExportJob, {
      path: input.jobName,
      name: input.jobName,
      parent: from.arn,
      body: { ...input, ingestionMode },
      hidden: {},
      tags,
    })
    return { datasetExportJobArn }
  },
})

const describeDatasetExportJob = operation({
  name: 'DescribeDatasetExportJob',
  input: structure({ datasetExportJobArn: Arn }),
  output: structure({
    datasetExportJob: optional(
      structure({
        ...summary,
        datasetArn: optional(Arn),
        ingestionMode: optional(IngestionMode),
        roleArn: optional(Arn),
        jobOutput: optional(JobOutput),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async (input, { resources }) => ({
    datasetExportJob: shown(datasetExportJob, await resources.get(datasetExportJob, input.datasetExportJobArn)),
  }),
})

const listDatasetExportJobs = operation({
  name: 'ListDatasetExportJobs',
  input: structure({ datasetArn: optional(Arn), ...page }),
  output: structure({
    datasetExportJobs: optional(list(structure(summary), { max: 100 })),
    nextToken: optional(NextToken),
  }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ datasetArn, ...asked }, { resources }) {
    const { resources: found, nextToken } = await resources.list(datasetExportJob, { ...asked, parent: datasetArn })
    return { datasetExportJobs: found.map(each => shown(datasetExportJob, each)), nextToken }
  },
})

export const datasetExportJobOperations = [createDatasetExportJob, describeDatasetExportJob, listDatasetExportJobs]
