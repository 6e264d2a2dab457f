/** What the self-test runs the kernels of the byte path on: lines of every kind, ids that share slots, texts of every length. */
import { idHash, slotOf } from '../lib/idHash.ts'
import type { Random } from '../lib/random.ts'
import type { Arena } from './arena.ts'
import * as at from './byteParameters.ts'
import { SCALES, TENS } from './plain/float32Text.ts'
import type { Case, Step } from './selfTestCases.ts'

const IDS = ['1', '17', 'u-123456', 'Zoë 🍷', 'x'.repeat(256), 'a}b', '0123456', '01234567', '012345678', 'nobody else']
const LINES = [
  '{"userId":"1"}',
  '{"userId":"17"}',
  '{"userId":"stranger"}',
  '{"itemId":"1"}',
  '{"userId":"0123456"}\r',
  '{"userId":"012345678"}',
  '',
  ' \t\r',
  ' {"userId":"1"}',
  '{"userId": "1"}',
  '{"userId":""}',
  '{"userId":"a\\"b"}',
  '{"userId":"a}b"}',
  '{"userId":"a"} ',
  '{"userId":"tab\there"}',
  '{"userId":"Zoë 🍷"}',
  `{"userId":"${'x'.repeat(256)}"}`,
  `{"userId":"${'x'.repeat(257)}"}`,
  `{"userId":"${'y'.repeat(120)}","more":1}`,
  '{"userId":"1"}{"userId":"1"}',
  '{"userId":"1',
]
/** Not UTF-8: a lone continuation, an overlong form, a surrogate, beyond U+10FFFF, cut short. */
const BAD_UTF8 = [[0x80], [0xc0, 0xaf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]
const TEXTS = ['"a",', '"b\\n",', `"${'c'.repeat(12)}",`, `"${'d'.repeat(13)}",`, `"${'e'.repeat(300)}",`]
const FRAME = ['{"input":', ',"output":{"recommendedItems":[', '],"scores":[', '],"reasons":[', ']},"error":null}\n']

export function byteCase(arena: Arena, random: Random): Case {
  const { ptr: params, view: words } = arena.reserveU32(at.BYTES_WORDS)
  const place = (bytes: Uint8Array, word?: number): number => {
    const { ptr, view } = arena.reserveU8(bytes.length + at.BYTES_SLACK)
    view.set(bytes)
    if (word !== undefined) words[word] = ptr
    return ptr
  }
  const bytesOf = (numbers: Float32Array | Int32Array | Uint32Array) =>
    new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)

  const bad = BAD_UTF8.map(bytes =>
    Buffer.concat([Buffer.from('{"userId":"'), Buffer.from(bytes), Buffer.from('"}\n')]),
  )
  const input = Buffer.concat([Buffer.from(`${LINES.join('\n')}\n`), ...bad, Buffer.from('{"userId":"1"}')])
  place(input, at.BYTES_INPUT)
  const recordsMax = 7
  const recordWords = arena.reserveU32(recordsMax * at.RECORD_WORDS)
  words[at.BYTES_RECORDS] = recordWords.ptr
  words[at.BYTES_RECORDS_MAX] = recordsMax
  words[at.BYTES_LINE_MAX] = 200
  words.set(new Uint32Array(Uint8Array.from(Buffer.from('{"userId')).buffer), at.BYTES_OPENING)
  words[at.BYTES_FILLED] = input.length - 9
  const hashes = arena.reserveU32(recordsMax + 1)
  words[at.BYTES_HASHES] = hashes.ptr
  words[at.BYTES_FOUND] = arena.reserveI32(recordsMax).ptr
  placeIds(arena, words, place)

  const slots = new Uint8Array(TEXTS.length * at.ITEM_TEXT_BYTES)
  const long = TEXTS.filter(text => text.length >= at.ITEM_TEXT_BYTES)
  for (const [item, text] of TEXTS.entries()) {
    const slot = slots.subarray(item * at.ITEM_TEXT_BYTES, (item + 1) * at.ITEM_TEXT_BYTES)
    const isLong = long.includes(text)
    if (isLong)
      new Uint32Array(slots.buffer, slot.byteOffset, 2).set([long[0] === text ? 0 : long[0].length, text.length])
    else slot.set(Buffer.from(text))
    slot[at.ITEM_TEXT_BYTES - 1] = isLong ? at.LONG_TEXT : text.length
  }
  place(slots, at.BYTES_ITEM_TEXTS)
  place(Buffer.from(long.join('')), at.BYTES_LONG_TEXTS)
  const places = new Uint8Array(TEXTS.length * at.PLACE_BYTES)
  for (let item = 0; item < TEXTS.length; item++) {
    places.set(slots.subarray(item * at.ITEM_TEXT_BYTES, (item + 1) * at.ITEM_TEXT_BYTES), item * at.PLACE_BYTES)
    places.set(Buffer.from('0.25,'), item * at.PLACE_BYTES + at.PLACE_SCORE)
    places[(item + 1) * at.PLACE_BYTES - 1] = 5
  }
  place(places, at.BYTES_PLACES)
  const frame = new Uint8Array(FRAME.length * at.FRAME_PIECE_BYTES)
  for (const [piece, text] of FRAME.entries()) {
    frame.set(Buffer.from(text), piece * at.FRAME_PIECE_BYTES)
    frame[(piece + 1) * at.FRAME_PIECE_BYTES - 1] = text.length
  }
  place(frame, at.BYTES_FRAME)
  place(bytesOf(TENS), at.BYTES_TENS)
  place(SCALES, at.BYTES_SCALES)
  const listLength = 64
  place(bytesOf(Int32Array.from({ length: listLength }, () => random.below(TEXTS.length))), at.BYTES_ITEMS)
  const scores = Float32Array.from({ length: listLength }, () => random.uniform() * 10 ** -random.below(40))
  scores.set([0, 1, 2 ** -126, 2 ** -125, 1e-7, 0.1, 1 - 2 ** -24, 1e-10])
  place(bytesOf(scores), at.BYTES_SCORES)
  words[at.BYTES_ITEM_ROOM] = long[1].length + 21
  words[at.BYTES_OUTPUT_SIZE] = 12_000
  words[at.BYTES_OUTPUT] = arena.reserveU8(words[at.BYTES_OUTPUT_SIZE] + at.BYTES_SLACK).ptr

  const steps: Step[] = []
  const set = (word: number, value: number) => steps.push({ params, word, value })
  const blocks = Math.ceil((LINES.length + BAD_UTF8.length + 1) / recordsMax)
  for (let block = 0; block < blocks; block++) {
    if (block === blocks - 1) {
      set(at.BYTES_FILLED, input.length)
      set(at.BYTES_LAST, 1)
    }
    steps.push({ kernel: 'scanLines', params, tasks: 1 }, { kernel: 'findIds', params, tasks: 1 })
    set(at.BYTES_HAS_SCORES, Number(block !== 1))
    set(at.BYTES_HAS_REASONS, block % 2)
    set(at.BYTES_FROM, 0)
    set(at.BYTES_TO, recordsMax)
    for (let record = 0; record < recordsMax; record++) {
      const row = { params: recordWords.ptr + record * at.RECORD_WORDS * 4 }
      const answer = [at.ANSWER_LIST, at.ANSWER_PLACES, at.ANSWER_COPY][(record + block) % 3]
      const copied = answer === at.ANSWER_COPY
      steps.push(
        { ...row, word: at.RECORD_ANSWER, value: answer },
        { ...row, word: at.RECORD_FROM, value: copied ? words[at.BYTES_INPUT] : 7 * record },
        { ...row, word: at.RECORD_COUNT, value: copied ? 37 : [0, 1, 15][record % 3] },
      )
    }
    // A second go after one that ended for want of room or of digits.
    steps.push({ kernel: 'writeAnswers', params, tasks: 1 })
    set(at.BYTES_FROM, 5)
    steps.push({ kernel: 'writeAnswers', params, tasks: 1 })
    if (block === 2) set(at.BYTES_WRITTEN, 0)
  }
  return { steps, scratch: [{ from: hashes.ptr, to: hashes.ptr + 4 * (recordsMax + 1) }] }
}

/** IDS but the last, in a table so full that they meet one another. */
function placeIds(arena: Arena, words: Uint32Array, place: (bytes: Uint8Array, word: number) => number): void {
  const known = IDS.slice(0, -1).map(id => Buffer.from(id))
  place(Buffer.concat(known.flatMap(id => [id, Buffer.of(0xff)])), at.BYTES_IDS)
  const slotCount = known.length + 1
  const slots = arena.reserveU32(2 * slotCount)
  const bits = 32 - Math.clz32(known.length)
  let start = 0
  for (const [index, id] of known.entries()) {
    const h = idHash(id, 0, id.length)
    let slot = slotOf(h, slotCount)
    while (slots.view[2 * slot] !== 0) slot = (slot + 1) % slotCount
    slots.view.set([(index + 1) | (h << bits), start], 2 * slot)
    start += id.length + 1
  }
  words[at.BYTES_SLOTS] = slots.ptr
  words[at.BYTES_SLOT_COUNT] = slotCount
  words[at.BYTES_INDEX_BITS] = bits
}
