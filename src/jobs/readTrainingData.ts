/** What a training reads, from the imports to the arrays a recipe learns from. */

import { dataVersion } from '../datasets/dataVersion.ts'
import type { EventWeight } from '../datasets/eventWeights.ts'
import { type Impressions, readImpressions } from '../datasets/impressions.ts'
import { readMetadata } from '../datasets/metadata.ts'
import { type InteractionData, readInteractions } from '../datasets/read.ts'
import { readActions } from '../datasets/readActions.ts'
import { parseSchema } from '../datasets/schema.ts'
import type { Vocabulary } from '../datasets/vocabulary.ts'
import { Refusal } from '../lib/refusal.ts'
import { joinActions } from '../models/actionEvents.ts'
import { attributesOf } from '../models/attributes.ts'
import { type Features, featureRows } from '../models/features.ts'
import type { Interactions } from '../models/interactions.ts'
import { type ItemFacts, itemFacts } from '../models/itemFacts.ts'
import { featuresOf } from '../models/metadataFeatures.ts'
import { type Objective, positiveValues } from '../models/objective.ts'
import { lastMet, type SavedActions } from '../recipes/actionTensors.ts'
import { isAboutPeople, type Recipe } from '../recipes/recipe.ts'
import type { TrainingData } from '../recipes/trainingData.ts'
import type { ImportedData, LearntColumns, TrainingSources } from '../resources/types.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from './computeContext.ts'

/** People without interactions whom USERS has: their ids and attributes are kept, some 60 bytes each. Those that were created last. */
const NEWCOMERS_MAX = 20_000_000

export interface ReadTraining {
  readonly data: TrainingData
  /** Those with interactions, then those of whom USERS alone tells, where it is learnt from. */
  readonly users: Vocabulary
  /** Those with interactions, then those without. */
  readonly items: Vocabulary
  /** What INTERACTIONS hold, where all of their events have been read. */
  readonly wholeOf?: string | undefined
  /** Of recipes that look at metadata. */
  readonly facts: ItemFacts | undefined
  /** Of recipes about actions. */
  readonly actions?: Omit<SavedActions, 'model'>
}

export interface TrainingQuery {
  readonly sources: TrainingSources
  readonly eventType: string | undefined
  readonly eventValueThreshold: number | undefined
  readonly events: readonly EventWeight[] | undefined
  /** A numeric column of ITEMS that recommendations are to raise. */
  readonly objective: { readonly column: string; readonly strength: number } | undefined
}

/** Throws Refusal where the data does not fit the query. */
export async function readTrainingData(
  query: TrainingQuery,
  recipe: Recipe,
  context: ComputeContext,
): Promise<ReadTraining> {
  const read = await readEvents(query, recipe, context)
  const { interactions, users, items, catalogueItemCount, contextColumns } = read
  const data = { interactions, catalogueItemCount, ...(contextColumns.length > 0 && { contextColumns }) }
  if (recipe.actionCountMax !== undefined)
    return withActions({ data, users, items, facts: undefined }, query, recipe.actionCountMax, context)
  const wholeOf = wholeVersion(query, read)
  if (!recipe.metadata) return { data, users, items, wholeOf, facts: undefined }
  const ofItems = await readItems(query, items, Math.max(0, recipe.limits.itemCount - items.size), context)
  const ofUsers = isAboutPeople(recipe) ? await readPeople(query, users, context) : undefined
  const impressions = await impressionsFor(query, recipe, ofItems?.ids ?? items, context)
  return {
    data: {
      ...data,
      ...(ofItems && {
        itemFeatures: rowsBetween(ofItems.features, 0, items.size),
        newItemFeatures: rowsBetween(ofItems.features, items.size, ofItems.ids.size),
        ...(ofItems.objective && { objective: ofItems.objective }),
      }),
      ...(ofUsers && { userAttributes: attributesOf(ofUsers.metadata) }),
    },
    users: ofUsers?.ids ?? users,
    items: ofItems?.ids ?? items,
    wholeOf,
    facts: { ...itemFacts(interactions, ofItems?.createdSeconds), ...(impressions && { impressions }) },
  }
}

/** What the INTERACTIONS of the query hold, where `read` left none of their events out. */
export function wholeVersion(
  { sources, eventType, eventValueThreshold, events }: TrainingQuery,
  { droppedItemCount }: Pick<InteractionData, 'droppedItemCount'>,
): string | undefined {
  const chosen = eventType !== undefined || eventValueThreshold !== undefined || events !== undefined
  return chosen || droppedItemCount > 0 ? undefined : dataVersion(sources.interactions)
}

/** Of people what USERS tells, `users` first; undefined where there is no such dataset, or no data in it. */
export const readPeople = ({ sources }: TrainingQuery, users: Vocabulary, context: ComputeContext) =>
  readThings(sources.metadata.USERS, sources.users, users, NEWCOMERS_MAX, context)

/** Of recipes that explore: what was shown and not taken is explored less. */
export async function impressionsFor(
  { sources }: TrainingQuery,
  recipe: Recipe,
  items: Vocabulary,
  context: ComputeContext,
): Promise<Impressions | undefined> {
  if (!recipe.explores || sources.withoutImpressions) return undefined
  return readImpressions(sources.interactions, items, ARTIFACTS_BUCKET, context)
}

