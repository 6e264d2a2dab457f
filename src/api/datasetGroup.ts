/** Dataset groups: the room in which datasets and solutions of one application live. */
import { optional, structure } from '../protocol/shape.ts'
import {
  dataset,
  datasetGroup,
  eventTracker,
  filter,
  metricAttribution,
  recommender,
  solution,
} from '../resources/types.ts'
import { describing, listing } from './nounOperations.ts'
import { operation } from './operation.ts'
import { refuse, refuseNow } from './refuse.ts'
import { Arn, Domain, dates, FailureReason, KmsKeyArn, Name, RoleArn, Status, Tags } from './shapes.ts'

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
  differences: 'roleArn and kmsKeyArn are kept and shown: data is encrypted as the store it lies in is set up to.',
  async handle({ tags, ...body }, { resources }) {
    if ((body.roleArn === undefined) !== (body.kmsKeyArn === undefined)) {
      const [given, absent] = body.roleArn === undefined ? ['kmsKeyArn', 'roleArn'] : ['roleArn', 'kmsKeyArn']
      refuse(`${given} was given without ${absent}: they go together.`)
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

const describeDatasetGroup = describing('DescribeDatasetGroup', datasetGroup, {
  ...summary,
  roleArn: optional(RoleArn),
  kmsKeyArn: optional(KmsKeyArn),
})

const listDatasetGroups = listing('ListDatasetGroups', datasetGroup, summary)

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
        refuseNow(`The dataset group ${group.arn} still has ${plural}: delete them first.`)
      }
    }
    await resources.requestDelete(datasetGroup, group)
    return undefined
  },
})

export const datasetGroupOperations = [createDatasetGroup, describeDatasetGroup, listDatasetGroups, deleteDatasetGroup]
