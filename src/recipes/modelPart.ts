/** One file of a saved model: where it is, what names it as ours, and a reader that refuses in the file's name whatever does not fit. */
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { TensorData } from '../models/safetensors.ts'
import { decodeShared, type TensorRoom } from '../models/sharedTensors.ts'
import { formatAddress, type ObjectAddress, type ObjectStore } from '../objects/objectStore.ts'

/** In every file's metadata; a file with another version was written by another Sommelier. */
export const FORMAT = 'sommelier history model'
export const VERSION = '4'

export interface ModelPlace {
  readonly artifacts: ObjectStore
  /** The key ends in '/'. */
  readonly prefix: ObjectAddress
}

export type Part = 'model' | 'vocabulary' | 'histories'

export const addressOf = ({ prefix }: ModelPlace, part: Part): ObjectAddress => {
  assert(prefix.key.endsWith('/'), 'the prefix of a model ends in a slash')
  return { bucket: prefix.bucket, key: `${prefix.key}${part}.safetensors` }
}

export type PartMetadata = Readonly<Record<string, string>>

/** A file's tensors, and the sentence that refuses it. */
export interface PartReader {
  readonly metadata: PartMetadata
  has(name: string): boolean
  /** The tensor of that name, of that type and shape; a length of undefined may be any. */
  tensor<T extends TensorData>(
    name: string,
    type: { new (length: number): T },
    shape: readonly (number | undefined)[],
  ): T
  /** A compressed list of lists: rows follow one another from 0 to `end`. */
  checkOffsets(name: string, offsets: Uint32Array, end: number): void
  refuse(why: string): never
}

export async function readPart(
  place: ModelPlace,
  part: Part,
  signal: AbortSignal,
  room?: TensorRoom,
): Promise<PartReader> {
  const address = addressOf(place, part)
  const refuse = (why: string): never => {
    throw new Refusal(`The model's file ${formatAddress(address)} cannot be used: ${why}.`)
  }
  const info = (await place.artifacts.head(address)) ?? refuse('it is not there')
  const { tensors, metadata } = await decodeShared(
    await place.artifacts.read(address, { signal }),
    info.bytes,
    room,
  ).catch((error: unknown) => {
    throw error instanceof Refusal
      ? new Refusal(`The model's file ${formatAddress(address)} is damaged. ${error.message}`)
      : error
  })
  if (metadata.format !== FORMAT || metadata.part !== part)
    refuse(`it is '${metadata.format}', part '${metadata.part}', where '${FORMAT}', part '${part}' was expected`)
  if (metadata.version !== VERSION) refuse(`it is of version '${metadata.version}', where '${VERSION}' was expected`)
  return {
    metadata,
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
    checkOffsets(name, offsets, end) {
      const whole = offsets.length > 0 && offsets[0] === 0 && offsets[offsets.length - 1] === end
      if (!whole || offsets.some((offset, row) => row > 0 && offset < offsets[row - 1]))
        refuse(`tensor '${name}' does not ascend from 0 to ${end}`)
    },
    refuse,
  }
}
