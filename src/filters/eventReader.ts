/**
 * What one user did, from codes that lie packed in memory or in a file (data.ts). One for each thread.
 *
 * Of a file a window is kept: as long as users come in its order it is read ahead, 256 KB at a time; in any other order each user's part alone,
 * a microsecond or two each.
 */
import { openSync, readSync } from 'node:fs'
import { unpackBits, WORD_BITS, wordsOf } from '../lib/packedBits.ts'
import { Refusal } from '../lib/refusal.ts'
import type { CodeFile, UserEvents } from './data.ts'

/** Words of a window that is read ahead. */
const WINDOW_WORDS = 2 ** 16

export class EventReader {
  readonly types: readonly string[]
  /** Of the user that was read last: the rows of events, and an index of `types` for each, where there are types. */
  rows: Uint32Array = new Uint32Array(0)
  typeOf: Uint32Array = new Uint32Array(0)
  readonly #events: UserEvents
  readonly #window: Window | undefined
  #codes = new Uint32Array(256)
  #types = new Uint32Array(0)

  constructor(events: UserEvents) {
    this.types = events.types
    this.#events = events
    this.#window = events.codes instanceof Uint32Array ? undefined : new Window(events.codes)
  }

  /** -1 is a stranger. What it finds is valid until the next call. */
  read(user: number): void {
    const { types, offsets, bits, codes, rowOf } = this.#events
    const known = user >= 0 && user < offsets.length - 1
    const from = known ? offsets[user] : 0
    const to = known ? offsets[user + 1] : 0
    if (codes instanceof Uint32Array && bits === WORD_BITS && types.length === 0 && rowOf === undefined) {
      this.rows = codes.subarray(from, to)
      return
    }
    if (to - from > this.#codes.length) this.#codes = new Uint32Array(2 * (to - from))
    if (codes instanceof Uint32Array) unpackBits(codes, bits, from * bits, this.#codes, 0, to - from)
    else if (to > from) {
      const { first, end } = wordsOf(from, to, bits)
      const { words, start } = this.#window!.words(first, end)
      unpackBits(words, bits, from * bits - WORD_BITS * start, this.#codes, 0, to - from)
    }
    this.#takeApart(to - from)
  }

  /** Codes become rows, in their place. */
  #takeApart(count: number): void {
    const { types, typeBits, rowOf } = this.#events
    const codes = this.#codes
    const typed = types.length > 0
    if (typed && this.#types.length < codes.length) this.#types = new Uint32Array(codes.length)
    const typeMask = 2 ** typeBits - 1
    let kept = 0
    for (let i = 0; i < count; i++) {
      const code = codes[i]
      const row = rowOf === undefined ? code >>> typeBits : rowOf[code >>> typeBits]
      // An item beyond the table is none: undefined.
      if (!(row >= 0)) continue
      if (typed) this.#types[kept] = code & typeMask
      codes[kept++] = row
    }
    this.rows = codes.subarray(0, kept)
    this.typeOf = this.#types.subarray(0, typed ? kept : 0)
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

  /** Words that hold [first, end) and the one after, where there is one, the first of which is word `start` of the file. */
  words(first: number, end: number): { words: Uint32Array; start: number } {
    const wanted = Math.min(end + 1, this.#file.words)
    if (first < this.#start || wanted > this.#end) {
      const follows = first >= this.#start && first <= this.#end + WINDOW_WORDS
      this.#fill(first, Math.min(follows ? Math.max(wanted, first + WINDOW_WORDS) : wanted, this.#file.words))
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
