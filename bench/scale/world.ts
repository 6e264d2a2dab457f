/**
 * A made-up data set of any size, from a seed, written user by user into the arrays that training reads: no file, no list of objects.
 *
 *   users    25 events on average, as many as a negative exponential draws, 2 to 250; a year of time
 *   items    in shelves of twenty; every other event goes on near the one before it, the others begin anew by Zipf's law
 *   written  of each item a category a shelf has, a price, and a text of words by Zipf's law with some of its shelf's own
 *   actions  twenty; a user in two meets one, and takes it the more often the more the shelf of its first item likes it
 */
import { assert } from '../../src/lib/assert.ts'
import { derivedSeed, type Random, seededRandom } from '../../src/lib/random.ts'
import { joinActions } from '../../src/models/actionEvents.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import type { MetadataColumn } from '../../src/models/metadata.ts'

export interface Size {
  readonly eventCount: number
  readonly itemCount: number
}

const SEED = 1
const EVENTS_MEAN = 25
const EVENTS_MIN = 2
const EVENTS_MAX = 250
const YEAR_SECONDS = 365 * 86_400
/** The newest event of all is before this moment. */
const END_SECONDS = 1_700_000_000
const GAP_SECONDS_MEAN = 86_400
export const SHELF = 20
const CATEGORIES = 400
const WORDS = 12
const VOCABULARY = 200_000
const OWN_WORDS = 3
export const ACTIONS = 20
const MEETS_SHARE = 0.5

/** Exactly `eventCount` events. The same size gives the same bytes. */
export function madeUpInteractions({ eventCount, itemCount }: Size): Interactions {
  assert(eventCount >= EVENTS_MAX && itemCount >= SHELF)
  const random = seededRandom(SEED)
  const items = new Int32Array(eventCount)
  const times = new Float64Array(eventCount)
  const ends = [0]
  for (let at = 0; at < eventCount; ) {
    const drawn = EVENTS_MIN - Math.log(1 - random.uniform()) * (EVENTS_MEAN - EVENTS_MIN)
    const left = eventCount - at
    const length = Math.min(left, EVENTS_MAX, Math.floor(drawn))
    const last = left - length < EVENTS_MIN ? left : length
    drawUser(random, itemCount, items.subarray(at, at + last), times.subarray(at, at + last))
    at += last
    ends.push(at)
  }
  return { userCount: ends.length - 1, itemCount, offsets: Uint32Array.from(ends), items, times }
}

function drawUser(random: Random, itemCount: number, items: Int32Array, times: Float64Array): void {
  for (let at = 0; at < items.length; at++) {
    const goesOn = at > 0 && random.below(2) === 0
    items[at] = goesOn
      ? Math.min(itemCount - 1, SHELF * Math.floor(items[at - 1] / SHELF) + random.below(SHELF))
      : Math.min(itemCount - 1, Math.floor((itemCount + 1) ** random.uniform()) - 1)
  }
  let time = END_SECONDS - random.uniform() * YEAR_SECONDS
  for (let at = items.length - 1; at >= 0; at--) {
    times[at] = Math.floor(time)
    time += Math.log(1 - random.uniform()) * GAP_SECONDS_MEAN
  }
}

/** What is told of `count` items from `first` on, as datasets/metadata.ts would read it. */
export function madeUpColumns(first: number, count: number, withWords: boolean): MetadataColumn[] {
  const random = seededRandom(derivedSeed(SEED, 'metadata', first))
  const rows = Uint32Array.from({ length: count + 1 }, (_, row) => row)
  const shelfOf = (row: number) => Math.floor((first + row) / SHELF)
  const categories: MetadataColumn = {
    kind: 'categories',
    name: 'CATEGORY',
    categories: Array.from({ length: CATEGORIES }, (_, code) => `category ${code}`),
    offsets: rows,
    codes: Uint32Array.from({ length: count }, (_, row) => shelfOf(row) % CATEGORIES),
  }
  const values = Float64Array.from({ length: count }, () => Math.exp(3 + random.normal()))
  const prices: MetadataColumn = { kind: 'numbers', name: 'PRICE', values }
  if (!withWords) return [categories, prices]
  const offsets = new Uint32Array(count + 1)
  const hashes = new Uint32Array(count * WORDS)
  const row = new Set<number>()
  for (let item = 0; item < count; item++) {
    row.clear()
    // The words of a shelf are far along the vocabulary, so that a few share them.
    for (let w = 0; w < OWN_WORDS; w++) row.add(derivedSeed(shelfOf(item), w) % VOCABULARY)
    while (row.size < WORDS) row.add(Math.floor((VOCABULARY + 1) ** random.uniform()) - 1)
    hashes.set(Uint32Array.from(row, word => Math.imul(word, 0x9e3779b1) >>> 0).sort(), offsets[item])
    offsets[item + 1] = offsets[item] + row.size
  }
  return [categories, { kind: 'words', name: 'DESCRIPTION', offsets, hashes }]
}

/** The same people, half of whom also met an action: shown, then maybe taken a day later. */
export function withMadeUpActions(interactions: Interactions): Interactions {
  const { userCount, offsets, items: theirs, times: when } = interactions
  const random = seededRandom(derivedSeed(SEED, 'actions'))
  const ends = new Uint32Array(userCount + 1)
  const items = new Int32Array(2 * userCount)
  const times = new Float64Array(2 * userCount)
  let at = 0
  for (let user = 0; user < userCount; user++) {
    if (random.uniform() < MEETS_SHARE) {
      const end = offsets[user + 1] - 1
      const action = random.below(ACTIONS)
      const likes = (Math.floor(theirs[offsets[user]] / SHELF) + action) % 4 === 0
      const taken = random.uniform() < (likes ? 0.5 : 0.1)
      items[at] = ACTIONS + action
      times[at++] = when[end]
      if (taken) {
        items[at] = action
        times[at++] = when[end] + 86_400
      }
    }
    ends[user + 1] = at
  }
  const cut = { items: items.slice(0, at), times: times.slice(0, at) }
  return joinActions(interactions, { userCount, itemCount: 2 * ACTIONS, offsets: ends, ...cut })
}
