/**
 * A trained model without some users: their ids and histories go, so that nobody can ask for them again, and items that only they had
 * shown go too. What was learnt from all users together, the weights between the items that stay, remains until the next training.
 */
import { Vocabulary } from '../datasets/vocabulary.ts'
import type { HistoryModel, SparseExpert } from '../models/historyModel.ts'
import type { ItemFacts } from '../models/itemFacts.ts'
import { renumbered as sequencesOf } from '../models/nearestSequences.ts'
import type { ItemLists } from '../models/splits.ts'
import { metOf } from './actionTensors.ts'
import { keptContexts } from './contextTensors.ts'
import type { SavedModel } from './modelFile.ts'
import { keptNewcomers } from './newcomerTensors.ts'

/** Undefined: the model knows none of them. A model of which no item would be left keeps its items. */
export function withoutUsers(
  saved: SavedModel,
  gone: { users: Vocabulary; items: Vocabulary },
): SavedModel | undefined {
  const users = keptOf(saved.users, gone.users)
  const keptItems = keptOf(saved.items, gone.items)
  const items = keptItems.length === 0 ? everyIndex(saved.items) : keptItems
  if (users.length === saved.users.size && items.length === saved.items.size) return undefined
  // After the items a model of actions has events of actions, which all stay.
  const events = [...items]
  for (let event = saved.items.size; event < saved.model.itemCount; event++) events.push(event)
  const newIndex = new Int32Array(saved.model.itemCount).fill(-1)
  for (const [index, event] of events.entries()) newIndex[event] = index
  const newUser = new Int32Array(saved.users.size).fill(-1)
  for (const [index, user] of users.entries()) newUser[user] = index
  const model = withPeople(saved.model, () => newUser)
  return {
    model: items.length === saved.items.size ? model : withItems(model, events, newIndex),
    users: renumbered(saved.users, users),
    items: renumbered(saved.items, items),
    // No longer said to be the whole of any data: what is left of it has another name, which is not known here.
    histories: historiesOf(saved.histories, users, newIndex),
    ...(saved.facts && { facts: factsOf(saved.facts, items) }),
    ...(saved.contexts && { contexts: keptContexts(saved.contexts, items, newIndex) }),
    ...(saved.newcomers && { newcomers: keptNewcomers(saved.newcomers, users, newIndex) }),
    ...(saved.actions && { actions: { ...saved.actions, met: metOf(saved.actions.met, users) } }),
  }
}

const factsOf = (
  { eventCounts, createdSeconds, newestSeconds, impressions }: ItemFacts,
  items: readonly number[],
): ItemFacts => ({
  eventCounts: Uint32Array.from(items, item => eventCounts[item]),
  createdSeconds: Float64Array.from(items, item => createdSeconds[item]),
  newestSeconds,
  ...(impressions && {
    impressions: {
      shown: Uint32Array.from(items, item => impressions.shown[item]),
      taken: Uint32Array.from(items, item => impressions.taken[item]),
    },
  }),
})

/** The indexes of those that stay, ascending. */
function keptOf(all: Vocabulary, gone: Vocabulary): number[] {
  return gone.size === 0 ? everyIndex(all) : everyIndex(all).filter(index => gone.indexOf(all.idAt(index)) < 0)
}

const everyIndex = (all: Vocabulary): number[] => Array.from({ length: all.size }, (_, index) => index)

const renumbered = (all: Vocabulary, kept: readonly number[]): Vocabulary =>
  kept.length === all.size ? all : Vocabulary.fromIds(kept.values().map(index => all.idAt(index)))

/** What is remembered of people goes with them; `newUsers`, asked where something is, has -1 for one that goes. */
export function withPeople(model: HistoryModel, newUsers: () => Int32Array): HistoryModel {
  if (model.form !== 'pool' || !model.experts.some(expert => 'sequences' in expert)) return model
  const personOf = newUsers()
  const experts = model.experts.map(expert =>
    'sequences' in expert
      ? { ...expert, sequences: sequencesOf(expert.sequences, model.itemCount, { personOf }) }
      : expert,
  )
  return { ...model, experts }
}

/** `items` are the indexes of those that stay, ascending; `newIndex` is -1 for one that goes. */
function withItems(model: HistoryModel, items: readonly number[], newIndex: Int32Array): HistoryModel {
  const itemCount = items.length
  const vectorOf = (values: Float32Array) => Float32Array.from(items, item => values[item])
  const prior = vectorOf(model.prior)
  if (model.form === 'dense')
    return { ...model, itemCount, prior, rows: model.rows && submatrix(model.rows, model.itemCount, items) }
  const bias = model.bias && vectorOf(model.bias)
  if (model.form === 'pool') {
    const experts = model.experts.map(expert =>
      'sequences' in expert
        ? { ...expert, sequences: sequencesOf(expert.sequences, itemCount, { itemOf: newIndex }) }
        : withSources(expert, items, newIndex),
    )
    return { ...model, itemCount, prior, bias, experts }
  }
  const { dimension, kernels, sources, targets } = model
  const places = kernels.flatMap((_, f) => items.map(item => f * model.itemCount + item))
  return {
    ...model,
    itemCount,
    prior,
    bias,
    sources: rowsOf(sources, dimension, places),
    targets: rowsOf(targets, dimension, items),
  }
}

function withSources(expert: SparseExpert, kept: readonly number[], newIndex: Int32Array): SparseExpert {
  const offsets = new Uint32Array(kept.length + 1)
  const items: number[] = []
  const values: number[] = []
  for (const [row, source] of kept.entries()) {
    for (let at = expert.offsets[source]; at < expert.offsets[source + 1]; at++) {
      const item = newIndex[expert.items[at]]
      if (item < 0) continue
      items.push(item)
      values.push(expert.values[at])
    }
    offsets[row + 1] = items.length
  }
  return { ...expert, offsets, items: Int32Array.from(items), values: Float32Array.from(values) }
}

function rowsOf(matrix: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const result = new Float32Array(rows.length * width)
  for (const [place, row] of rows.entries()) result.set(matrix.subarray(row * width, (row + 1) * width), place * width)
  return result
}

function submatrix(rows: Float32Array, width: number, kept: readonly number[]): Float32Array {
  const result = new Float32Array(kept.length * kept.length)
  let at = 0
  for (const row of kept) {
    const start = row * width
    for (const column of kept) result[at++] = rows[start + column]
  }
  return result
}

/** `newIndex` is -1 for an item that goes. */
function historiesOf({ offsets, items }: ItemLists, users: readonly number[], newIndex: Int32Array): ItemLists {
  const kept = new Int32Array(items.length)
  const starts = new Uint32Array(users.length + 1)
  let count = 0
  for (const [row, user] of users.entries()) {
    for (let at = offsets[user]; at < offsets[user + 1]; at++) {
      const item = newIndex[items[at]]
      if (item >= 0) kept[count++] = item
    }
    starts[row + 1] = count
  }
  return { offsets: starts, items: kept.slice(0, count) }
}