/** With what ACTIONS and ACTION_INTERACTIONS have. Throws Refusal where the first has nothing. */
async function withActions(
  read: ReadTraining,
  { sources }: TrainingQuery,
  actionCountMax: number,
  context: ComputeContext,
): Promise<ReadTraining> {
  const { actions } = sources
  if (!actions || actions.imports.length === 0)
    throw new Refusal('The dataset ACTIONS has no data, and the recipe is about actions: import them first.')
  const query = {
    bucket: ARTIFACTS_BUCKET,
    actions: actions.imports,
    schema: parseSchema(actions.schema),
    events: actions.events,
    actionCountMax,
  }
  const { ids, users, events, ...rules } = await readActions(query, read.users, context)
  const joined = joinActions(ofManyUsers(read.data.interactions, users.size), events)
  return {
    ...read,
    data: { ...read.data, interactions: joined, actions: { count: ids.size } },
    users,
    actions: { ids, ...rules, met: lastMet(joined, ids.size) },
  }
}

/** The users after those of `interactions` have done nothing. */
function ofManyUsers(interactions: Interactions, userCount: number): Interactions {
  const offsets = new Uint32Array(userCount + 1).fill(interactions.items.length)
  offsets.set(interactions.offsets)
  return { ...interactions, userCount, offsets }
}

/** Throws Refusal where there are none, or too many, or the query does not fit them. */
export async function readEvents(
  { sources, ...query }: TrainingQuery,
  recipe: Recipe,
  context: ComputeContext,
): Promise<InteractionData> {
  const { interactions, items, metadata } = sources
  const room = {
    itemCountMax: recipe.limits.itemCount,
    withNewItems: (recipe.metadata || recipe.text) && metadata.ITEMS !== undefined,
  }
  const contexts = recipe.batch?.contexts && metadata.INTERACTIONS ? contextsOf(metadata.INTERACTIONS) : undefined
  const asked = { bucket: ARTIFACTS_BUCKET, interactions, items, ...query, ...room, contexts }
  const read = await readInteractions(asked, context)
  if (read.droppedItemCount > 0)
    context.log.warn('items were left out, those whose newest interaction is oldest', {
      recipe: recipe.name,
      itemCountMax: recipe.limits.itemCount,
      droppedItemCount: read.droppedItemCount,
    })
  if (read.unreadColumns.length > 0)
    context.log.info('columns of INTERACTIONS are not learnt from', {
      recipe: recipe.name,
      columns: read.unreadColumns.join(', '),
    })
  return read
}

const contextsOf = ({ schema, columns }: LearntColumns) =>
  parseSchema(schema).columns.filter(({ name }) => columns.includes(name))

/** `known` and at most `newMax` items more; undefined where ITEMS has no data. */
export async function readItems(
  { sources, objective }: TrainingQuery,
  known: Vocabulary,
  newMax: number,
  context: ComputeContext,
) {
  const more = ['CREATION_TIMESTAMP', ...(objective ? [objective.column] : [])]
  const read = await readThings(sources.metadata.ITEMS, sources.items, known, newMax, context, more)
  const values = objective && read?.numbers(objective.column)
  if (objective && !values)
    throw new Refusal(
      read
        ? `The solution optimizes for ${objective.column}, and the schema of ITEMS has no such numeric field any more.`
        : `The solution optimizes for ${objective.column}, and ITEMS has no data: import it first.`,
    )
  if (!read) return undefined
  const valued: Objective | undefined = values && {
    values: positiveValues(values),
    strength: objective.strength,
  }
  const features = await featuresOf(read.metadata, context)
  return {
    ...read,
    features,
    createdSeconds: read.numbers('CREATION_TIMESTAMP') ?? unknown(read.ids.size),
    objective: valued,
  }
}

const unknown = (count: number) => new Float64Array(count).fill(Number.NaN)

/** Undefined where there is no such dataset, or no data in it. `more` are columns of numbers that are wanted beside those that are learnt from. */
async function readThings(
  learnt: LearntColumns | undefined,
  imports: readonly ImportedData[],
  known: Vocabulary,
  newMax: number,
  context: ComputeContext,
  more: readonly string[] = [],
) {
  if (!learnt || imports.length === 0) return undefined
  const schema = parseSchema(learnt.schema)
  const wanted = more.filter(name => schema.columns.some(column => column.name === name))
  const columns = [...new Set([...learnt.columns, ...wanted])]
  const query = { bucket: ARTIFACTS_BUCKET, imports, schema, columns }
  const { ids, ...metadata } = await readMetadata(query, known, newMax, context)
  const learntFrom = metadata.columns.filter(({ name }) => learnt.columns.includes(name))
  return {
    ids,
    metadata: { ...metadata, columns: learntFrom },
    numbers(wanted: string): Float64Array | undefined {
      const column = metadata.columns.find(({ name }) => name === wanted)
      return column?.kind === 'numbers' ? column.values : undefined
    },
  }
}

export const rowsBetween = (features: Features, from: number, to: number): Features =>
  featureRows(
    features,
    Uint32Array.from({ length: to - from }, (_, row) => from + row),
  )
