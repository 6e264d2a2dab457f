/** What newcomers.ts foretells from, counts and shares of items, and how likely these make the first events of people held out. */
import type { AttributeLifts } from './attributeLifts.ts'
import type { Attributes } from './attributes.ts'
import type { Interactions } from './interactions.ts'

/** People held out; more would say the same. */
export const HELD_OUT_USERS_MAX = 1000
/** Fewer say nothing. */
export const HELD_OUT_USERS_MIN = 25
/** What somebody does before a history of theirs has been learnt from: in a nightly job the events of a first visit. */
const JUDGED_EVENTS = 5
/** A gain must be this many of its standard errors, and of some size, in nats: rounding gains something too. */
const CLEAR_ERRORS = 2
const GAIN_MIN = 1e-3

/** What an item that was never seen counts as, so that its logarithm is finite, as in popularity.ts. */
const UNSEEN_COUNT = 0.5

/** f64[itemCount]: the share of each item in the counts, which add up to 1. */
export function sharesOf(counts: Float64Array): Float64Array<ArrayBuffer> {
  let total = 0
  for (const count of counts) total += count || UNSEEN_COUNT
  return Float64Array.from(counts, count => (count || UNSEEN_COUNT) / total)
}

/** Only what was before `now` counts, t seconds before it as 2^(-t/halfLife). Epoch seconds, seconds. */
export interface Lately {
  readonly now: number
  readonly halfLife: number
}
const EVER: Lately = { now: Number.POSITIVE_INFINITY, halfLife: Number.POSITIVE_INFINITY }

/** f64[itemCount]: how often an item is among the first `count` events of a user, by the weights of events where they have any. */
export function beginnings(
  { itemCount, offsets, items, times, weights }: Interactions,
  users: readonly number[],
  count: number,
  { now, halfLife }: Lately = EVER,
): Float64Array<ArrayBuffer> {
  const counts = new Float64Array(itemCount)
  for (const user of users) {
    const end = Math.min(offsets[user + 1], offsets[user] + count)
    for (let at = offsets[user]; at < end && times[at] < now; at++) {
      const lately = halfLife === Number.POSITIVE_INFINITY ? 1 : 2 ** ((times[at] - now) / halfLife)
      counts[items[at]] += weights ? weights[at] * lately : lately
    }
  }
  return counts
}

/** Of each person the first `events`, Infinity for all; `strength`: r of newcomers.ts as a multiple of the number of items, 0 for `shares` alone. */
export interface Beginnings {
  readonly events: number
  readonly strength: number
}

/** f64[itemCount]: ln b of newcomers.ts, from counts of beginnings and shares of everything. */
export function foretold(counts: Float64Array, shares: Float64Array, strength: number): Float64Array {
  if (strength === 0) return shares.map(Math.log)
  const pseudo = strength * shares.length
  const total = sum(counts) + pseudo
  return Float64Array.from(counts, (count, j) => Math.log((count + pseudo * shares[j]) / total))
}

/** Of each person held out the mean log-likelihood of the first JUDGED_EVENTS events, by their weights; 0 where none has any. `log` is normalised: Σ exp = 1. */
export function judge(
  { itemCount, offsets, items, weights }: Interactions,
  heldOut: readonly number[],
  attributes?: Attributes,
) {
  const added = new Float64Array(itemCount)
  return (log: Float64Array, lifts?: AttributeLifts): Float64Array =>
    Float64Array.from(heldOut, user => {
      const touched: number[] = []
      if (lifts && attributes)
        for (let c = attributes.offsets[user]; c < attributes.offsets[user + 1]; c++) {
          const code = attributes.codes[c]
          for (let at = lifts.offsets[code]; at < lifts.offsets[code + 1]; at++) {
            if (added[lifts.items[at]] === 0) touched.push(lifts.items[at])
            added[lifts.items[at]] += lifts.values[at]
          }
        }
      let total = 1
      for (const item of touched) total += Math.exp(log[item]) * Math.expm1(added[item])
      const end = Math.min(offsets[user + 1], offsets[user] + JUDGED_EVENTS)
      let [likelihood, mass] = [0, 0]
      for (let at = offsets[user]; at < end; at++) {
        const weight = weights ? weights[at] : 1
        likelihood += weight * (log[items[at]] + added[items[at]])
        mass += weight
      }
      for (const item of touched) added[item] = 0
      return mass > 0 ? likelihood / mass - Math.log(total) : 0
    })
}

export function gainOf(likelihoods: Float64Array, before: Float64Array): { gain: number; clear: boolean } {
  const gains = likelihoods.map((each, user) => each - before[user])
  const gain = sum(gains) / gains.length
  const variance = gains.reduce((total, each) => total + (each - gain) ** 2, 0) / Math.max(1, gains.length - 1)
  return { gain, clear: gain > CLEAR_ERRORS * Math.sqrt(variance / gains.length) && gain > GAIN_MIN }
}

export const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)
