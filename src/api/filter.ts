/**
 * Filters: an expression that every request and job of its dataset group may name. Here an expression meets the group's schemas; the data
 * it is carried out on is what has been imported when a job is made.
 */
import { parseSchema } from '../datasets/schema.ts'
import { datasetsOf } from '../filters/assemble.ts'
import { type FilterSchemas, planFilter } from '../filters/check.ts'
import { FilterError } from '../filters/filterError.ts'
import { EXPRESSION_CHARACTERS_MAX, FIELDS_OF_GROUP_MAX } from '../filters/limits.ts'
import { conditionsOf, type Plan } from '../filters/plan.ts'
import { ServiceError } from '../protocol/errors.ts'
import { optional, string } from '../protocol/shape.ts'
import type { BatchFacts } from '../recipes/recipe.ts'
import { isUnderWay, type Status as LifecycleStatus } from '../resources/lifecycle.ts'
import type { Resources } from '../resources/resources.ts'
import {
  batchInferenceJob,
  batchSegmentJob,
  type DatasetTypeName,
  dataset,
  datasetGroup,
  type FilterSnapshot,
  filter,
  type ImportedData,
  schema,
} from '../resources/types.ts'
import { creating, deleting, describing, listing } from './nounOperations.ts'
import { refuse, refuseNow } from './refuse.ts'
import { Arn, dates, FailureReason, Name, Status } from './shapes.ts'

export const FilterExpression = string({ min: 1, max: EXPRESSION_CHARACTERS_MAX, sensitive: true })

const summary = {
  name: optional(Name),
  filterArn: optional(Arn),
  ...dates,
  datasetGroupArn: optional(Arn),
  failureReason: optional(FailureReason),
  status: optional(Status),
}

const createFilter = creating('CreateFilter', filter, {
  input: {
    name: Name,
    datasetGroupArn: Arn,
    filterExpression: FilterExpression,
  },
  errors: [
    'InvalidInputException',
    'ResourceAlreadyExistsException',
    'ResourceNotFoundException',
    'LimitExceededException',
    'TooManyTagsException',
  ],
  async make(input, resources) {
    const group = await resources.get(datasetGroup, input.datasetGroupArn)
    if (group.status !== 'ACTIVE') {
      refuse(`Resource Arn ${group.arn} is in status ${group.status}: ACTIVE is needed.`)
    }
    const { schemas } = await groupData(resources, group.arn)
    const { fields } = planned(input.filterExpression, schemas)
    await checkFieldsOfGroup(resources, group.arn, fields)
    return {
      parent: group.arn,
      body: { ...input, datasetGroupArn: group.arn },
      hidden: { fields },
    }
  },
})

async function checkFieldsOfGroup(resources: Resources, group: string, more: readonly string[]): Promise<void> {
  const fields = new Set(more)
  await resources.firstWhere(
    filter,
    each => {
      for (const field of each.status === 'CREATE FAILED' ? [] : each.hidden.fields) fields.add(field)
      return false
    },
    group,
  )
  if (fields.size > FIELDS_OF_GROUP_MAX) {
    throw new ServiceError(
      'LimitExceededException',
      `The filters of the dataset group would name ${fields.size} different fields; at most ${FIELDS_OF_GROUP_MAX} were expected. Please delete some and try again.`,
    )
  }
}

const describeFilter = describing('DescribeFilter', filter, {
  ...summary,
  filterExpression: optional(FilterExpression),
})

/** The member of its answer begins with a capital, unlike that of every other list. */
const listFilters = listing('ListFilters', filter, summary, { within: 'datasetGroupArn', member: 'Filters' })

const deleteFilter = deleting('DeleteFilter', filter, async ({ arn }, resources) => {
  const using = (each: { status: LifecycleStatus | undefined; body: { filterArn?: string | undefined } }) =>
    isUnderWay(each.status) && each.body.filterArn === arn
  const user =
    (await resources.firstWhere(batchInferenceJob, using)) ?? (await resources.firstWhere(batchSegmentJob, using))
  if (user) refuseNow(`The filter ${arn} is used by ${user.arn}, which is ${user.status}.`)
})

