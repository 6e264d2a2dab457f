/**
 * How it is asked (design/recommenders.md §2): a split, and what is measured of the lists. Every row gets the same split and the same lists of 100.
 *
 *   P1    a tenth of the users, drawn by the seed, is not learnt from; from the oldest nine tenths of what each did, the newest tenth
 *   P2    leave-one-out: learnt from all but everybody's last two events, asked for the last from all before it
 *   ties  P2 with events of equal times in an order drawn by the seed, users whose times are real
 *   P3′   the users of P1, of whose items a fifth, drawn by the seed, is to be found from the others (Marlin 2004; as Liang et al. 2018 measure)
 *
 * Items of the input are not recommended, unless people come back to things. P1 and P3′ learn from the same events: one training serves both.
 */
import { assert } from '../../src/lib/assert.ts'
import { derivedSeed, seededRandom, shuffle } from '../../src/lib/random.ts'
import { historyOf, type Interactions, repeatShare } from '../../src/models/interactions.ts'
import { userMetrics } from '../../src/models/metrics.ts'
import { type HeldOut, itemLists, listAt, ofUsers, splitByUsers, splitLastEvents } from '../../src/models/splits.ts'
import type { Data } from './data.ts'

export const PROTOCOLS = ['P1', 'P2', 'ties', 'P3'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** Protocols by what is learnt from: of a seed, one training for each of these. What says most is first. */
export const TRAININGS: readonly (readonly Protocol[])[] = [['P2'], ['P1', 'P3'], ['ties']]

/** P2 has no chance in it. */
export const seedsOf = (protocol: Protocol): readonly number[] => (protocol === 'P2' ? [0] : [0, 1, 2])

export const LIST_LENGTH = 100
/** Beyond this share of events on items the user had before, people are expected to come back to things. */
const REPEAT_SHARE = 0.05
const HELD_OUT_SHARE = 0.2

export interface Asked {
  readonly protocol: Protocol
  readonly test: HeldOut
  /** Whether items of the input may not be recommended. */
  readonly withoutInputItems: boolean
  /** By row of `test`: whether the truth has the same time as the event before it; of P2's kind alone. */
  readonly tied?: readonly boolean[]
}

export interface Exam {
  readonly training: Interactions
  readonly asked: readonly Asked[]
}

export const isWithoutInputItems = ({ interactions }: Data): boolean => repeatShare(interactions) <= REPEAT_SHARE

/** What is learnt from, and what is asked then. `protocols` are one of TRAININGS, or some of it. */
export function examOf(protocols: readonly Protocol[], seed: number, data: Data): Exam {
  assert(TRAININGS.some(together => protocols.every(protocol => together.includes(protocol))))
  return protocols.includes('P2') || protocols.includes('ties')
    ? aboutLastEvents(protocols[0], seed, data)
    : aboutNewUsers(protocols, seed, data)
}

function aboutNewUsers(protocols: readonly Protocol[], seed: number, data: Data): Exam {
  const { training, test } = splitByUsers(data.interactions, seed)
  const asked = protocols.map(protocol =>
    protocol === 'P1'
      ? { protocol, test, withoutInputItems: isWithoutInputItems(data) }
      : { protocol, test: takenAtRandom(data.interactions, test.users, seed), withoutInputItems: true },
  )
  return { training, asked }
}

function aboutLastEvents(protocol: Protocol, seed: number, data: Data): Exam {
  const { interactions, realTimes } = data
  const events = protocol === 'P2' ? interactions : withShuffledTies(ofUsers(interactions, realTimes), seed)
  const { training, test } = splitLastEvents(events)
  const tied = Array.from(test.users, user => {
    const end = events.offsets[user + 1]
    return events.times[end - 1] === events.times[end - 2]
  })
  return { training, asked: [{ protocol, test, withoutInputItems: isWithoutInputItems(data), tied }] }
}

function takenAtRandom(interactions: Interactions, users: Uint32Array, seed: number): HeldOut {
  const rows = Array.from(users, user => {
    const history = historyOf(interactions, user)
    const items = Array.from(new Set(history))
    shuffle(items, seededRandom(derivedSeed(seed, 'held-out items', user)))
    const truth = new Set(items.slice(0, Math.ceil(items.length * HELD_OUT_SHARE)))
    return { truth: Int32Array.from(truth), input: history.filter(item => !truth.has(item)), user }
  }).filter(({ input }) => input.length > 0)
  return {
    userCount: rows.length,
    users: Uint32Array.from(rows, ({ user }) => user),
    inputs: itemLists(rows.map(({ input }) => input)),
    truths: itemLists(rows.map(({ truth }) => truth)),
  }
}

function withShuffledTies(interactions: Interactions, seed: number): Interactions {
  const { userCount, offsets, times } = interactions
  const items = interactions.items.slice()
  for (let user = 0; user < userCount; user++) {
    const random = seededRandom(derivedSeed(seed, 'ties', user))
    for (let start = offsets[user]; start < offsets[user + 1]; ) {
      let end = start + 1
      while (end < offsets[user + 1] && times[end] === times[start]) end++
      shuffle(items.subarray(start, end), random)
      start = end
    }
  }
  return { ...interactions, items }
}

/** A mean over users and its standard error. */
export interface Mean {
  readonly mean: number
  readonly error: number
}
export type Means = Readonly<Record<string, Mean>>

/** i32[users · LIST_LENGTH], -1 where a list is shorter. */
export type Lists = Int32Array

/** What the lists are worth. All rows of all programs are measured here, from their lists alone. */
export function measure({ protocol, test, tied }: Asked, lists: Lists, catalogueItemCount: number): Means {
  const columns = new Map<string, number[]>()
  const push = (name: string, value: number) => {
    const column = columns.get(name)
    if (column) column.push(value)
    else columns.set(name, [value])
  }
  const recommended = new Set<number>()
  for (let row = 0; row < test.userCount; row++) {
    const whole = lists.subarray(row * LIST_LENGTH, (row + 1) * LIST_LENGTH)
    const end = whole.indexOf(-1)
    const list = end < 0 ? whole : whole.subarray(0, end)
    const truth = new Set(listAt(test.truths, row))
    const found =
      protocol === 'P1' ? ofNewestTenth(list, truth) : protocol === 'P3' ? ofTaken(list, truth) : ofNext(list, truth)
    for (const [name, value] of Object.entries(found)) {
      push(name, value)
      if (protocol === 'ties' && tied && name === 'NDCG@10')
        push(tied[row] ? 'NDCG@10, tied' : 'NDCG@10, untied', value)
    }
    for (const item of list.subarray(0, 25)) recommended.add(item)
  }
  const means: Record<string, Mean> = { coverage: { mean: recommended.size / catalogueItemCount, error: 0 } }
  for (const [name, column] of columns) means[name] = meanOf(column)
  return means
}

function ofNewestTenth(list: Int32Array, truth: ReadonlySet<number>): Record<string, number> {
  const all = userMetrics(list, truth)
  const named: Record<string, number> = { 'MRR@25': all.mean_reciprocal_rank_at_25 }
  for (const k of [5, 10, 25] as const) {
    named[`NDCG@${k}`] = all[`textbook_normalized_discounted_cumulative_gain_at_${k}`]
    named[`NDCG@${k}, hits on top`] = all[`normalized_discounted_cumulative_gain_at_${k}`]
    named[`P@${k}`] = all[`precision_at_${k}`]
  }
  return named
}

function ofNext(list: Int32Array, truth: ReadonlySet<number>): Record<string, number> {
  const place = list.findIndex(item => truth.has(item))
  const found = place >= 0
  return {
    'HR@10': found && place < 10 ? 1 : 0,
    'NDCG@10': found && place < 10 ? 1 / Math.log2(place + 2) : 0,
    'MRR@100': found ? 1 / (place + 1) : 0,
  }
}

function ofTaken(list: Int32Array, truth: ReadonlySet<number>): Record<string, number> {
  const gain = (place: number) => 1 / Math.log2(place + 2)
  let [gained, ideal] = [0, 0]
  const hits = (k: number) => list.subarray(0, k).reduce((sum, item) => sum + (truth.has(item) ? 1 : 0), 0)
  for (let place = 0; place < list.length; place++) if (truth.has(list[place])) gained += gain(place)
  for (let place = 0; place < Math.min(LIST_LENGTH, truth.size); place++) ideal += gain(place)
  return {
    'recall@20': hits(20) / Math.min(20, truth.size),
    'recall@50': hits(50) / Math.min(50, truth.size),
    'NDCG@100': gained / ideal,
  }
}

function meanOf(values: readonly number[]): Mean {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, error: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length) }
}
