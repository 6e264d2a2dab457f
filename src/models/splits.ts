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
  /** Which users of the whole the rows of `training` are, ascending. */
  readonly trainingUsers: Uint32Array
  readonly test: HeldOut
}

/** The tested users: what a model is given of each (oldest first, not empty) and what they did afterwards (oldest first, not empty). */
export interface HeldOut {
  readonly userCount: number
  /** Which users of the whole they are, ascending. */
  readonly users: Uint32Array
  readonly inputs: ItemLists
  readonly truths: ItemLists
  /** f32, of each event of `truths`; absent: all alike. */
  readonly truthWeights?: Float32Array
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
  const testable = Array.from(testableUsers(interactions))
  shuffle(testable, seededRandom(derivedSeed(seed, 'split by users')))
  const tested = Uint32Array.from(testable.slice(0, Math.max(1, Math.round(testable.length * TEST_USER_SHARE)))).sort()
  const isTested = new Set(tested)
  const trainingUsers = everyUser(interactions).filter(user => !isTested.has(user))
  return {
    training: ofUsers(interactions, trainingUsers),
    trainingUsers,
    test: holdOut(interactions, tested, eventCount => Math.ceil(eventCount * HELD_OUT_SHARE)),
  }
}

/**
 * Leave-one-out: everybody's last event is the truth, all before it the input; a model learns from all but everybody's last two, the
 * last but one being left for choosing hyperparameters. Protocol: Kang and McAuley 2018 (SASRec), §4.2.
 */
export function splitLastEvents(interactions: Interactions): Split {
  return {
    training: dropNewest(interactions, 2),
    trainingUsers: everyUser(interactions),
    test: holdOut(interactions, testableUsers(interactions), () => 1),
  }
}

const NEWEST_SHARE = 0.2

/**
 * Every user is learnt from and tested: the newest fifth of each one's events (rounded up, all but one at most) is held out. `newest` has a row
 * a user, maybe empty. Protocol: the reference service's evaluation of user segments (spec/training.md §3).
 */
export function splitEachUser(interactions: Interactions): { training: Interactions; newest: ItemLists } {
  const users = everyUser(interactions)
  const cut = (start: number, end: number) =>
    Math.max(Math.min(start + 1, end), end - Math.ceil((end - start) * NEWEST_SHARE))
  const { offsets, items } = selectEvents(interactions, users, (start, end) => [cut(start, end), end])
  return {
    training: selectEvents(interactions, users, (start, end) => [start, cut(start, end)]),
    newest: { offsets, items },
  }
}

/** `count` of the tested users, evenly chosen, or all where there are no more. */
export function someTested(test: HeldOut, count: number): HeldOut {
  if (test.userCount <= count) return test
  const rows = Uint32Array.from({ length: count }, (_, place) => Math.floor((place * test.userCount) / count))
  const listsOf = (lists: ItemLists) => itemLists(Array.from(rows, row => listAt(lists, row)))
  const { truths, truthWeights } = test
  return {
    userCount: count,
    users: rows.map(row => test.users[row]),
    inputs: listsOf(test.inputs),
    truths: listsOf(truths),
    ...(truthWeights && {
      truthWeights: Float32Array.from(
        Array.from(rows, row => [...truthWeights.subarray(truths.offsets[row], truths.offsets[row + 1])]).flat(),
      ),
    }),
  }
}

const everyUser = ({ userCount }: Interactions): Uint32Array =>
  Uint32Array.from({ length: userCount }, (_, user) => user)

const testableUsers = (interactions: Interactions): Uint32Array =>
  everyUser(interactions).filter(user => eventCountOf(interactions, user) >= TESTED_EVENT_COUNT_MIN)

const eventCountOf = (interactions: Interactions, user: number): number =>
  interactions.offsets[user + 1] - interactions.offsets[user]

function holdOut(
  interactions: Interactions,
  users: Uint32Array,
  heldOutCount: (eventCount: number) => number,
): HeldOut {
  const histories = Array.from(users, user => historyOf(interactions, user))
  const cuts = histories.map(history => history.length - heldOutCount(history.length))
  assert(
    cuts.every(cut => cut > 0),
    'a tested user keeps at least one event as input',
  )
  return {
    userCount: users.length,
    users,
    inputs: itemLists(histories.map((history, row) => history.subarray(0, cuts[row]))),
    truths: itemLists(histories.map((history, row) => history.subarray(cuts[row]))),
    ...(interactions.weights && {
      truthWeights: truthWeights(interactions.weights, interactions.offsets, users, cuts),
    }),
  }
}

