/**
 * A model with what has come since, without a new fit (spec/training.md §2, trainingMode UPDATE):
 *
 *   items   that ITEMS has and the model has not get their places from metadata, as in a training (models/standIns.ts)
 *   people  everybody's history is read anew, as the solution reads it; events of items that the model does not know are passed over; so are impressions,
 *           and what USERS tells of those without a history
 *
 * What was learnt stays as it is, and of what is remembered what is of people who are still there: weights between items, sharpness, popularity, contexts, metrics.
 */
import { attributesBy } from '../models/attributes.ts'
import { featureRows } from '../models/features.ts'
import { historyLength } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import type { ItemFacts } from '../models/itemFacts.ts'
import type { Metadata } from '../models/metadata.ts'
import { withNewItems } from '../models/newItems.ts'
import { withObjective, withoutObjective } from '../models/objective.ts'
import { type ItemLists, itemLists } from '../models/splits.ts'
import { standIns } from '../models/standIns.ts'
import { withPeople } from '../recipes/forget.ts'
import type { SavedModel } from '../recipes/modelFile.ts'
import { newcomersFor } from '../recipes/newcomerTensors.ts'
import type { Recipe } from '../recipes/recipe.ts'
import type { ComputeContext } from './computeContext.ts'
import {
  impressionsFor,
  readEvents,
  readItems,
  readPeople,
  rowsBetween,
  type TrainingQuery,
  wholeVersion,
} from './readTrainingData.ts'

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
  const read = await readEvents(query, recipe, context)
  const { interactions, users, items } = read
  const indexOf = Int32Array.from({ length: items.size }, (_, item) => saved.items.indexOf(items.idAt(item)))
  const { facts } = saved
  const newestSeconds = interactions.times.reduce((newest, time) => Math.max(newest, time), facts?.newestSeconds ?? 0)
  const impressions = await impressionsFor(query, recipe, saved.items, context)
  // Who has which attribute is read anew, by the rules that were learnt: USERS may have more people than then, and other rows of theirs.
  const { newcomers } = saved
  const people = newcomers && (await readPeople(query, users, context))
  const everybody = people?.ids ?? users
  const histories = newestKnown(interactions, indexOf, historyLength(saved.model), everybody.size)
  const attributes =
    newcomers && attributesBy({ names: [], rules: newcomers.rules }, people?.metadata ?? noneOf(everybody.size))
  const told = attributes && newcomersFor(newcomers.lifts, attributes, histories)
  const version = wholeVersion(query, read)
  const isWhole = version !== undefined && histories.items.length === interactions.items.length
  const newUsers = () =>
    Int32Array.from({ length: saved.users.size }, (_, user) => everybody.indexOf(saved.users.idAt(user)))
  return {
    ...saved,
    model: withPeople(saved.model, newUsers),
    ...{ users: everybody, histories, wholeOf: isWhole ? version : undefined },
    ...(told && { newcomers: told }),
    ...(facts && { facts: { ...facts, newestSeconds, ...(impressions && { impressions }) } }),
  }
}

const noneOf = (rowCount: number): Metadata => ({ rowCount, columns: [] })

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
