/**
 * Reduced-rank directional ridge: the next item from several decayed views of the history at once, through `rank` numbers.
 *
 * With w_f the kernels and x_t = (Σ_k w_f(k)·e[q_{t-1-k}])_f the history before event t, f32[F·n] (design/recommenders.md §5.1, several
 * kernels solved jointly), G = Σ x_t x_tᵀ, C = Σ x_t e[q_t]ᵀ, R = λ_f on the diagonal and δ times an item's own Σ w², and S = diag(1/√count):
 *
 *   M = S·Cᵀ·(G + R)⁻¹·C·S,   V = its `rank` leading eigenvectors,   sources = (G + R)⁻¹·C·S·V,   targets = S⁻¹·V
 *
 * is the best model of that rank for the squared error of the ridge with targets weighted by 1/count (reduced-rank regression: Izenman 1975;
 * these weights make it canonical correlation analysis). V is found by subspace iteration (Halko, Martinsson, Tropp 2011, §4.5) on random
 * signs with some spare directions. (G + R)⁻¹ is applied by conjugate gradients, whose products with G and C run along the histories, so
 * that neither matrix, nor any pair of items, is ever held: memory grows with items · rank, time with events · rank, and one way serves
 * catalogues of every size (docs/decisions/0021). The first rounds only turn the directions, so they need few steps.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  LANES,
  LOW_DIRECTIONS,
  LOW_IMAGES,
  LOW_STEPS,
  TALL_LEFT,
  TALL_PARTS,
  TALL_RIGHT,
  TALL_ROW_COUNT,
  TALL_TASK_ROWS,
} from '../kernels/parameters.ts'
import { startTeam, type Team } from '../kernels/team.ts'
import { assert } from '../lib/assert.ts'
import { derivedSeed, seededRandom } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import { historyOf, type Interactions } from './interactions.ts'
import { type GeometricKernel, type LowRankMemory, type LowRankSize, placeLowRank } from './lowRankMemory.ts'
import { type Histories, planLowRank, planText } from './lowRankPlan.ts'
import { inTurns } from './pairCounts.ts'
import { eventCounts } from './popularity.ts'
import { ofUsers } from './splits.ts'
import { symmetricEigen } from './symmetricEigen.ts'

/**
 * Steps of the conjugate gradients in each round. Against exact solutions in three rounds, validation NDCG@10 at rank 149: ML-1M .1556
 * (exact .1558; 1, 2, 4 steps .1554; 2, 4, 8 steps .1562), Online Retail .2000 (.1991; .1980; .1996).
 */
const ROUNDS = [1, 2, 8]
/** Directions whose share of the leading one's square is smaller are rounding, and left out. */
const NEGLIGIBLE_SHARE = 1e-9
/** Numbers unpacked between two turns of the event loop: some ten milliseconds. */
const NUMBERS_PER_TURN = 1 << 22

export interface LowRankRidgeOptions {
  /** At least one. */
  readonly kernels: readonly GeometricKernel[]
  /** λ_f in events: λ_f = shrinkage · Σ_k w_f(k)². */
  readonly shrinkage: number
  /** δ ≥ 0 */
  readonly diagonal: number
  /** ≥ 1 */
  readonly rank: number
  readonly seed: number
}

export interface LowRankRidge {
  /** min(rank, items) */
  readonly dimension: number
  /** f32[F, items, dimension], f32[items, dimension], on SharedArrayBuffers. */
  readonly sources: Float32Array
  readonly targets: Float32Array
}

/**
 * The same bytes for any number of threads. Throws Refusal where neither memory nor time suffice (lowRankPlan.ts); the plan stands in the
 * stage that is reported. Rejects with `signal.reason` when aborted.
 */
