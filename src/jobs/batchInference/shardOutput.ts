/**
 * Where a thread reads a shard from and writes its answer to. Where objects are files: straight from the input file and straight to the
 * shard's place in the growing output file, in blocking calls, which are the shortest way. Elsewhere through streams, into a part.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { objectError } from '../../objects/folderErrors.ts'
import {
  type Doing,
  formatAddress,
  type ObjectAddress,
  ObjectError,
  type ObjectStore,
} from '../../objects/objectStore.ts'
import type { Piece, StageClock } from './answerLines.ts'
import type { Fill } from './byteBlocks.ts'
import { explained } from './inputs.ts'
import { WRITE_BYTES_MAX } from './limits.ts'
import { positionOf, type SharedWork, setEnd, type WorkShard } from './sharedWork.ts'

/** An input, where its output goes, and the files of both where they are files. */
export interface WorkInput {
  readonly from: ObjectAddress
  readonly to: ObjectAddress
  readonly files: { readonly input: string; readonly output: string } | undefined
  /** Its first shard, among those of the work. */
  readonly firstShard: number
  /** Its place among the inputs of the job. */
  readonly index: number
}

type FilePaths = NonNullable<WorkInput['files']>

/** Files that a thread has open: it goes from input to input, so old ones are seldom asked for again. */
const DESCRIPTORS_MAX = 16

/** By path. */
const descriptors = new Map<string, number>()

function descriptorOf(path: string, flags: 'r' | 'r+'): number {
  const known = descriptors.get(path)
  if (known !== undefined) return known
  if (descriptors.size === DESCRIPTORS_MAX) {
    for (const old of descriptors.values()) closeSync(old)
    descriptors.clear()
  }
  const descriptor = openSync(path, flags)
  descriptors.set(path, descriptor)
  return descriptor
}

/** Bytes [start, end) of the input file. */
export function fileFill({ start, end }: WorkShard, { from }: WorkInput, { input }: FilePaths): Fill {
  let at = start
  return target => {
    const wanted = Math.min(target.length, end - at)
    if (wanted === 0) return 0
    const read = attemptSync('read', from, () => readSync(descriptorOf(input, 'r'), target, 0, wanted, at))
    if (read === 0)
      throw new ObjectError('Unavailable', `${formatAddress(from)} was cut short, to ${at} bytes, while it was read.`)
    at += read
    return read
  }
}

/** The output of shard s to its place; how many bytes it is. The next shard is told where it begins before the last piece is written. */
export async function writeFileShard(
  pieces: AsyncIterable<Piece>,
  work: SharedWork,
  s: number,
  { to }: WorkInput,
  { output }: FilePaths,
  clock: StageClock,
): Promise<number> {
  let total = 0
  for await (const { bytes, last } of pieces) {
    clock.enter('wait')
    const at = positionOf(work, s) + total
    clock.enter('write')
    total += bytes.length
    if (last) setEnd(work, s, at + bytes.length)
    for (let written = 0; written < bytes.length; ) {
      const length = Math.min(WRITE_BYTES_MAX, bytes.length - written)
      written += attemptSync('written', to, () =>
        writeSync(descriptorOf(output, 'r+'), bytes, written, length, at + written),
      )
    }
  }
  return total
}

function attemptSync(doing: Doing, address: ObjectAddress, work: () => number): number {
  try {
    return work()
  } catch (error) {
    const known = objectError(error, doing, address)
    throw known instanceof ObjectError
      ? explained(known, doing === 'read' ? 'input' : 'output', formatAddress(address))
      : known
  }
}

/** Bytes [start, end) of the input object. */
export function streamFill({ start, end }: WorkShard, { from }: WorkInput, objects: ObjectStore): Fill {
  async function* read(): AsyncGenerator<Buffer> {
    try {
      yield* await objects.read(from, { range: { start, end } })
    } catch (error) {
      throw error instanceof ObjectError ? explained(error, 'input', formatAddress(from)) : error
    }
  }
  const chunks = read()
  let chunk: Buffer = Buffer.alloc(0)
  return async target => {
    while (chunk.length === 0) {
      const { done, value } = await chunks.next()
      if (done) return 0
      chunk = value
    }
    const count = chunk.copy(target)
    chunk = chunk.subarray(count)
    return count
  }
}

/** The output of a shard as an object of its own; how many bytes it is. */
export async function writePart(
  pieces: AsyncIterable<Piece>,
  to: ObjectAddress,
  artifacts: ObjectStore,
): Promise<number> {
  let total = 0
  async function* copies() {
    for await (const { bytes } of pieces) {
      total += bytes.length
      yield Buffer.from(bytes)
    }
  }
  await artifacts.write(to, copies())
  return total
}
