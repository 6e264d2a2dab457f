/** Ways to hold out what users did last, and to choose whose events are learnt from. */
import { assert } from '../lib/assert.ts'
import { derivedSeed, seededRandom, shuffle } from '../lib/random.ts'
import { historyOf, type Interactions } from './interactions.ts'

/** Lists of items, one a row: row r is items[offsets[r] … offsets[r + 1]). */
export interface ItemLists {
  /** u32[rowCount + 1] */
  readonly offsets: Uint32Array
  /** i32[offsets[rowCount]] */
  readonly items: Int32Array
}

export interface Split {
  readonly training: Interactions
  readonly test: HeldOut
}

/** The tested users: what a model is given of each (oldest first, not empty) and what they did afterwards (oldest first, not empty). */
export interface HeldOut {
  readonly userCount: number
  readonly inputs: ItemLists
  readonly truths: ItemLists
}

export const listAt = (lists: ItemLists, row: number): Int32Array =>
  lists.items.subarray(lists.offsets[row], lists.offsets[row + 1])

const TEST_USER_SHARE = 0.1
const HELD_OUT_SHARE = 0.1
/** One event to start from and one to be right about. */
const TESTED_EVENT_COUNT_MIN = 2

/**
 * A tenth of the users with at least two events (rounded, at least one), drawn by `seed`, is tested and not learnt from: the newest tenth
 * of each one's events (rounded up) is held out, the rest is the input. Everybody else, users with one event too, is learnt from.
 * Protocol: the reference service's offline evaluation; "strong generalisation" in Marlin 2004.
 */
export function splitByUsers(interactions: Interactions, seed: number): Split {
  const testable: number[] = []
  for (let user = 0; user < interactions.userCount; user++)
    if (eventCountOf(interactions, user) >= TESTED_EVENT_COUNT_MIN) testable.push(user)
  shuffle(testable, seededRandom(derivedSeed(seed, 'split by users')))
  const tested = testable.slice(0, Math.max(1, Math.round(testable.length * TEST_USER_SHARE))).sort((a, b) => a - b)
  const isTested = new Set(tested)
  return {
    training: selectUsers(interactions, user => !isTested.has(user)),
    test: holdOut(interactions, tested, eventCount => Math.ceil(eventCount * HELD_OUT_SHARE)),
  }
}

/**
 * Leave-one-out: everybody's last event is the truth, all before it the input; a model learns from all but everybody's last two, the
 * last but one being left for choosing hyperparameters. Protocol: Kang and McAuley 2018 (SASRec), §4.2.
 */
export function splitLastEvents(interactions: Interactions): Split {
  const tested: number[] = []
  for (let user = 0; user < interactions.userCount; user++)
    if (eventCountOf(interactions, user) >= TESTED_EVENT_COUNT_MIN) tested.push(user)
  return { training: dropNewest(interactions, 2), test: holdOut(interactions, tested, () => 1) }
}

const eventCountOf = (interactions: Interactions, user: number): number =>
  interactions.offsets[user + 1] - interactions.offsets[user]

function holdOut(
  interactions: Interactions,
  users: readonly number[],
  heldOutCount: (eventCount: number) => number,
): HeldOut {
  const histories = users.map(user => historyOf(interactions, user))
  const cuts = histories.map(history => history.length - heldOutCount(history.length))
  assert(
    cuts.every(cut => cut > 0),
    'a tested user keeps at least one event as input',
  )
  return {
    userCount: users.length,
    inputs: itemLists(histories.map((history, row) => history.subarray(0, cuts[row]))),
    truths: itemLists(histories.map((history, row) => history.subarray(cuts[row]))),
  }
}

export function itemLists(rows: readonly Int32Array[]): ItemLists {
  const offsets = new Uint32Array(rows.length + 1)
  for (let row = 0; row < rows.length; row++) offsets[row + 1] = offsets[row] + rows[row].length
  const items = new Int32Array(offsets[rows.length])
  for (let row = 0; row < rows.length; row++) items.set(rows[row], offsets[row])
  return { offsets, items }
}

/** The events of the users for whom `keep` holds, in the same order; item indexes stay as they are. */
const selectUsers = (interactions: Interactions, keep: (user: number) => boolean): Interactions =>
  selectEvents(interactions, keep, (start, end) => [start, end])

const dropNewest = (interactions: Interactions, count: number): Interactions =>
  selectEvents(
    interactions,
    () => true,
    (start, end) => [start, Math.max(start, end - count)],
  )

/** Every user's newest `count` events: all that a model with a kernel of that length looks at. */
export function newestEvents(interactions: Interactions, count: number): ItemLists {
  const { offsets, items } = selectEvents(
    interactions,
    () => true,
    (start, end) => [Math.max(start, end - count), end],
  )
  return { offsets, items }
}

/** Of every kept user the events from `range`, a part of [start, end). */
function selectEvents(
  interactions: Interactions,
  keep: (user: number) => boolean,
  range: (start: number, end: number) => readonly [number, number],
): Interactions {
  const starts = new Uint32Array(interactions.userCount)
  const ends = new Uint32Array(interactions.userCount + 1)
  let rowCount = 0
  for (let user = 0; user < interactions.userCount; user++) {
    if (!keep(user)) continue
    const [from, to] = range(interactions.offsets[user], interactions.offsets[user + 1])
    starts[rowCount] = from
    ends[rowCount + 1] = ends[rowCount] + to - from
    rowCount++
  }
  const offsets = ends.slice(0, rowCount + 1)
  const items = new Int32Array(offsets[rowCount])
  const times = new Float64Array(items.length)
  for (let row = 0; row < rowCount; row++) {
    const from = starts[row]
    const to = from + offsets[row + 1] - offsets[row]
    items.set(interactions.items.subarray(from, to), offsets[row])
    times.set(interactions.times.subarray(from, to), offsets[row])
  }
  return { userCount: rowCount, itemCount: interactions.itemCount, offsets, items, times }
}

/**
 * The users whose number of events is neither below the `min` nor above the `max` percentile of all users' numbers (shares in [0, 1],
 * nearest rank: the value at place ⌈share · userCount⌉ of the ascending order; equal lengths share a user's fate). 0 and 1 keep everybody.
 */
export function selectByHistoryLength(
  interactions: Interactions,
  percentiles: { min: number; max: number },
): Interactions {
  const { userCount } = interactions
  if (userCount === 0) return interactions
  const lengths = Uint32Array.from({ length: userCount }, (_, user) => eventCountOf(interactions, user))
  const ascending = lengths.toSorted()
  const at = (share: number) => ascending[Math.min(userCount - 1, Math.max(0, Math.ceil(share * userCount) - 1))]
  const [shortest, longest] = [at(percentiles.min), at(percentiles.max)]
  return selectUsers(interactions, user => lengths[user] >= shortest && lengths[user] <= longest)
}
