/**
 * Events in order of arrival → one list a user, oldest first. A stable sort: by time, two bytes at a time (LSD radix, Knuth vol. 3 §5.2.5),
 * then by user; so events of one user with equal times stay in order of arrival. Linear, no comparisons, and the same for any history.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WorkControl } from '../lib/work.ts'

/** In order of arrival, with gaps: an event that does not count has user -1. */
export interface Arrivals {
  readonly users: Int32Array
  readonly items: Int32Array
  /** Whole epoch seconds. */
  readonly times: Float64Array
  /** How much each counts; absent: all alike. */
  readonly weights?: Float32Array | undefined
  /** u8 of each contextual column (contexts.ts). */
  readonly contexts?: readonly Uint8Array[] | undefined
}

/** What users did; the same shape as `models/interactions.ts`, which this layer may not see. */
export interface Histories {
  readonly userCount: number
  readonly itemCount: number
  /** u32[userCount + 1]: user u's events are [offsets[u], offsets[u + 1]). */
  readonly offsets: Uint32Array
  /** i32[eventCount]: item index, 0 ≤ item < itemCount. */
  readonly items: Int32Array
  /** f64[eventCount]: epoch seconds, ascending within a user. */
  readonly times: Float64Array
  /** f32[eventCount] */
  readonly weights?: Float32Array
  /** u8[eventCount] of each contextual column. */
  readonly contexts?: readonly Uint8Array[]
}

const DIGIT = 2 ** 16
/** Events between two looks at the signal, some 10 ms. */
const BLOCK = 2 ** 19

export async function historiesOf(
  arrivals: Arrivals,
  userCount: number,
  itemCount: number,
  control: WorkControl,
): Promise<Histories> {
  const order = await orderByTime(arrivals, control)
  const offsets = new Uint32Array(userCount + 1)
  await inBlocks(order.length, control, (start, end) => countUsers(arrivals, order, offsets, start, end))
  for (let user = 0; user < userCount; user++) offsets[user + 1] += offsets[user]
  const next = offsets.slice(0, userCount)
  const lists = {
    items: new Int32Array(order.length),
    times: new Float64Array(order.length),
    ...(arrivals.weights && { weights: new Float32Array(order.length) }),
    ...(arrivals.contexts && { contexts: arrivals.contexts.map(() => new Uint8Array(order.length)) }),
  }
  await inBlocks(order.length, control, (start, end) => appendEvents(arrivals, order, next, lists, start, end))
  return { userCount, itemCount, offsets, ...lists }
}

/** The places of the events that count, by time and then place. */
async function orderByTime(arrivals: Arrivals, control: WorkControl): Promise<Uint32Array> {
  const { times } = arrivals
  const found = {
    places: new Uint32Array(times.length),
    count: 0,
    earliest: Infinity,
    latest: -Infinity,
    ascending: true,
  }
  await inBlocks(times.length, control, (start, end) => findEvents(arrivals, found, start, end))
  const { count, earliest, latest } = found
  let order = found.places.subarray(0, count)
  if (found.ascending) return order
  let sorted = new Uint32Array(count)
  for (let unit = 1; unit <= latest - earliest; unit *= DIGIT) {
    const next = new Uint32Array(DIGIT + 1)
    const from = order
    const to = sorted
    await inBlocks(count, control, (start, end) => countDigits(times, earliest, unit, from, next, start, end))
    for (let digit = 0; digit < DIGIT; digit++) next[digit + 1] += next[digit]
    await inBlocks(count, control, (start, end) => placeByDigit(times, earliest, unit, from, next, to, start, end))
    order = to
    sorted = from
  }
  return order
}

interface Found {
  readonly places: Uint32Array
  count: number
  earliest: number
  latest: number
  ascending: boolean
}

function findEvents({ users, times }: Arrivals, found: Found, start: number, end: number): void {
  let { count, earliest, latest, ascending } = found
  for (let place = start; place < end; place++) {
    if (users[place] < 0) continue
    found.places[count++] = place
    const time = times[place]
    if (time < latest) ascending = false
    else latest = time
    if (time < earliest) earliest = time
  }
  Object.assign(found, { count, earliest, latest, ascending })
}

const digitOf = (time: number, earliest: number, unit: number): number => Math.floor((time - earliest) / unit) % DIGIT

/** counts[d + 1] grows by the events of [start, end) whose digit is d. */
function countDigits(
  times: Float64Array,
  earliest: number,
  unit: number,
  order: Uint32Array,
  counts: Uint32Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) counts[digitOf(times[order[i]], earliest, unit) + 1]++
}

/** next[d] is where the next event whose digit is d goes. */
function placeByDigit(
  times: Float64Array,
  earliest: number,
  unit: number,
  from: Uint32Array,
  next: Uint32Array,
  to: Uint32Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) to[next[digitOf(times[from[i]], earliest, unit)]++] = from[i]
}

function countUsers({ users }: Arrivals, order: Uint32Array, counts: Uint32Array, start: number, end: number): void {
  for (let i = start; i < end; i++) counts[users[order[i]] + 1]++
}

function appendEvents(
  { users, items, times, weights, contexts = [] }: Arrivals,
  order: Uint32Array,
  next: Uint32Array,
  lists: Pick<Histories, 'items' | 'times' | 'weights' | 'contexts'>,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const from = order[i]
    const to = next[users[from]]++
    lists.items[to] = items[from]
    lists.times[to] = times[from]
    if (weights) lists.weights![to] = weights[from]
    for (let column = 0; column < contexts.length; column++) lists.contexts![column][to] = contexts[column][from]
  }
}

async function inBlocks(
  count: number,
  { signal, progress }: WorkControl,
  work: (start: number, end: number) => void,
): Promise<void> {
  for (let start = 0; start < count; start += BLOCK) {
    work(start, Math.min(count, start + BLOCK))
    progress({
      stage: 'reading interactions: sorting',
      done: Math.min(count, start + BLOCK),
      total: count,
      unit: 'rows',
    })
    await nextTurn()
    signal.throwIfAborted()
  }
}
