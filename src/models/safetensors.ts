/**
 * Safetensors, the file form of every learnt tensor, so that numpy and torch read them too (github.com/huggingface/safetensors, "Format").
 *
 *   u64 little-endian: H │ H bytes of JSON, padded with spaces │ tensor │ tensor │ …
 *   {"__metadata__":{"key":"value"},"kernel":{"dtype":"F32","shape":[60],"data_offsets":[0,240]}, …}
 *
 * Offsets count from the first tensor's first byte and leave no gap. We write tensors of wide elements first and pad the header to
 * eight bytes, so every tensor is aligned in the file and a reader may lay typed arrays over it without a copy.
 */
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'

/** The reference implementation's own bound; a header beyond it is a damaged or a hostile file. */
export const HEADER_BYTES_MAX = 100_000_000
const HEADER_ALIGNMENT_BYTES = 8
export const LENGTH_BYTES = 8
const METADATA_KEY = '__metadata__'
/** How much of a tensor leaves at a time: a model of 900 MB is written without a second 900 MB. */
const CHUNK_BYTES = 4 * 1024 * 1024

type Dtype = 'F64' | 'F32' | 'I32' | 'U32' | 'U8'
export type TensorData = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array

interface TensorArray {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TensorData
  readonly BYTES_PER_ELEMENT: number
}
const ARRAYS: Readonly<Record<Dtype, TensorArray>> = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
}

export interface Tensor {
  readonly shape: readonly number[]
  /** Row-major, as many elements as the product of `shape`. */
  readonly data: TensorData
}
export type Tensors = Readonly<Record<string, Tensor>>
export type Metadata = Readonly<Record<string, string>>

export interface SafetensorsFile {
  readonly tensors: Tensors
  readonly metadata: Metadata
}

