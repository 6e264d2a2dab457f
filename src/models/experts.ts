/**
 * The experts of a pool (pool.ts): linear models of the next item that differ in what of a history they look at. An expert is designed by
 * a kind, a kernel and a ridge, and fitted either over all pairs of items at once or over neighbourhoods, whichever memory and time allow.
 */
import { MEMORY_BYTES_MAX } from '../kernels/load.ts'
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import { denseOperations, denseSystemBytes } from './denseSystem.ts'
import { fitDirectionalRidge } from './directionalRidge.ts'
import { fitEase, TOGETHER } from './ease.ts'
import { distinctItems, fitNeighbourhoodRidge } from './neighbourhoodRidge.ts'
import { neighbourSeconds } from './neighbourPlan.ts'
import type { Sequences } from './pairCounts.ts'
import type { SparseRows } from './sparseRows.ts'
import { fitTransitions } from './transitions.ts'

/**
 * The most operations for one expert's system: some five seconds on two cores (at 100 Gflop/s together), reached at 6 000 items. A pool
 * solves two or three, and a solution version each of them four times. Beyond, catalogues are sparse and a neighbourhood ridge loses nothing
 * (Amazon Beauty, 12 101 items, NDCG@10: dense .0539, neighbourhood .0541; design/recommenders.md §3.12).
 */
const DENSE_OPERATIONS_MAX = 5e11
/** Of one thread. */
const DENSE_OPERATIONS_PER_SECOND = 5e10

/**
 * Entries of a source item's row that are kept. Of a pool's NDCG@10 on ML-1M 200 kept .1807, 400 .1826 and all .1845 (§3.12); scoring a
 * history costs as many additions for each of its events.
 */
export const ROW_LENGTH = 400

/** A person's newest different items that EASE learns from: its cost grows with their square, and hardly anybody has more. */
const EASE_ITEM_COUNT_MAX = 2000

export interface ExpertDesign {
  /** For people. */
  readonly name: string
  /**
   * directional: the next item from the decayed list before it (directionalRidge.ts).
   * together: every item from the others of the same person (ease.ts).
   * transitions: the next item from the one event that the kernel's last place looks at (transitions.ts).
   * repeat: an item from itself: people come back to what they had.
   * nearest: what others did next where they had just done the same (nearestSequences.ts).
   */
  readonly kind: 'directional' | 'together' | 'transitions' | 'repeat' | 'nearest'
  /** f32[K]: what an event k places before the newest weighs in serving, and in training too where the kind knows order. */
  readonly kernel: Float32Array
  /** λ and δ; transitions have no δ, a repeat and nearest sequences have neither. */
  readonly regularization: number
  readonly diagonal: number
}

/** What an event of each item adds to the scores of others, of any kind but the nearest sequences. Rejects with `control.signal.reason` when aborted. */
export async function fitExpert(
  sequences: Sequences,
  { kind, kernel, regularization, diagonal }: ExpertDesign,
  control: WorkControl & { readonly threads: number },
): Promise<SparseRows> {
  assert(kind !== 'nearest', 'nearest sequences have no rows')
  const { itemCount } = sequences
  if (kind === 'repeat') return identity(itemCount)
  if (kind === 'transitions')
    return fitTransitions(sequences, { lag: kernel.length, regularization, rowLength: ROW_LENGTH }, control.signal)
  const ridge = { regularization, diagonal, rowLength: ROW_LENGTH }
  const dense = solvedAtOnce(sequences, kernel.length, control.threads)
  if (kind === 'together') {
    const distinct = distinctItems(sequences, EASE_ITEM_COUNT_MAX)
    return dense
      ? fitEase(distinct, ridge, control)
      : fitNeighbourhoodRidge(distinct, { ...ridge, kernel: TOGETHER }, control)
  }
  if (!dense) return fitNeighbourhoodRidge(sequences, { ...ridge, kernel }, control)
  return fitDirectionalRidge(sequences, { ...ridge, kernel }, control)
}

/** Whether the whole system of item pairs can be solved in memory and in time. */
export const solvedAtOnce = (
  { itemCount, items }: Pick<Sequences, 'itemCount' | 'items'>,
  kernelLength: number,
  threads: number,
): boolean =>
  denseOperations(itemCount) <= DENSE_OPERATIONS_MAX &&
  denseSystemBytes({ itemCount, eventCount: items.length, kernelLength, threads }) <= MEMORY_BYTES_MAX

/** Of an event, on one thread. */
const TRANSITION_SECONDS = 1e-7

/** About how long `fitExpert` takes on an x86-64 of some 3 GHz that does nothing else. */
export function expertSeconds(
  sequences: Pick<Sequences, 'userCount' | 'itemCount' | 'items' | 'weights'>,
  { kind, kernel }: Pick<ExpertDesign, 'kind' | 'kernel'>,
  threads: number,
): number {
  if (kind === 'repeat') return 0
  const { itemCount, items, weights } = sequences
  if (kind === 'transitions' || kind === 'nearest') return items.length * TRANSITION_SECONDS
  if (!solvedAtOnce(sequences, kernel.length, threads))
    return neighbourSeconds(sequences, kind === 'together' ? 0 : kernel.length) / threads
  // EASE of events with weights has two solutions (ease.ts).
  const solutions = kind === 'together' && weights ? 2 : 1
  const seconds = denseOperations(itemCount) / DENSE_OPERATIONS_PER_SECOND + items.length * kernel.length * 1e-9
  return (solutions * seconds) / threads
}

function identity(itemCount: number): SparseRows {
  const shared = (length: number) => new SharedArrayBuffer(4 * length)
  const offsets = new Uint32Array(shared(itemCount + 1))
  const items = new Int32Array(shared(itemCount))
  for (let item = 0; item < itemCount; item++) {
    items[item] = item
    offsets[item + 1] = item + 1
  }
  return { offsets, items, values: new Float32Array(shared(itemCount)).fill(1) }
}