/** A group's datasets as filters see them: by type the schema, its text, and what has been imported. */
interface GroupData {
  readonly schemas: FilterSchemas
  readonly texts: ReadonlyMap<DatasetTypeName, string>
  readonly imports: ReadonlyMap<DatasetTypeName, readonly ImportedData[]>
}

export async function groupData(resources: Resources, group: string): Promise<GroupData> {
  const { resources: datasets } = await resources.list(dataset, { parent: group })
  const texts = new Map<DatasetTypeName, string>()
  const imports = new Map<DatasetTypeName, readonly ImportedData[]>()
  for (const { body, hidden } of datasets) {
    texts.set(body.datasetType, (await resources.get(schema, body.schemaArn)).body.schema)
    imports.set(body.datasetType, hidden.imports)
  }
  return { schemas: new Map(Array.from(texts, ([type, text]) => [type, parseSchema(text)])), texts, imports }
}

/** Throws InvalidInputException with the sentence, the position and a caret below it. */
export function planned(expression: string, schemas: FilterSchemas): Plan {
  try {
    return planFilter(expression, schemas)
  } catch (error) {
    throw error instanceof FilterError ? new ServiceError('InvalidInputException', error.report) : error
  }
}

/** What carrying out a plan needs of the group's datasets, as they are now: later imports do not change it. */
export function snapshotOf(plan: Plan, { texts, imports }: GroupData, all = false): FilterSnapshot {
  const types = datasetsOf(plan, all)
  return {
    expression: plan.source,
    schemas: Object.fromEntries([...texts].filter(([type]) => types.includes(type))),
    imports: Object.fromEntries([...imports].filter(([type]) => types.includes(type))),
  }
}

/**
 * The filter that a batch inference job names: of the job's group, ACTIVE, about items, and nothing in it that the job's records lack.
 * Throws ResourceNotFoundException, ResourceInUseException, InvalidInputException.
 */
export async function filterOfJob(
  resources: Resources,
  filterArn: string,
  group: string,
  record: BatchFacts['record'],
): Promise<FilterSnapshot> {
  const { plan, data } = await filterOfGroup(resources, filterArn, group)
  const refuse = (why: string) => refusal(filterArn, why)
  if (plan.entity !== 'ItemID') throw refuse(`is about ${plan.entity}: a batch inference job takes one about ItemID.`)
  const currentItem = plan.statements.flatMap(conditionsOf).some(({ operand }) => operand.kind === 'currentItem')
  if (currentItem && record !== 'itemId') {
    throw refuse('compares with CurrentItem: that works with related items only, and records of this job name users.')
  }
  return snapshotOf(plan, data)
}

/** The same for a batch segment job: about users, and without events where users are ranked for attributes (batch-segments.md §1). */
export async function filterOfSegmentJob(
  resources: Resources,
  filterArn: string,
  group: string,
  recipe: string,
): Promise<FilterSnapshot> {
  const { plan, data } = await filterOfGroup(resources, filterArn, group)
  if (plan.entity !== 'UserID')
    throw refusal(filterArn, `is about ${plan.entity}: a batch segment job takes one about UserID.`)
  if (recipe === 'aws-item-attribute-affinity' && plan.statements.some(({ dataset }) => dataset === 'INTERACTIONS'))
    throw refusal(filterArn, `asks for Interactions: that does not work with ${recipe}.`)
  return snapshotOf(plan, data)
}

async function filterOfGroup(resources: Resources, filterArn: string, group: string) {
  const { body } = await resources.getActive(filter, filterArn)
  if (body.datasetGroupArn !== group)
    throw refusal(filterArn, `is of the dataset group ${body.datasetGroupArn}, the solution version of ${group}.`)
  const data = await groupData(resources, group)
  return { plan: planned(body.filterExpression, data.schemas), data }
}

const refusal = (filterArn: string, why: string) =>
  new ServiceError('InvalidInputException', `The filter ${filterArn} ${why}`)

export const filterOperations = [createFilter, describeFilter, listFilters, deleteFilter]
