/**
 * What one user did, from codes that lie packed in memory or in a file (data.ts). One for each thread.
 *
 * Of a file a window is kept: as long as users come in its order it is read ahead, 256 KB at a time; in any other order each user's part alone,
 * a microsecond or two each.
 */
import { openSync, readSync } from 'node:fs'
import { WORD_BITS, wordsOf } from '../lib/packedBits.ts'
import { Refusal } from '../lib/refusal.ts'
import type { CodeFile, UserEvents, Wanted } from './data.ts'

/** Words of a window that is read ahead. */
const WINDOW_WORDS = 2 ** 16

export class EventReader {
  readonly types: readonly string[]
  readonly #events: UserEvents
  readonly #window: Window | undefined
  readonly #all: Uint8Array
  #rows = new Uint32Array(256)

  constructor(events: UserEvents) {
    this.types = events.types
    this.#events = events
    this.#all = new Uint8Array(2 ** events.typeBits).fill(1)
    this.#window = events.codes instanceof Uint32Array ? undefined : new Window(events.codes)
  }

  /** Rows of what the user did, of the types that are wanted; -1 is a stranger. What it answers is valid until the next call. */
  read(user: number, wanted: Wanted): Uint32Array {
    const { offsets, bits, typeBits, codes, rowOf } = this.#events
    const known = user >= 0 && user < offsets.length - 1
    const from = known ? offsets[user] : 0
    const to = known ? offsets[user + 1] : 0
    if (codes instanceof Uint32Array && bits === WORD_BITS && this.types.length === 0 && rowOf === undefined)
      return codes.subarray(from, to)
    if (to - from > this.#rows.length) this.#rows = new Uint32Array(2 * (to - from))
    // Where no types are told apart every code is of the first, whose flag is that of all.
    const pick = { bits, typeBits, wanted: wanted === 'any' ? this.#all : wanted, rowOf }
    let kept = 0
    if (codes instanceof Uint32Array) kept = rowsOf(codes, from * bits, to - from, pick, this.#rows)
    else if (to > from) {
      const { first, end } = wordsOf(from, to, bits)
      const { words, start } = this.#window!.words(first, end)
      kept = rowsOf(words, from * bits - WORD_BITS * start, to - from, pick, this.#rows)
    }
    return this.#rows.subarray(0, kept)
  }
}

interface Pick {
  readonly bits: number
  readonly typeBits: number
  readonly wanted: Uint8Array
  readonly rowOf: Int32Array | undefined
}

/**
 * The rows of those of `count` codes, the first of which begins at bit `at` of `words`, that are wanted, to `rows`; how many. As lib/packedBits.ts reads
 * them, in one pass and without a branch that cannot be foretold: of a record whose ranking takes ten microseconds this was one.
 */
function rowsOf(
  words: Uint32Array,
  at: number,
  count: number,
  { bits, typeBits, wanted, rowOf }: Pick,
  rows: Uint32Array,
): number {
  const mask = -1 >>> (WORD_BITS - bits)
  const typeMask = (1 << typeBits) - 1
  let word = Math.floor(at / WORD_BITS)
  let shift = at % WORD_BITS
  let kept = 0
  for (let i = 0; i < count; i++) {
    let code = words[word] >>> shift
    shift += bits
    if (shift >= WORD_BITS) {
      shift -= WORD_BITS
      word++
      if (shift > 0) code |= words[word] << (bits - shift)
    }
    code &= mask
    let row = code >>> typeBits
    if (rowOf !== undefined) {
      // An item beyond the table is none.
      if (row >= rowOf.length || rowOf[row] < 0) continue
      row = rowOf[row]
    }
    rows[kept] = row
    kept += wanted[code & typeMask]
  }
  return kept
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
