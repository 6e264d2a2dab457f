/**
 * What the experts of a pool say about held-out pairs, each reduced to its contest: the next item, and the items that have any chance
 * of standing above it. Seen items are out of the contest where people do not repeat themselves.
 */
import { nothingRemembered, shareVotes } from '../kernels/plain/nearest.ts'
import type { WorkControl } from '../lib/work.ts'
import type { NearestExpert } from './historyModel.ts'
import { NEAREST_SCALE, nearestPlaces } from './nearestSequences.ts'
import type { NextItemPair } from './nextItemPairs.ts'
import { inTurns } from './pairCounts.ts'
import type { SparseRows } from './sparseRows.ts'

interface FittedRows extends SparseRows {
  readonly kernel: Float32Array
}

export type FittedExpert = FittedRows | Pick<NearestExpert, 'kernel' | 'steps' | 'sequences'>

/** One pair. Candidate 0 is the next item; the others are all items in the contest for which some expert's sum is positive. */
export interface Contest {
  /** i32[candidates] */
  readonly items: Int32Array
  /** f32[experts, candidates]: max(0, what the expert adds up), not yet divided by its scale. */
  readonly sums: Float32Array
  /** How many other items are in the contest; every expert gives them 0. */
  readonly outsiderCount: number
  /** How much it counts: that of its next event. */
  readonly weight: number
}

export interface PairScores {
  readonly contests: readonly Contest[]
  /** Of each expert the mean over pairs of its sums over all items, which makes experts comparable, times NEAREST_SCALE of nearest sequences. 0 for one that never said anything. */
  readonly scales: readonly number[]
}

/** f32 of all contests together: a quarter of a gigabyte. Of larger catalogues fewer pairs are looked at. */
const SUM_COUNT_MAX = 1 << 26

/** Pairs between two turns of the event loop. */
const PAIRS_PER_TURN = 8

/** In the order of the pairs. Rejects with `control.signal.reason` when aborted. */
export async function scorePairs(
  pairs: readonly NextItemPair[],
  experts: readonly FittedExpert[],
  { itemCount, seenCompete }: { itemCount: number; seenCompete: boolean },
  { signal, progress }: WorkControl,
): Promise<PairScores> {
  const contests: Contest[] = []
  const totals = experts.map(() => 0)
  const scratch = experts.map(() => new Float32Array(itemCount))
  const metAt = new Int32Array(itemCount).fill(-1)
  const seenAt = new Int32Array(itemCount).fill(-1)
  const met = new Int32Array(itemCount)
  const room = nothingRemembered(itemCount)
  let sumCount = 0

  /** Adds up what every expert says; answers how many items were met. Where an item is met many times over, all of them are. */
  const score = (history: Int32Array, pair: number): number => {
    let additions = 0
    for (const expert of experts) {
      if ('sequences' in expert) continue
      const { kernel, offsets } = expert
      for (let k = 0; k < Math.min(kernel.length, history.length); k++) {
        const source = history[history.length - 1 - k]
        additions += offsets[source + 1] - offsets[source]
      }
    }
    const all = additions > itemCount
    let metCount = 0
    for (const [f, expert] of experts.entries()) {
      if ('sequences' in expert) {
        shareVotes(nearestPlaces(expert), history.toReversed(), room, scratch[f])
        for (let item = 0; !all && item < itemCount; item++) {
          if (scratch[f][item] === 0 || metAt[item] === pair) continue
          metAt[item] = pair
          met[metCount++] = item
        }
        continue
      }
      const { kernel, offsets, items, values } = expert
      for (let k = 0; k < Math.min(kernel.length, history.length); k++) {
        const source = history[history.length - 1 - k]
        const [from, to] = [offsets[source], offsets[source + 1]]
        addScaled(scratch[f], items, values, from, to, kernel[k])
        for (let at = from; !all && at < to; at++) {
          if (metAt[items[at]] === pair) continue
          metAt[items[at]] = pair
          met[metCount++] = items[at]
        }
      }
    }
    if (!all) return metCount
    for (let item = 0; item < itemCount; item++) met[item] = item
    return itemCount
  }

  const contest = ({ history, next, weight }: NextItemPair, pair: number): Contest => {
    const metCount = score(history, pair)
    let seenCount = 0
    if (!seenCompete)
      for (const item of history) {
        if (seenAt[item] === pair || item === next) continue
        seenAt[item] = pair
        seenCount++
      }
    const candidates = new Int32Array(metCount + 1)
    candidates[0] = next
    let count = 1
    for (let at = 0; at < metCount; at++) {
      const item = met[at]
      if (item === next || seenAt[item] === pair) continue
      for (let f = 0; f < scratch.length; f++) {
        if (!(scratch[f][item] > 0)) continue
        candidates[count++] = item
        break
      }
    }
    const items = candidates.slice(0, count)
    const sums = new Float32Array(experts.length * count)
    for (const [f, all] of scratch.entries()) {
      for (let at = 0; at < count; at++) sums[f * count + at] = Math.max(0, all[items[at]])
      for (let at = 0; at < metCount; at++) {
        if (all[met[at]] > 0) totals[f] += all[met[at]]
        all[met[at]] = 0
      }
    }
    sumCount += sums.length
    return { items, sums, outsiderCount: itemCount - count - seenCount, weight }
  }

  await inTurns(pairs.length, PAIRS_PER_TURN, signal, (from, to) => {
    progress({ stage: 'scoring held-out events', done: from, total: pairs.length, unit: 'events' })
    for (let pair = from; pair < to && sumCount < SUM_COUNT_MAX; pair++) contests.push(contest(pairs[pair], pair))
  })
  const scaleOf = (total: number, f: number) =>
    (total * ('sequences' in experts[f] ? NEAREST_SCALE : 1)) / Math.max(1, contests.length)
  return { contests, scales: totals.map(scaleOf) }
}

/** A free function, so that it is compiled as one loop. */
function addScaled(
  sums: Float32Array,
  items: Int32Array,
  values: Float32Array,
  from: number,
  to: number,
  weight: number,
): void {
  for (let at = from; at < to; at++) sums[items[at]] += weight * values[at]
}
