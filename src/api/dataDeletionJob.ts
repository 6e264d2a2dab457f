/** Data deletion jobs: users vanish from a dataset group's data and models. COMPLETED means done; there is no stop and no delete. */
import { parseAddress } from '../objects/objectStore.ts'
import { integer, optional } from '../protocol/shape.ts'
import { dataDeletionJob, datasetGroup } from '../resources/types.ts'
import { creating, describing, listing } from './nounOperations.ts'
import { refuse } from './refuse.ts'
import { checked } from './schema.ts'
import { Arn, DataSource, dates, FailureReason, Name, RoleArn, Status } from './shapes.ts'

const summary = {
  dataDeletionJobArn: optional(Arn),
  datasetGroupArn: optional(Arn),
  jobName: optional(Name),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
}

const createDataDeletionJob = creating('CreateDataDeletionJob', dataDeletionJob, {
  input: {
    jobName: Name,
    datasetGroupArn: Arn,
    dataSource: DataSource,
    roleArn: RoleArn,
  },
  differences:
    'Takes minutes instead of a day. Models that are there already forget the users at once; weights between items stay until the next training.',
  async make(input, resources) {
    const group = await resources.getActive(datasetGroup, input.datasetGroupArn)
    const { dataLocation } = input.dataSource
    if (dataLocation === undefined) {
      refuse('Invalid Data location. dataSource.dataLocation is missing: s3://bucket/key was expected.')
    }
    checked(() => parseAddress(dataLocation), 'Invalid Data location.')
    return {
      parent: group.arn,
      body: input,
      hidden: {},
    }
  },
})

const describeDataDeletionJob = describing('DescribeDataDeletionJob', dataDeletionJob, {
  ...summary,
  dataSource: optional(DataSource),
  roleArn: optional(RoleArn),
  numDeleted: optional(integer()),
})

const listDataDeletionJobs = listing('ListDataDeletionJobs', dataDeletionJob, summary, { within: 'datasetGroupArn' })

export const dataDeletionJobOperations = [createDataDeletionJob, describeDataDeletionJob, listDataDeletionJobs]
