/**
 * What a training from texts reads (recipes that are about what is written): ITEMS, which it needs, and INTERACTIONS where there are any. All
 * items are rows alike, whether anybody had them or not: those with interactions first.
 */
import { readMetadata } from '../datasets/metadata.ts'
import type { InteractionData } from '../datasets/read.ts'
import { type DatasetSchema, parseSchema } from '../datasets/schema.ts'
import { Vocabulary } from '../datasets/vocabulary.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import { itemFacts } from '../models/itemFacts.ts'
import type { MetadataColumn, WordColumn } from '../models/metadata.ts'
import { featuresOf } from '../models/metadataFeatures.ts'
import type { Recipe } from '../recipes/recipe.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from './computeContext.ts'
import { type ReadTraining, readEvents, type TrainingQuery } from './readTrainingData.ts'

/** Different words and categories that are learnt from, those that tell most: rows stay sparse, so a feature costs 30 bytes. */
const FEATURES_MAX = 1_000_000
const CREATED = 'CREATION_TIMESTAMP'

/** Throws Refusal where the data does not fit the recipe or the query. */
export async function readTexts(query: TrainingQuery, recipe: Recipe, context: ComputeContext): Promise<ReadTraining> {
  const { sources } = query
  const learnt = sources.metadata.ITEMS
  assert(learnt, 'a version of a recipe of texts is not made without ITEMS')
  const schema = parseSchema(learnt.schema)
  const itemName = nameColumn(schema, recipe)
  if (sources.items.every(({ rowCount }) => rowCount === 0))
    throw new Refusal('The dataset has no items: none have been imported. Wait until an import job is ACTIVE.')

  const some = sources.interactions.some(({ rowCount }) => rowCount > 0)
  const events = some ? await readEvents(query, recipe, context) : nothingDone()
  const texts = schema.columns.filter(
    ({ name, textual }) => name === itemName || (textual && learnt.columns.includes(name)),
  )
  const categories = schema.columns.filter(
    ({ name, categorical }) => categorical && name !== itemName && learnt.columns.includes(name),
  )
  const dated = schema.columns.filter(({ name }) => name === CREATED)
  const asked = {
    bucket: ARTIFACTS_BUCKET,
    imports: sources.items,
    schema,
    columns: [...texts, ...categories, ...dated].map(({ name }) => name),
    words: [itemName],
  }
  const room = Math.max(0, recipe.limits.itemCount - events.items.size)
  const { ids, rowCount, columns } = await readMetadata(asked, events.items, room, context)
  const created = columns.find(column => column.kind === 'numbers')
  const features = await featuresOf({ rowCount, columns: oneText(columns, rowCount) }, context, FEATURES_MAX)
  const interactions = { ...events.interactions, itemCount: ids.size }
  return {
    data: {
      interactions,
      catalogueItemCount: Math.max(events.catalogueItemCount, ids.size),
      itemFeatures: features,
    },
    users: events.users,
    items: ids,
    facts: itemFacts(interactions, created?.values ?? new Float64Array(ids.size).fill(Number.NaN)),
  }
}

/** The column of names. Throws Refusal where the schema has not what the recipe needs (spec/recipes.md §3). */
function nameColumn({ columns }: DatasetSchema, { name }: Recipe): string {
  const needs = (what: string) =>
    new Refusal(`The schema of ITEMS has no ${what}: ${name} needs one, and reads what is written there.`)
  const named = columns.find(({ itemName }) => itemName)
  if (!named) throw needs('field with "itemName": true')
  if (!columns.some(column => column.textual && column !== named))
    throw needs('field with "textual": true beside the name')
  return named.name
}

const nothingDone = (): InteractionData => ({
  interactions: {
    userCount: 0,
    itemCount: 0,
    offsets: new Uint32Array(1),
    items: new Int32Array(0),
    times: new Float64Array(0),
  },
  users: Vocabulary.fromIds([]),
  items: Vocabulary.fromIds([]),
  catalogueItemCount: 0,
  droppedItemCount: 0,
  contextColumns: [],
  unreadColumns: [],
})

/** Names and texts as one text: a word is the same wherever it stands. Numbers are no text. */
function oneText(columns: readonly MetadataColumn[], rowCount: number): MetadataColumn[] {
  const words = columns.filter(column => column.kind === 'words')
  return [...columns.filter(column => column.kind === 'categories'), mergedWords(words, rowCount)]
}

function mergedWords(columns: readonly WordColumn[], rowCount: number): WordColumn {
  const offsets = new Uint32Array(rowCount + 1)
  const hashes = new Uint32Array(columns.reduce((sum, each) => sum + each.hashes.length, 0))
  let end = 0
  for (let row = 0; row < rowCount; row++) {
    const all = new Set<number>()
    for (const { offsets: starts, hashes } of columns)
      for (let at = starts[row]; at < starts[row + 1]; at++) all.add(hashes[at])
    for (const hash of Uint32Array.from(all).sort()) hashes[end++] = hash
    offsets[row + 1] = end
  }
  return { kind: 'words', name: columns.map(({ name }) => name).join(), offsets, hashes: hashes.slice(0, end) }
}
