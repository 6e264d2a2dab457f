/**
 * A model with what has come since, without a new fit (spec/training.md §2, trainingMode UPDATE):
 *
 *   items   that ITEMS has and the model has not get their places from metadata, as in a training (models/standIns.ts)
 *   people  everybody's history is read anew, as the solution reads it; events of items that the model does not know are passed over; so are impressions
 *
 * What was learnt stays as it is: weights between items, sharpness, popularity, metrics.
 */
import { extended, type Vocabulary } from '../datasets/vocabulary.ts'
import { featureRows } from '../models/features.ts'
import { historyLength } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import type { ItemFacts } from '../models/itemFacts.ts'
import { withNewItems } from '../models/newItems.ts'
import { withObjective, withoutObjective } from '../models/objective.ts'
import { type ItemLists, itemLists } from '../models/splits.ts'
import { standIns } from '../models/standIns.ts'
import type { SavedModel } from '../recipes/modelFile.ts'
import type { SavedNewcomers } from '../recipes/newcomerTensors.ts'
import type { Recipe } from '../recipes/recipe.ts'
import type { ComputeContext } from './computeContext.ts'
import { impressionsFor, readEvents, readItems, rowsBetween, type TrainingQuery } from './readTrainingData.ts'

/** Throws Refusal where the data does not fit the query. */
export async function updatedModel(
  saved: SavedModel,
  query: TrainingQuery,
  recipe: Recipe,
  context: ComputeContext,
): Promise<SavedModel> {
  return withHistories(await withItems(saved, query, recipe, context), query, recipe, context)
}

/** With the items that are new in ITEMS, and otherwise as it is. */
export async function withItems<S extends Omit<SavedModel, 'histories'>>(
  saved: S,
  query: TrainingQuery,
  recipe: Recipe,
  context: ComputeContext,
): Promise<S> {
  const { model, items, facts } = saved
  const read = await readItems(query, items, Math.max(0, recipe.limits.itemCount - items.size), context)
  if (!read || !facts || read.ids.size === items.size) return saved
  // Only items with events have places of their own; the others' come from these.
  const learnt = Uint32Array.from(facts.eventCounts.keys()).filter(item => facts.eventCounts[item] > 0)
  const fresh = rowsBetween(read.features, items.size, read.ids.size)
  const made = await standIns(featureRows(read.features, learnt), fresh, context)
  const plain = read.objective ? withoutObjective(model) : model
  const wide = withNewItems(plain, { ...made, items: made.items.map(row => learnt[row]) })
  return {
    ...saved,
    model: read.objective ? withObjective(wide, read.objective) : wide,
    items: read.ids,
    facts: withMore(facts, read.createdSeconds),
  }
}

/** `createdSeconds` of all items, of which `facts` has the first. */
function withMore(facts: ItemFacts, createdSeconds: Float64Array): ItemFacts {
  const eventCounts = new Uint32Array(createdSeconds.length)
  eventCounts.set(facts.eventCounts)
  const created = createdSeconds.map((given, item) => {
    if (item < facts.createdSeconds.length) return facts.createdSeconds[item]
    return Number.isNaN(given) ? facts.newestSeconds : given
  })
  const wide = (counts: Uint32Array) => {
    const more = new Uint32Array(createdSeconds.length)
    more.set(counts)
    return more
  }
  const { impressions } = facts
  return {
    ...facts,
    ...{ eventCounts, createdSeconds: created },
    ...(impressions && { impressions: { shown: wide(impressions.shown), taken: wide(impressions.taken) } }),
  }
}

async function withHistories(
  saved: SavedModel,
  query: TrainingQuery,
  recipe: Recipe,
  context: ComputeContext,
): Promise<SavedModel> {
  const { interactions, users, items } = await readEvents(query, recipe, context)
  const indexOf = Int32Array.from({ length: items.size }, (_, item) => saved.items.indexOf(items.idAt(item)))
  const { facts } = saved
  const newestSeconds = interactions.times.reduce((newest, time) => Math.max(newest, time), facts?.newestSeconds ?? 0)
  const impressions = await impressionsFor(query, recipe, saved.items, context)
  const people = saved.newcomers ? withNewcomers(saved, saved.newcomers, users) : { users }
  return {
    ...saved,
    ...people,
    histories: newestKnown(interactions, indexOf, historyLength(saved.model), people.users.size),
    ...(facts && { facts: { ...facts, newestSeconds, ...(impressions && { impressions }) } }),
  }
}

/** Those without a history whom the model knows stay, with their attributes, after `users`; new ones are known from the next training on. */
function withNewcomers(saved: SavedModel, newcomers: SavedNewcomers, users: Vocabulary) {
  const fresh: Buffer[] = []
  for (let user = 0; user < saved.users.size; user++)
    if (newcomers.offsets[user] < newcomers.offsets[user + 1] && users.indexOf(saved.users.idAt(user)) < 0)
      fresh.push(Buffer.from(saved.users.idAt(user)))
  const all = extended(users, fresh)
  const rows = Array.from({ length: all.size }, (_, user) =>
    user < users.size ? -1 : saved.users.indexOf(all.idAt(user)),
  )
  return { users: all, newcomers: { ...newcomers, ...rowsOf(newcomers, rows) } }
}

/** Of -1 an empty row. */
function rowsOf({ offsets, codes }: SavedNewcomers, rows: readonly number[]) {
  const lists = rows.map(row => (row < 0 ? new Int32Array(0) : codes.slice(offsets[row], offsets[row + 1])))
  const { offsets: starts, items } = itemLists(lists)
  return { offsets: starts, codes: items }
}

/** Of everybody the newest `count` events of items that have an index ≥ 0, by that index, oldest first. */
function newestKnown(interactions: Interactions, indexOf: Int32Array, count: number, rowCount: number): ItemLists {
  const { userCount, offsets, items } = interactions
  return itemLists(
    Array.from({ length: rowCount }, (_, user) => {
      if (user >= userCount) return new Int32Array(0)
      const known = items.subarray(offsets[user], offsets[user + 1]).map(item => indexOf[item])
      const left = known.filter(index => index >= 0)
      return left.subarray(Math.max(0, left.length - count))
    }),
  )
}
