/**
 * Bytes of input in, blocks of records to answer, bytes of output out, on the calling thread: the kernels of the byte path over the memory
 * of placeBytes.ts. The input comes through a window; what is written stays until it is taken.
 */

import { indexBits, Vocabulary } from '../../datasets/vocabulary.ts'
import * as at from '../../kernels/byteParameters.ts'
import { instantiate, type Kernels } from '../../kernels/load.ts'
import { writeAnswersExactly } from '../../kernels/plain/answers.ts'
import { float32Text } from '../../kernels/plain/float32Text.ts'
import { plainMemory, roundedMadd } from '../../kernels/plain/memory.ts'
import { assert } from '../../lib/assert.ts'
import { COPIED_BYTES, LINE_BYTES_MAX, PLACES_MAX } from './limits.ts'
import type { ItemTexts, PlacedBytes, PlacedSlot } from './placeBytes.ts'

/** Reads what comes next into `target` and answers how many bytes that were: 0 at the end. */
export type Fill = (target: Buffer) => number | Promise<number>

/** An output in the memory: from `,"output":` to the line end. */
export interface CopiedOutput {
  readonly from: number
  readonly count: number
}

const LF = 0x0a

export class ByteBlocks {
  /** Records of a block, at most. */
  readonly blockRecords: number
  /** Row i says where record i of the block lies and how it is answered: RECORD_WORDS words. */
  readonly records: Uint32Array
  /** Lists of items, and of scores, that records are answered with. */
  readonly items: Int32Array
  readonly scores: Float32Array
  /** Of each record of the block the index of its id in each table; after `find`. */
  readonly found: readonly Int32Array[]
  readonly tables: readonly Vocabulary[]
  readonly #kernels: Kernels
  readonly #params: number
  readonly #words: Uint32Array
  readonly #bytes: Buffer
  readonly #input: Buffer
  readonly #output: number
  readonly #copies: number
  readonly #placed: PlacedBytes
  readonly #slot: PlacedSlot
  #copied = 0

