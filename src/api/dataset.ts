/** Datasets: one table of a dataset group, at most one of each type. */
import { checkSchemaForType, parseSchema } from '../datasets/schema.ts'
import { checkReplacement } from '../datasets/schemaReplacement.ts'
import { optional, string, structure } from '../protocol/shape.ts'
import { resourceOfArn } from '../resources/arn.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import type { Resources } from '../resources/resources.ts'
import {
  type DatasetTypeName,
  dataset,
  datasetExportJob,
  datasetGroup,
  datasetImportJob,
  recommender,
  schema,
  solution,
  solutionVersion,
} from '../resources/types.ts'
import { creating, deleting, describing, listing } from './nounOperations.ts'
import { operation } from './operation.ts'
import { refuse, refuseNow } from './refuse.ts'
import { checked } from './schema.ts'
import { Arn, DatasetType, dates, FailureReason, Name, Status } from './shapes.ts'

export const datasetTypes: readonly DatasetTypeName[] = [
  'INTERACTIONS',
  'ITEMS',
  'USERS',
  'ACTIONS',
  'ACTION_INTERACTIONS',
]

const summary = {
  name: optional(Name),
  datasetArn: optional(Arn),
  datasetType: optional(DatasetType),
  status: optional(Status),
  ...dates,
}

const createDataset = creating('CreateDataset', dataset, {
  input: {
    name: Name,
    schemaArn: Arn,
    datasetGroupArn: Arn,
    datasetType: DatasetType,
  },
  async make(input, resources) {
    const datasetType = datasetTypes.find(type => type === input.datasetType.toUpperCase())
    if (!datasetType) {
      refuse(`datasetType was '${input.datasetType}': one of ${datasetTypes.join(', ')} was expected.`)
    }
    const group = await resources.getActive(datasetGroup, input.datasetGroupArn)
    const { body: given } = await resources.get(schema, input.schemaArn)
    if (given.domain !== group.body.domain) {
      refuse(
        `The schema ${input.schemaArn} is of ${domainWords(given.domain)}, the dataset group ${group.arn} of ${domainWords(group.body.domain)}.`,
      )
    }
    checked(() => checkSchemaForType(parseSchema(given.schema), datasetType, given.domain))
    return {
      path: `${resourceOfArn(group.arn).split('/')[1]}/${datasetType}`,
      parent: group.arn,
      body: { ...input, datasetType },
      hidden: { imports: [] },
    }
  },
})

const domainWords = (domain: string | undefined): string =>
  domain === undefined ? 'no domain' : `the domain ${domain}`

const describeDataset = describing('DescribeDataset', dataset, {
  ...summary,
  datasetGroupArn: optional(Arn),
  schemaArn: optional(Arn),
  latestDatasetUpdate: optional(
    structure({ schemaArn: optional(Arn), status: optional(Status), failureReason: optional(FailureReason), ...dates }),
  ),
  trackingId: optional(string({ max: 256 })),
})

const listDatasets = listing('ListDatasets', dataset, summary, { within: 'datasetGroupArn' })

const updateDataset = operation({
  name: 'UpdateDataset',
  input: structure({ datasetArn: Arn, schemaArn: Arn }),
  output: structure({ datasetArn: optional(Arn) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle({ datasetArn, schemaArn }, { resources }) {
    const found = await resources.get(dataset, datasetArn)
    const { datasetType } = found.body
    if (datasetType !== 'ITEMS' && datasetType !== 'USERS') {
      refuse(
        `The dataset ${datasetArn} is of type ${datasetType}: only the schemas of ITEMS and USERS can be replaced.`,
      )
    }
    const { body: group } = await resources.get(datasetGroup, found.body.datasetGroupArn)
    const { body: before } = await resources.get(schema, found.body.schemaArn)
    const { body: after } = await resources.get(schema, schemaArn)
    if (after.domain !== group.domain) {
      refuse(
        `The schema ${schemaArn} is of ${domainWords(after.domain)}, the dataset group ${found.body.datasetGroupArn} of ${domainWords(group.domain)}.`,
      )
    }
    checked(() => {
      const next = parseSchema(after.schema)
      checkSchemaForType(next, datasetType, after.domain)
      checkReplacement(parseSchema(before.schema), next)
    })
    const job = await resources.firstWhere(datasetImportJob, each => isUnderWay(each.status), datasetArn)
    if (job) {
      refuseNow(`The dataset ${datasetArn} is used by ${job.arn}, which is ${job.status}.`)
    }
    await resources.requestUpdate(dataset, found, { schemaArn })
    return { datasetArn }
  },
})

const deleteDataset = deleting('DeleteDataset', dataset, async ({ arn, body }, resources) => {
  const user =
    (await resources.firstWhere(datasetImportJob, each => isUnderWay(each.status), arn)) ??
    (await resources.firstWhere(datasetExportJob, each => isUnderWay(each.status), arn)) ??
    (await trainingIn(resources, body.datasetGroupArn))
  if (user) refuseNow(`The dataset ${arn} is used by ${user.arn}, which is ${user.status}.`)
})

async function trainingIn(resources: Resources, datasetGroupArn: string) {
  const versions = await resources.firstWhere(
    solutionVersion,
    each => isUnderWay(each.status) && each.body.datasetGroupArn === datasetGroupArn,
  )
  return (
    versions ??
    (await resources.firstWhere(recommender, each => isUnderWay(each.status), datasetGroupArn)) ??
    resources.firstWhere(solution, each => isUnderWay(each.status), datasetGroupArn)
  )
}

export const datasetOperations = [createDataset, describeDataset, listDatasets, updateDataset, deleteDataset]
