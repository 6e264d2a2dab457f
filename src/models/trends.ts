/**
 * What is rising: how often an item is met of late, less half of how often it usually is. With c the events of item j, each counting half as much
 * after every half-life H, as of the time T, and S seconds of data before it,
 *
 *   rate(j, H)  = c(j, H) · ln 2 / (H · (1 - 2^(-S / H)))        events a second; c / S for H = ∞
 *   score(j)    = rate(j, lately) - ½ · rate(j, usually)
 *
 * which is the mean of how often the item is met and of by how much that is more than usual: by the difference alone, noise leads wherever a
 * half-life holds few events. Without `usually` the score is the rate. Which half-lives tell what rises next differs by data, from hours in a stream of
 * plays to months in a shop, so they are chosen (trendChoice.ts).
 */
import { assert } from '../lib/assert.ts'
import type { Interactions } from './interactions.ts'

const HOUR = 3600
const DAY = 24 * HOUR
/** Seconds, ascending: of news, of a day's business, of a season, of all time. */
export const HALF_LIVES = [HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, Number.POSITIVE_INFINITY] as const

/** Places in HALF_LIVES, of which the second is the greater one. */
export interface Trend {
  readonly lately: number
  readonly usually?: number
}

const USUAL_SHARE = 0.5
/** Half-lives after which an event counts nothing: less than a double's last digit beside a new one. */
const FORGOTTEN = 53

/** Every trend there can be, the longest half-lives first: data that cannot tell them apart is better off with much than with little. */
export const TRENDS: readonly Trend[] = HALF_LIVES.map((_, place) => HALF_LIVES.length - 1 - place).flatMap(lately => [
  { lately },
  ...HALF_LIVES.keys()
    .filter(place => place > lately)
    .toArray()
    .reverse()
    .map(usually => ({ lately, usually })),
])

/** Counts at one time after another. */
export class TrendCounts {
  /** f64[itemCount]: how many different users have met each item by now. */
  readonly people: Float64Array
  readonly #interactions: Interactions
  readonly #oldest: number
  /** Of each event 1 where its user meets the item for the first time. */
  readonly #isFirst: Uint8Array
  /** f64[itemCount] for each half-life. */
  readonly #counts: readonly Float64Array[]
  #time: number

  constructor(interactions: Interactions) {
    this.#interactions = interactions
    this.#oldest = interactions.times.reduce((oldest, time) => Math.min(oldest, time), Number.POSITIVE_INFINITY)
    this.people = new Float64Array(interactions.itemCount)
    this.#isFirst = firstMeetings(interactions)
    this.#counts = HALF_LIVES.map(() => new Float64Array(interactions.itemCount))
    this.#time = Number.NEGATIVE_INFINITY
  }

  /** To a later time, whose own events count in full. At least one event is not after it. Cost O(events), and over all times a power for each event and half-life. */
  advance(time: number): void {
    const { items, times } = this.#interactions
    const before = this.#time
    assert(time > before && time >= this.#oldest)
    for (const [place, halfLife] of HALF_LIVES.entries()) {
      const decay = 2 ** (-(time - Math.max(before, this.#oldest)) / halfLife)
      const counts = this.#counts[place]
      for (let item = 0; item < counts.length; item++) counts[item] *= decay
    }
    for (let at = 0; at < times.length; at++) {
      if (times[at] <= before || times[at] > time) continue
      this.people[items[at]] += this.#isFirst[at]
      const age = time - times[at]
      for (let place = HALF_LIVES.length - 1; place >= 0 && age < FORGOTTEN * HALF_LIVES[place]; place--)
        this.#counts[place][items[at]] += 2 ** (-age / HALF_LIVES[place])
    }
    this.#time = time
  }

  /** f64[itemCount]: the scores by now in decayed events of `lately`, so a rate times what one event a second would have left. */
  scores({ lately, usually }: Trend): Float64Array {
    const now = this.#counts[lately]
    if (usually === undefined) return now.slice()
    const share = (USUAL_SHARE * this.#eventsOfOne(lately)) / this.#eventsOfOne(usually)
    return now.map((count, item) => count - share * this.#counts[usually][item])
  }

  /** What one event a second, since the first, would count by now: seconds. */
  #eventsOfOne(place: number): number {
    const span = Math.max(1, this.#time - this.#oldest)
    const halfLife = HALF_LIVES[place]
    return halfLife === Number.POSITIVE_INFINITY ? span : (halfLife / Math.LN2) * (1 - 2 ** (-span / halfLife))
  }
}

function firstMeetings({ userCount, itemCount, offsets, items }: Interactions): Uint8Array {
  const isFirst = new Uint8Array(items.length)
  const lastUser = new Int32Array(itemCount).fill(-1)
  for (let user = 0; user < userCount; user++) {
    for (let at = offsets[user]; at < offsets[user + 1]; at++) {
      if (lastUser[items[at]] === user) continue
      lastUser[items[at]] = user
      isFirst[at] = 1
    }
  }
  return isFirst
}

export const newestTime = (times: Float64Array): number =>
  times.reduce((newest, time) => Math.max(newest, time), Number.NEGATIVE_INFINITY)
