/** Histories that stay in their file, because there are too many for memory: only where each begins is loaded. */
import { buffer } from 'node:stream/consumers'
import { Refusal } from '../lib/refusal.ts'
import { tensorPlaces } from '../models/safetensors.ts'
import { formatAddress } from '../objects/objectStore.ts'
import { addressOf, FORMAT, type ModelPlace, type Part, VERSION } from './modelPart.ts'

export interface StoredHistories {
  /** u32[users + 1], on shared memory: the items of user u are [offsets[u], offsets[u + 1]) of what stands in the file. */
  readonly offsets: Uint32Array
  /** i32 from byte `start` on. */
  readonly file: { readonly path: string; readonly start: number }
}

/** Where the tensors of a part lie, without loading them. */
async function tensorsOf(place: ModelPlace, part: Part, signal: AbortSignal) {
  const address = addressOf(place, part)
  const read = async (start: number, end: number) =>
    start === end ? Buffer.alloc(0) : buffer(await place.artifacts.read(address, { range: { start, end }, signal }))
  return tensorPlaces(read, (await place.artifacts.head(address))?.bytes ?? 0)
}

/** How many items a saved model has, and how many events its histories, without loading either; as if of other files, 0. */
export async function savedSizes(
  place: ModelPlace,
  { signal }: { signal: AbortSignal },
): Promise<{ itemCount: number; eventCount: number }> {
  const length = async (part: Part, name: string) => (await tensorsOf(place, part, signal)).places[name]?.shape[0] ?? 0
  return { itemCount: await length('model', 'prior'), eventCount: await length('histories', 'items') }
}

/** The data all of whose events a saved model's histories are (modelFile.ts), without loading them. */
export async function savedWholeOf(
  place: ModelPlace,
  { signal }: { signal: AbortSignal },
): Promise<string | undefined> {
  if (!(await place.artifacts.head(addressOf(place, 'histories')))) return undefined
  return (await tensorsOf(place, 'histories', signal)).metadata.wholeOf
}

/** `folder` takes the file where the store is not one of files. Throws Refusal when it is damaged or does not fit the users. */
export async function openHistories(
  place: ModelPlace,
  userCount: number,
  folder: string,
  { signal }: { signal: AbortSignal },
): Promise<StoredHistories> {
  const address = addressOf(place, 'histories')
  const refuse = (why: string): never => {
    throw new Refusal(`The model's file ${formatAddress(address)} cannot be used: ${why}.`)
  }
  const { places, metadata } = await tensorsOf(place, 'histories', signal)
  if (metadata.format !== FORMAT || metadata.part !== 'histories' || metadata.version !== VERSION)
    refuse(`it is '${metadata.format}', part '${metadata.part}', version '${metadata.version}'`)
  const { offsets: at, items } = places
  if (at?.dtype !== 'U32' || at.shape.length !== 1 || at.shape[0] !== userCount + 1)
    refuse(`it has no offsets for ${userCount} users`)
  if (items?.dtype !== 'I32' || items.shape.length !== 1) refuse('it has no list of items')
  const offsets = new Uint32Array(new SharedArrayBuffer(at.end - at.start))
  const bytes = new Uint8Array(offsets.buffer)
  let filled = 0
  for await (const chunk of await place.artifacts.read(address, { range: at, signal })) {
    bytes.set(chunk, filled)
    filled += chunk.length
  }
  if (offsets[0] !== 0 || offsets[userCount] !== items.shape[0] || offsets.some((o, u) => u > 0 && o < offsets[u - 1]))
    refuse(`its offsets do not ascend from 0 to ${items.shape[0]}`)
  const path = await place.artifacts.localFile(address, folder, { signal })
  return { offsets, file: { path, start: items.start } }
}
