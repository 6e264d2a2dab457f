/** Dataset import jobs: CSV in the object store → checked rows of a dataset. There is no stop and no delete. */
import { boolean, enumeration, optional } from '../protocol/shape.ts'
import type { Resource, Resources } from '../resources/resources.ts'
import {
  type DatasetBody,
  dataset,
  datasetImportJob,
  type MetricAttributionBody,
  metricAttribution,
} from '../resources/types.ts'
import { creating, describing, listing } from './nounOperations.ts'
import { refuse } from './refuse.ts'
import { Arn, DataSource, dates, FailureReason, Name, RoleArn, Status } from './shapes.ts'

const ImportMode = enumeration(['FULL', 'INCREMENTAL'])
const summary = {
  datasetImportJobArn: optional(Arn),
  jobName: optional(Name),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
  importMode: optional(ImportMode),
}

const createDatasetImportJob = creating('CreateDatasetImportJob', datasetImportJob, {
  input: {
    jobName: Name,
    datasetArn: Arn,
    dataSource: DataSource,
    roleArn: optional(RoleArn),
    importMode: optional(ImportMode),
    publishAttributionMetricsToS3: optional(boolean),
  },
  async make({ importMode = 'FULL', ...input }, resources) {
    const target = await resources.getActive(dataset, input.datasetArn)
    // Not marked as required in the interface model; documented as required.
    if (input.roleArn === undefined) {
      refuse('roleArn is missing: the role that may read dataSource.dataLocation.')
    }
    const location = input.dataSource.dataLocation
    if (location === undefined || !location.startsWith('s3://')) {
      const found = location === undefined ? 'is missing' : `was '${location}'`
      refuse(`Invalid Data location. dataSource.dataLocation ${found}: s3://bucket/key was expected.`)
    }
    if (importMode === 'INCREMENTAL' && target.hidden.imports.length === 0) {
      refuse(
        `importMode was INCREMENTAL, but the dataset ${target.arn} has no bulk data yet: the first import is FULL.`,
      )
    }
    if (input.publishAttributionMetricsToS3) await checkReport(target, resources)
    return {
      parent: target.arn,
      body: { ...input, importMode },
      hidden: {},
    }
  },
})

/** A report is drawn from events, and needs to be told of what and where. */
async function checkReport({ arn, body, parent }: Resource<DatasetBody, unknown>, resources: Resources): Promise<void> {
  if (body.datasetType !== 'INTERACTIONS') {
    refuse(
      `publishAttributionMetricsToS3 was true: the dataset ${arn} is of type ${body.datasetType}, and metrics are drawn from INTERACTIONS.`,
    )
  }
  const hasPath = ({ body }: Resource<MetricAttributionBody, unknown>) => body.metricsOutputConfig.s3DataDestination
  if (await resources.firstWhere(metricAttribution, each => hasPath(each) !== undefined, parent)) return
  refuse(
    `publishAttributionMetricsToS3 was true, but the dataset group ${parent} has no metric attribution with an s3DataDestination.`,
  )
}

const describeDatasetImportJob = describing('DescribeDatasetImportJob', datasetImportJob, {
  ...summary,
  datasetArn: optional(Arn),
  dataSource: optional(DataSource),
  roleArn: optional(Arn),
  publishAttributionMetricsToS3: optional(boolean),
})

const listDatasetImportJobs = listing('ListDatasetImportJobs', datasetImportJob, summary, { within: 'datasetArn' })

export const datasetImportJobOperations = [createDatasetImportJob, describeDatasetImportJob, listDatasetImportJobs]
