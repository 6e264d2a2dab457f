/** Lines of output (jobs/batchInference/answers.ts says what they look like), written one after the other. */
import {
  ANSWER_COPY,
  ANSWER_LIST,
  ANSWER_NONE,
  BYTES_FRAME,
  BYTES_FROM,
  BYTES_HAS_REASONS,
  BYTES_HAS_SCORES,
  BYTES_INPUT,
  BYTES_ITEM_ROOM,
  BYTES_ITEM_TEXTS,
  BYTES_ITEMS,
  BYTES_LONG_TEXTS,
  BYTES_OUTPUT,
  BYTES_OUTPUT_SIZE,
  BYTES_PLACES,
  BYTES_RECORDS,
  BYTES_SCORES,
  BYTES_STUCK,
  BYTES_TO,
  BYTES_WRITTEN,
  FRAME_BYTES,
  FRAME_END,
  FRAME_INPUT,
  FRAME_OUTPUT,
  FRAME_PIECE_BYTES,
  FRAME_REASONS,
  FRAME_SCORES,
  ITEM_TEXT_BYTES,
  LONG_TEXT,
  PLACE_BYTES,
  PLACE_SCORE,
  RECORD_WORDS,
} from '../src/kernels/byteParameters'
import { writeFloats } from './floatText'
import { setWord, word } from './words'

/** Writes records [FROM, TO) until one has no answer, does not fit, or has a score that cannot be decided here. */
export function writeAnswers(params: usize, _task: i32): void {
  const input = <usize>word(params, BYTES_INPUT)
  const output = <usize>word(params, BYTES_OUTPUT)
  const frame = <usize>word(params, BYTES_FRAME)
  const end = output + word(params, BYTES_OUTPUT_SIZE)
  const itemRoom = <usize>word(params, BYTES_ITEM_ROOM)
  const to = word(params, BYTES_TO)
  let i = word(params, BYTES_FROM)
  let out = output + word(params, BYTES_WRITTEN)
  let record = <usize>word(params, BYTES_RECORDS) + <usize>i * RECORD_WORDS * 4
  setWord(params, BYTES_STUCK, 0)
  for (; i < to; i++, record += RECORD_WORDS * 4) {
    const answer = load<u32>(record, 16)
    if (answer == ANSWER_NONE) break
    const start = load<u32>(record)
    const length = <usize>(load<u32>(record, 4) - start)
    const from = <usize>load<u32>(record, 20)
    const count = <usize>load<u32>(record, 24)
    if (out + FRAME_BYTES + length + (answer == ANSWER_COPY ? count : count * itemRoom) > end) break
    let at = piece(out, frame, FRAME_INPUT)
    copy(at, input + start, length)
    at += length
    if (answer == ANSWER_COPY) {
      copy(at, from, count)
      at += count
    } else if (answer == ANSWER_LIST) at = list(params, at, frame, from, count)
    else at = places(params, at, frame, from, count)
    if (at == 0) {
      setWord(params, BYTES_STUCK, 1)
      break
    }
    out = at
  }
  setWord(params, BYTES_FROM, i)
  setWord(params, BYTES_WRITTEN, <u32>(out - output))
}

/** Whole vectors: what is beyond belongs to nobody yet. */
@inline
function copy(to: usize, from: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at))
}

@inline
function piece(to: usize, frame: usize, which: usize): usize {
  const from = frame + which * FRAME_PIECE_BYTES
  v128.store(to, v128.load(from))
  v128.store(to, v128.load(from, 16), 16)
  v128.store(to, v128.load(from, 32), 32)
  return to + load<u8>(from, FRAME_PIECE_BYTES - 1)
}

/** The text of an item and a comma. */
@inline
function itemText(to: usize, slot: usize, long: usize): usize {
  const length = <usize>load<u8>(slot, ITEM_TEXT_BYTES - 1)
  if (length == LONG_TEXT) {
    const size = <usize>load<u32>(slot, 4)
    copy(to, long + load<u32>(slot), size)
    return to + size
  }
  v128.store(to, v128.load(slot))
  return to + length
}

/** Everything after the input; 0 when a score cannot be decided. */
function list(params: usize, to: usize, frame: usize, from: usize, count: usize): usize {
  const items = <usize>word(params, BYTES_ITEMS) + (from << 2)
  const texts = <usize>word(params, BYTES_ITEM_TEXTS)
  const long = <usize>word(params, BYTES_LONG_TEXTS)
  const size = count << 2
  let at = piece(to, frame, FRAME_OUTPUT)
  for (let i: usize = 0; i < size; i += 4) at = itemText(at, texts + <usize>load<u32>(items + i) * ITEM_TEXT_BYTES, long)
  if (count > 0) at--
  if (word(params, BYTES_HAS_SCORES)) {
    const scores = <usize>word(params, BYTES_SCORES) + (from << 2)
    at = piece(at, frame, FRAME_SCORES)
    at = writeFloats(params, at, scores, count)
    if (at == 0) return 0
    if (count > 0) at--
  }
  return finish(params, at, frame, count)
}

/** As `list`, of places of the prior order. */
function places(params: usize, to: usize, frame: usize, from: usize, count: usize): usize {
  const chosen = <usize>word(params, BYTES_ITEMS) + (from << 2)
  const texts = <usize>word(params, BYTES_PLACES)
  const long = <usize>word(params, BYTES_LONG_TEXTS)
  const size = count << 2
  let at = piece(to, frame, FRAME_OUTPUT)
  for (let i: usize = 0; i < size; i += 4) at = itemText(at, texts + <usize>load<u32>(chosen + i) * PLACE_BYTES, long)
  if (count > 0) at--
  if (word(params, BYTES_HAS_SCORES)) {
    at = piece(at, frame, FRAME_SCORES)
    for (let i: usize = 0; i < size; i += 4) {
      const text = texts + <usize>load<u32>(chosen + i) * PLACE_BYTES + PLACE_SCORE
      v128.store(at, v128.load(text))
      v128.store(at, v128.load(text, 16), 16)
      at += load<u8>(text, 31)
    }
    if (count > 0) at--
  }
  return finish(params, at, frame, count)
}

function finish(params: usize, to: usize, frame: usize, count: usize): usize {
  let at = to
  if (word(params, BYTES_HAS_REASONS)) {
    at = piece(at, frame, FRAME_REASONS)
    for (let i: usize = 0; i < count; i++) {
      store<u32>(at, 0x002c5d5b) // [],
      at += 3
    }
    if (count > 0) at--
  }
  return piece(at, frame, FRAME_END)
}
