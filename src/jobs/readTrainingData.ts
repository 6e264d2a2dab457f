/** What a training reads, from the imports to the arrays a recipe learns from. */
import type { EventWeight } from '../datasets/eventWeights.ts'
import { readMetadata } from '../datasets/metadata.ts'
import { type InteractionData, readInteractions } from '../datasets/read.ts'
import { parseSchema } from '../datasets/schema.ts'
import type { Vocabulary } from '../datasets/vocabulary.ts'
import { Refusal } from '../lib/refusal.ts'
import { type Features, featureRows } from '../models/features.ts'
import { featuresOf } from '../models/metadataFeatures.ts'
import { positiveValues } from '../models/objective.ts'
import type { Recipe } from '../recipes/recipe.ts'
import type { TrainingData } from '../recipes/trainingData.ts'
import type { ImportedData, LearntColumns, TrainingSources } from '../resources/types.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from './computeContext.ts'

export interface ReadTraining {
  readonly data: TrainingData
  readonly users: Vocabulary
  /** Those with interactions, then those without. */
  readonly items: Vocabulary
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
  { sources, objective, ...query }: TrainingQuery,
  recipe: Recipe,
  context: ComputeContext,
): Promise<ReadTraining> {
  const { interactions: rows, items: itemRows, users: userRows, metadata } = sources
  const room = { itemCountMax: recipe.limits.itemCount, withNewItems: recipe.metadata && metadata.ITEMS !== undefined }
  const asked = { bucket: ARTIFACTS_BUCKET, interactions: rows, items: itemRows, ...query, ...room }
  const { droppedItemCount, ...read } = await readInteractions(asked, context)
  const { interactions, users, items, catalogueItemCount } = read
  if (droppedItemCount > 0)
    context.log.warn('items were left out, those whose newest interaction is oldest', {
      recipe: recipe.name,
      itemCountMax: recipe.limits.itemCount,
      droppedItemCount,
    })
  const data = { interactions, catalogueItemCount }
  if (!recipe.metadata) return { data, users, items }
  const newMax = Math.max(0, recipe.limits.itemCount - items.size)
  const ofItems = await readFeatures(metadata.ITEMS, itemRows, items, newMax, context, objective?.column)
  if (objective && !ofItems?.values)
    throw new Refusal(`The solution optimizes for ${objective.column}, and ITEMS has no data: import it first.`)
  const ofUsers = await readFeatures(metadata.USERS, userRows, users, 0, context)
  return {
    data: {
      ...data,
      ...(ofItems && {
        itemFeatures: rowsBetween(ofItems.features, 0, items.size),
        newItemFeatures: rowsBetween(ofItems.features, items.size, ofItems.ids.size),
      }),
      ...(objective &&
        ofItems?.values && {
          objective: { values: positiveValues(ofItems.values), strength: objective.strength },
        }),
      ...(ofUsers && { userFeatures: ofUsers.features }),
    },
    users,
    items: ofItems?.ids ?? items,
  }
}

/** Undefined where there is no such dataset, or no data in it. */
async function readFeatures(
  learnt: LearntColumns | undefined,
  imports: readonly ImportedData[],
  known: InteractionData['items'],
  newMax: number,
  context: ComputeContext,
  valued?: string,
): Promise<{ ids: Vocabulary; features: Features; values: Float64Array | undefined } | undefined> {
  if (!learnt || imports.length === 0) return undefined
  const columns = [...new Set([...learnt.columns, ...(valued === undefined ? [] : [valued])])]
  const query = { bucket: ARTIFACTS_BUCKET, imports, schema: parseSchema(learnt.schema), columns }
  const { ids, ...metadata } = await readMetadata(query, known, newMax, context)
  const valuing = metadata.columns.find(({ name }) => name === valued)
  const learntFrom = metadata.columns.filter(({ name }) => learnt.columns.includes(name))
  return {
    ids,
    features: await featuresOf({ ...metadata, columns: learntFrom }, context),
    values: valuing?.kind === 'numbers' ? valuing.values : undefined,
  }
}

const rowsBetween = (features: Features, from: number, to: number): Features =>
  featureRows(
    features,
    Uint32Array.from({ length: to - from }, (_, row) => from + row),
  )
