/** Event trackers: the address of a dataset group's streamed events. Their data lies in the INTERACTIONS dataset and stays there. */
import { randomUUID } from 'node:crypto'
import { ServiceError } from '../protocol/errors.ts'
import { list, optional, string, structure } from '../protocol/shape.ts'
import { randomVersionId, shown } from '../resources/resources.ts'
import { dataset, datasetGroup, eventTracker } from '../resources/types.ts'
import { operation } from './operation.ts'
import { Arn, dates, Name, NextToken, page, Status, Tags } from './shapes.ts'

const TrackingId = string({ max: 256 })
const summary = { name: optional(Name), eventTrackerArn: optional(Arn), status: optional(Status), ...dates }

const createEventTracker = operation({
  name: 'CreateEventTracker',
  input: structure({ name: Name, datasetGroupArn: Arn, tags: optional(Tags) }),
  output: structure({ eventTrackerArn: optional(Arn), trackingId: optional(TrackingId) }),
  errors: [
    'InvalidInputException',
    'ResourceAlreadyExistsException',
    'ResourceNotFoundException',
    'LimitExceededException',
    'ResourceInUseException',
    'TooManyTagsException',
  ],
  differences: 'PutEvents is not there yet.',
  async handle({ tags, name, datasetGroupArn }, { resources }) {
    const group = await resources.getActive(datasetGroup, datasetGroupArn)
    const target = await resources.firstWhere(dataset, ({ body }) => body.datasetType === 'INTERACTIONS', group.arn)
    if (!target) {
      throw new ServiceError(
        'InvalidInputException',
        `The dataset group ${group.arn} has no dataset of type INTERACTIONS to keep events in.`,
      )
    }
    const trackingId = randomUUID()
    const eventTrackerArn = await resources.create(eventTracker, {
      path: randomVersionId(),
      name,
      parent: group.arn,
      body: { name, accountId: resources.scope.account, trackingId, datasetGroupArn: group.arn },
      hidden: {},
      tags,
    })
    return { eventTrackerArn, trackingId }
  },
})

const describeEventTracker = operation({
  name: 'DescribeEventTracker',
  input: structure({ eventTrackerArn: Arn }),
  output: structure({
    eventTracker: optional(
      structure({
        ...summary,
        accountId: optional(string({ max: 256 })),
        trackingId: optional(TrackingId),
        datasetGroupArn: optional(Arn),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async (input, { resources }) => ({
    eventTracker: shown(eventTracker, await resources.get(eventTracker, input.eventTrackerArn)),
  }),
})

const listEventTrackers = operation({
  name: 'ListEventTrackers',
  input: structure({ datasetGroupArn: optional(Arn), ...page }),
  output: structure({
    eventTrackers: optional(list(structure(summary), { max: 100 })),
    nextToken: optional(NextToken),
  }),
  errors: ['InvalidInputException', 'InvalidNextTokenException'],
  async handle({ datasetGroupArn, ...asked }, { resources }) {
    const { resources: found, nextToken } = await resources.list(eventTracker, { ...asked, parent: datasetGroupArn })
    return { eventTrackers: found.map(each => shown(eventTracker, each)), nextToken }
  },
})

const deleteEventTracker = operation({
  name: 'DeleteEventTracker',
  input: structure({ eventTrackerArn: Arn }),
  output: undefined,
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle(input, { resources }) {
    await resources.requestDelete(eventTracker, await resources.get(eventTracker, input.eventTrackerArn))
    return undefined
  },
})

export const eventTrackerOperations = [createEventTracker, describeEventTracker, listEventTrackers, deleteEventTracker]
