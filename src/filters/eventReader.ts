/**
 * What one user did, from codes that lie packed in memory or in a file (data.ts), unpacked by a kernel (assembly/codes.ts). One for each thread.
 *
 * Of a file a window is kept: as long as users come in its order it is read ahead, 256 KB at a time; in any other order each user's part alone,
 * a microsecond or two each.
 */
import { openSync, readSync } from 'node:fs'
import { type Arena, bytesReserved, createArena } from '../kernels/arena.ts'
import * as at from '../kernels/codeParameters.ts'
import { instantiate, type Kernels, kernelModule, sharedMemory } from '../kernels/load.ts'
import { packedWords, WORD_BITS, wordsOf } from '../lib/packedBits.ts'
import { Refusal } from '../lib/refusal.ts'
import type { CodeFile, UserEvents, Wanted } from './data.ts'

/** Words of a window that is read ahead. */
const WINDOW_WORDS = 2 ** 16
/** Unpacked at a time: hardly anybody did more. */
const CODES_AT_A_TIME = 4096

export class EventReader {
  readonly types: readonly string[]
  readonly #events: UserEvents
  readonly #window: Window | undefined
  readonly #unpacker: Unpacker
  /** Of somebody who did more than is unpacked at a time. */
  #rows = new Uint32Array(0)

  constructor(events: UserEvents) {
    this.types = events.types
    this.#events = events
    this.#unpacker = new Unpacker(events)
    this.#window = events.codes instanceof Uint32Array ? undefined : new Window(events.codes)
  }

  /** Rows of what the user did, of the types that are wanted; -1 is a stranger. What it answers is valid until the next call. */
  read(user: number, wanted: Wanted): Uint32Array {
    const { offsets, bits, codes, rowOf } = this.#events
    const known = user >= 0 && user < offsets.length - 1
    const from = known ? offsets[user] : 0
    const to = known ? offsets[user + 1] : 0
    if (codes instanceof Uint32Array && bits === WORD_BITS && this.types.length === 0 && rowOf === undefined)
      return codes.subarray(from, to)
    this.#unpacker.want(wanted)
    if (to - from <= CODES_AT_A_TIME) return this.#unpack(from, to)
    if (to - from > this.#rows.length) this.#rows = new Uint32Array(2 * (to - from))
    let kept = 0
    for (let first = from; first < to; first += CODES_AT_A_TIME) {
      const rows = this.#unpack(first, Math.min(first + CODES_AT_A_TIME, to))
      this.#rows.set(rows, kept)
      kept += rows.length
    }
    return this.#rows.subarray(0, kept)
  }

  #unpack(from: number, to: number): Uint32Array {
    const { codes } = this.#events
    const span = wordsOf(from, to, this.#events.bits)
    if (codes instanceof Uint32Array) return this.#unpacker.unpack(codes, 0, span, from, to - from)
    // Nobody's window moves for nothing.
    const { words, start } = from < to ? this.#window!.words(span) : NO_WORDS
    return this.#unpacker.unpack(words, start, span, from, to - from)
  }
}

const NO_WORDS = { words: new Uint32Array(0), start: 0 }

type Span = ReturnType<typeof wordsOf>

/** A kernel, and room for what it reads and writes. */
class Unpacker {
  readonly #bits: number
  readonly #kernels: Kernels
  readonly #params: number
  readonly #block: Uint32Array
  readonly #words: Uint32Array
  readonly #rows: Uint32Array
  readonly #flags: Uint8Array
  #wanted: Wanted | undefined

  constructor({ bits, typeBits, rowOf }: UserEvents) {
    this.#bits = bits
    const reserve = (arena: Arena) => ({
      block: arena.reserveU32(at.CODES_PARAMETERS),
      words: arena.reserveU32(packedWords(CODES_AT_A_TIME, bits) + 1),
      rows: arena.reserveU32(CODES_AT_A_TIME),
      flags: arena.reserveU8(2 ** typeBits),
      rowOf: arena.reserveI32(rowOf ? rowOf.length + 1 : 0),
    })
    const memory = sharedMemory(bytesReserved(reserve))
    const places = reserve(createArena(memory))
    this.#kernels = instantiate(kernelModule(), memory, 0)
    this.#params = places.block.ptr
    this.#block = places.block.view
    this.#words = places.words.view
    this.#rows = places.rows.view
    this.#flags = places.flags.view
    this.#block[at.CODES_WORDS] = places.words.ptr
    this.#block[at.CODES_BITS] = bits
    this.#block[at.CODES_TYPE_BITS] = typeBits
    this.#block[at.CODES_WANTED] = places.flags.ptr
    this.#block[at.CODES_ROWS] = places.rows.ptr
    if (rowOf === undefined) return
    places.rowOf.view.set(rowOf)
    places.rowOf.view[rowOf.length] = -1
    this.#block[at.CODES_ROW_OF] = places.rowOf.ptr
    this.#block[at.CODES_ROW_OF_COUNT] = rowOf.length
  }

  want(wanted: Wanted): void {
    if (wanted === this.#wanted) return
    // Where no types are told apart every code is of the first, whose flag is that of all.
    if (wanted === 'any') this.#flags.fill(1)
    else this.#flags.set(wanted.subarray(0, this.#flags.length))
    this.#wanted = wanted
  }

  /** The rows of `count` codes from code `from` on, as many as fit, that are wanted: words [first, end), of which `words` has those from word `start` on. Valid until the next call. */
  unpack(words: Uint32Array, start: number, { first, end }: Span, from: number, count: number): Uint32Array {
    // Most have few: a loop is faster than a call into the engine.
    for (let word = first; word < end; word++) this.#words[word - first] = words[word - start]
    this.#block[at.CODES_BIT] = from * this.#bits - first * WORD_BITS
    this.#block[at.CODES_COUNT] = count
    this.#kernels.unpackCodes(this.#params, 0)
    return this.#rows.subarray(0, this.#block[at.CODES_KEPT])
  }
}

class Window {
  readonly #file: CodeFile
  readonly #descriptor: number
  #words = new Uint32Array(WINDOW_WORDS)
  #start = 0
  #end = 0

  constructor(file: CodeFile) {
    this.#file = file
    this.#descriptor = openSync(file.path, 'r')
  }

  /** Words that hold [first, end), the first of which is word `start` of the file. */
  words({ first, end }: Span): { words: Uint32Array; start: number } {
    if (first < this.#start || end > this.#end) {
      const follows = first >= this.#start && first <= this.#end + WINDOW_WORDS
      this.#fill(first, Math.min(follows ? Math.max(end, first + WINDOW_WORDS) : end, this.#file.words))
    }
    return { words: this.#words, start: this.#start }
  }

  #fill(first: number, end: number): void {
    if (end - first > this.#words.length) this.#words = new Uint32Array(end - first)
    const bytes = new Uint8Array(this.#words.buffer, 0, 4 * (end - first))
    for (let filled = 0; filled < bytes.length; ) {
      const position = this.#file.start + 4 * first + filled
      const got = readSync(this.#descriptor, bytes, filled, bytes.length - filled, position)
      if (got === 0) throw new Refusal('The file of what users did ends before their last event.')
      filled += got
    }
    this.#start = first
    this.#end = end
  }
}
