/** Event trackers: the address of a dataset group's streamed events. Their data lies in the INTERACTIONS dataset and stays there. */
import { randomUUID } from 'node:crypto'
import { optional, string, structure } from '../protocol/shape.ts'
import { randomVersionId } from '../resources/resources.ts'
import { dataset, datasetGroup, eventTracker } from '../resources/types.ts'
import { deleting, describing, listing } from './nounOperations.ts'
import { operation } from './operation.ts'
import { refuse } from './refuse.ts'
import { Arn, dates, Name, Status, Tags } from './shapes.ts'

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
      refuse(`The dataset group ${group.arn} has no dataset of type INTERACTIONS to keep events in.`)
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

const describeEventTracker = describing('DescribeEventTracker', eventTracker, {
  ...summary,
  accountId: optional(string({ max: 256 })),
  trackingId: optional(TrackingId),
  datasetGroupArn: optional(Arn),
})

const listEventTrackers = listing('ListEventTrackers', eventTracker, summary, { within: 'datasetGroupArn' })

const deleteEventTracker = deleting('DeleteEventTracker', eventTracker)

export const eventTrackerOperations = [createEventTracker, describeEventTracker, listEventTrackers, deleteEventTracker]