interface TensorEntry {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

export const vector = (data: TensorData): Tensor => ({ shape: [data.length], data })

/** The file's bytes, a chunk at a time; each chunk is a copy, so its receiver may keep it. Equal tensors and metadata: equal bytes. */
export async function* encode(tensors: Tensors, metadata: Metadata): AsyncGenerator<Uint8Array> {
  const names = Object.keys(tensors).sort((a, b) => {
    const wider = tensors[b].data.BYTES_PER_ELEMENT - tensors[a].data.BYTES_PER_ELEMENT
    return wider !== 0 ? wider : a < b ? -1 : 1
  })
  yield headerBytes(names, tensors, metadata)
  for (const name of names) {
    const { data } = tensors[name]
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.slice(at, at + CHUNK_BYTES)
  }
}

function headerBytes(names: readonly string[], tensors: Tensors, metadata: Metadata): Uint8Array {
  const header: Record<string, Metadata | TensorEntry> = { [METADATA_KEY]: metadata }
  let offset = 0
  for (const name of names) {
    const { shape, data } = tensors[name]
    assert(name !== METADATA_KEY, 'a tensor has the name of the metadata')
    assert(elementCount(shape) === data.length, `tensor ${name} has ${data.length} elements for the shape [${shape}]`)
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(json.length / HEADER_ALIGNMENT_BYTES) * HEADER_ALIGNMENT_BYTES
  const bytes = new Uint8Array(LENGTH_BYTES + padded).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(json, LENGTH_BYTES)
  return bytes
}

function dtypeOf(data: TensorData): Dtype {
  const found = (Object.keys(ARRAYS) as Dtype[]).find(dtype => data instanceof ARRAYS[dtype])
  assert(found !== undefined, 'a tensor of a type that safetensors does not know')
  return found
}

export const elementCount = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)

/**
 * Typed arrays laid over `bytes`, which starts at a multiple of eight in its buffer; shared memory stays shared.
 * Everything the file claims is checked before anything is trusted; throws Refusal, with a sentence of its own for each way to be wrong.
 */
export function decode(bytes: Uint8Array): SafetensorsFile {
  assert(bytes.byteOffset % HEADER_ALIGNMENT_BYTES === 0, 'a safetensors file is decoded from an aligned buffer')
  const { laid, metadata, dataOffset } = layoutOf(bytes, bytes.length)
  const tensors: Record<string, Tensor> = {}
  for (const { name, array, shape, from } of laid)
    tensors[name] = { shape, data: new array(bytes.buffer, bytes.byteOffset + dataOffset + from, elementCount(shape)) }
  return { tensors, metadata }
}

/** A tensor in bytes [from, to) of the data. */
export interface Laid {
  readonly name: string
  readonly array: TensorArray
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

/** The tensors of a file of `byteCount` bytes in their order, of which `bytes` has the header. Throws Refusal where they do not fill it. */
export function layoutOf(
  bytes: Uint8Array,
  byteCount: number,
): { laid: Laid[]; metadata: Metadata; dataOffset: number } {
  const { entries, metadata, dataOffset } = parseHeader(bytes)
  const dataBytes = byteCount - dataOffset
  const laid: Laid[] = []
  let end = 0
  const byOffset = [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )
  for (const [name, { dtype, shape, data_offsets }] of byOffset) {
    const array = ARRAYS[dtype]
    const [from, to] = data_offsets
    const expectedBytes = elementCount(shape) * array.BYTES_PER_ELEMENT
    if (to - from !== expectedBytes)
      refuse(
        `tensor '${name}' takes ${to - from} bytes, but ${dtype} of shape [${shape.join(', ')}] takes ${expectedBytes}`,
      )
    if (from !== end) refuse(`tensor '${name}' starts at byte ${from} of the data, where ${end} was expected`)
    if (to > dataBytes) refuse(`tensor '${name}' ends at byte ${to} of the data, of which there are ${dataBytes}`)
    if ((dataOffset + from) % array.BYTES_PER_ELEMENT !== 0)
      refuse(
        `tensor '${name}' starts at byte ${dataOffset + from} of the file, which is not a multiple of ${array.BYTES_PER_ELEMENT}`,
      )
    laid.push({ name, array, shape, from, to })
    end = to
  }
  if (end !== dataBytes) refuse(`it goes on for ${dataBytes - end} bytes after its last tensor`)
  return { laid, metadata, dataOffset }
}

/**
 * Where the tensors of a file of `byteCount` bytes lie in it, for those who read them piece by piece. `read` gives bytes [start, end).
 * Throws Refusal.
 */
export async function tensorPlaces(
  read: (start: number, end: number) => Promise<Uint8Array>,
  byteCount: number,
): Promise<{ places: Readonly<Record<string, TensorPlace>>; metadata: Metadata }> {
  const length = await read(0, Math.min(LENGTH_BYTES, byteCount))
  const headerLength =
    length.length < LENGTH_BYTES ? 0n : new DataView(length.buffer, length.byteOffset).getBigUint64(0, true)
  const headerEnd = LENGTH_BYTES + Number(headerLength > BigInt(HEADER_BYTES_MAX) ? 0n : headerLength)
  const { entries, metadata, dataOffset } = parseHeader(await read(0, Math.min(headerEnd, byteCount)))
  const places: Record<string, TensorPlace> = {}
  for (const [name, { dtype, shape, data_offsets }] of entries) {
    const [start, end] = data_offsets.map(offset => dataOffset + offset)
    if (end - start !== elementCount(shape) * ARRAYS[dtype].BYTES_PER_ELEMENT || end > byteCount)
      refuse(`tensor '${name}' of ${dtype} and shape [${shape.join(', ')}] does not lie in bytes ${start} to ${end}`)
    places[name] = { dtype, shape, start, end }
  }
  return { places, metadata }
}

/** Bytes [start, end) of the file. */
export interface TensorPlace {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

function parseHeader(bytes: Uint8Array): { entries: [string, TensorEntry][]; metadata: Metadata; dataOffset: number } {
  if (bytes.length < LENGTH_BYTES)
    refuse(`it has ${bytes.length} bytes, fewer than the ${LENGTH_BYTES} of the header's length`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > BigInt(HEADER_BYTES_MAX))
    refuse(`its header would have ${length} bytes, where at most ${HEADER_BYTES_MAX} were expected`)
  const dataOffset = LENGTH_BYTES + Number(length)
  if (dataOffset > bytes.length)
    refuse(`its header would have ${length} bytes, but the file ends after ${bytes.length}`)
  const header = parseJson(bytes.slice(LENGTH_BYTES, dataOffset))
  const { [METADATA_KEY]: metadata = {}, ...rest } = header
  if (!isRecord(metadata) || !Object.values(metadata).every(value => typeof value === 'string'))
    refuse(`its ${METADATA_KEY} is not an object of strings`)
  const entries = Object.entries(rest).map(([name, entry]): [string, TensorEntry] => [name, checkEntry(name, entry)])
  return { entries, metadata: metadata as Metadata, dataOffset }
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    refuse(`its header is not JSON (${(error as Error).message})`)
  }
  if (!isRecord(header)) refuse('its header is not a JSON object')
  return header
}

function checkEntry(name: string, entry: unknown): TensorEntry {
  if (!isRecord(entry)) refuse(`the header's entry of tensor '${name}' is not an object`)
  const { dtype, shape, data_offsets: offsets } = entry
  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAYS, dtype))
    refuse(
      `tensor '${name}' is of type ${JSON.stringify(dtype)}, where one of ${Object.keys(ARRAYS).join(', ')} was expected`,
    )
  if (!isCounts(shape))
    refuse(`tensor '${name}' has the shape ${JSON.stringify(shape)}, where a list of lengths was expected`)
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    refuse(`tensor '${name}' has the data_offsets ${JSON.stringify(offsets)}, where [start, end] was expected`)
  return { dtype: dtype as Dtype, shape, data_offsets: [offsets[0], offsets[1]] }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(length => Number.isSafeInteger(length) && length >= 0)

export function refuse(what: string): never {
  throw new Refusal(`This is not a whole safetensors file: ${what}.`)
}
