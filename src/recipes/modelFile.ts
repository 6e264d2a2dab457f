/**
 * A trained model in the object store, three safetensors files under one prefix; equal models are equal bytes.
 *
 *   model.safetensors       kernel f32[K], prior f32[n], sharpness f64[1], and rows f32[n, n] unless everybody gets the prior
 *   vocabulary.safetensors  users.… and items.…: bytes u8, offsets u32, slots u32 (datasets/vocabulary.ts)
 *   histories.safetensors   offsets u32[users + 1], items i32: each user's newest K events, oldest first
 *
 * Everything is loaded onto shared memory, which all scoring threads see. What a file claims is checked before a kernel trusts it.
 */

import { Vocabulary } from '../datasets/vocabulary.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import { decodeShared, encode, type TensorData, type Tensors, vector } from '../models/safetensors.ts'
import type { ItemLists } from '../models/splits.ts'
import { formatAddress, type ObjectAddress, type ObjectStore } from '../objects/objectStore.ts'

/** In every file's metadata; a file with another version was written by another Sommelier. */
const FORMAT = 'sommelier history model'
const VERSION = '1'

export interface ModelPlace {
  readonly artifacts: ObjectStore
  /** The key ends in '/'. */
  readonly prefix: ObjectAddress
}

export interface SavedModel {
  readonly model: HistoryModel
  readonly users: Vocabulary
  readonly items: Vocabulary
  /** One row a user of `users`. */
  readonly histories: ItemLists
}

type Part = 'model' | 'vocabulary' | 'histories'

const addressOf = ({ prefix }: ModelPlace, part: Part): ObjectAddress => {
  assert(prefix.key.endsWith('/'), 'the prefix of a model ends in a slash')
  return { bucket: prefix.bucket, key: `${prefix.key}${part}.safetensors` }
}

/** The model is whole once this resolves; its files appear one after the other. Rejects with `signal.reason` when aborted. */
export async function saveModel(
  place: ModelPlace,
  saved: SavedModel,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const { model, users, items, histories } = saved
  const write = (part: Part, tensors: Tensors) =>
    place.artifacts.write(addressOf(place, part), encode(tensors, { format: FORMAT, version: VERSION, part }), {
      signal,
    })
  await write('model', {
    kernel: vector(model.kernel),
    prior: vector(model.prior),
    sharpness: vector(Float64Array.of(model.sharpness)),
    ...(model.rows && { rows: { shape: [model.itemCount, model.itemCount], data: model.rows } }),
  })
  await write('vocabulary', { ...vocabularyTensors('users', users), ...vocabularyTensors('items', items) })
  await write('histories', { offsets: vector(histories.offsets), items: vector(histories.items) })
}

const vocabularyTensors = (name: string, { tensors }: Vocabulary): Tensors => ({
  [`${name}.bytes`]: vector(tensors.bytes),
  [`${name}.offsets`]: vector(tensors.offsets),
  [`${name}.slots`]: vector(tensors.slots),
})

/** Throws Refusal naming the file when one is absent, damaged, of another version, or does not fit the others. */
export async function loadModel(place: ModelPlace, { signal }: { signal: AbortSignal }): Promise<SavedModel> {
  const model = modelOf(await readPart(place, 'model', signal))
  const vocabulary = await readPart(place, 'vocabulary', signal)
  const users = vocabularyOf(vocabulary, 'users')
  const items = vocabularyOf(vocabulary, 'items')
  if (items.size !== model.itemCount)
    vocabulary.refuse(`it has ${items.size} items, where the model has ${model.itemCount}`)
  const histories = historiesOf(await readPart(place, 'histories', signal), users.size, model.itemCount)
  return { model, users, items, histories }
}

/** A file's tensors, and the sentence that refuses it. */
interface PartReader {
  has(name: string): boolean
  /** The tensor of that name, of that type and shape; a length of undefined may be any. */
  tensor<T extends TensorData>(
    name: string,
    type: { new (length: number): T },
    shape: readonly (number | undefined)[],
  ): T
  refuse(why: string): never
}