/** Of user users[row] the weights from place cuts[row] on, row after row. */
function truthWeights(weights: Float32Array, offsets: Uint32Array, users: Uint32Array, cuts: readonly number[]) {
  const rows = Array.from(users, (user, row) => weights.subarray(offsets[user] + cuts[row], offsets[user + 1]))
  const joined = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0))
  let at = 0
  for (const row of rows) {
    joined.set(row, at)
    at += row.length
  }
  return joined
}

export function itemLists(rows: readonly Int32Array[]): ItemLists {
  const offsets = new Uint32Array(rows.length + 1)
  for (let row = 0; row < rows.length; row++) offsets[row + 1] = offsets[row] + rows[row].length
  const items = new Int32Array(offsets[rows.length])
  for (let row = 0; row < rows.length; row++) items.set(rows[row], offsets[row])
  return { offsets, items }
}

/** The events of these users alone, one row each in the order given; item indexes stay as they are. */
export const ofUsers = (interactions: Interactions, users: Uint32Array): Interactions =>
  selectEvents(interactions, users, (start, end) => [start, end])

const dropNewest = (interactions: Interactions, count: number): Interactions =>
  selectEvents(interactions, everyUser(interactions), (start, end) => [start, Math.max(start, end - count)])

/** Every user's newest `count` events: all that a model with a kernel of that length looks at. */
export function newestEvents(interactions: Interactions, count: number): ItemLists {
  const { offsets, items } = selectEvents(interactions, everyUser(interactions), (start, end) => [
    Math.max(start, end - count),
    end,
  ])
  return { offsets, items }
}

/** What had been done by then, that moment included. */
export const eventsUntil = (interactions: Interactions, time: number): Interactions =>
  selectEvents(interactions, everyUser(interactions), (start, end) => {
    let [low, high] = [start, end]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (interactions.times[middle] <= time) low = middle + 1
      else high = middle
    }
    return [start, low]
  })

/** Of each user the events from `range`, a part of [start, end). */
function selectEvents(
  interactions: Interactions,
  users: Uint32Array,
  range: (start: number, end: number) => readonly [number, number],
): Interactions {
  const starts = new Uint32Array(users.length)
  const offsets = new Uint32Array(users.length + 1)
  for (let row = 0; row < users.length; row++) {
    const user = users[row]
    const [from, to] = range(interactions.offsets[user], interactions.offsets[user + 1])
    starts[row] = from
    offsets[row + 1] = offsets[row] + to - from
  }
  const count = offsets[users.length]
  const [items, times] = [new Int32Array(count), new Float64Array(count)]
  const weights = interactions.weights && new Float32Array(count)
  const contexts = interactions.contexts?.map(() => new Uint8Array(count))
  for (let row = 0; row < users.length; row++) {
    const from = starts[row]
    const to = from + offsets[row + 1] - offsets[row]
    items.set(interactions.items.subarray(from, to), offsets[row])
    times.set(interactions.times.subarray(from, to), offsets[row])
    weights?.set(interactions.weights!.subarray(from, to), offsets[row])
    for (const [column, codes] of contexts?.entries() ?? [])
      codes.set(interactions.contexts![column].subarray(from, to), offsets[row])
  }
  const { itemCount } = interactions
  const more = { ...(weights && { weights }), ...(contexts && { contexts }) }
  return { userCount: users.length, itemCount, offsets, items, times, ...more }
}

/**
 * The users whose number of events is neither below the `min` nor above the `max` percentile of all users' numbers (shares in [0, 1],
 * nearest rank: the value at place ⌈share · userCount⌉ of the ascending order; equal lengths share a user's fate). 0 and 1 keep everybody.
 */
export function usersByHistoryLength(
  interactions: Interactions,
  percentiles: { min: number; max: number },
): Uint32Array {
  const { userCount } = interactions
  const lengths = Uint32Array.from({ length: userCount }, (_, user) => eventCountOf(interactions, user))
  const { least, most } = percentileRange(lengths, percentiles)
  return everyUser(interactions).filter(user => lengths[user] >= least && lengths[user] <= most)
}

/** The values at two percentiles by nearest rank: shares in [0, 1], `values` in any order. */
export function percentileRange(
  values: Uint32Array,
  { min, max }: { min: number; max: number },
): { least: number; most: number } {
  const ascending = values.toSorted()
  const at = (share: number) =>
    ascending[Math.min(values.length - 1, Math.max(0, Math.ceil(share * values.length) - 1))] ?? 0
  return { least: at(min), most: at(max) }
}
