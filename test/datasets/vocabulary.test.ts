import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Vocabulary, VocabularyBuilder } from '../../src/datasets/vocabulary.ts'
import { seededRandom } from '../../src/lib/random.ts'

/** Ids that are hard to tell apart: short, over a small alphabet of one to four bytes, prefixes of each other. */
function oddIds(count: number, seed: number): string[] {
  const random = seededRandom(seed)
  const alphabet = [
    'a',
    'b',
    '\0',
    '/',
    '\u007f',
    '\u0080',
    'é',
    'e\u0301',
    '漢',
    '😀',
    '\ufeff',
    '\uffff',
    '\ufffd',
    '"',
  ]
  const ids = new Set<string>([''])
  while (ids.size < count)
    ids.add(Array.from({ length: random.below(6) }, () => alphabet[random.below(alphabet.length)]).join(''))
  return [...ids]
}

test('a vocabulary is a Map of ids to places, for any ids', () => {
  for (const seed of [1, 2, 3]) {
    const ids = oddIds(3000, seed)
    const vocabulary = Vocabulary.fromIds(ids)
    const map = new Map(ids.map((id, index) => [id, index]))
    assert.equal(vocabulary.size, ids.length)
    for (const [index, id] of ids.entries()) {
      assert.equal(vocabulary.indexOf(id), index)
      assert.equal(vocabulary.idAt(index), id)
    }
    for (const id of oddIds(6000, seed + 100)) assert.equal(vocabulary.indexOf(id), map.get(id) ?? -1)
  }
})

test('an id is its characters: case, form and length count', () => {
  const longest = '😀'.repeat(256)
  const vocabulary = Vocabulary.fromIds(['a', 'A', 'é', 'e\u0301', longest, 'x'.repeat(256)])
  assert.deepEqual(
    ['a', 'A', 'é', 'e\u0301', longest, 'x'.repeat(256)].map(id => vocabulary.indexOf(id)),
    [0, 1, 2, 3, 4, 5],
  )
  for (const unknown of ['', 'aa', 'x'.repeat(255), 'x'.repeat(257), `${longest}😀`, 'x'.repeat(1e6)])
    assert.equal(vocabulary.indexOf(unknown), -1)
})

test('half a character is no id, not even one that holds the character put in its place', () => {
  const vocabulary = Vocabulary.fromIds(['\ufffd', 'a\ufffd'])
  assert.equal(vocabulary.indexOf('\ud83d'), -1)
  assert.equal(vocabulary.indexOf('a\udc00'), -1)
  assert.equal(vocabulary.indexOf('\ufffd'), 0)
  assert.throws(() => Vocabulary.fromIds(['\ud83d']), { message: 'an id is well-formed Unicode' })
})

test('an empty vocabulary knows nothing', () => {
  const vocabulary = Vocabulary.fromIds([])
  assert.equal(vocabulary.size, 0)
  assert.equal(vocabulary.indexOf(''), -1)
  assert.equal(vocabulary.indexOf('a'), -1)
  assert.throws(() => vocabulary.idAt(0), { message: 'an index lies in its vocabulary' })
})

test('the same id twice, an id too long, an index outside: our own mistakes', () => {
  assert.throws(() => Vocabulary.fromIds(['a', 'b', 'a']), { message: 'the ids of a vocabulary are distinct' })
  assert.throws(() => Vocabulary.fromIds(['', '']), { message: 'the ids of a vocabulary are distinct' })
  assert.throws(() => Vocabulary.fromIds(['x'.repeat(1025)]), { message: 'an id is not longer than ids may be' })
  assert.throws(() => Vocabulary.fromIds(['a']).idAt(-1), { message: 'an index lies in its vocabulary' })
})

test('ids in UTF-8 and ids as strings give the same bytes, a byte order mark included', () => {
  const ids = oddIds(500, 7)
  const builder = new VocabularyBuilder()
  for (const id of ids) builder.addUtf8(new TextEncoder().encode(id))
  assert.deepEqual(builder.finish().tensors, Vocabulary.fromIds(ids).tensors)
})

/** Every way to build it, and every id found again. */
function checkBoth(ids: readonly string[], told: string): void {
  const builder = new VocabularyBuilder()
  for (const id of ids) builder.addUtf8(new TextEncoder().encode(id))
  const { tensors } = Vocabulary.fromIds(ids)
  const vocabulary = builder.finish()
  assert.deepEqual(vocabulary.tensors, tensors, told)
  for (const [index, id] of ids.entries()) {
    assert.equal(vocabulary.idAt(index), id, told)
    assert.equal(vocabulary.indexOf(id), index, told)
  }
}

