/**
 * Which of the two register tiles is the faster one here (scripts/generateKernels.mjs): 5 × 32, made for vectors of 256 bits, or 5 × 16, which does
 * not run out of registers of 128. V8 has the wide vectors only with its revectorizer on and where the processor has them, and neither can
 * be asked, so both are timed. They give the same bits (selfTest.ts).
 */
import { stopwatchSeconds } from '../lib/clock.ts'
import { createArena } from './arena.ts'
import * as at from './factorParameters.ts'
import { instantiate, kernelModule, sharedMemory } from './load.ts'

const DIMENSION = 64
/** Groups of items a turn: half a millisecond, long against the clock's steps. The best of the turns counts, since others' work only adds. */
const GROUPS_A_TURN = 200
const TURNS = 4

let wide: boolean | undefined

/** Timed once a process, some 5 ms. */
export function tilesAreWide(): boolean {
  wide ??= secondsOf(1) < secondsOf(0)
  return wide
}

function secondsOf(shape: 0 | 1): number {
  const pairs = DIMENSION / 2
  const memory = sharedMemory(2 ** 18)
  const arena = createArena(memory)
  const { ptr: params, view: words } = arena.reserveU32(at.FACTOR_WORDS)
  words[at.FACTOR_PAIRS] = pairs
  words[at.FACTOR_TILE_BYTES] = at.FACTOR_TILE_HEADER + pairs * 4 * at.FACTOR_TILE_ROWS
  words[at.FACTOR_TILES] = arena.reserveU8(words[at.FACTOR_TILE_BYTES]).ptr
  words[at.FACTOR_PANELS] = arena.reserveU8(at.FACTOR_GROUP * pairs * 2).ptr
  words[at.FACTOR_START_ROWS] = arena.reserveU8(2 * at.FACTOR_TILE_ROWS * at.FACTOR_GROUP).ptr
  words[at.FACTOR_SMALL] = arena.reserveU8(at.FACTOR_SMALL_BYTES).ptr
  words[at.FACTOR_WIDE] = shape
  const { screenStart } = instantiate(kernelModule(), memory, 0)
  screenStart(params, 0) // compiles it
  let best = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < TURNS; turn++) {
    const start = stopwatchSeconds()
    for (let i = 0; i < GROUPS_A_TURN; i++) screenStart(params, 0)
    best = Math.min(best, stopwatchSeconds() - start)
  }
  return best
}
