/** Against JSON.stringify. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Vocabulary } from '../../../src/datasets/vocabulary.ts'
import { IdRoom } from '../../../src/jobs/batchInference/idRoom.ts'
import { IdTexts } from '../../../src/jobs/batchSegment/idTexts.ts'

/** The ids in a room, as a model's are loaded. */
function textsOf(ids: readonly string[]): IdTexts {
  const room = new IdRoom()
  const { bytes, offsets, slots } = Vocabulary.fromIds(ids).tensors
  const moved = (array: Uint8Array | Uint32Array): Uint8Array => {
    const place = room.reserve(array.byteLength)
    place.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    return place
  }
  const words = (array: Uint32Array) => {
    const place = moved(array)
    return new Uint32Array(place.buffer, place.byteOffset, array.length)
  }
  return new IdTexts(
    room,
    Vocabulary.fromTensors({ bytes: moved(bytes), offsets: words(offsets), slots: words(slots) }),
  )
}

const ids = [
  '1',
  'u-123456',
  'Zoë 🍷',
  '\ufeffmark',
  'x'.repeat(15),
  'y'.repeat(16),
  'z'.repeat(256),
  '🍷'.repeat(256),
  'a"b\\c/d',
  ...Array.from({ length: 0x21 }, (_, code) => `${String.fromCharCode(code)}${code}`),
  '\u0001'.repeat(256),
  '\x7f\u2028\u2029',
]

test('ids of every kind are written as JSON.stringify writes them', () => {
  const rows = Uint32Array.from([...ids.keys(), ...ids.keys()].reverse())
  const text = Buffer.concat([...textsOf(ids).of(rows)]).toString()
  assert.equal(`[${text}]`, JSON.stringify(Array.from(rows, row => ids[row])))
})

test('many come in pieces that are nobody else’s, none in none', () => {
  const texts = textsOf(ids)
  const rows = Uint32Array.from({ length: 70_000 }, (_, place) => (place * 7) % ids.length)
  const pieces = [...texts.of(rows)]
  assert.ok(pieces.length > 3)
  assert.equal(`[${Buffer.concat(pieces)}]`, JSON.stringify(Array.from(rows, row => ids[row])))
  assert.deepEqual([...texts.of(new Uint32Array(0))], [])
})
