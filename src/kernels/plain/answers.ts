/** The plain twin of assembly/answers.ts; and the same without a value that it cannot write. */
import * as at from '../byteParameters.ts'
import { float32Text, writeFloat32 } from './float32Text.ts'
import type { PlainKernel, PlainMemory } from './memory.ts'

const COMMA = 0x2c
const NO_REASON = Buffer.from('[],\0')

/** The place after the text; 0: this one cannot tell. */
type FloatWriter = (target: Uint8Array, at: number, value: number) => number

export const writeAnswers: PlainKernel = (memory, params) => write(memory, params, writeFloat32)

/** Never gives up: for the records at which `writeAnswers` does. */
export const writeAnswersExactly: PlainKernel = (memory, params) =>
  write(memory, params, (target, place, value) => {
    const text = float32Text(value)
    for (let i = 0; i < text.length; i++) target[place + i] = text.charCodeAt(i)
    return place + text.length
  })

function write(memory: PlainMemory, params: number, writeFloat: FloatWriter): void {
  const { u8, u32 } = memory
  const words = u32.subarray(params / 4, params / 4 + at.BYTES_WORDS)
  const end = words[at.BYTES_OUTPUT] + words[at.BYTES_OUTPUT_SIZE]
  let i = words[at.BYTES_FROM]
  let out = words[at.BYTES_OUTPUT] + words[at.BYTES_WRITTEN]
  words[at.BYTES_STUCK] = 0
  for (; i < words[at.BYTES_TO]; i++) {
    const record = u32.subarray(words[at.BYTES_RECORDS] / 4 + i * at.RECORD_WORDS)
    const answer = record[at.RECORD_ANSWER]
    if (answer === at.ANSWER_NONE) break
    const length = record[at.RECORD_END] - record[at.RECORD_START]
    const count = record[at.RECORD_COUNT]
    const room = answer === at.ANSWER_COPY ? count : count * words[at.BYTES_ITEM_ROOM]
    if (out + at.FRAME_BYTES + length + room > end) break
    let to = piece(u8, words, out, at.FRAME_INPUT)
    to = copy(u8, to, words[at.BYTES_INPUT] + record[at.RECORD_START], length)
    if (answer === at.ANSWER_COPY) to = copy(u8, to, record[at.RECORD_FROM], count)
    else to = list(memory, words, to, record, writeFloat)
    if (to === 0) {
      words[at.BYTES_STUCK] = 1
      break
    }
    out = to
  }
  words[at.BYTES_FROM] = i
  words[at.BYTES_WRITTEN] = out - words[at.BYTES_OUTPUT]
}

/** Whole vectors, as the kernel copies them, front to back. */
function copy(u8: Uint8Array, to: number, from: number, length: number): number {
  u8.copyWithin(to, from, from + 16 * Math.ceil(length / 16))
  return to + length
}

function piece(u8: Uint8Array, words: Uint32Array, to: number, which: number): number {
  const from = words[at.BYTES_FRAME] + which * at.FRAME_PIECE_BYTES
  u8.copyWithin(to, from, from + at.FRAME_PIECE_BYTES)
  return to + u8[from + at.FRAME_PIECE_BYTES - 1]
}

function itemText({ u8, u32 }: PlainMemory, words: Uint32Array, to: number, slot: number): number {
  const length = u8[slot + at.ITEM_TEXT_BYTES - 1]
  if (length !== at.LONG_TEXT) {
    copy(u8, to, slot, 1)
    return to + length
  }
  return copy(u8, to, words[at.BYTES_LONG_TEXTS] + u32[slot / 4], u32[slot / 4 + 1])
}

function list(memory: PlainMemory, words: Uint32Array, from: number, record: Uint32Array, writeFloat: FloatWriter) {
  const { u8, u32, f32 } = memory
  const inPlaces = record[at.RECORD_ANSWER] === at.ANSWER_PLACES
  const [texts, stride] = inPlaces
    ? [words[at.BYTES_PLACES], at.PLACE_BYTES]
    : [words[at.BYTES_ITEM_TEXTS], at.ITEM_TEXT_BYTES]
  const first = record[at.RECORD_FROM]
  const count = record[at.RECORD_COUNT]
  const chosen = u32.subarray(words[at.BYTES_ITEMS] / 4 + first).subarray(0, count)
  const scores = f32.subarray(words[at.BYTES_SCORES] / 4 + first).subarray(0, count)
  const dropComma = (place: number) => (count > 0 ? place - 1 : place)

  let to = piece(u8, words, from, at.FRAME_OUTPUT)
  for (const item of chosen) to = itemText(memory, words, to, texts + item * stride)
  to = dropComma(to)
  if (words[at.BYTES_HAS_SCORES] === 1) {
    to = piece(u8, words, to, at.FRAME_SCORES)
    for (let i = 0; i < count; i++) {
      if (inPlaces) {
        const text = texts + chosen[i] * stride + at.PLACE_SCORE
        copy(u8, to, text, 32)
        to += u8[text + 31]
        continue
      }
      to = writeFloat(u8, to, scores[i])
      if (to === 0) return 0
      u8[to++] = COMMA
    }
    to = dropComma(to)
  }
  if (words[at.BYTES_HAS_REASONS] === 1) {
    to = piece(u8, words, to, at.FRAME_REASONS)
    for (let i = 0; i < count; i++) {
      u8.set(NO_REASON, to)
      to += 3
    }
    to = dropComma(to)
  }
  return piece(u8, words, to, at.FRAME_END)
}
