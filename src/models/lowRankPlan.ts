/**
 * How a reduced-rank ridge (lowRankRidge.ts) will be fitted, worked out before anything is reserved: what it takes, and what is left out where it
 * would take too much. In order of what costs the model least: fewer threads, since each needs room of its own for three blocks of
 * sources; then every second user, every fourth … where there are so many that they say much the same. A fit that finds no way is refused
 * with what it would need.
 */
import { MEMORY_BYTES_MAX } from '../kernels/load.ts'
import { LANES } from '../kernels/parameters.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { Interactions } from './interactions.ts'
import { type LowRankSize, lowRankBytes } from './lowRankMemory.ts'

/** What a fit reads of the interactions. */
export type Histories = Pick<Interactions, 'userCount' | 'itemCount' | 'offsets' | 'items'>

/** Directions beyond the rank, at least: they take what the last ones would lose to each other. */
const SPARE_DIRECTIONS = 8
/** A version is fitted twice; longer than two hours of work nobody waits for a model of yesterday's events. */
const FIT_SECONDS_MAX = 3600
/** One user of so many is learnt from, where all are too many. */
const USER_STRIDES = [1, 2, 4, 8, 16]

/**
 * Nanoseconds of one thread for an event of one kernel in one walk of a block, and for a row in the sums of a step: measured with 3 400,
 * 20 000, 100 000 and 750 000 items (npm run bench:scale), where an event's two rows come from ever farther away. Another machine differs.
 */
const eventNanoseconds = (itemCount: number): number => 6 + 5 * Math.log2(1 + itemCount / 10_000)
const ROW_NANOSECONDS = 80

export interface LowRankPlan {
  readonly size: LowRankSize
  /** Learnt from, ascending; undefined: everybody. */
  readonly users: Uint32Array | undefined
  /** Of the kernels' memory. */
  readonly bytes: number
  /** About, on this machine, when nobody else uses it. */
  readonly seconds: number
}

export interface PlanOptions {
  readonly kernelCount: number
  readonly rank: number
  readonly threads: number
  /** Walks along all histories that a block takes. */
  readonly walks: number
}

/** Throws Refusal when there is no way within the memory and the time. */
export function planLowRank(histories: Histories, { kernelCount, rank, threads, walks }: PlanOptions): LowRankPlan {
  const { itemCount } = histories
  const blockCount = Math.ceil((Math.min(rank, itemCount) + SPARE_DIRECTIONS) / LANES)
  let last: LowRankPlan | undefined
  for (const stride of USER_STRIDES) {
    const users = Uint32Array.from({ length: Math.ceil(histories.userCount / stride) }, (_, row) => stride * row)
    const counts = countEvents(histories, users)
    for (let count = threads; count >= 1; count--) {
      const size = { userCount: users.length, itemCount, ...counts, kernelCount, blockCount, threads: count }
      const perWalk = size.eventCount * eventNanoseconds(itemCount) + itemCount * ROW_NANOSECONDS
      const seconds = (blockCount * walks * kernelCount * perWalk) / Math.min(count, blockCount) / 1e9
      last = { size, users: stride === 1 ? undefined : users, bytes: lowRankBytes(size), seconds }
      if (last.bytes <= MEMORY_BYTES_MAX && seconds <= FIT_SECONDS_MAX) return last
    }
  }
  assert(last)
  const { bytes, seconds, size } = last
  throw new Refusal(
    `${histories.items.length} interactions with ${itemCount} different items cannot be trained on: for ${size.eventCount} of them and one thread, ${gigabytes(bytes)} and ${Math.round(seconds)} s are needed, where ${gigabytes(MEMORY_BYTES_MAX)} and ${FIT_SECONDS_MAX} s are at hand.`,
  )
}

function countEvents({ offsets }: Histories, users: Uint32Array): { eventCount: number; longest: number } {
  let [eventCount, longest] = [0, 0]
  for (const user of users) {
    const count = offsets[user + 1] - offsets[user]
    eventCount += count
    longest = Math.max(longest, count)
  }
  return { eventCount, longest }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

/** For a person: '160 directions of 3416 items from 999611 events: 0.1 GB, 2 threads, about 2 s'. */
export function planText({ size, users, bytes, seconds }: LowRankPlan): string {
  const { blockCount, itemCount, eventCount, threads } = size
  const events = users ? `events of ${users.length} users` : 'events'
  const of = `${LANES * blockCount} directions of ${itemCount} items from ${eventCount} ${events}`
  return `${of}: ${gigabytes(bytes)}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, about ${Math.ceil(seconds)} s`
}
