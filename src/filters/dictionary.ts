/**
 * Distinct texts ↔ codes in ascending order of their UTF-8 bytes, in two arrays on shared memory:
 *
 *   bytes    u8[…]         one text after the other
 *   offsets  u32[size+1]   text c is bytes[offsets[c], offsets[c + 1])
 *
 * A look-up is a binary search. (datasets/vocabulary.ts is faster, and holds ids, which are shorter than values may be.)
 */
export interface DictionaryTensors {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
}

export class Dictionary {
  readonly tensors: DictionaryTensors
  readonly size: number
  readonly #bytes: Buffer

  constructor(tensors: DictionaryTensors) {
    this.tensors = tensors
    this.size = tensors.offsets.length - 1
    this.#bytes = Buffer.from(tensors.bytes.buffer, tensors.bytes.byteOffset, tensors.bytes.byteLength)
  }

  /** The texts, each once, and for each of `texts` its code. */
  static of(texts: readonly string[]): { dictionary: Dictionary; codes: Uint32Array } {
    const buffers = texts.map(text => Buffer.from(text))
    const order = Uint32Array.from(buffers.keys()).sort((a, b) => Buffer.compare(buffers[a], buffers[b]))
    const total = buffers.reduce((sum, { length }) => sum + length, 0)
    const bytes = new Uint8Array(new SharedArrayBuffer(total))
    const offsets = new Uint32Array(new SharedArrayBuffer(4 * (texts.length + 1)))
    const codes = new Uint32Array(texts.length)
    order.forEach((index, code) => {
      bytes.set(buffers[index], offsets[code])
      offsets[code + 1] = offsets[code] + buffers[index].length
      codes[index] = code
    })
    return { dictionary: new Dictionary({ bytes, offsets }), codes }
  }

  /** -1 for a text that is not there. */
  codeOf(text: string): number {
    const wanted = Buffer.from(text)
    const { offsets } = this.tensors
    let low = 0
    let high = this.size - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const order = this.#bytes.compare(wanted, 0, wanted.length, offsets[middle], offsets[middle + 1])
      if (order === 0) return middle
      if (order < 0) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  textAt(code: number): string {
    return this.#bytes.toString('utf8', this.tensors.offsets[code], this.tensors.offsets[code + 1])
  }
}
