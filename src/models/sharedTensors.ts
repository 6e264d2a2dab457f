/** A safetensors file read onto shared memory as its bytes come, a tensor at a time. */
import {
  elementCount,
  HEADER_BYTES_MAX,
  type Laid,
  LENGTH_BYTES,
  layoutOf,
  type Metadata,
  refuse,
  type SafetensorsFile,
  type Tensor,
} from './safetensors.ts'

/** Where the bytes of a tensor are to be loaded: shared memory, aligned to eight bytes. */
export type TensorRoom = (name: string, byteCount: number) => Uint8Array

export const roomOfItsOwn: TensorRoom = (_name, byteCount) => new Uint8Array(new SharedArrayBuffer(byteCount))

/**
 * Reads a file of `byteCount` bytes onto shared memory, seen by every thread: each tensor on one of its own, so that what is let go is let go,
 * or where `room` says. Throws Refusal.
 */
export async function decodeShared(
  content: AsyncIterable<Uint8Array>,
  byteCount: number,
  room: TensorRoom = roomOfItsOwn,
): Promise<SafetensorsFile> {
  const head: Uint8Array[] = []
  let came = 0
  let file: Filling | undefined
  for await (const chunk of content) {
    if (came + chunk.length > byteCount) refuse(`more than the expected ${byteCount} bytes came`)
    came += chunk.length
    if (file) file.take(chunk)
    else {
      head.push(chunk)
      const bytes = Buffer.concat(head)
      if (bytes.length < headerEnd(bytes)) continue
      file = new Filling(bytes, byteCount, room)
    }
  }
  if (came < byteCount) refuse(`only ${came} of ${byteCount} bytes came`)
  return (file ?? new Filling(Buffer.concat(head), byteCount, room)).finish()
}

/** Where the data begins, or more bytes than there are as long as that cannot be told; 0 for a length that parseHeader refuses. */
function headerEnd(bytes: Buffer): number {
  if (bytes.length < LENGTH_BYTES) return LENGTH_BYTES
  const length = bytes.readBigUInt64LE(0)
  return length > BigInt(HEADER_BYTES_MAX) ? 0 : LENGTH_BYTES + Number(length)
}

/** Tensors that fill up as the bytes of their file come. */
class Filling {
  readonly #metadata: Metadata
  readonly #laid: readonly (Laid & { readonly bytes: Uint8Array })[]
  #at = 0
  #tensor = 0

  /** `bytes` are the first of the file, the header among them. */
  constructor(bytes: Uint8Array, byteCount: number, room: TensorRoom) {
    const { laid, metadata, dataOffset } = layoutOf(bytes, byteCount)
    this.#metadata = metadata
    this.#laid = laid.map(each => ({ ...each, bytes: room(each.name, each.to - each.from) }))
    this.take(bytes.subarray(dataOffset))
  }

  take(chunk: Uint8Array): void {
    for (let taken = 0; taken < chunk.length; ) {
      const { from, to, bytes } = this.#laid[this.#tensor]
      const piece = chunk.subarray(taken, taken + to - this.#at)
      bytes.set(piece, this.#at - from)
      taken += piece.length
      this.#at += piece.length
      if (this.#at === to) this.#tensor++
    }
  }

  finish(): SafetensorsFile {
    const tensors: Record<string, Tensor> = {}
    for (const { name, array, shape, bytes } of this.#laid)
      tensors[name] = { shape, data: new array(bytes.buffer, bytes.byteOffset, elementCount(shape)) }
    return { tensors, metadata: this.#metadata }
  }
}
