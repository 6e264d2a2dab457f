/**
 * Where the ids of users are loaded: the memory of the byte path itself (placeBytes.ts), so that 27 bytes a user are there once. It grows in its
 * place as they come, and then as large as the rest needs.
 */
import type { Vocabulary } from '../../datasets/vocabulary.ts'
import { ARENA_START_BYTES, aligned } from '../../kernels/arena.ts'
import { BYTES_SLACK } from '../../kernels/byteParameters.ts'
import { growingMemory, growTo, MEMORY_BYTES_MAX } from '../../kernels/load.ts'
import { Refusal } from '../../lib/refusal.ts'

export class IdRoom {
  readonly memory = growingMemory()
  #top = ARENA_START_BYTES
  readonly #views = new Set<ArrayBufferLike>()

  /** Where what comes next may begin. */
  get top(): number {
    return this.#top
  }

  /** Room for `byteCount` bytes, with as many behind them as kernels read too many. Throws Refusal when it does not fit 4 GiB. */
  reserve(byteCount: number): Uint8Array {
    const from = this.#top
    this.#top = from + aligned(byteCount + BYTES_SLACK)
    if (this.#top > MEMORY_BYTES_MAX)
      throw new Refusal(`The ids of users need ${this.#top} bytes of memory; at most ${MEMORY_BYTES_MAX} can be used.`)
    growTo(this.memory, this.#top)
    const { buffer } = this.memory
    this.#views.add(buffer)
    return new Uint8Array(buffer, from, byteCount)
  }

  /** Whether its tensors lie here. */
  holds({ tensors: { bytes, offsets, slots } }: Vocabulary): boolean {
    return [bytes, offsets, slots].every(({ buffer }) => this.#views.has(buffer))
  }
}
