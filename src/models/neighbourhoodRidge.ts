/**
 * Ridge for catalogues whose matrix of item pairs is too large to solve at once (design/recommenders.md §5.3; the neighbourhood is what
 * FSLIM restricts SLIM to, Ning and Karypis 2011, §4.3). Of every target item j only the m sources that explain it best are asked:
 *
 *   A = the m items of largest C[i][j]² / (G[i][i] + reg_i),   B[A, j] = (G[A, A] + reg)⁻¹ C[A, j],   reg_i = λ + δ·G[i][i]
 *
 * With a kernel, G and C are those of directional ridge (directionalRidge.ts). Without one, G = C = XᵀX over who has what, and j is no
 * source of itself: EASE (Steck 2019) restricted the same way. The study found the whole solve's quality on shop data at m = 100 to 300,
 * and 4 % less than it on dense data at m = 400, so where the whole system can be solved it is (denseSystem.ts).
 *
 * G is kept sparse, C is not kept: its column is counted again where it is needed. What memory and time allow decides m and how many
 * entries a row of G may have; the plan is reported before the work starts. Cost: 3·events·K additions and m³/3 operations a target.
 */

import { MEMORY_BYTES_MAX } from '../kernels/load.ts'
import { NEAR_FIRST } from '../kernels/parameters.ts'
import { startTeam, type Team } from '../kernels/team.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { WorkControl } from '../lib/work.ts'
import { type NeighbourPlan, neighbourPlanText, placeNeighbours, planNeighbours } from './neighbourPlan.ts'
import { inTurns, type PairOptions, type Sequences } from './pairCounts.ts'
import { cutToLength, rowsOfTargets, type SparseRows } from './sparseRows.ts'

/** An entry that is copied twice between two turns of the event loop: some milliseconds. */
const EVENTS_PER_TURN = 1 << 20

export interface NeighbourhoodOptions extends PairOptions {
  /** m, the most sources a target asks; absent: what time allows (neighbourPlan.ts). */
  readonly neighbourCount?: number
  /** The most entries that a row of the result has: those of largest magnitude. */
  readonly rowLength: number
}

/**
 * B as sparse rows on shared memory; the same bytes for any number of threads. `kernel` is positive, or empty for EASE, whose sequences
 * name an item once a user (distinctItems). Throws Refusal when the events alone do not fit the memory. Rejects with `signal.reason`
 * when aborted.
 */
export async function fitNeighbourhoodRidge(
  sequences: Sequences,
  options: NeighbourhoodOptions,
  { threads, signal, progress }: WorkControl & { readonly threads: number },
): Promise<SparseRows> {
  const { itemCount } = sequences
  assert(itemCount >= 1)
  assert(options.kernel.every(weight => weight > 0 && Number.isFinite(weight)))
  assert(options.regularization > 0 && options.diagonal >= 0)
  const ranked = await byFrequency(sequences, signal)
  const plan = planNeighbours(ranked.sequences, options, threads)
  if (plan.bytes > MEMORY_BYTES_MAX) throw tooLarge(sequences, plan)
  const team = await startTeam({ threads, bytes: plan.bytes })
  try {
    const words = await placeNeighbours(team, ranked.sequences, options, plan, signal)
    const stage = (name: string) => (done: number) => progress({ stage: name, done, total: itemCount, unit: 'items' })
    const planned = neighbourPlanText(plan, sequences)
    await team.run('gramRow', words.params, itemCount, { signal, finished: stage(`counting pairs, ${planned}`) })
    const lists = await solveTargets(team, plan, words, itemCount, {
      signal,
      finished: stage('solving neighbourhoods'),
    })
    return await cutToLength(rowsOfTargets(lists, ranked.items), options.rowLength, signal)
  } finally {
    await team.close()
  }
}

const tooLarge = ({ items, itemCount }: Sequences, { bytes }: NeighbourPlan) =>
  new Refusal(
    `${items.length} interactions with ${itemCount} different items need ${bytes} bytes to train on; at most ${MEMORY_BYTES_MAX} can be used.`,
  )

