/** Dataset export jobs: a dataset's rows → CSV in the object store. ACTIVE means done; there is no stop and no delete. */
import { parseAddress } from '../objects/objectStore.ts'
import { enumeration, optional, structure } from '../protocol/shape.ts'
import { dataset, datasetExportJob } from '../resources/types.ts'
import { creating, describing, listing } from './nounOperations.ts'
import { checked } from './schema.ts'
import { Arn, dates, FailureReason, Name, RoleArn, S3DataConfig, Status } from './shapes.ts'

const IngestionMode = enumeration(['BULK', 'PUT', 'ALL'])
const JobOutput = structure({ s3DataDestination: S3DataConfig })
const summary = {
  datasetExportJobArn: optional(Arn),
  jobName: optional(Name),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
}

const createDatasetExportJob = creating('CreateDatasetExportJob', datasetExportJob, {
  input: {
    jobName: Name,
    datasetArn: Arn,
    ingestionMode: optional(IngestionMode),
    roleArn: RoleArn,
    jobOutput: JobOutput,
  },
  differences:
    'Events and records that were put one by one are not there yet: ingestionMode PUT writes a header alone. kmsKeyArn is kept and shown: the store encrypts as it is set up to.',
  async make({ ingestionMode = 'PUT', ...input }, resources) {
    const from = await resources.getActive(dataset, input.datasetArn)
    checked(() => parseAddress(input.jobOutput.s3DataDestination.path), 'Invalid S3 output path:')
    return {
      parent: from.arn,
      body: { ...input, ingestionMode },
      hidden: {},
    }
  },
})

const describeDatasetExportJob = describing('DescribeDatasetExportJob', datasetExportJob, {
  ...summary,
  datasetArn: optional(Arn),
  ingestionMode: optional(IngestionMode),
  roleArn: optional(Arn),
  jobOutput: optional(JobOutput),
})

const listDatasetExportJobs = listing('ListDatasetExportJobs', datasetExportJob, summary, { within: 'datasetArn' })

export const datasetExportJobOperations = [createDatasetExportJob, describeDatasetExportJob, listDatasetExportJobs]
