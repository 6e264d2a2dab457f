/** Dataset groups: the room in which datasets and solutions of one application live. */
import { ServiceError } from '../protocol/errors.ts'
import { list, optional, structure } from '../protocol/shape.ts'
import { shown } from '../resources/resources.ts'
import {
  dataset,
  datasetGroup,
  eventTracker,
  filter,
  metricAttribution,
  recommender,
  solution,
} from '../resources/types.ts'
import { operation } from './operation.ts'
import { Arn, Domain, dates, FailureReason, KmsKeyArn, Name, NextToken, page, RoleArn, Status, Tags } from './shapes.ts'

const summary = {
  name: optional(Name),
  datasetGroupArn: optional(Arn),
  status: optional(Status),
  ...dates,
  failureReason: optional(FailureReason),
  domain: optional(Domain),
}

const createDatasetGroup = operation({
  name: 'CreateDatasetGroup',
  input: structure({
    name: Name,
    roleArn: optional(RoleArn),
    kmsKeyArn: optional(KmsKeyArn),
    domain: optional(Domain),
    tags: optional(Tags),
  }),
  output: structure({ datasetGroupArn: optional(Arn), domain: optional(Domain) }),
  errors: ['InvalidInputException', 'ResourceAlreadyExistsException', 'LimitExceededException', 'TooManyTagsException'],
  async handle({ tags, ...body }, { resources }) {
    if ((body.roleArn === undefined) !== (body.kmsKeyArn === undefined)) {
      const [given, absent] = body.roleArn === undefined ? ['kmsKeyArn', 'roleArn'] : ['roleArn', 'kmsKeyArn']
      throw new ServiceError('InvalidInputException', `${given} was given without ${absent}: they go together.`)
    }
    const datasetGroupArn = await resources.create(datasetGroup, {
      path: body.name,
      name: body.name,
      body,
      hidden: {},
      tags,
    })
    return { datasetGroupArn, domain: body.domain }
  },
})

const describeDatasetGroup = operation({
  name: 'DescribeDatasetGroup',
  input: structure({ datasetGroupArn: Arn }),
  output: structure({
    datasetGroup: optional(structure({ ...summary, roleArn: optional(RoleArn), kmsKeyArn: optional(KmsKeyArn) })),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async (input, { resources }) => ({
    datasetGroup: shown(datasetGroup, await resources.get(datasetGroup, input.datasetGroupArn)),
  }),
})

const listDatasetGroups = operation({
  name: 'ListDatasetGroups',
  input: structure(page),
  output: structure({
    datasetGroups: optional(list(structure(summary), { max: 100 })),
    nextToken: optional(NextToken),
  }),
  errors: ['InvalidNextTokenException'],
  async handle(input, { resources }) {
    const { resources: found, nextToken } = await resources.list(datasetGroup, input)
    return { datasetGroups: found.map(each => shown(datasetGroup, each)), nextToken }
  },
})

const deleteDatasetGroup = operation({
  name: 'DeleteDatasetGroup',
  input: structure({ datasetGroupArn: Arn }),
  output: undefined,
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle(input, { resources }) {
    // Wording as observed; it differs from that of the other operations.
    const missing = `The given dataset group does not exist: ${input.datasetGroupArn}`
    const group = await resources.get(datasetGroup, input.datasetGroupArn, missing)
    for (const [type, plural] of [
      [dataset, 'datasets'],
      [solution, 'solutions'],
      [recommender, 'recommenders'],
      [filter, 'filters'],
      [eventTracker, 'event trackers'],
      [metricAttribution, 'metric attributions'],
    ] as const) {
      if ((await resources.count(type, group.arn)) > 0) {
        throw new ServiceError(
          'ResourceInUseException',
          `The dataset group ${group.arn} still has ${plural}: delete them first.`,
        )
      }
    }
    await resources.requestDelete(datasetGroup, group)
    return undefined
  },
})

export const datasetGroupOperations = [createDatasetGroup, describeDatasetGroup, listDatasetGroups, deleteDatasetGroup]
