/**
 * A Markov chain of one step, and of steps that leave events out: what follows an item `lag` events later (transitions of a first-order
 * chain, Rendle et al. 2010, §3.2; the skips of a mixed transition model, Raftery 1985).
 *
 *   B[i][j] = Σ v(t) over all t with q_{t-lag} = i and q_t = j  /  (events of i that have one `lag` later + λ)
 *
 * v are the events' weights, 1 where there are none; λ draws items that were seen little towards silence. It is a directional ridge whose
 * kernel has one place, save that two sources never meet: G is diagonal, and nothing has to be solved. In a log pool each lag has a vote
 * of its own, and votes multiply, which a kernel that adds lags up cannot say.
 */
import { assert } from '../lib/assert.ts'
import { inTurns, type Sequences } from './pairCounts.ts'
import { cutRows, type SparseRows } from './sparseRows.ts'

/** Events between two turns of the event loop: some milliseconds. */
const EVENTS_PER_TURN = 1 << 18

export interface TransitionOptions {
  /** ≥ 1: 1 is the next event. */
  readonly lag: number
  /** λ > 0, in events. */
  readonly regularization: number
  /** The most entries that a row of the result has: those of largest magnitude. */
  readonly rowLength: number
}

/** f32[lag]: a kernel that looks at the event `lag` places before the next one, and at no other. */
export const lagKernel = (lag: number): Float32Array => new Float32Array(lag).fill(1, lag - 1)

/** B on shared memory. Rejects with `signal.reason` when aborted. */
export async function fitTransitions(
  sequences: Sequences,
  { lag, regularization, rowLength }: TransitionOptions,
  signal: AbortSignal,
): Promise<SparseRows> {
  assert(Number.isInteger(lag) && lag >= 1)
  assert(regularization > 0)
  const { itemCount, items, weights } = sequences
  const { starts, places } = await followed(sequences, lag, signal)
  const sums = new Float64Array(itemCount)
  const metBy = new Int32Array(itemCount).fill(-1)
  const row = (item: number) => {
    const met: number[] = []
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      const next = places[at] + lag
      const target = items[next]
      if (metBy[target] !== item) {
        metBy[target] = item
        sums[target] = 0
        met.push(target)
      }
      sums[target] += weights ? weights[next] : 1
    }
    const targets = Int32Array.from(met).sort()
    const total = starts[item + 1] - starts[item] + regularization
    return { items: targets, values: Float32Array.from(targets, target => sums[target] / total) }
  }
  return cutRows({ itemCount, entryCount: places.length, count: rowLength, row }, signal)
}

/** Of each item the places where its user has an event `lag` later: places[starts[item] … starts[item + 1]), ascending. */
async function followed({ userCount, itemCount, offsets, items }: Sequences, lag: number, signal: AbortSignal) {
  const starts = new Uint32Array(itemCount + 1)
  const usersPerTurn = Math.max(1, Math.floor((EVENTS_PER_TURN * userCount) / Math.max(1, items.length)))
  const each = (use: (place: number) => void) =>
    inTurns(userCount, usersPerTurn, signal, (from, to) => {
      for (let user = from; user < to; user++)
        for (let place = offsets[user]; place + lag < offsets[user + 1]; place++) use(place)
    })
  await each(place => {
    starts[items[place] + 1]++
  })
  for (let item = 0; item < itemCount; item++) starts[item + 1] += starts[item]
  const places = new Uint32Array(starts[itemCount])
  const next = starts.slice()
  await each(place => {
    places[next[items[place]]++] = place
  })
  return { starts, places }
}
