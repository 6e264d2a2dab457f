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
/** Groups of items a turn, 0.1 ms, and turns of each shape in alternation: of many short ones some are not disturbed, and the best counts. */
const GROUPS_A_TURN = 200
const TURNS = 25

let wide: boolean | undefined

/** Timed once a process, some 5 ms. */
export function tilesAreWide(): boolean {
  wide ??= timeShapes()
  return wide
}

function timeShapes(): boolean {
  const turns = [shapeTimer(0), shapeTimer(1)]
  const best = turns.map(turn => turn()) // compiles
  for (let i = 0; i < TURNS; i++)
    for (const [shape, turn] of turns.entries()) best[shape] = Math.min(best[shape], turn())
  return best[1] < best[0]
}

/** Seconds of a turn with narrow or wide tiles. */
function shapeTimer(shape: 0 | 1): () => number {
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
  return () => {
    const start = stopwatchSeconds()
    for (let i = 0; i < GROUPS_A_TURN; i++) screenStart(params, 0)
    return stopwatchSeconds() - start
  }
}
