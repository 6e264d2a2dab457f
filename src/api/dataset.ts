/** Datasets: one table of a dataset group, at most one of each type. */
import { checkSchemaForType, parseSchema } from '../datasets/schema.ts'
import { checkReplacement } from '../datasets/schemaReplacement.ts'
import { ServiceError } from '../protocol/errors.ts'
import { list, optional, string, structure } from '../protocol/shape.ts'
import { resourceOfArn } from '../resources/arn.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import { type Resources, shown } from '../resources/resources.ts'
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
import { operation } from './operation.ts'
import { checked } from './schema.ts'
import { Arn, DatasetType, dates, FailureReason, Name, NextToken, page, Status, Tags } from './shapes.ts'

const datasetTypes: readonly DatasetTypeName[] = ['INTERACTIONS', 'ITEMS', 'USERS', 'ACTIONS', 'ACTION_INTERACTIONS']

const summary = {
  name: optional(Name),
  datasetArn: optional(Arn),
  datasetType: optional(DatasetType),
  status: optional(Status),
  ...dates,
}

const createDataset = operation({
  name: 'CreateDataset',
  input: structure({
    name: Name,
    schemaArn: Arn,
    datasetGroupArn: Arn,
    datasetType: DatasetType,
    tags: optional(Tags),
  }),
  output: structure({ datasetArn: optional(Arn) }),
  errors: [
    'InvalidInputException',
    'ResourceNotFoundException',
    'ResourceAlreadyExistsException',
    'LimitExceededException',
    'ResourceInUseException',
    'TooManyTagsException',
  ],
  async handle({ tags, ...input }, { resources }) {
    const datasetType = datasetTypes.find(type => type === input.datasetType.toUpperCase())
    if (!datasetType) {
      throw new ServiceError(
        'InvalidInputException',
        `datasetType was '${input.datasetType}': one of ${datasetTypes.join(', ')} was expected.`,
      )
    }
    const group = await resources.getActive(datasetGroup, input.datasetGroupArn)
    const { body: given } = await resources.get(schema, input.schemaArn)
    if (given.domain !== group.body.domain) {
      throw new ServiceError(
        'InvalidInputException',
        `The schema ${input.schemaArn} is of ${domainWords(given.domain)}, the dataset group ${group.arn} of ${domainWords(group.body.domain)}.`,
      )
    }
    checked(() => checkSchemaForType(parseSchema(given.schema), datasetType, given.domain))
    const datasetArn = await resources.create(dataset, {
      path: `${resourceOfArn(group.arn).split('/')[1]}/${datasetType}`,
      name: input.name,
      parent: group.arn,
      body: { ...input, datasetType },
      hidden: { imports: [] },
      tags,
    })
    return { datasetArn }
  },
})

const domainWords = (domain: string | undefined): string =>
  domain === undefined ? 'no domain' : `the domain ${domain}`

const describeDataset = operation({
  name: 'DescribeDataset',
  input: structure({ datasetArn: Arn }),
  output: structure({
    dataset: optional(
      structure({
        ...summary,
        datasetGroupArn: optional(Arn),
        schemaArn: optional(Arn),
        latestDatasetUpdate: optional(
          structure({
            schemaArn: optional(Arn),
            status: optional(Status),
            failureReason: optional(FailureReason),
            ...dates,
          }),
        ),
        trackingId: optional(string({ max: 256 })),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async (input, { resources }) => ({
    dataset: shown(dataset, await resources.get(dataset, input.datasetArn)),
  }),
})

const listDatasets = operation({
  name: 'ListDatasets',
  input: structure({ datasetGroupArn: optional(Arn), ...page }),
  output: structure({ datasets: optional(list(structure(summary), { max: 100 })), nextToken: optional(NextToken) }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ datasetGroupArn, ...asked }, { resources }) {
    const { resources: found, nextToken } = await resources.list(dataset, { ...asked, parent: datasetGroupArn })
    return { datasets: found.map(each => shown(dataset, each)), nextToken }
  },
})

const updateDataset = operation({
  name: 'UpdateDataset',
  input: structure({ datasetArn: Arn, schemaArn: Arn }),
  output: structure({ datasetArn: optional(Arn) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle({ datasetArn, schemaArn }, { resources }) {
    const found = await resources.get(dataset, datasetArn)
    const { datasetType } = found.body
    if (datasetType !== 'ITEMS' && datasetType !== 'USERS') {
      throw new ServiceError(
        'InvalidInputException',
        `The dataset ${datasetArn} is of type ${datasetType}: only the schemas of ITEMS and USERS can be replaced.`,
      )
    }
    const { body: group } = await resources.get(datasetGroup, found.body.datasetGroupArn)
    const { body: before } = await resources.get(schema, found.body.schemaArn)
    const { body: after } = await resources.get(schema, schemaArn)
    if (after.domain !== group.domain) {
      throw new ServiceError(
        'InvalidInputException',
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
      throw new ServiceError(
        'ResourceInUseException',
        `The dataset ${datasetArn} is used by ${job.arn}, which is ${job.status}.`,
      )
    }
    await resources.requestUpdate(dataset, found, { schemaArn })
    return { datasetArn }
  },
})

const deleteDataset = operation({
  name: 'DeleteDataset',
  input: structure({ datasetArn: Arn }),
  output: undefined,
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle(input, { resources }) {
    const found = await resources.get(dataset, input.datasetArn)
    const user =
      (await resources.firstWhere(datasetImportJob, each => isUnderWay(each.status), found.arn)) ??
      (await resources.firstWhere(datasetExportJob, each => isUnderWay(each.status), found.arn)) ??
      (await trainingIn(resources, found.body.datasetGroupArn))
    if (user) {
      throw new ServiceError(
        'ResourceInUseException',
        `The dataset ${found.arn} is used by ${user.arn}, which is ${user.status}.`,
      )
    }
    await resources.requestDelete(dataset, found)
    return undefined
  },
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