/** The same events with items numbered by descending frequency, of equal ones in their order; `items[number]` is the item meant. */
async function byFrequency(sequences: Sequences, signal: AbortSignal) {
  const { itemCount, items } = sequences
  const counts = new Uint32Array(itemCount)
  await inTurns(items.length, EVENTS_PER_TURN, signal, (from, to) => {
    for (let at = from; at < to; at++) counts[items[at]]++
  })
  const order = Int32Array.from({ length: itemCount }, (_, item) => item).sort((a, b) => counts[b] - counts[a] || a - b)
  const numbers = new Int32Array(itemCount)
  for (let number = 0; number < itemCount; number++) numbers[order[number]] = number
  const renumbered = new Int32Array(items.length)
  await inTurns(items.length, EVENTS_PER_TURN, signal, (from, to) => {
    for (let at = from; at < to; at++) renumbered[at] = numbers[items[at]]
  })
  return { sequences: { ...sequences, items: renumbered }, items: order }
}

/** Every target's sources and weights, in pieces that the plan has room for. */
async function solveTargets(
  team: Team,
  plan: NeighbourPlan,
  placed: Awaited<ReturnType<typeof placeNeighbours>>,
  itemCount: number,
  { signal, finished }: { signal: AbortSignal; finished: (count: number) => void },
) {
  const total = plan.listRooms.reduce((sum, room) => sum + room, 0)
  const offsets = new Uint32Array(itemCount + 1)
  const sources = new Uint32Array(total)
  const values = new Float32Array(total)
  let top = 0
  for (const { first, end } of plan.pieces) {
    let room = 0
    for (let target = first; target < end; target++) {
      placed.offsets[target - first] = room
      room += plan.listRooms[target]
    }
    placed.offsets[end - first] = room
    placed.words[NEAR_FIRST] = first
    await team.run('neighbourRow', placed.params, end - first, { signal, finished: done => finished(first + done) })
    for (let target = first; target < end; target++) {
      const [from, length] = [placed.offsets[target - first], placed.lengths[target - first]]
      sources.set(placed.sources.subarray(from, from + length), top)
      values.set(placed.values.subarray(from, from + length), top)
      top += length
      offsets[target + 1] = top
    }
  }
  return { offsets, sources: sources.subarray(0, top), values: values.subarray(0, top) }
}

/**
 * Of every user each item once, where it occurred last, and the newest `count` of those: what a matrix of who has what consists of. Its weight is the
 * greatest of the user's events with it, which is what event-weighted metrics reward (evaluation.ts).
 */
export function distinctItems(sequences: Sequences, count: number): Sequences {
  const { userCount, itemCount, offsets, items, weights } = sequences
  const kept = new Int32Array(items.length)
  const greatest = weights && new Float32Array(itemCount)
  const keptWeights = weights && new Float32Array(items.length)
  const ends = new Uint32Array(userCount + 1)
  const lastUser = new Int32Array(itemCount).fill(-1)
  let top = 0
  for (let user = 0; user < userCount; user++) {
    const start = top
    if (greatest && weights)
      for (let at = offsets[user]; at < offsets[user + 1]; at++)
        greatest[items[at]] = Math.max(greatest[items[at]], weights[at])
    for (let at = offsets[user + 1] - 1; at >= offsets[user] && top - start < count; at--) {
      if (lastUser[items[at]] === user) continue
      lastUser[items[at]] = user
      kept[top++] = items[at]
    }
    kept.subarray(start, top).reverse()
    if (greatest && keptWeights) {
      for (let at = start; at < top; at++) keptWeights[at] = greatest[kept[at]]
      for (let at = offsets[user]; at < offsets[user + 1]; at++) greatest[items[at]] = 0
    }
    ends[user + 1] = top
  }
  const distinct = { userCount, itemCount, offsets: ends, items: kept.subarray(0, top) }
  return keptWeights ? { ...distinct, weights: keptWeights.subarray(0, top) } : distinct
}
