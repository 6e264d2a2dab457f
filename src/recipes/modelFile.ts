/**
 * A trained model in the object store, three safetensors files under one prefix; equal models are equal bytes.
 *
 *   model.safetensors       the model, by its form (modelTensors.ts)
 *   vocabulary.safetensors  users.… and items.…: bytes u8, offsets u32, slots u32 (datasets/vocabulary.ts); maybe what is known of the items'
 *                           past: facts.events u32[n], facts.created f64[n], facts.newest f64[1], maybe facts.shown and facts.taken u32[n] (models/itemFacts.ts)
 *                           of recipes about people newcomers.…: what is told of those without a history (newcomerTensors.ts);
 *                           of data with contexts contexts.…: what these add to scores (contextTensors.ts);
 *                           of recipes about actions actions.…: what is learnt and known of each (actionTensors.ts)
 *   histories.safetensors   offsets u32[users + 1], items i32: each user's newest events, as many as the model looks at, oldest first;
 *                           in the metadata maybe wholeOf: the data all of whose events these are
 *
 * Everything is loaded onto shared memory, which all scoring threads see. What a file claims is checked before a kernel trusts it.
 */

import { Vocabulary } from '../datasets/vocabulary.ts'
import type { ContextLifts } from '../models/contextLifts.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { ItemFacts } from '../models/itemFacts.ts'
import { encode, type Tensors, vector } from '../models/safetensors.ts'
import { roomOfItsOwn, type TensorRoom } from '../models/sharedTensors.ts'
import type { ItemLists } from '../models/splits.ts'
import { actionsOf, actionTensors, type SavedActions } from './actionTensors.ts'
import { contextsOf, contextTensors, hasContexts } from './contextTensors.ts'
import {
  addressOf,
  FORMAT,
  type ModelPlace,
  type Part,
  type PartMetadata,
  type PartReader,
  readPart,
  VERSION,
} from './modelPart.ts'
import { modelOf, modelTensors } from './modelTensors.ts'
import { newcomersOf, newcomerTensors, type SavedNewcomers } from './newcomerTensors.ts'

export interface SavedModel<M extends HistoryModel = HistoryModel> {
  readonly model: M
  readonly users: Vocabulary
  readonly items: Vocabulary
  /** One row a user of `users`. */
  readonly histories: ItemLists
  /** The INTERACTIONS (datasets/dataVersion.ts) all of whose events, by whomever and of whatever item, are in `histories`; absent: of none that is known. */
  readonly wholeOf?: string | undefined
  /** Absent in models of recipes that do not look at it. */
  readonly facts?: ItemFacts
  /** Of recipes about actions: then the model's events are those of `items` and of two for each action (models/actionEvents.ts). */
  readonly actions?: SavedActions
  /** Of data with contexts that make a difference. */
  readonly contexts?: readonly ContextLifts[]
  /** Where something is told of people that makes a difference. */
  readonly newcomers?: SavedNewcomers
}

/** The model is whole once this resolves; its files appear one after the other. Rejects with `signal.reason` when aborted. */
export async function saveModel(
  place: ModelPlace,
  saved: SavedModel,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const { model, users, items, histories, wholeOf, facts, actions, newcomers, contexts } = saved
  const write = (part: Part, tensors: Tensors, metadata: PartMetadata = {}) =>
    place.artifacts.write(
      addressOf(place, part),
      encode(tensors, { ...metadata, format: FORMAT, version: VERSION, part }),
      { signal },
    )
  const { tensors, metadata } = modelTensors(model)
  await write('model', tensors, metadata)
  await write('vocabulary', {
    ...vocabularyTensors('users', users),
    ...vocabularyTensors('items', items),
    ...(facts && {
      ...(facts.impressions && {
        'facts.shown': vector(facts.impressions.shown),
        'facts.taken': vector(facts.impressions.taken),
      }),
      'facts.events': vector(facts.eventCounts),
      'facts.created': vector(facts.createdSeconds),
      'facts.newest': vector(Float64Array.of(facts.newestSeconds)),
    }),
    ...(actions && { ...vocabularyTensors('actions', actions.ids), ...actionTensors(actions) }),
    ...(newcomers && newcomerTensors(newcomers)),
    ...(contexts && contextTensors(contexts)),
  })
  const lists = { offsets: vector(histories.offsets), items: vector(histories.items) }
  await write('histories', lists, wholeOf === undefined ? {} : { wholeOf })
}

const vocabularyTensors = (name: string, { tensors }: Vocabulary): Tensors => ({
  [`${name}.bytes`]: vector(tensors.bytes),
  [`${name}.offsets`]: vector(tensors.offsets),
  [`${name}.slots`]: vector(tensors.slots),
})

