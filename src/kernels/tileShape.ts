/**
 * Which of the register tiles are the fastest here (scripts/generateKernels.mjs). 5 × 16, made for vectors of 256 bits, or 5 × 8, which does not run out of
 * registers of 128: V8 has the wide vectors only with its revectorizer on and where the processor has them. Those of the screen add up in 32 bits, which
 * takes one instruction where V8 finds VNNI, or in 16. None of it can be asked, so all are timed. They give the same bits (selfTest.ts).
 */
import { stopwatchSeconds } from '../lib/clock.ts'
import { createArena } from './arena.ts'
import * as at from './factorParameters.ts'
import { instantiate, kernelModule, sharedMemory } from './load.ts'

export interface Tiles {
  /** For vectors of 256 bits. */
  readonly wide: boolean
  /** The screen's add up in 32 bits. */
  readonly long: boolean
}

/** Two that differ in everything. */
export const NARROWEST: Tiles = { wide: false, long: false }
export const WIDEST: Tiles = { wide: true, long: true }
export const ALL_TILES: readonly Tiles[] = [NARROWEST, { wide: false, long: true }, { wide: true, long: false }, WIDEST]

/** Tells a slot, whose parameter block `words` is, to take them. */
export function takeTiles(words: Uint32Array, { wide, long }: Tiles): void {
  words[at.FACTOR_WIDE] = wide ? 1 : 0
  words[at.FACTOR_LONG] = long ? 1 : 0
}

const DIMENSION = 64
/** Groups of items a turn, 0.1 ms, and turns of each shape in alternation: of many short ones some are not disturbed, and the best counts. */
const GROUPS_A_TURN = 200
const TURNS = 25

let fastest: Tiles | undefined

/** Timed once a process, some 15 ms. */
export function fastestTiles(): Tiles {
  fastest ??= timeShapes()
  return fastest
}

export const tilesText = ({ wide, long }: Tiles): string =>
  `${wide ? '5x16 for 256-bit' : '5x8 for 128-bit'} vectors, sums of ${long ? 32 : 16} bits`

function timeShapes(): Tiles {
  const turns = ALL_TILES.map(shapeTimer)
  const best = turns.map(turn => turn()) // compiles
  for (let i = 0; i < TURNS; i++)
    for (const [shape, turn] of turns.entries()) best[shape] = Math.min(best[shape], turn())
  return ALL_TILES[best.indexOf(Math.min(...best))]
}

/** Seconds of a turn with such tiles. */
function shapeTimer(tiles: Tiles): () => number {
  const memory = sharedMemory(2 ** 18)
  const arena = createArena(memory)
  const { ptr: params, view: words } = arena.reserveU32(at.FACTOR_WORDS)
  words[at.FACTOR_ROW_FLOATS] = DIMENSION
  words[at.FACTOR_TILE_BYTES] = at.FACTOR_TILE_HEADER + DIMENSION * at.FACTOR_TILE_ROWS
  words[at.FACTOR_TILES] = arena.reserveU8(words[at.FACTOR_TILE_BYTES]).ptr
  words[at.FACTOR_PANELS] = arena.reserveU8(at.FACTOR_GROUP * DIMENSION).ptr
  words[at.FACTOR_START_ROWS] = arena.reserveU8(2 * at.FACTOR_TILE_ROWS * at.FACTOR_GROUP).ptr
  words[at.FACTOR_SMALL] = arena.reserveU8(at.FACTOR_SMALL_BYTES).ptr
  takeTiles(words, tiles)
  const { screenStart } = instantiate(kernelModule(), memory, 0)
  return () => {
    const start = stopwatchSeconds()
    for (let i = 0; i < GROUPS_A_TURN; i++) screenStart(params, 0)
    return stopwatchSeconds() - start
  }
}
