/**
 * What users did, from codes that lie packed in memory or in a file (data.ts), unpacked by a kernel (assembly/codes.ts). One for each thread.
 *
 * Of a file a window is kept: as long as users come in its order it is read ahead, 256 KB at a time; in any other order each user's part alone,
 * a microsecond or two each.
 */
import { openSync, readSync } from 'node:fs'
import { type Arena, bytesReserved, createArena } from '../kernels/arena.ts'
import * as at from '../kernels/codeParameters.ts'
import { growingMemory, growTo, instantiate, type Kernels, kernelModule } from '../kernels/load.ts'
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
  readonly #one = new Int32Array(1)
  #offsets = new Uint32Array(2)

  constructor(events: UserEvents) {
    this.types = events.types
    this.#events = events
    this.#unpacker = new Unpacker(events)
    this.#window = events.codes instanceof Uint32Array ? undefined : new Window(events.codes)
  }

  /** Events of the user, of whatever type; -1 is a stranger. */
  count(user: number): number {
    const { offsets } = this.#events
    return user >= 0 && user < offsets.length - 1 ? offsets[user + 1] - offsets[user] : 0
  }

  /** Rows of what the user did, of the types that are wanted. Valid until the next call. */
  read(user: number, wanted: Wanted): Int32Array {
    this.#one[0] = user
    return this.gather(this.#one, [wanted], 1).items
  }

  /** The same of users [0, count), each by types of their own: list q is items[offsets[q] … offsets[q + 1]). Valid until the next call. */
  gather(
    users: Int32Array,
    wanted: readonly (Wanted | undefined)[],
    count: number,
  ): { offsets: Uint32Array; items: Int32Array } {
    let most = 0
    for (let q = 0; q < count; q++) most += this.count(users[q])
    this.#unpacker.begin(most)
    if (count >= this.#offsets.length) this.#offsets = new Uint32Array(2 * count + 1)
    for (let q = 0; q < count; q++) {
      const types = wanted[q]
      if (types !== undefined && this.count(users[q]) > 0) {
        this.#unpacker.want(types)
        this.#unpack(users[q])
      }
      this.#offsets[q + 1] = this.#unpacker.count
    }
    return { offsets: this.#offsets, items: this.#unpacker.rows() }
  }

  #unpack(user: number): void {
    const { offsets, bits, codes } = this.#events
    const to = offsets[user + 1]
    for (let first = offsets[user]; first < to; first += CODES_AT_A_TIME) {
      const end = Math.min(first + CODES_AT_A_TIME, to)
      const span = wordsOf(first, end, bits)
      if (codes instanceof Uint32Array) this.#unpacker.unpack(codes, 0, span, first, end - first)
      else {
        const { words, start } = this.#window!.words(span)
        this.#unpacker.unpack(words, start, span, first, end - first)
      }
    }
  }
}

type Span = ReturnType<typeof wordsOf>

/** A kernel, and room for what it reads and writes. */
class Unpacker {
  readonly #bits: number
  readonly #memory = growingMemory()
  readonly #kernels: Kernels
  readonly #params: number
  readonly #block: Uint32Array
  readonly #words: Uint32Array
  readonly #flags: Uint8Array
  /** Where rows lie: behind all the rest, so that there can be more of them. */
  readonly #from: number
  #room: Int32Array
  #wanted: Wanted | undefined
  /** Rows since `begin`. */
  count = 0

  constructor({ bits, typeBits, rowOf }: UserEvents) {
    this.#bits = bits
    const reserve = (arena: Arena) => ({
      block: arena.reserveU32(at.CODES_PARAMETERS),
      words: arena.reserveU32(packedWords(CODES_AT_A_TIME, bits) + 1),
      flags: arena.reserveU8(2 ** typeBits),
      rowOf: arena.reserveI32(rowOf ? rowOf.length + 1 : 0),
      rows: arena.reserveI32(CODES_AT_A_TIME),
    })
    growTo(this.#memory, bytesReserved(reserve))
    const places = reserve(createArena(this.#memory))
    this.#kernels = instantiate(kernelModule(), this.#memory, 0)
    this.#params = places.block.ptr
    this.#block = places.block.view
    this.#words = places.words.view
    this.#flags = places.flags.view
    this.#from = places.rows.ptr
    this.#room = places.rows.view
    this.#block[at.CODES_WORDS] = places.words.ptr
    this.#block[at.CODES_BITS] = bits
    this.#block[at.CODES_TYPE_BITS] = typeBits
    this.#block[at.CODES_WANTED] = places.flags.ptr
    if (rowOf === undefined) return
    places.rowOf.view.set(rowOf)
    places.rowOf.view[rowOf.length] = -1
    this.#block[at.CODES_ROW_OF] = places.rowOf.ptr
    this.#block[at.CODES_ROW_OF_COUNT] = rowOf.length
  }

  /** No rows yet; there will be `most` at most. */
  begin(most: number): void {
    this.count = 0
    if (most <= this.#room.length) return
    growTo(this.#memory, this.#from + 8 * most)
    this.#room = new Int32Array(this.#memory.buffer, this.#from, 2 * most)
  }

  want(wanted: Wanted): void {
    if (wanted === this.#wanted) return
    // Where no types are told apart every code is of the first, whose flag is that of all.
    if (wanted === 'any') this.#flags.fill(1)
    else this.#flags.set(wanted.subarray(0, this.#flags.length))
    this.#wanted = wanted
  }

  /** Adds the rows of `count` codes from code `from` on, as many as fit, that are wanted: words [first, end), of which `words` has those from word `start` on. */
  unpack(words: Uint32Array, start: number, { first, end }: Span, from: number, count: number): void {
    // Most have few: a loop is faster than a call into the engine.
    for (let word = first; word < end; word++) this.#words[word - first] = words[word - start]
    this.#block[at.CODES_BIT] = from * this.#bits - first * WORD_BITS
    this.#block[at.CODES_COUNT] = count
    this.#block[at.CODES_ROWS] = this.#from + 4 * this.count
    this.#kernels.unpackCodes(this.#params, 0)
    this.count += this.#block[at.CODES_KEPT]
  }

  /** All of them. Valid until the next `begin`. */
  rows(): Int32Array {
    return this.#room.subarray(0, this.count)
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