test('more bytes and more ids than the arrays begin with', () => {
  const random = seededRandom(11)
  const hex = (digits: number) => Array.from({ length: digits }, () => random.below(16).toString(16)).join('')
  const uuids = Array.from({ length: 20_000 }, () => [8, 4, 4, 4, 12].map(hex).join('-'))
  checkBoth(uuids, 'uuids')
})

test('ids that end at, before and behind the places where the arrays grow', () => {
  // 64 KiB at first, then twice as much each time; an id takes its bytes and END.
  for (const border of [65_536, 131_072, 262_144])
    for (const shift of [-2, -1, 0, 1, 2, 255, 256, 257]) {
      const end = border + shift
      const ids: string[] = []
      for (let at = 0; at < end; ) {
        const bytes = Math.min(100, end - at)
        // What is too short to tell apart goes to the id before.
        const length = end - at - bytes < 8 ? end - at : bytes
        ids.push(String(ids.length).padStart(length - 1, '.'))
        at += length
      }
      checkBoth(ids, `an END at byte ${end - 1}`)
      checkBoth([...ids, 'é', 'the last'], `and more behind byte ${end - 1}`)
    }
  // The first id that needs room is longer than twice the room there is left, and the longest there can be.
  checkBoth([...Array.from({ length: 655 }, (_, i) => String(i).padStart(99, '.')), '😀'.repeat(256)], 'a long id')
})

test('the arrays make the same vocabulary again, copied to shared memory where they are not there', () => {
  const ids = oddIds(100, 4)
  const { bytes, offsets, slots } = Vocabulary.fromIds(ids).tensors
  const again = Vocabulary.fromTensors({ bytes: bytes.slice(), offsets: offsets.slice(), slots: slots.slice() })
  for (const tensor of Object.values(again.tensors)) assert.ok(tensor.buffer instanceof SharedArrayBuffer)
  assert.deepEqual(
    ids.map(id => again.indexOf(id)),
    ids.map((_, index) => index),
  )
  assert.equal(Vocabulary.fromTensors({ bytes, offsets, slots }).tensors.bytes, bytes)
})

test('arrays that cannot be a vocabulary are refused', () => {
  const { bytes, offsets, slots } = Vocabulary.fromIds(['a', 'b', 'c']).tensors
  const refuses = (changed: object, message: string) =>
    assert.throws(() => Vocabulary.fromTensors({ bytes, offsets, slots, ...changed }), { message })
  refuses({ offsets: new Uint32Array(0) }, 'a vocabulary has at least one offset')
  refuses({ offsets: offsets.map(offset => offset + 1) }, "a vocabulary's first offset is 0")
  refuses({ bytes: bytes.subarray(1) }, "a vocabulary's last offset is the length of its bytes")
  refuses({ slots: slots.subarray(0, 8) }, 'a vocabulary has slots for its size')
})

test('an id takes at most 23 bytes beside its text', () => {
  for (const count of [1_000, 1_024, 1_025, 70_000]) {
    const { bytes, offsets, slots } = Vocabulary.fromIds(Array.from({ length: count }, (_, i) => String(i))).tensors
    const text = Array.from({ length: count }, (_, i) => String(i).length).reduce((a, b) => a + b)
    assert.ok((bytes.length - text + offsets.byteLength + slots.byteLength) / count <= 23)
  }
})

test('another thread looks up in the same memory', async () => {
  const { tensors } = Vocabulary.fromIds(['first', 'second'])
  const module = JSON.stringify(new URL('../../src/datasets/vocabulary.ts', import.meta.url).href)
  const source = `const { workerData, parentPort } = require('node:worker_threads')
    import(${module}).then(({ Vocabulary }) => parentPort.postMessage(Vocabulary.fromTensors(workerData).indexOf('second')))`
  const worker = new Worker(source, { eval: true, workerData: tensors })
  assert.equal(await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject)), 1)
  await worker.terminate()
})

test('a million ids: two microseconds a look-up at the very most (0.5 on a quiet machine)', () => {
  const count = 1_000_000
  const ids = Array.from({ length: count }, (_, index) => `item-${index}`)
  const vocabulary = Vocabulary.fromIds(ids)
  const place = (i: number) => (i * 611_953) % count
  const before = process.cpuUsage()
  for (let i = 0; i < count; i++) if (vocabulary.indexOf(ids[place(i)]) !== place(i)) assert.fail(ids[place(i)])
  const microseconds = process.cpuUsage(before).user / count
  assert.ok(microseconds <= 2, `${microseconds} µs`)
})
