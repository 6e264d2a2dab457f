/** What a training reads: the datasets of a group as they are when it is asked for. Later imports and schemas do not change it. */
import { parseSchema } from '../datasets/schema.ts'
import { trainingColumns } from '../datasets/trainingColumns.ts'
import type { Resources } from '../resources/resources.ts'
import {
  type DatasetTypeName,
  dataset,
  type SolutionHidden,
  schema,
  type TrainingDataConfigBody,
  type TrainingSources,
} from '../resources/types.ts'

export interface SourceChoice {
  readonly trainingDataConfig?: TrainingDataConfigBody | undefined
  readonly laterColumns?: SolutionHidden['laterColumns']
  /** The dataset that there must be; the others may be absent. */
  readonly needs?: 'INTERACTIONS' | 'ITEMS'
}

/** Undefined when the group has not the dataset that is needed, of interactions if nothing else is said. */
export async function trainingSources(
  resources: Resources,
  group: string,
  choice: SourceChoice,
): Promise<TrainingSources | undefined> {
  const interactions = await importsOf(resources, group, 'INTERACTIONS')
  const items = await importsOf(resources, group, 'ITEMS')
  const { needs = 'INTERACTIONS' } = choice
  if (!(needs === 'ITEMS' ? items : interactions)) return undefined
  const actions = await actionsIn(resources, group)
  return {
    interactions: interactions ?? [],
    items: items ?? [],
    users: (await importsOf(resources, group, 'USERS')) ?? [],
    metadata: {
      INTERACTIONS: await learntFrom(resources, group, 'INTERACTIONS', choice),
      ITEMS: await learntFrom(resources, group, 'ITEMS', choice),
      USERS: await learntFrom(resources, group, 'USERS', choice),
    },
    ...(actions && { actions }),
    ...(leavesOut('IMPRESSION', choice) && { withoutImpressions: true }),
  }
}

const datasetOf = (resources: Resources, group: string, type: DatasetTypeName) =>
  resources.firstWhere(dataset, each => each.body.datasetType === type, group)

/** What the group's dataset of one type holds now; undefined when there is no such dataset. */
async function importsOf(resources: Resources, group: string, type: DatasetTypeName) {
  return (await datasetOf(resources, group, type))?.hidden.imports
}

async function actionsIn(resources: Resources, group: string): Promise<TrainingSources['actions']> {
  const found = await datasetOf(resources, group, 'ACTIONS')
  if (!found) return undefined
  const { body } = await resources.get(schema, found.body.schemaArn)
  const events = (await importsOf(resources, group, 'ACTION_INTERACTIONS')) ?? []
  return { imports: found.hidden.imports, schema: body.schema, events }
}

async function learntFrom(
  resources: Resources,
  group: string,
  type: 'INTERACTIONS' | 'ITEMS' | 'USERS',
  { trainingDataConfig = {}, laterColumns = {} }: SourceChoice,
) {
  const found = await datasetOf(resources, group, type)
  if (!found) return undefined
  const { body } = await resources.get(schema, found.body.schemaArn)
  const columns = trainingColumns(parseSchema(body.schema), {
    included: namedFor(type, trainingDataConfig.includedDatasetColumns),
    excluded: namedFor(type, trainingDataConfig.excludedDatasetColumns),
    later: laterColumns[type],
  })
  return { schema: body.schema, columns }
}

const namedFor = (type: DatasetTypeName, lists: TrainingDataConfigBody['includedDatasetColumns']) =>
  Object.entries(lists ?? {}).find(([name]) => name.toUpperCase() === type)?.[1]

/** Of INTERACTIONS. */
function leavesOut(column: string, { trainingDataConfig = {}, laterColumns = {} }: SourceChoice): boolean {
  const included = namedFor('INTERACTIONS', trainingDataConfig.includedDatasetColumns)
  const excluded = namedFor('INTERACTIONS', trainingDataConfig.excludedDatasetColumns)
  return (
    excluded?.includes(column) || laterColumns.INTERACTIONS?.includes(column) || included?.includes(column) === false
  )
}
