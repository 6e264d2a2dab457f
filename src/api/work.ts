/**
 * Operations of our own, beside those of AWS: how far long work is. `sommelier jobs` and `sommelier watch` are their clients.
 * Target prefix `Sommelier`.
 */
import { ServiceError } from '../protocol/errors.ts'
import { double, enumeration, integer, list, optional, string, structure, timestamp } from '../protocol/shape.ts'
import type { Resources } from '../resources/resources.ts'
import type { StoredWork } from '../resources/stateStore.ts'
import { operation } from './operation.ts'
import { Arn, FailureReason, NextToken, page, Status } from './shapes.ts'

const Work = structure({
  resourceArn: Arn,
  kind: string(),
  resourceStatus: optional(Status),
  state: enumeration(['QUEUED', 'RUNNING', 'DONE', 'FAILED']),
  attempt: integer(),
  stage: optional(string()),
  unit: optional(string()),
  done: optional(double()),
  total: optional(double()),
  failed: optional(double()),
  plan: optional(string()),
  perSecond: optional(double()),
  secondsLeft: optional(double()),
  queuedAt: timestamp,
  startedAt: optional(timestamp),
  finishedAt: optional(timestamp),
  failureReason: optional(FailureReason),
})

const states = { queued: 'QUEUED', running: 'RUNNING', stopping: 'RUNNING', done: 'DONE', failed: 'FAILED' } as const
const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)

const listWork = operation({
  name: 'ListWork',
  input: structure(page),
  output: structure({ work: optional(list(Work)), nextToken: optional(NextToken) }),
  errors: ['InvalidNextTokenException'],
  async handle(input, { resources }) {
    const { work, nextToken } = await resources.listWork(input)
    return { work: await Promise.all(work.map(each => shownWork(each, resources))), nextToken }
  },
})

const describeWork = operation({
  name: 'DescribeWork',
  input: structure({ resourceArn: Arn }),
  output: structure({ work: optional(Work) }),
  errors: ['ResourceNotFoundException'],
  async handle({ resourceArn }, { resources }) {
    const work = await resources.workOf(resourceArn)
    if (!work) throw new ServiceError('ResourceNotFoundException', `There is no work for ${resourceArn}.`)
    return { work: await shownWork(work, resources) }
  },
})

async function shownWork(work: StoredWork, resources: Resources) {
  const resource = await resources.transaction.find(work.arn)
  return {
    ...(work.progress as object | undefined),
    resourceArn: work.arn,
    kind: work.kind,
    resourceStatus: resource?.status,
    state: states[work.state],
    attempt: work.attempt,
    queuedAt: seconds(work.queuedMs),
    startedAt: seconds(work.startedMs),
    finishedAt: seconds(work.finishedMs),
    failureReason: resource?.failureReason,
  }
}

export const workOperations = [listWork, describeWork]