  constructor(placed: PlacedBytes, slot: number) {
    const { memory, module, k, blockRecords } = placed
    this.blockRecords = blockRecords
    const { buffer } = memory
    this.#placed = placed
    this.#slot = placed.slots[slot]
    assert(this.#slot !== undefined, 'a thread has a place')
    this.#kernels = instantiate(module, memory, slot)
    this.#params = this.#slot.params
    this.#copies = this.#slot.copies
    this.#words = new Uint32Array(buffer, this.#params, at.BYTES_WORDS)
    this.#bytes = Buffer.from(buffer)
    this.#input = this.#bytes.subarray(this.#words[at.BYTES_INPUT], this.#words[at.BYTES_INPUT] + placed.windowBytes)
    this.#output = this.#words[at.BYTES_OUTPUT]
    this.records = new Uint32Array(buffer, this.#words[at.BYTES_RECORDS], blockRecords * at.RECORD_WORDS)
    this.items = new Int32Array(buffer, this.#words[at.BYTES_ITEMS], blockRecords * k)
    this.scores = new Float32Array(buffer, this.#words[at.BYTES_SCORES], blockRecords * k)
    this.found = this.#slot.found.map(ptr => new Int32Array(buffer, ptr, blockRecords))
    this.tables = placed.tables.map(({ tensors }) => Vocabulary.fromTensors(tensors))
    this.#words[at.BYTES_WRITTEN] = 0
  }

  /** The number of records in `records`, block after block; of lines from number `firstLine` on. */
  async *blocks(fill: Fill, firstLine: number): AsyncGenerator<number> {
    const words = this.#words
    const input = this.#input
    words[at.BYTES_LINE] = firstLine
    words[at.BYTES_AT] = words[at.BYTES_FILLED] = words[at.BYTES_LAST] = 0
    for (;;) {
      this.#kernels.scanLines(this.#params, 0)
      const count = words[at.BYTES_RECORD_COUNT]
      if (count > 0) yield count
      if (count > 0) continue
      if (words[at.BYTES_LAST] === 1) return
      const rest = words[at.BYTES_FILLED] - words[at.BYTES_AT]
      input.copyWithin(0, words[at.BYTES_AT], words[at.BYTES_FILLED])
      words[at.BYTES_AT] = 0
      words[at.BYTES_FILLED] = rest
      if (rest === input.length) {
        this.records.fill(0, 0, at.RECORD_WORDS)
        this.records[at.RECORD_END] = LINE_BYTES_MAX + 1
        this.records[at.RECORD_LINE] = words[at.BYTES_LINE]
        yield 1
        await this.#skipLine(fill)
        continue
      }
      const more = fill(input.subarray(rest))
      const read = typeof more === 'number' ? more : await more
      words[at.BYTES_FILLED] += read
      if (read === 0) words[at.BYTES_LAST] = 1
    }
  }

  /** To the beginning of the next line. */
  async #skipLine(fill: Fill): Promise<void> {
    const words = this.#words
    words[at.BYTES_LINE]++
    words[at.BYTES_AT] = words[at.BYTES_FILLED] = 0
    for (;;) {
      const read = await fill(this.#input)
      const feed = this.#input.subarray(0, read).indexOf(LF)
      if (feed !== -1) {
        words[at.BYTES_AT] = feed + 1
        words[at.BYTES_FILLED] = read
        return
      }
      if (read === 0) {
        words[at.BYTES_LAST] = 1
        return
      }
    }
  }

  /** Looks up the ids of the block's plain records in every table. */
  find(): void {
    const words = this.#words
    for (const [i, { tensors, ids, slots }] of this.#placed.tables.entries()) {
      words[at.BYTES_IDS] = ids
      words[at.BYTES_SLOTS] = slots
      words[at.BYTES_SLOT_COUNT] = tensors.slots.length / 2
      words[at.BYTES_INDEX_BITS] = indexBits(tensors.offsets.length - 1)
      words[at.BYTES_FOUND] = this.#slot.found[i]
      this.#kernels.findIds(this.#params, 0)
    }
  }

  /** A copy of bytes [start, end) of the input. */
  inputOf(start: number, end: number): Buffer {
    return Buffer.from(this.#input.subarray(start, end))
  }

  /** Record `record` is answered so; RECORD_FROM and RECORD_COUNT say with what. */
  answer(record: number, answer: number, from: number, count: number): void {
    const row = record * at.RECORD_WORDS
    this.records[row + at.RECORD_ANSWER] = answer
    this.records[row + at.RECORD_FROM] = from
    this.records[row + at.RECORD_COUNT] = count
  }

  /** Writes records [from, to) up to the first without an answer or without room, and says which that is. */
  write(from: number, to: number): number {
    const words = this.#words
    words[at.BYTES_FROM] = from
    for (;;) {
      words[at.BYTES_TO] = to
      this.#kernels.writeAnswers(this.#params, 0)
      if (words[at.BYTES_STUCK] === 0) return words[at.BYTES_FROM]
      words[at.BYTES_TO] = words[at.BYTES_FROM] + 1
      writeAnswersExactly(plainMemory(this.#placed.memory.buffer, roundedMadd), this.#params, 0)
    }
  }

  /** Writes bytes as they are; false where there is no room. */
  append(bytes: Uint8Array): boolean {
    const written = this.#words[at.BYTES_WRITTEN]
    if (bytes.length > this.#words[at.BYTES_OUTPUT_SIZE] - written) return false
    this.#bytes.set(bytes, this.#output + written)
    this.#words[at.BYTES_WRITTEN] += bytes.length
    return true
  }

  /** Whether half of the room for output is left: more than any line takes. */
  get roomy(): boolean {
    return this.#words[at.BYTES_WRITTEN] <= this.#words[at.BYTES_OUTPUT_SIZE] / 2
  }

  /** What was written since the last call. Valid until something is written again. */
  take(): Buffer {
    const written = this.#bytes.subarray(this.#output, this.#output + this.#words[at.BYTES_WRITTEN])
    this.#words[at.BYTES_WRITTEN] = 0
    return written
  }

  /** Keeps an output with these items, for ANSWER_COPY; undefined when there is no room for it. Before a record is answered, and when roomy. */
  keepOutput(items: Int32Array, scores: Float32Array): CopiedOutput | undefined {
    const written = this.#words[at.BYTES_WRITTEN]
    const [row, list] = [this.records.slice(0, at.RECORD_WORDS), this.items.slice(0, items.length)]
    const listScores = this.scores.slice(0, items.length)
    this.records.fill(0, 0, at.RECORD_WORDS)
    this.items.set(items)
    this.scores.set(scores)
    this.answer(0, at.ANSWER_LIST, 0, items.length)
    const wrote = this.write(0, 1)
    assert(wrote === 1, 'a line fits where it is roomy')
    this.records.set(row)
    this.items.set(list)
    this.scores.set(listScores)
    const from = this.#output + written + INPUT_TEXT_BYTES
    const count = this.#output + this.#words[at.BYTES_WRITTEN] - from
    this.#words[at.BYTES_WRITTEN] = written
    if (this.#copied + count > COPIED_BYTES) return undefined
    const to = this.#copies + this.#copied
    this.#bytes.copyWithin(to, from, from + count)
    this.#copied += count
    return { from: to, count }
  }

  /** Forgets every output that was kept. */
  forgetOutputs(): void {
    this.#copied = 0
  }

  /** The texts of the best places of the prior order, for ANSWER_PLACES; how many places have one. */
  placeTexts(items: Int32Array, scores: Float32Array): number {
    const count = Math.min(items.length, PLACES_MAX)
    const base = this.#words[at.BYTES_PLACES]
    for (let place = 0; place < count; place++) {
      const slot = this.#bytes.subarray(base + place * at.PLACE_BYTES, base + (place + 1) * at.PLACE_BYTES)
      slot.set(itemSlot(this.#placed.texts, items[place]))
      const text = `${float32Text(scores[place])},`
      slot.write(text, at.PLACE_SCORE, 'latin1')
      slot[at.PLACE_BYTES - 1] = text.length
    }
    return count
  }
}

const INPUT_TEXT_BYTES = '{"input":'.length

const itemSlot = ({ slots }: ItemTexts, item: number): Uint8Array =>
  slots.subarray(item * at.ITEM_TEXT_BYTES, (item + 1) * at.ITEM_TEXT_BYTES)
