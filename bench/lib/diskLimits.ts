/** How fast one file is written until it is on the disk, and read from there. */
import { closeSync, constants, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { sharedMemory } from '../../src/kernels/load.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { seededRandom } from '../../src/lib/random.ts'

const FILE_BYTES = 2 ** 28
const CHUNK_BYTES = 2 ** 22
const TURNS = 3
/** Past the system's cache where there is such a flag, which wants whole pages: the memory of WebAssembly begins with one. Elsewhere from the cache. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_DIRECT ?? 0)

/** Bytes a second, the best of some turns. */
export function diskLimits(folder: string): { write: number; read: number } {
  const path = join(folder, 'disk-limit')
  const chunk = new Uint8Array(sharedMemory(CHUNK_BYTES).buffer)
  const random = seededRandom(1)
  const words = new Uint32Array(chunk.buffer) // random: a disk may be one that packs
  for (let at = 0; at < words.length; at++) words[at] = random.uint32()
  const throughFile = (flags: string | number, step: (file: number) => void, last: (file: number) => void) => {
    const file = openSync(path, flags)
    const start = stopwatchSeconds()
    for (let at = 0; at < FILE_BYTES; at += CHUNK_BYTES) step(file)
    last(file)
    const seconds = stopwatchSeconds() - start
    closeSync(file)
    return FILE_BYTES / seconds
  }
  let [write, read] = [0, 0]
  try {
    for (let turn = 0; turn < TURNS; turn++) {
      write = Math.max(
        write,
        throughFile('w', file => writeSync(file, chunk), fsyncSync),
      )
      read = Math.max(
        read,
        throughFile(
          READ_FLAGS,
          file => readSync(file, chunk, 0, CHUNK_BYTES, null),
          () => {},
        ),
      )
    }
  } finally {
    rmSync(path, { force: true })
  }
  return { write, read }
}