async function readPart(place: ModelPlace, part: Part, signal: AbortSignal): Promise<PartReader> {
  const address = addressOf(place, part)
  const refuse = (why: string): never => {
    throw new Refusal(`The model's file ${formatAddress(address)} cannot be used: ${why}.`)
  }
  const info = (await place.artifacts.head(address)) ?? refuse('it is not there')
  const { tensors, metadata } = await decodeShared(await place.artifacts.read(address, { signal }), info.bytes).catch(
    (error: unknown) => {
      throw error instanceof Refusal
        ? new Refusal(`The model's file ${formatAddress(address)} is damaged. ${error.message}`)
        : error
    },
  )
  if (metadata.format !== FORMAT || metadata.part !== part)
    refuse(`it is '${metadata.format}', part '${metadata.part}', where '${FORMAT}', part '${part}' was expected`)
  if (metadata.version !== VERSION) refuse(`it is of version '${metadata.version}', where '${VERSION}' was expected`)
  return {
    has: name => Object.hasOwn(tensors, name),
    tensor(name, type, shape) {
      const found = Object.hasOwn(tensors, name) ? tensors[name] : refuse(`it has no tensor '${name}'`)
      if (
        found.shape.length !== shape.length ||
        shape.some((length, axis) => length !== undefined && length !== found.shape[axis])
      )
        refuse(
          `tensor '${name}' has the shape [${found.shape}], where [${shape.map(length => length ?? 'any')}] was expected`,
        )
      if (!(found.data instanceof type))
        refuse(`tensor '${name}' is a ${found.data.constructor.name}, where a ${type.name} was expected`)
      return found.data as InstanceType<typeof type>
    },
    refuse,
  }
}

function modelOf(part: PartReader): HistoryModel {
  const prior = part.tensor('prior', Float32Array, [undefined])
  const itemCount = prior.length
  const [sharpness] = part.tensor('sharpness', Float64Array, [1])
  if (!(sharpness > 0 && Number.isFinite(sharpness)))
    part.refuse(`its sharpness is ${sharpness}, where a positive number was expected`)
  return {
    itemCount,
    kernel: part.tensor('kernel', Float32Array, [undefined]),
    rows: part.has('rows') ? part.tensor('rows', Float32Array, [itemCount, itemCount]) : undefined,
    prior,
    sharpness,
  }
}

function vocabularyOf(part: PartReader, name: string): Vocabulary {
  const bytes = part.tensor(`${name}.bytes`, Uint8Array, [undefined])
  const offsets = part.tensor(`${name}.offsets`, Uint32Array, [undefined])
  checkOffsets(part, `${name}.offsets`, offsets, bytes.length)
  return Vocabulary.fromTensors({ bytes, offsets, slots: part.tensor(`${name}.slots`, Uint32Array, [undefined]) })
}

function historiesOf(part: PartReader, userCount: number, itemCount: number): ItemLists {
  const offsets = part.tensor('offsets', Uint32Array, [userCount + 1])
  const items = part.tensor('items', Int32Array, [undefined])
  checkOffsets(part, 'offsets', offsets, items.length)
  const stray = items.find(item => item < 0 || item >= itemCount)
  if (stray !== undefined) part.refuse(`it names the item ${stray}, where the model has ${itemCount}`)
  return { offsets, items }
}

/** A compressed list of lists: rows follow one another from 0 to the end. */
function checkOffsets(part: PartReader, name: string, offsets: Uint32Array, end: number): void {
  const whole = offsets.length > 0 && offsets[0] === 0 && offsets[offsets.length - 1] === end
  if (!whole || offsets.some((offset, row) => row > 0 && offset < offsets[row - 1]))
    part.refuse(`tensor '${name}' does not ascend from 0 to ${end}`)
}
