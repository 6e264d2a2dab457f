/** Dataset import jobs: CSV in the object store → checked rows of a dataset. There is no stop and no delete. */
import { ServiceError } from '../protocol/errors.ts'
import { boolean, enumeration, list, optional, structure } from '../protocol/shape.ts'
import { type Resource, type Resources, shown } from '../resources/resources.ts'
import {
  type DatasetBody,
  dataset,
  datasetImportJob,
  type MetricAttributionBody,
  metricAttribution,
} from '../resources/types.ts'
import { operation } from './operation.ts'
import { Arn, DataSource, dates, FailureReason, Name, NextToken, page, RoleArn, Status, Tags } from './shapes.ts'

const ImportMode = enumeration(['FULL', 'INCREMENTAL'])
const summary = {
  datasetImportJobArn: optional(Arn),
  jobName: optional(Name),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
  importMode: optional(ImportMode),
}

const createDatasetImportJob = operation({
  name: 'CreateDatasetImportJob',
  input: structure({
    jobName: Name,
    datasetArn: Arn,
    dataSource: DataSource,
    roleArn: optional(RoleArn),
    tags: optional(Tags),
    importMode: optional(ImportMode),
    publishAttributionMetricsToS3: optional(boolean),
  }),
  output: structure({ datasetImportJobArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceNotFoundException',
    'ResourceAlreadyExistsException',
    'LimitExceededException',
    'ResourceInUseException',
    'TooManyTagsException',
  ],
  async handle({ tags, importMode = 'FULL', ...input }, { resources }) {
    const target = await resources.getActive(dataset, input.datasetArn)
    // Not marked as required in the interface model; documented as required.
    if (input.roleArn === undefined) {
      throw new ServiceError(
        'InvalidInputException',
        'roleArn is missing: the role that may read dataSource.dataLocation.',
      )
    }
    const location = input.dataSource.dataLocation
    if (location === undefined || !location.startsWith('s3://')) {
      const found = location === undefined ? 'is missing' : `was '${location}'`
      throw new ServiceError(
        'InvalidInputException',
        `Invalid Data location. dataSource.dataLocation ${found}: s3://bucket/key was expected.`,
      )
    }
    if (target.body.datasetType.startsWith('ACTION')) {
      throw new ServiceError(
        'InvalidInputException',
        `Datasets of type ${target.body.datasetType} cannot be filled by this version of sommelier.`,
      )
    }
    if (importMode === 'INCREMENTAL' && target.hidden.imports.length === 0) {
      throw new ServiceError(
        'InvalidInputException',
        `importMode was INCREMENTAL, but the dataset ${target.arn} has no bulk data yet: the first import is FULL.`,
      )
    }
    if (input.publishAttributionMetricsToS3) await checkReport(target, resources)
    const datasetImportJobArn = await resources.create(datasetImportJob, {
      path: input.jobName,
      name: input.jobName,
      parent: target.arn,
      body: { ...input, importMode },
      hidden: {},
      tags,
    })
    return { datasetImportJobArn }
  },
})

/** A report is drawn from events, and needs to be told of what and where. */
async function checkReport({ arn, body, parent }: Resource<DatasetBody, unknown>, resources: Resources): Promise<void> {
  if (body.datasetType !== 'INTERACTIONS') {
    throw new ServiceError(
      'InvalidInputException',
      `publishAttributionMetricsToS3 was true: the dataset ${arn} is of type ${body.datasetType}, and metrics are drawn from INTERACTIONS.`,
    )
  }
  const hasPath = ({ body }: Resource<MetricAttributionBody, unknown>) => body.metricsOutputConfig.s3DataDestination
  if (await resources.firstWhere(metricAttribution, each => hasPath(each) !== undefined, parent)) return
  throw new ServiceError(
    'InvalidInputException',
    `publishAttributionMetricsToS3 was true, but the dataset group ${parent} has no metric attribution with an s3DataDestination.`,
  )
}

const describeDatasetImportJob = operation({
  name: 'DescribeDatasetImportJob',
  input: structure({ datasetImportJobArn: Arn }),
  output: structure({
    datasetImportJob: optional(
      structure({
        ...summary,
        datasetArn: optional(Arn),
        dataSource: optional(DataSource),
        roleArn: optional(Arn),
        publishAttributionMetricsToS3: optional(boolean),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async (input, { resources }) => ({
    datasetImportJob: shown(datasetImportJob, await resources.get(datasetImportJob, input.datasetImportJobArn)),
  }),
})

const listDatasetImportJobs = operation({
  name: 'ListDatasetImportJobs',
  input: structure({ datasetArn: optional(Arn), ...page }),
  output: structure({
    datasetImportJobs: optional(list(structure(summary), { max: 100 })),
    nextToken: optional(NextToken),
  }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ datasetArn, ...asked }, { resources }) {
    const { resources: found, nextToken } = await resources.list(datasetImportJob, { ...asked, parent: datasetArn })
    return { datasetImportJobs: found.map(each => shown(datasetImportJob, each)), nextToken }
  },
})

export const datasetImportJobOperations = [createDatasetImportJob, describeDatasetImportJob, listDatasetImportJobs]
