import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/lib/refusal.ts'
import { decode, encode, type Tensors, vector } from '../../src/models/safetensors.ts'
import { decodeShared } from '../../src/models/sharedTensors.ts'

const tensors: Tensors = {
  bytes: vector(Uint8Array.of(1, 2, 3)),
  matrix: { shape: [2, 3], data: Float32Array.of(1, -2.5, 0, Number.POSITIVE_INFINITY, 1e-40, 3) },
  wide: vector(Float64Array.of(Math.PI)),
  signed: vector(Int32Array.of(-1, 2 ** 31 - 1)),
  unsigned: vector(Uint32Array.of(2 ** 32 - 1)),
  empty: { shape: [0, 7], data: new Float32Array(0) },
}

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Uint8Array.from(Buffer.concat(chunks))
}

/** A file of that header (as an object or as text) and as many zero bytes of data. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const json = typeof header === 'string' ? header : JSON.stringify(header)
  const padded = json.padEnd(Math.ceil(json.length / 8) * 8)
  const bytes = new Uint8Array(8 + padded.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded.length), true)
  bytes.set(new TextEncoder().encode(padded), 8)
  return bytes
}

test('what was encoded is decoded: names, shapes, types, bits, metadata', async () => {
  const file = decode(await bytesOf(encode(tensors, { format: 'test', über: 'ja' })))
  assert.deepEqual(file.metadata, { format: 'test', über: 'ja' })
  assert.deepEqual(Object.keys(file.tensors).sort(), Object.keys(tensors).sort())
  for (const [name, tensor] of Object.entries(tensors)) assert.deepEqual(file.tensors[name], tensor)
})

test('the layout is that of the format: length, JSON, tensors without gaps, wide ones first', async () => {
  const bytes = await bytesOf(encode({ b: vector(Uint8Array.of(7)), a: vector(Float32Array.of(1)) }, { k: 'v' }))
  const json =
    '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}'
  const padded = json.padEnd(Math.ceil(json.length / 8) * 8)
  assert.equal(Buffer.from(bytes.subarray(8, 8 + padded.length)).toString(), padded)
  assert.deepEqual([...bytes.subarray(0, 8)], [padded.length, 0, 0, 0, 0, 0, 0, 0])
  assert.deepEqual([...bytes.subarray(8 + padded.length)], [0, 0, 0x80, 0x3f, 7])
})

test('equal content is equal bytes, in whatever order it was put together', async () => {
  const reversed = Object.fromEntries(Object.entries(tensors).reverse())
  assert.deepEqual(await bytesOf(encode(tensors, {})), await bytesOf(encode(reversed, {})))
})

test('a large tensor leaves in small chunks that are copies', async () => {
  const data = new Float32Array(new SharedArrayBuffer(12_000_000)).fill(2)
  let bytes = 0
  for await (const chunk of encode({ data: vector(data) }, {})) {
    assert.ok(chunk.length <= 4 * 1024 * 1024)
    assert.ok(chunk.buffer instanceof ArrayBuffer)
    chunk.fill(0)
    bytes += chunk.length
  }
  assert.ok(bytes > data.byteLength)
  assert.ok(data.every(value => value === 2))
})

test('a file is read onto shared memory and its tensors lie over it without a copy', async () => {
  const bytes = await bytesOf(encode(tensors, {}))
  const inPieces = (async function* () {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
  })()
  const file = await decodeShared(inPieces, bytes.length)
  for (const [name, { data }] of Object.entries(tensors))
    assert.deepEqual([...file.tensors[name].data], [...data], name)
  const buffers = Object.values(file.tensors).map(({ data }) => data.buffer)
  assert.equal(new Set(buffers).size, buffers.length, 'each may be let go alone')
  for (const buffer of buffers) assert.ok(buffer instanceof SharedArrayBuffer)
})

test('what a tensor is given room for is loaded there, from pieces of any size', async () => {
  const bytes = await bytesOf(encode(tensors, { of: 'test' }))
  const memory = new SharedArrayBuffer(64)
  for (const size of [1, 8, 300, bytes.length]) {
    new Uint8Array(memory).fill(9)
    const inPieces = (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    })()
    const { tensors: found, metadata } = await decodeShared(inPieces, bytes.length, (name, byteCount) =>
      name === 'matrix' ? new Uint8Array(memory, 16, byteCount) : new Uint8Array(new SharedArrayBuffer(byteCount)),
    )
    assert.equal(found.matrix.data.buffer, memory)
    assert.deepEqual([...new Float32Array(memory, 16, 6)], [...tensors.matrix.data])
    assert.deepEqual([...found.bytes.data], [1, 2, 3])
    assert.deepEqual(metadata, { of: 'test' })
  }
})

test('a file that is shorter or longer than announced is refused', async () => {
  const bytes = await bytesOf(encode(tensors, {}))
  const coming = async function* (content: Uint8Array) {
    yield content
  }
  await assert.rejects(
    decodeShared(coming(bytes.subarray(0, -1)), bytes.length),
    new Refusal(`This is not a whole safetensors file: only ${bytes.length - 1} of ${bytes.length} bytes came.`),
  )
  await assert.rejects(
    decodeShared(coming(Buffer.concat([bytes, Buffer.alloc(1)])), bytes.length),
    new Refusal(`This is not a whole safetensors file: more than the expected ${bytes.length} bytes came.`),
  )
  await assert.rejects(
    decodeShared(coming(bytes.subarray(0, 5)), 5),
    new Refusal("This is not a whole safetensors file: it has 5 bytes, fewer than the 8 of the header's length."),
  )
})

const f32 = (from: number, to: number, shape: unknown = [(to - from) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [from, to],
})
const hugeHeader = new Uint8Array(16).fill(0xff)

const damaged: [string, Uint8Array, string][] = [
  ['cut in the length', new Uint8Array(3), "it has 3 bytes, fewer than the 8 of the header's length"],
  [
    'a random length',
    hugeHeader,
    'its header would have 18446744073709551615 bytes, where at most 100000000 were expected',
  ],
  [
    'cut in the header',
    fileOf({ a: f32(0, 4) }, 4).slice(0, 20),
    'its header would have 56 bytes, but the file ends after 20',
  ],
  ['a list for a header', fileOf([]), 'its header is not a JSON object'],
  ['numbers in the metadata', fileOf({ __metadata__: { a: 1 } }), 'its __metadata__ is not an object of strings'],
  ['a tensor that is no object', fileOf({ a: 4 }), "the header's entry of tensor 'a' is not an object"],
  [
    'an unknown type',
    fileOf({ a: { ...f32(0, 4), dtype: 'BF16' } }, 4),
    'tensor \'a\' is of type "BF16", where one of F64, F32, I32, U32, U8 was expected',
  ],
  [
    'a type of Object.prototype',
    fileOf({ a: { ...f32(0, 4), dtype: 'toString' } }, 4),
    'tensor \'a\' is of type "toString", where one of F64, F32, I32, U32, U8 was expected',
  ],
  [
    'a negative length',
    fileOf({ a: f32(0, 4, [-1]) }, 4),
    "tensor 'a' has the shape [-1], where a list of lengths was expected",
  ],
  [
    'offsets backwards',
    fileOf({ a: f32(4, 0, [1]) }, 4),
    "tensor 'a' has the data_offsets [4,0], where [start, end] was expected",
  ],
  [
    'too small for its shape',
    fileOf({ a: f32(0, 4, [2]) }, 4),
    "tensor 'a' takes 4 bytes, but F32 of shape [2] takes 8",
  ],
  [
    'a gap',
    fileOf({ a: f32(0, 4), b: f32(8, 12) }, 12),
    "tensor 'b' starts at byte 8 of the data, where 4 was expected",
  ],
  [
    'an overlap',
    fileOf({ a: f32(0, 8), b: f32(4, 12) }, 12),
    "tensor 'b' starts at byte 4 of the data, where 8 was expected",
  ],
  ['cut in the data', fileOf({ a: f32(0, 8) }, 7), "tensor 'a' ends at byte 8 of the data, of which there are 7"],
  ['something after the data', fileOf({ a: f32(0, 4) }, 6), 'it goes on for 2 bytes after its last tensor'],
]
for (const [name, bytes, why] of damaged)
  test(`refused: ${name}`, () =>
    assert.throws(() => decode(bytes), new Refusal(`This is not a whole safetensors file: ${why}.`)))

test('refused: a header that is not JSON, a header that is not UTF-8', () => {
  assert.throws(
    () => decode(fileOf('{"a":')),
    /^Refusal: This is not a whole safetensors file: its header is not JSON \(/,
  )
  const bytes = fileOf({ é: f32(0, 4) }, 4)
  bytes[11] = 0xff
  assert.throws(() => decode(bytes), /^Refusal: This is not a whole safetensors file: its header is not JSON \(/)
})

test('refused: a tensor that typed arrays cannot lie over', () => {
  const header = { odd: { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, a: f32(1, 5) }
  const start = fileOf(header).length + 1
  assert.throws(
    () => decode(fileOf(header, 5)),
    new Refusal(
      `This is not a whole safetensors file: tensor 'a' starts at byte ${start} of the file, which is not a multiple of 4.`,
    ),
  )
})

test('every single cut of a good file is refused', async () => {
  const bytes = await bytesOf(encode(tensors, { a: 'b' }))
  for (let length = 0; length < bytes.length; length++) assert.throws(() => decode(bytes.slice(0, length)), Refusal)
})
