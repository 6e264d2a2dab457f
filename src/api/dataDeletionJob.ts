/** Data deletion jobs: users vanish from a dataset group's data and models. COMPLETED means done; there is no stop and no delete. */
import { parseAddress } from '../objects/objectStore.ts'
import { ServiceError } from '../protocol/errors.ts'
import { integer, list, optional, structure } from '../protocol/shape.ts'
import { shown } from '../resources/resources.ts'
import { dataDeletionJob, datasetGroup } from '../resources/types.ts'
import { operation } from './operation.ts'
import { checked } from './schema.ts'
import { Arn, DataSource, dates, FailureReason, Name, NextToken, page, RoleArn, Status, Tags } from './shapes.ts'

const summary = {
  dataDeletionJobArn: optional(Arn),
  datasetGroupArn: optional(Arn),
  jobName: optional(Name),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
}

const createDataDeletionJob = operation({
  name: 'CreateDataDeletionJob',
  input: structure({
    jobName: Name,
    datasetGroupArn: Arn,
    dataSource: DataSource,
    roleArn: RoleArn,
    tags: optional(Tags),
  }),
  output: structure({ dataDeletionJobArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceNotFoundException',
    'ResourceAlreadyExistsException',
    'LimitExceededException',
    'ResourceInUseException',
    'TooManyTagsException',
  ],
  async handle({ tags, ...input }, { resources }) {
    const group = await resources.getActive(datasetGroup, input.datasetGroupArn)
    const { dataLocation } = input.dataSource
    if (dataLocation === undefined) {
      throw new ServiceError(
        'InvalidInputException',
        'Invalid Data location. dataSource.dataLocation is missing: s3://bucket/key was expected.',
      )
    }
    checked(() => parseAddress(dataLocation), 'Invalid Data location.')
    const dataDeletionJobArn = await resources.create(dataDeletionJob, {
      path: input.jobName,
      name: input.jobName,
      parent: group.arn,
      body: input,
      hidden: {},
      tags,
    })
    return { dataDeletionJobArn }
  },
})

const describeDataDeletionJob = operation({
  name: 'DescribeDataDeletionJob',
  input: structure({ dataDeletionJobArn: Arn }),
  output: structure({
    dataDeletionJob: optional(
      structure({
        ...summary,
        dataSource: optional(DataSource),
        roleArn: optional(RoleArn),
        numDeleted: optional(integer()),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async (input, { resources }) => ({
    dataDeletionJob: shown(dataDeletionJob, await resources.get(dataDeletionJob, input.dataDeletionJobArn)),
  }),
})

const listDataDeletionJobs = operation({
  name: 'ListDataDeletionJobs',
  input: structure({ datasetGroupArn: optional(Arn), ...page }),
  output: structure({
    dataDeletionJobs: optional(list(structure(summary), { max: 100 })),
    nextToken: optional(NextToken),
  }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ datasetGroupArn, ...asked }, { resources }) {
    const { resources: found, nextToken } = await resources.list(dataDeletionJob, { ...asked, parent: datasetGroupArn })
    return { dataDeletionJobs: found.map(each => shown(dataDeletionJob, each)), nextToken }
  },
})

export const dataDeletionJobOperations = [createDataDeletionJob, describeDataDeletionJob, listDataDeletionJobs]