export async function fitLowRankRidge(
  interactions: Interactions,
  options: LowRankRidgeOptions,
  { threads, signal, progress }: WorkControl & { readonly threads: number },
): Promise<LowRankRidge> {
  const { kernels, rank, seed } = options
  const { itemCount } = interactions
  assert(itemCount >= 1 && rank >= 1 && kernels.length >= 1)
  for (const { decay, length } of kernels) assert(decay > 0 && decay <= 1 && length >= 1)
  const walks = ROUNDS.reduce((sum, steps) => sum + walksOf(steps), 0)
  const plan = planLowRank(interactions, { kernelCount: kernels.length, rank, threads, walks })
  const { size, bytes, users } = plan
  const stage = `solving ${planText(plan)}`
  const report = (done: number) => progress({ stage, done, total: walks * size.blockCount, unit: 'walks' })
  report(0)
  const histories = users ? ofUsers(interactions, users) : interactions
  const team = await startTeam({ threads: size.threads, bytes })
  try {
    const memory = await placeLowRank(team, histories, kernels, size, signal)
    weigh(histories, options, memory)
    await drawSigns(memory.directions.view, derivedSeed(seed, 'directions'), signal)
    const { blockCount } = size
    let before = 0
    let [directions, images] = [memory.directions, memory.images]
    for (const [round, steps] of ROUNDS.entries()) {
      if (round > 0) [directions, images] = [images, directions]
      await orthonormalize(team, memory, directions.ptr, size, signal)
      memory.words[LOW_DIRECTIONS] = directions.ptr
      memory.words[LOW_IMAGES] = images.ptr
      memory.words[LOW_STEPS] = steps
      const finished = (blocks: number) => report(before + blocks * walksOf(steps))
      await team.run('solveDirections', memory.params, blockCount, { signal, finished })
      before += blockCount * walksOf(steps)
    }
    const dimension = Math.min(rank, itemCount)
    await align(team, memory, { directions: directions.ptr, images: images.ptr }, dimension, size, signal)
    return { dimension, ...(await unpack(memory, directions.view, dimension, size, signal)) }
  } finally {
    await team.close()
  }
}

/** Walks along all histories that a block takes: the right-hand side, each step, the images. */
const walksOf = (steps: number): number => steps + 2

/** S, R and the inverse diagonal. */
function weigh(interactions: Histories, options: LowRankRidgeOptions, memory: LowRankMemory): void {
  const { itemCount, userCount } = interactions
  const { kernels, shrinkage, diagonal } = options
  const counts = eventCounts(interactions)
  for (let item = 0; item < itemCount; item++) memory.scales[item] = 1 / Math.sqrt(counts[item] + 1)
  for (const [f, { decay, length }] of kernels.entries()) {
    const energies = new Float64Array(length + 1) // Σ_{k < m} w(k)²
    for (let k = 0; k < length; k++) energies[k + 1] = energies[k] + decay ** (2 * k)
    const own = new Float64Array(itemCount)
    for (let user = 0; user < userCount; user++) {
      const history = historyOf(interactions, user)
      for (let j = 0; j < history.length - 1; j++) own[history[j]] += energies[Math.min(length, history.length - 1 - j)]
    }
    for (let item = 0; item < itemCount; item++) {
      const ridge = shrinkage * energies[length] + diagonal * own[item]
      memory.ridge[f * itemCount + item] = ridge
      memory.inverses[f * itemCount + item] = 1 / (own[item] + ridge)
    }
  }
}

/** Every number becomes 1 or -1. */
async function drawSigns(directions: Float32Array, seed: number, signal: AbortSignal): Promise<void> {
  const random = seededRandom(seed)
  await inTurns(directions.length, NUMBERS_PER_TURN, signal, (from, to) => {
    for (let at = from, bits = 0; at < to; at++, bits >>>= 1) {
      if ((at - from) % 32 === 0) bits = random.uint32()
      directions[at] = bits & 1 ? 1 : -1
    }
  })
}