export interface LoadControl {
  readonly signal: AbortSignal
  /** Where the tensors of `users` are to lie, by their names in the file; absent: on memory of their own. */
  readonly usersRoom?: TensorRoom | undefined
}

/** Throws Refusal naming the file when one is absent, damaged, of another version, or does not fit the others. */
export async function loadModel(place: ModelPlace, control: LoadControl): Promise<SavedModel> {
  const loaded = await loadWithoutHistories(place, control)
  const { model, users } = loaded
  const part = await readPart(place, 'histories', control.signal)
  const { wholeOf } = part.metadata
  return {
    ...loaded,
    histories: historiesOf(part, users.size, model.itemCount),
    ...(wholeOf !== undefined && { wholeOf }),
  }
}

/** As `loadModel`, for those who leave histories where they are (storedHistories.ts). */
export async function loadWithoutHistories(
  place: ModelPlace,
  { signal, usersRoom }: LoadControl,
): Promise<Omit<SavedModel, 'histories' | 'wholeOf'>> {
  const model = modelOf(await readPart(place, 'model', signal))
  const room: TensorRoom | undefined =
    usersRoom && ((name, bytes) => (name.startsWith('users.') ? usersRoom : roomOfItsOwn)(name, bytes))
  const vocabulary = await readPart(place, 'vocabulary', signal, room)
  const users = vocabularyOf(vocabulary, 'users')
  const items = vocabularyOf(vocabulary, 'items')
  const actions = vocabulary.has('actions.slots')
    ? actionsOf(vocabulary, vocabularyOf(vocabulary, 'actions'), users.size, model)
    : undefined
  const eventCount = items.size + 2 * (actions?.ids.size ?? 0)
  if (eventCount !== model.itemCount)
    vocabulary.refuse(`it has ${eventCount} items, where the model has ${model.itemCount}`)
  checkPeople(vocabulary, model, users.size)
  const facts = vocabulary.has('facts.events') ? factsOf(vocabulary, items.size) : undefined
  const contexts = hasContexts(vocabulary) ? contextsOf(vocabulary, items.size) : undefined
  const newcomers = vocabulary.has('newcomers.codes') ? newcomersOf(vocabulary, users.size, items.size) : undefined
  return {
    ...{ model, users, items },
    ...(facts && { facts }),
    ...(actions && { actions }),
    ...(newcomers && { newcomers }),
    ...(contexts && { contexts }),
  }
}

/** Whose the remembered events are. */
function checkPeople(part: PartReader, model: HistoryModel, userCount: number): void {
  if (model.form !== 'pool') return
  for (const expert of model.experts) {
    const stray = 'sequences' in expert ? expert.sequences.people.find(person => person >= userCount) : undefined
    if (stray !== undefined) part.refuse(`it has ${userCount} users, where the model remembers the user ${stray}`)
  }
}

const factsOf = (part: PartReader, itemCount: number): ItemFacts => ({
  eventCounts: part.tensor('facts.events', Uint32Array, [itemCount]),
  createdSeconds: part.tensor('facts.created', Float64Array, [itemCount]),
  newestSeconds: part.tensor('facts.newest', Float64Array, [1])[0],
  ...(part.has('facts.shown') && {
    impressions: {
      shown: part.tensor('facts.shown', Uint32Array, [itemCount]),
      taken: part.tensor('facts.taken', Uint32Array, [itemCount]),
    },
  }),
})

function vocabularyOf(part: PartReader, name: string): Vocabulary {
  const bytes = part.tensor(`${name}.bytes`, Uint8Array, [undefined])
  const offsets = part.tensor(`${name}.offsets`, Uint32Array, [undefined])
  part.checkOffsets(`${name}.offsets`, offsets, bytes.length)
  return Vocabulary.fromTensors({ bytes, offsets, slots: part.tensor(`${name}.slots`, Uint32Array, [undefined]) })
}

function historiesOf(part: PartReader, userCount: number, itemCount: number): ItemLists {
  const offsets = part.tensor('offsets', Uint32Array, [userCount + 1])
  const items = part.tensor('items', Int32Array, [undefined])
  part.checkOffsets('offsets', offsets, items.length)
  // A loop, for there are hundreds of millions: a negative one is a large one without its sign.
  for (let at = 0; at < items.length; at++)
    if (items[at] >>> 0 >= itemCount) part.refuse(`it names the item ${items[at]}, where the model has ${itemCount}`)
  return { offsets, items }
}
