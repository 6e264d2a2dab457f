/**
 * The ridge over every pair of items, solved at once: what directional ridge and EASE have in common. Counts of pairs fill a symmetric
 * positive definite system with a right-hand side for every item (kernels/linearSystem.ts); a caller says which and reads the solution.
 *
 * Memory: 8·n² bytes. Time: 7/3·n³ operations. Both decide how large a catalogue is solved this way.
 */
import { ARENA_START_BYTES } from '../kernels/arena.ts'
import { factor, reserveSystem, solve, stripCount, systemBytes } from '../kernels/linearSystem.ts'
import { MEMORY_BYTES_MAX } from '../kernels/load.ts'
import { startTeam } from '../kernels/team.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { type PairOptions, pairBytes, placePairs, type Sequences } from './pairCounts.ts'

/** Two tables of K² f64, 16 MiB; the study gained nothing beyond 250. */
const KERNEL_LENGTH_MAX = 1024

interface Size {
  readonly itemCount: number
  readonly eventCount: number
  readonly kernelLength: number
  readonly threads: number
}

/** Bytes of the team's memory. */
export const denseSystemBytes = ({ itemCount, eventCount, kernelLength, threads }: Size): number =>
  ARENA_START_BYTES + systemBytes(itemCount, threads) + pairBytes(itemCount, eventCount, kernelLength)

/** 7/3·n³: a third for the factor, two for the n solutions. */
export const denseOperations = (itemCount: number): number => (7 / 3) * itemCount ** 3

/** What fills a system, row by row (assembly/pairs.ts): G and C of a directional ridge, or XᵀX and the identity. */
type Fill = 'pairRow' | 'togetherRow'

/**
 * `use` gets the solution, f32[itemCount, itemCount] row-major in the team's memory, which ends when it settles. The same bytes for any
 * number of threads. Throws Refusal for more events than fit beside the system, and when G + λI + δ·diag G is not positive definite in
 * f32, naming the item. Rejects with `signal.reason` within half a second of an abort.
 */
export async function solveAllPairs<T>(
  fill: Fill,
  sequences: Sequences,
  options: PairOptions,
  { threads, signal, progress }: WorkControl & { readonly threads: number },
  use: (solution: Float32Array) => Promise<T>,
): Promise<T> {
  const { itemCount } = sequences
  const { kernel, regularization, diagonal } = options
  assert(itemCount >= 1)
  assert(kernel.length <= KERNEL_LENGTH_MAX)
  assert(kernel.every(Number.isFinite))
  assert(regularization >= 0 && Number.isFinite(regularization))
  assert(diagonal >= 0 && Number.isFinite(diagonal))
  const eventCount = sequences.items.length
  const bytes = denseSystemBytes({ itemCount, eventCount, kernelLength: kernel.length, threads })
  if (bytes > MEMORY_BYTES_MAX)
    throw new Refusal(
      `${eventCount} interactions with ${itemCount} different items need ${bytes} bytes to train on; at most ${MEMORY_BYTES_MAX} can be used.`,
    )

  const team = await startTeam({ threads, bytes })
  try {
    const system = reserveSystem(team, itemCount)
    const params = await placePairs(team, sequences, options, system, signal)
    const stage = (stage: string, total: number, unit: string) => (done: number) =>
      progress({ stage, done, total, unit })
    const paddedRows = system.shape.blockCount * system.shape.block
    await team.run(fill, params, paddedRows, { signal, finished: stage('counting pairs', paddedRows, 'rows') })
    const failed = await factor(team, system, signal, stage('factoring', system.shape.blockCount, 'steps'))
    if (failed) throw notPositiveDefinite(failed.row, failed.pivot, options)
    const strips = stripCount(system)
    return await use(await solve(team, system, { signal, finished: stage('solving', strips, 'steps') }))
  } finally {
    await team.close()
  }
}

const notPositiveDefinite = (row: number, pivot: number, { regularization, diagonal }: PairOptions) =>
  new Refusal(
    `The model cannot be solved: with regularization ${regularization} and diagonal ${diagonal} the matrix of item pairs is not positive definite, as its pivot at item row ${row} is ${pivot}; a greater regularization is needed.`,
  )