/** VᵀV becomes the identity, or where the directions depend on each other, some columns become zero and stay so. */
async function orthonormalize(
  team: Team,
  memory: LowRankMemory,
  directions: number,
  size: LowRankSize,
  signal: AbortSignal,
) {
  const { tallWords, tallParams, gram, factor } = memory
  const { blockCount, itemCount } = size
  const order = LANES * blockCount
  tallWords[TALL_ROW_COUNT] = itemCount
  tallWords[TALL_LEFT] = tallWords[TALL_RIGHT] = directions
  await team.run('innerProducts', tallParams, TALL_PARTS, { signal })
  const { values, vectors } = symmetricEigen(sumOfParts(gram, order), order)
  for (let j = 0; j < order; j++) {
    const length = values[j] > NEGLIGIBLE_SHARE * values[0] ? 1 / Math.sqrt(values[j]) : 0
    for (let i = 0; i < order; i++) factor[i * order + j] = length * vectors[j * order + i]
  }
  await team.run('turnRows', tallParams, Math.ceil(itemCount / TALL_TASK_ROWS), { signal })
}

/** The inner products that `innerProducts` leaves in parts: f64[order, order], what is below the diagonal as above it. */
function sumOfParts(parts: Float64Array, order: number): Float64Array {
  const size = order * order
  const sum = new Float64Array(size)
  for (let part = 0; part < TALL_PARTS; part++) for (let at = 0; at < size; at++) sum[at] += parts[part * size + at]
  for (let i = 0; i < order; i++) for (let j = 0; j < i; j++) sum[i * order + j] = sum[j * order + i]
  return sum
}

/** Directions and sources turned to the eigenvectors of VᵀMV, the greatest first (Rayleigh and Ritz). */
async function align(
  team: Team,
  memory: LowRankMemory,
  { directions, images }: { directions: number; images: number },
  dimension: number,
  { blockCount, itemCount, kernelCount }: LowRankSize,
  signal: AbortSignal,
): Promise<void> {
  const { tallWords, tallParams, gram, factor, sources } = memory
  const order = LANES * blockCount
  tallWords[TALL_LEFT] = directions
  tallWords[TALL_RIGHT] = images
  await team.run('innerProducts', tallParams, TALL_PARTS, { signal })
  const { vectors } = symmetricEigen(sumOfParts(gram, order), order)
  for (let j = 0; j < order; j++)
    for (let i = 0; i < order; i++) factor[i * order + j] = j < dimension ? vectors[j * order + i] : 0
  for (const [left, rows] of [
    [directions, itemCount],
    [sources.ptr, kernelCount * itemCount],
  ]) {
    tallWords[TALL_LEFT] = left
    tallWords[TALL_ROW_COUNT] = rows
    await team.run('turnRows', tallParams, Math.ceil(rows / TALL_TASK_ROWS), { signal })
  }
}

/** Out of the team's memory, which ends with it: row-major, the first `dimension` columns, targets weighed by S⁻¹. */
async function unpack(
  { sources, scales }: LowRankMemory,
  directions: Float32Array,
  dimension: number,
  { itemCount, kernelCount }: LowRankSize,
  signal: AbortSignal,
) {
  const rowsPerTurn = Math.ceil(NUMBERS_PER_TURN / dimension)
  const unpacked = async (blocks: Float32Array, rows: number, scale: (row: number) => number) => {
    const to = new Float32Array(new SharedArrayBuffer(4 * rows * dimension))
    await inTurns(rows, rowsPerTurn, signal, (from, end) => {
      for (let row = from; row < end; row++) {
        const factor = scale(row)
        for (let x = 0; x < dimension; x++) {
          const at = (Math.floor(x / LANES) * rows + row) * LANES + (x % LANES)
          to[row * dimension + x] = factor * blocks[at]
        }
      }
    })
    await nextTurn()
    return to
  }
  return {
    sources: await unpacked(sources.view, kernelCount * itemCount, () => 1),
    targets: await unpacked(directions, itemCount, item => 1 / scales[item]),
  }
}
