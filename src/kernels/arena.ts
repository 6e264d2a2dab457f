/** A bump allocator over a shared memory: everything is reserved before the work starts, and freed with the memory. */
import { assert } from '../lib/assert.ts'
import { TEAM_WORDS } from './parameters.ts'

/** A cache line: no two threads write to one, and every vector is aligned. */
export const ALIGNMENT_BYTES = 64

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES

/** What the team's own parameter block takes at address 0. */
export const ARENA_START_BYTES = aligned(TEAM_WORDS * 4)

export interface Reserved<View> {
  /** Byte address, for kernels. */
  readonly ptr: number
  readonly view: View
}

export interface Arena {
  reserveU8(length: number): Reserved<Uint8Array>
  reserveI32(length: number): Reserved<Int32Array>
  reserveU32(length: number): Reserved<Uint32Array>
  reserveF32(length: number): Reserved<Float32Array>
  reserveF64(length: number): Reserved<Float64Array>
}

type ViewConstructor<View> = {
  new (buffer: SharedArrayBuffer, ptr: number, length: number): View
  BYTES_PER_ELEMENT: number
}

/** `from`: what lies before is somebody's already; aligned. Everything reserved is zero, and aligned to a cache line. Reserving more than there is is our own mistake: plans are made before. */
export function createArena(memory: WebAssembly.Memory, from = ARENA_START_BYTES): Arena {
  const { buffer } = memory
  let top = from
  const reserve = <View>(View: ViewConstructor<View>, length: number): Reserved<View> => {
    const ptr = top
    top += aligned(length * View.BYTES_PER_ELEMENT)
    assert(top <= buffer.byteLength, `the memory plan of ${buffer.byteLength} bytes was too small: ${top} are needed`)
    return { ptr, view: new View(buffer, ptr, length) }
  }
  return arenaOf(reserve)
}

/** What `reserve` takes of an arena, from its start. It gets views of length 0. */
export function bytesReserved(reserve: (arena: Arena) => unknown): number {
  let top = ARENA_START_BYTES
  const none = new SharedArrayBuffer(0)
  const count = <View>(View: ViewConstructor<View>, length: number): Reserved<View> => {
    const ptr = top
    top += aligned(length * View.BYTES_PER_ELEMENT)
    return { ptr, view: new View(none, 0, 0) }
  }
  reserve(arenaOf(count))
  return top
}

type Reserve = <View>(View: ViewConstructor<View>, length: number) => Reserved<View>

const arenaOf = (reserve: Reserve): Arena => ({
  reserveU8: length => reserve(Uint8Array, length),
  reserveI32: length => reserve(Int32Array, length),
  reserveU32: length => reserve(Uint32Array, length),
  reserveF32: length => reserve(Float32Array, length),
  reserveF64: length => reserve(Float64Array, length),
})
