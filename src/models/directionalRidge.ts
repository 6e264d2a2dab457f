/**
 * Directional ridge: the next item from the decayed list of the items before it (design/recommenders.md §5.1; the linear sequence
 * models SLIST, Choi et al. 2021, and TALE, Park et al. 2025, are its kin). With a user's events q_1 … q_L, oldest first, and a
 * kernel w of length K, every event t ≥ 2 is an example: source x_t = Σ_{k < K, k ≤ t-2} w(k)·e[q_{t-1-k}], target e[q_t].
 *
 *   G = Σ x_t x_tᵀ,   C = Σ x_t e[q_t]ᵀ,   B = (G + λI + δ·diag G)⁻¹ C
 *
 * Row i of B is what an event of item i adds to the scores of all items; histories are scored with the same kernel (historyModel.ts).
 */
import { ARENA_START_BYTES } from '../kernels/arena.ts'
import { factor, reserveSystem, solve, stripCount, systemBytes } from '../kernels/linearSystem.ts'
import { MEMORY_BYTES_MAX } from '../kernels/load.ts'
import { startTeam } from '../kernels/team.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import type { Interactions } from './interactions.ts'
import { inTurns, pairBytes, placePairs } from './pairCounts.ts'

/**
 * The solve takes 7/3·n³ operations and holds 8·n² bytes, the model 4·n² more: at 15 000 items 2.7 GB and about a minute on two quiet
 * cores (by the rate measured at 12 101); a solution version is fitted twice.
 * The memory itself would end near 23 000 items (8·n² = 4 GiB), but there two cores work for four minutes, and a model of 2 GB has to
 * be loaded for every job. Beyond, catalogues are sparse, and a neighbourhood ridge loses nothing (§5.3).
 */
export const DENSE_ITEM_COUNT_MAX = 15_000

/** Two tables of K² f64, 16 MiB; the study gained nothing beyond 80. */
const KERNEL_LENGTH_MAX = 1024

/** f32 copied between two turns: some ten milliseconds. */
const COPY_PER_TURN = 1 << 24

export interface DirectionalRidgeOptions {
  /** f32[K], 1 ≤ K ≤ KERNEL_LENGTH_MAX: w, the weight of the event k places before the newest. */
  readonly kernel: Float32Array
  /** λ ≥ 0, in squared kernel units. */
  readonly regularization: number
  /** δ ≥ 0, the share of an item's own Σ w² that is added to it. */
  readonly diagonal: number
}

/** f32[length]: (k + 1)^-exponent. */
export const powerKernel = (exponent: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, k) => (k + 1) ** -exponent)

interface Size {
  readonly itemCount: number
  readonly eventCount: number
  readonly kernelLength: number
  readonly threads: number
}

/** Bytes of the team's memory. */
const teamBytes = ({ itemCount, eventCount, kernelLength, threads }: Size): number =>
  ARENA_START_BYTES + systemBytes(itemCount, threads) + pairBytes(itemCount, eventCount, kernelLength)

/** Bytes a fit holds at its height, the returned rows included. */
export const denseBytes = (size: Size): number => teamBytes(size) + 4 * size.itemCount ** 2

/**
 * B as f32[itemCount, itemCount], row-major, on a SharedArrayBuffer. The same bytes for any number of threads.
 * Throws Refusal for more than DENSE_ITEM_COUNT_MAX items, for more events than fit beside them, and when G + λI + δ·diag G is not
 * positive definite in f32, naming the item. Rejects with `signal.reason` within half a second of an abort.
 * Cost: 3·events·K additions, 7/3·itemCount³ operations.
 */
export async function fitDirectionalRidge(
  interactions: Interactions,
  options: DirectionalRidgeOptions,
  { threads, signal, progress }: WorkControl & { readonly threads: number },
): Promise<Float32Array> {
  const { itemCount } = interactions
  const { kernel, regularization, diagonal } = options
  assert(kernel.length >= 1 && kernel.length <= KERNEL_LENGTH_MAX)
  assert(kernel.every(Number.isFinite))
  assert(regularization >= 0 && Number.isFinite(regularization))
  assert(diagonal >= 0 && Number.isFinite(diagonal))
  const size = { itemCount, eventCount: interactions.items.length, kernelLength: kernel.length, threads }
  refuseTooLarge(size)

  const team = await startTeam({ threads, bytes: teamBytes(size) })
  try {
    const system = reserveSystem(team, itemCount)
    const params = await placePairs(team, interactions, options, system, signal)
    const stage = (stage: string, total: number, unit: string) => (done: number) =>
      progress({ stage, done, total, unit })
    const paddedRows = system.shape.blockCount * system.shape.block
    await team.run('pairRow', params, paddedRows, { signal, finished: stage('counting pairs', paddedRows, 'rows') })
    const failed = await factor(team, system, signal, stage('factoring', system.shape.blockCount, 'steps'))
    if (failed) throw notPositiveDefinite(failed.row, failed.pivot, options)
    return await copied(
      await solve(team, system, { signal, finished: stage('solving', stripCount(system), 'steps') }),
      signal,
    )
  } finally {
    await team.close()
  }
}

function refuseTooLarge(size: Size): void {
  const { itemCount, eventCount } = size
  assert(itemCount >= 1)
  if (itemCount > DENSE_ITEM_COUNT_MAX)
    throw new Refusal(
      `The interactions have ${itemCount} different items; this recipe trains on at most ${DENSE_ITEM_COUNT_MAX}, since its model has a weight for every pair of items.`,
    )
  if (teamBytes(size) > MEMORY_BYTES_MAX)
    throw new Refusal(
      `${eventCount} interactions with ${itemCount} different items need ${teamBytes(size)} bytes to train on; at most ${MEMORY_BYTES_MAX} can be used.`,
    )
}

const notPositiveDefinite = (row: number, pivot: number, { regularization, diagonal }: DirectionalRidgeOptions) =>
  new Refusal(
    `The model cannot be solved: with regularization ${regularization} and diagonal ${diagonal} the matrix of item pairs is not positive definite, as its pivot at item row ${row} is ${pivot}; a greater regularization is needed.`,
  )

/** Out of the team's memory, which ends with it. */
async function copied(values: Float32Array, signal: AbortSignal): Promise<Float32Array> {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength))
  await inTurns(values.length, COPY_PER_TURN, signal, (from, to) => copy.set(values.subarray(from, to), from))
  return copy
}
