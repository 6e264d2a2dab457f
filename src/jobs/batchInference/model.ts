/** The model of a job, placed once in memory that all threads share. */
import { Vocabulary } from '../../datasets/vocabulary.ts'
import { placeExploration } from '../../inference/exploration.ts'
import { placeNewcomers } from '../../inference/newcomerRanker.ts'
import { placeModel } from '../../inference/ranker.ts'
import { assert } from '../../lib/assert.ts'
import { isPriorAlone } from '../../models/historyModel.ts'
import { influenced } from '../../models/rankingInfluence.ts'
import type { ItemLists } from '../../models/splits.ts'
import { recipeByArn } from '../../recipes/index.ts'
import { type LoadControl, loadModel, loadWithoutHistories, type SavedModel } from '../../recipes/modelFile.ts'
import type { ModelPlace } from '../../recipes/modelPart.ts'
import { packHistories } from '../../recipes/packedHistories.ts'
import { openHistories, savedWholeOf } from '../../recipes/storedHistories.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../computeContext.ts'
import { withItems } from '../updateModel.ts'
import type { BatchDescription } from './description.ts'
import { filterNeeds, isAnsweredByHistories, placeFilter, prepareFilter, takesValues } from './filtering.ts'
import { historiesAsEvents } from './histories.ts'
import { IdRoom } from './idRoom.ts'
import { BLOCK_RECORDS, BLOCK_RECORDS_WITH_VALUES, ITEM_LIST_LENGTH_MAX } from './limits.ts'
import { idTables, placeBytes } from './placeBytes.ts'
import { expectedSeconds, type MemoryLimits, type MemoryPlan, planMemory, planText } from './plan.ts'
import { placeTexts } from './themeShard.ts'
import type { ThreadData } from './thread.ts'

/** What threads need, but for who does what; and in a line what that will take. */
type LoadedData = Omit<ThreadData, 'slot' | 'again' | 'work' | 'inputs' | 'stagingPrefix' | 'attempt'> & {
  readonly plan: string
}

/** Throws Refusal for a job that cannot fit however few threads it takes: before any of its input is read. */
export async function checkMemory(
  description: BatchDescription,
  context: ComputeContext,
  memory: MemoryLimits | undefined,
): Promise<void> {
  await planFor(description, context, 1, memory)
}

/** What is loaded and not in the result is garbage when this resolves: `placed` has a copy of the rows of its own. */
export async function loadThreadData(
  description: BatchDescription,
  context: ComputeContext,
  threadCount: number,
  records: number,
  memory: MemoryLimits | undefined,
): Promise<LoadedData> {
  const { recipe, numResults, filter, themes, exploration, influence, newItems } = description
  const { stores, signal } = context
  const place = placeOf(description, context)
  const { plan, byHistories } = await planFor(description, context, threadCount, memory)
  if (filter && !byHistories) await prepareFilter(filter, context)
  const room = new IdRoom()
  const control = { signal, usersRoom: (_name: string, byteCount: number) => room.reserve(byteCount) }
  const loaded =
    plan.histories === 'listed'
      ? await loadModel(place, control)
      : await loadBesideHistories(place, plan.histories === 'packed', context, control)
  const {
    model: trained,
    users,
    items,
    histories,
    facts,
    newcomers,
    contexts,
  } = await withNewItems(loaded, newItems, context)
  const model = influence && facts ? influenced(trained, facts, influence) : trained
  const people = { users, events: byHistories ? historiesAsEvents(histories) : undefined }
  const placedFilter =
    filter &&
    (await placeFilter(filter, items, context, { threads: threadCount, cacheBytes: plan.caches.masks, known: people }))
  const texts = themes && (await placeTexts(themes, items, context))
  const aboutItems = recipe.record === 'itemId'
  const subjects = aboutItems ? { ids: items, histories: onlyItself(items.size) } : { ids: users, histories }
  // Whom a record is about matters to the model, and to a filter that is told of the item.
  const known = !isPriorAlone(model) || newcomers !== undefined
  const subjectIds = known || (aboutItems && filter) ? subjects.ids : undefined
  const askers = placedFilter?.data.users && Vocabulary.fromTensors(placedFilter.data.users)
  const tables = idTables(subjectIds, askers)
  const k = Math.min(numResults, items.size)
  const listLength = recipe.record === 'userId and itemList' ? ITEM_LIST_LENGTH_MAX : k
  const blockRecords = filter && takesValues(filter) ? BLOCK_RECORDS_WITH_VALUES : BLOCK_RECORDS
  const placed = placeModel(model, {
    threads: threadCount,
    blockSize: BLOCK_RECORDS,
    ...(context.exactProbabilities && { exactTotals: true }),
    filtered: filter !== undefined,
    viewsBytes: plan.caches.views,
  })
  const seconds = expectedSeconds(placed, known ? subjects.histories : undefined, k, { records, threads: threadCount })
  return {
    plan: planText(plan, seconds, records),
    placed,
    sharpness: model.sharpness,
    bytes: placeBytes({ room, tables, items, recipe, k: listLength, threads: threadCount, blockRecords }),
    subjectTable: subjectIds && 0,
    askerTable: askers && tables.length - 1,
    histories: known ? subjects.histories : undefined,
    itemIds: items.tensors,
    filter: placedFilter,
    texts,
    newcomers: newcomers && !aboutItems ? placeNewcomers(newcomers, model) : undefined,
    contexts,
    exploration: exploration && facts && placeExploration(exploration, facts),
    recipe,
    k,
    stores,
  }
}

const placeOf = ({ modelPrefix }: BatchDescription, { artifacts }: ComputeContext): ModelPlace => ({
  artifacts,
  prefix: { bucket: ARTIFACTS_BUCKET, key: modelPrefix },
})

/** `byHistories`: the model's histories are all that the filter asks about events. */
async function planFor(
  { filter, ...description }: BatchDescription,
  context: ComputeContext,
  threads: number,
  memory: MemoryLimits | undefined,
): Promise<{ plan: MemoryPlan; byHistories: boolean }> {
  const { signal } = context
  const place = placeOf(description, context)
  const byHistories =
    filter !== undefined && isAnsweredByHistories(filter, await savedWholeOf(place, { signal }), context)
  const needs = filter && filterNeeds(filter, byHistories)
  return { plan: await planMemory(place, { threads, filter: needs }, { signal }, memory), byHistories }
}

async function loadBesideHistories(
  place: ModelPlace,
  packed: boolean,
  { scratchFolder }: ComputeContext,
  control: LoadControl,
) {
  const loaded = await loadWithoutHistories(place, control)
  const stored = await openHistories(place, loaded.users.size, scratchFolder, control)
  return { ...loaded, histories: packed ? await packHistories(stored, loaded.model.itemCount, control) : stored }
}

async function withNewItems<S extends Omit<SavedModel, 'histories'>>(
  loaded: S,
  newItems: BatchDescription['newItems'],
  context: ComputeContext,
): Promise<S> {
  if (!newItems) return loaded
  const recipe = recipeByArn(newItems.recipeArn)
  assert(recipe, 'a version is of a recipe that there is')
  return withItems(loaded, newItems.query, recipe, context)
}

/** What somebody who has done nothing but that has done: the history that an item is asked about with. */
function onlyItself(itemCount: number): ItemLists {
  const words = () => new SharedArrayBuffer(4 * (itemCount + 1))
  const [offsets, items] = [new Uint32Array(words()), new Int32Array(words())]
  for (let item = 0; item < itemCount; item++) {
    offsets[item + 1] = item + 1
    items[item] = item
  }
  return { offsets, items }
}
