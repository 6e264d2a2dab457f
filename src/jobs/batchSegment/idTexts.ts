/** The ids of many users as JSON, in pieces: kernels write them from where they were loaded (assembly/idTexts.ts). */
import type { Vocabulary } from '../../datasets/vocabulary.ts'
import { createArena } from '../../kernels/arena.ts'
import { BYTES_SLACK } from '../../kernels/byteParameters.ts'
import { growTo, instantiate, type Kernels, kernelModule } from '../../kernels/load.ts'
import * as at from '../../kernels/userParameters.ts'
import { assert } from '../../lib/assert.ts'
import type { IdRoom } from '../batchInference/idRoom.ts'

/** Users whose rows are handed over at once. */
const ROWS_AT_ONCE = 2 ** 15
/** A piece of output: some milliseconds to make, and longer than any id. */
const PIECE_BYTES = 2 ** 19
/** Of the rows, of a piece, and of the words, with what alignment takes. */
const WORK_BYTES = 4 * ROWS_AT_ONCE + PIECE_BYTES + 4096

export class IdTexts {
  readonly #kernels: Kernels
  readonly #params: number
  readonly #words: Uint32Array
  readonly #rows: Uint32Array
  readonly #output: Uint8Array

  /** `ids` lie in the room. */
  constructor(room: IdRoom, ids: Vocabulary) {
    assert(room.holds(ids), 'ids are written from where they were loaded')
    const { memory, top } = room
    growTo(memory, top + WORK_BYTES)
    const arena = createArena(memory, top)
    const { ptr, view: words } = arena.reserveU32(at.IDS_WORDS)
    const rows = arena.reserveU32(ROWS_AT_ONCE)
    const output = arena.reserveU8(PIECE_BYTES + BYTES_SLACK)
    words[at.IDS_TEXTS] = ids.tensors.bytes.byteOffset
    words[at.IDS_OFFSETS] = ids.tensors.offsets.byteOffset
    words[at.IDS_ROWS] = rows.ptr
    words[at.IDS_OUTPUT] = output.ptr
    words[at.IDS_OUTPUT_SIZE] = PIECE_BYTES
    this.#kernels = instantiate(kernelModule(), memory, 0)
    this.#params = ptr
    this.#words = words
    this.#rows = rows.view
    this.#output = output.view
  }

  /** `"id","id",…` of the rows, in order; each piece is its taker's. */
  *of(rows: Uint32Array): Generator<Buffer> {
    for (let first = 0; first < rows.length; first += ROWS_AT_ONCE) {
      const some = rows.subarray(first, first + ROWS_AT_ONCE)
      this.#rows.set(some)
      this.#words[at.IDS_TO] = some.length
      this.#words[at.IDS_FROM] = 0
      for (let from = 0; from < some.length; from = this.#words[at.IDS_FROM]) {
        this.#kernels.writeIds(this.#params, 0)
        assert(this.#words[at.IDS_FROM] > from, 'a piece has room for an id')
        // A comma stands before each.
        const comma = first + from === 0 ? 1 : 0
        yield Buffer.from(this.#output.subarray(comma, this.#words[at.IDS_WRITTEN]))
      }
    }
  }
}
