/**
 * A·X = R for a symmetric positive definite A and many right-hand sides: the blocked Cholesky solver of assembly/cholesky.ts and
 * assembly/solve.ts, run by a team. Storage and result have the layouts told there. All in f32; the order of every sum is fixed by
 * the order of A and the block size, so the bytes of X do not depend on threads.
 */
import { assert } from '../lib/assert.ts'
import { ALIGNMENT_BYTES, aligned } from './arena.ts'
import {
  SYSTEM_BLOCK,
  SYSTEM_BLOCK_COUNT,
  SYSTEM_COLUMN,
  SYSTEM_FAILED_PIVOT,
  SYSTEM_FAILED_ROW,
  SYSTEM_LOWER,
  SYSTEM_ORDER,
  SYSTEM_PANEL_COUNT,
  SYSTEM_RIGHT,
  SYSTEM_SCRATCH,
  SYSTEM_SCRATCH_BYTES,
  SYSTEM_SOUND,
  SYSTEM_UPPER,
  SYSTEM_WORDS,
  TILE_COLUMNS,
  TILE_ROWS,
} from './parameters.ts'
import type { RunControl, Team } from './team.ts'

/**
 * Three blocks (83 KB each) lie in a second level cache of 512 KB, a panel of one (9 KB) in the first, and a block of L is read for 6 Mflop of
 * work. Factorisation and solution of 3 416 and 3 744 equations, GFLOP/s of one thread: 96 rows 95 and 100, 144 rows 100 and 104, 192 rows
 * 100 and 95 (3 744 are no whole number of those), 288 rows 96 and 97.
 */
const BLOCK_ROWS = 144

interface Shape {
  readonly order: number
  /** A multiple of both tile sides. */
  readonly block: number
  readonly blockCount: number
  readonly panelCount: number
  /** Bytes of one triangle's slots. */
  readonly triangleBytes: number
  readonly rightBytes: number
  readonly scratchBytes: number
}

function shapeOf(order: number, block: number): Shape {
  assert(order >= 1)
  assert(block % TILE_ROWS === 0 && block % TILE_COLUMNS === 0)
  const blockCount = Math.ceil(order / block)
  const padded = blockCount * block
  const panelCount = Math.ceil(order / TILE_COLUMNS)
  return {
    order,
    block,
    blockCount,
    panelCount,
    triangleBytes: ((blockCount * (blockCount + 1)) / 2) * block * block * 4,
    rightBytes: panelCount * padded * TILE_COLUMNS * 4,
    // What the hungriest kernel wants: two blocks and a row (updateBlock), or two f64 rows of the whole system (pairRow).
    scratchBytes: aligned(Math.max((2 * block + 1) * block * 4, 2 * padded * 8)),
  }
}

/** Bytes of shared memory that `reserveSystem` takes, scratch of each thread included. */
export function systemBytes(order: number, threads: number, block = BLOCK_ROWS): number {
  const shape = shapeOf(order, block)
  const words = aligned(SYSTEM_WORDS * 4)
  return words + 2 * shape.triangleBytes + shape.rightBytes + threads * shape.scratchBytes + 4 * ALIGNMENT_BYTES
}

export interface LinearSystem {
  readonly shape: Shape
  /** Address of the parameter block. */
  readonly params: number
  readonly words: Int32Array
  /** The slots of assembly/cholesky.ts. */
  readonly lower: Float32Array
  readonly upper: Float32Array
  /** f32[panelCount][block · blockCount][16]: the right-hand sides, then the solution. */
  readonly right: Float32Array
  /** Bytes [from, to) whose content means nothing between kernels. */
  readonly scratch: { readonly from: number; readonly to: number }
}

/** Room for a system of `order` equations and as many right-hand sides. A kernel fills it, `pairRow` for one. */
export function reserveSystem(
  { arena, threads }: Pick<Team, 'arena' | 'threads'>,
  order: number,
  block = BLOCK_ROWS,
): LinearSystem {
  const shape = shapeOf(order, block)
  const { ptr: params, view: words } = arena.reserveI32(SYSTEM_WORDS)
  words[SYSTEM_BLOCK] = block
  words[SYSTEM_BLOCK_COUNT] = shape.blockCount
  words[SYSTEM_ORDER] = order
  const lower = arena.reserveF32(shape.triangleBytes / 4)
  const upper = arena.reserveF32(shape.triangleBytes / 4)
  const right = arena.reserveF32(shape.rightBytes / 4)
  words[SYSTEM_LOWER] = lower.ptr
  words[SYSTEM_UPPER] = upper.ptr
  words[SYSTEM_RIGHT] = right.ptr
  words[SYSTEM_PANEL_COUNT] = shape.panelCount
  const scratch = arena.reserveU8(shape.scratchBytes * threads)
  words[SYSTEM_SCRATCH] = scratch.ptr
  words[SYSTEM_SCRATCH_BYTES] = shape.scratchBytes
  words[SYSTEM_FAILED_ROW] = SYSTEM_SOUND
  const scratchRange = { from: scratch.ptr, to: scratch.ptr + scratch.view.length }
  return { shape, params, words, lower: lower.view, upper: upper.view, right: right.view, scratch: scratchRange }
}

/** The matrix was not positive definite, or not so in f32. */
export interface FailedPivot {
  readonly row: number
  readonly pivot: number
}

/** A = L·Lᵀ in place. Tells `column(done)` after each of the `blockCount` block columns. */
export async function factor(
  team: Team,
  { shape, params, words }: LinearSystem,
  signal: AbortSignal,
  column: (done: number) => void,
): Promise<FailedPivot | undefined> {
  const { blockCount } = shape
  for (let J = 0; J < blockCount; J++) {
    words[SYSTEM_COLUMN] = J
    await team.run('updateBlock', params, blockCount - J, { signal })
    if (words[SYSTEM_FAILED_ROW] !== SYSTEM_SOUND) {
      const pivot = new Float32Array(words.buffer, words.byteOffset)[SYSTEM_FAILED_PIVOT]
      return { row: words[SYSTEM_FAILED_ROW], pivot }
    }
    await team.run('panelBlock', params, blockCount - J - 1, { signal })
    column(J + 1)
  }
  return undefined
}

/** How many tasks `solve` has, for its `finished`. */
export const stripCount = ({ shape }: LinearSystem): number =>
  Math.ceil((shape.panelCount * TILE_COLUMNS) / shape.block)

/** X, after `factor`: f32[order, order] row-major, in the team's memory, where the factor was. */
export async function solve(team: Team, system: LinearSystem, control: RunControl): Promise<Float32Array> {
  const { shape, params, words } = system
  const { signal } = control
  await team.run('flipBlock', params, (shape.blockCount * (shape.blockCount + 1)) / 2, { signal })
  await team.run('solveStrip', params, stripCount(system), control)
  await team.run('unpackRow', params, shape.order, { signal })
  return new Float32Array(team.memory.buffer, words[SYSTEM_LOWER] >>> 0, shape.order ** 2)
}
