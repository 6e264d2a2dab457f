/**
 * What users did, oldest first: one row a user, as a compressed sparse matrix without values.
 * Events of one user with equal times stay in the order of the files they came from.
 */
export interface Interactions {
  readonly userCount: number
  readonly itemCount: number
  /** u32[userCount + 1]: user u's events are [offsets[u], offsets[u + 1]). */
  readonly offsets: Uint32Array
  /** i32[eventCount]: item index, 0 ≤ item < itemCount. */
  readonly items: Int32Array
  /** f64[eventCount]: epoch seconds, ascending within a user. */
  readonly times: Float64Array
  /** f32[eventCount], each ≥ 0: how much an event counts in training; absent: all alike. */
  readonly weights?: Float32Array
  /**
   * u8[eventCount] of each contextual column (contextLifts.ts): 0 where nothing is known of an event, v + 1 for value v. Absent: there are none, or nothing is
   * learnt from them.
   */
  readonly contexts?: readonly Uint8Array[]
}

export const historyOf = (interactions: Pick<Interactions, 'offsets' | 'items'>, user: number): Int32Array =>
  interactions.items.subarray(interactions.offsets[user], interactions.offsets[user + 1])

/** The share of events on items that the same user had before. */
export function repeatShare(interactions: Interactions): number {
  const { userCount, itemCount, offsets, items } = interactions
  const lastUser = new Int32Array(itemCount).fill(-1)
  let repeats = 0
  for (let user = 0; user < userCount; user++) {
    for (let at = offsets[user]; at < offsets[user + 1]; at++) {
      if (lastUser[items[at]] === user) repeats++
      lastUser[items[at]] = user
    }
  }
  return items.length === 0 ? 0 : repeats / items.length
}

/** Whoever has fewer shows nothing of what comes after what (spec/recipes.md §3). */
export const EVENT_COUNT_MIN = 2

/** Users with at least EVENT_COUNT_MIN events. */
export function activeUserCount({ userCount, offsets }: Interactions): number {
  let active = 0
  for (let user = 0; user < userCount; user++) if (offsets[user + 1] - offsets[user] >= EVENT_COUNT_MIN) active++
  return active
}
