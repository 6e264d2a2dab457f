/**
 * Lines of output, in the order in which they are given:
 *
 *   {"input":<the record as it came>,"output":{"recommendedItems":["…",…],"scores":[0.0213344,…],"reasons":[[],…]},"error":null}
 *   {"input":<the record, or its text as a string>,"output":null,"error":"<what was wrong at which line>"}
 *
 * `scores` and `reasons` as the recipe has them. A score is the item's probability by the softmax over the whole catalogue, or over the
 * list that was to be ranked, as the shortest decimal that reads back to the model's float32 (`float32Text.ts`).
 */
import type { Vocabulary } from '../../datasets/vocabulary.ts'
import type { BatchDescription } from './description.ts'
import { FLOAT32_TEXT_BYTES_MAX, writeFloat32 } from './float32Text.ts'

/** Every item id as JSON, quotes included: item i is bytes [offsets[i], offsets[i + 1]). Shared by the threads. */
export interface ItemTexts {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
  readonly longest: number
}

export function encodeItems(items: Vocabulary): ItemTexts {
  const texts = Array.from({ length: items.size }, (_, index) => Buffer.from(JSON.stringify(items.idAt(index))))
  const total = texts.reduce((sum, text) => sum + text.length, 0)
  const bytes = new Uint8Array(new SharedArrayBuffer(total))
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (texts.length + 1)))
  let longest = 0
  for (let i = 0; i < texts.length; i++) {
    bytes.set(texts[i], offsets[i])
    offsets[i + 1] = offsets[i] + texts[i].length
    longest = Math.max(longest, texts[i].length)
  }
  return { bytes, offsets, longest }
}

const COMMA = 0x2c
const INPUT = Buffer.from('{"input":')
const OUTPUT = Buffer.from(',"output":{"recommendedItems":[')
const SCORES = Buffer.from('],"scores":[')
const REASONS = Buffer.from('],"reasons":[')
const NO_REASON = Buffer.from('[]')
const END = Buffer.from(']},"error":null}\n')
const FAULT = Buffer.from(',"output":null,"error":')
const FAULT_END = Buffer.from('}\n')

/** What every line takes beside its input and its items, generously. */
const FRAME_BYTES = 128
/** The first guess; a writer that has seen fuller blocks starts with more. */
const INITIAL_BYTES = 64 * 1024

export class AnswerWriter {
  readonly #items: ItemTexts
  readonly #recipe: Pick<BatchDescription['recipe'], 'scores' | 'reasons'>
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #length = 0

  constructor(items: ItemTexts, recipe: Pick<BatchDescription['recipe'], 'scores' | 'reasons'>) {
    this.#items = items
    this.#recipe = recipe
  }

  /**
   * The line of the record in bytes [start, end) of `source`; its items are [from, to) of `items` and `probabilities`, and after them, without
   * scores, the ids in `unknown`: JSON strings, a comma between two.
   */
  answer(
    source: Uint8Array,
    start: number,
    end: number,
    items: Int32Array,
    probabilities: Float32Array,
    from: number,
    to: number,
    unknown?: Uint8Array,
  ): void {
    const rest = (to - from) * (this.#items.longest + FLOAT32_TEXT_BYTES_MAX + 5) + (unknown?.length ?? 0)
    this.#beginLine(source, start, end, rest)
    this.#output(items, probabilities, from, to, unknown)
  }

  /** The line of a record whose answer is that of a line written before (`lastOutput`). */
  repeat(source: Uint8Array, start: number, end: number, output: Uint8Array): void {
    this.#beginLine(source, start, end, output.length)
    this.#copy(output, 0, output.length)
  }

  /** The line of a bad record; `echo` stands for the bytes where they are not JSON. */
  fault(source: Uint8Array, start: number, end: number, echo: string | undefined, fault: string): void {
    const sentence = Buffer.from(JSON.stringify(fault))
    if (echo === undefined) this.#beginLine(source, start, end, sentence.length)
    else {
      const text = Buffer.from(echo)
      this.#beginLine(text, 0, text.length, sentence.length)
    }
    this.#copy(FAULT, 0, FAULT.length)
    this.#copy(sentence, 0, sentence.length)
    this.#copy(FAULT_END, 0, FAULT_END.length)
  }

  /** The lines written since the last call, in memory of their own. */
  take(): Uint8Array {
    const lines = this.#buffer.subarray(0, this.#length)
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, Math.ceil(1.25 * this.#length)))
    this.#length = 0
    return lines
  }

  /** Everything after the input in an answer with these items: for `repeat`. */
  outputOf(items: Int32Array, probabilities: Float32Array, from: number, to: number): Uint8Array {
    const writer = new AnswerWriter(this.#items, this.#recipe)
    writer.answer(new Uint8Array(0), 0, 0, items, probabilities, from, to)
    return writer.take().subarray(INPUT.length)
  }

  #output(items: Int32Array, probabilities: Float32Array, from: number, to: number, unknown?: Uint8Array): void {
    this.#copy(OUTPUT, 0, OUTPUT.length)
    const { bytes, offsets } = this.#items
    for (let i = from; i < to; i++) {
      if (i > from) this.#buffer[this.#length++] = COMMA
      this.#copy(bytes, offsets[items[i]], offsets[items[i] + 1])
    }
    if (unknown !== undefined && unknown.length > 0) {
      if (to > from) this.#buffer[this.#length++] = COMMA
      this.#copy(unknown, 0, unknown.length)
    }
    if (this.#recipe.scores) {
      this.#copy(SCORES, 0, SCORES.length)
      for (let i = from; i < to; i++) {
        if (i > from) this.#buffer[this.#length++] = COMMA
        this.#length = writeFloat32(this.#buffer, this.#length, probabilities[i])
      }
    }
    if (this.#recipe.reasons) {
      this.#copy(REASONS, 0, REASONS.length)
      for (let i = from; i < to; i++) {
        if (i > from) this.#buffer[this.#length++] = COMMA
        this.#copy(NO_REASON, 0, NO_REASON.length)
      }
    }
    this.#copy(END, 0, END.length)
  }

  #beginLine(source: Uint8Array, start: number, end: number, restBytes: number): void {
    const needed = this.#length + end - start + restBytes + FRAME_BYTES
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length))
      grown.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = grown
    }
    this.#copy(INPUT, 0, INPUT.length)
    this.#copy(source, start, end)
  }

  /** Most pieces are a few bytes long, where a loop is faster than a call into the engine. */
  #copy(source: Uint8Array, start: number, end: number): void {
    const target = this.#buffer
    let at = this.#length
    for (let i = start; i < end; i++) target[at++] = source[i]
    this.#length = at
  }
}
