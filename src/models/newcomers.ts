/**
 * What somebody of whom no event is known does next. With p_j the share of events that item j has, f_j of N beginnings (the first K events of each
 * person) and n_cj of the events of people with attribute c:
 *
 *   score(j | attributes C) = ln b_j + w Σ_{c ∈ C} ln(1 + n_cj / (s·p_j)),     b_j = (f_j + r·p_j) / (N + r)
 *
 * The first is what people begin with, shrunk to what is popular at all. The second is how much likelier than usual an item is among those of the
 * attribute: (n_cj + s·p_j) / ((n_c + s)·p_j), the mean of a Dirichlet posterior around popularity (empirical Bayes: Robbins 1956), less what is the same
 * for all items; w < 1 since attributes overlap. An item that nobody of the attribute touched adds 0, so the rows are sparse.
 *
 * K, r, w and s are chosen by the likelihood of the first events of people held out, and each of the two parts is there only where it makes
 * these clearly likelier than popularity alone.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { derivedSeed, seededRandom, shuffle } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import { type AttributeLifts, countsByAttribute, liftsOf } from './attributeLifts.ts'
import type { Attributes } from './attributes.ts'
import type { Interactions } from './interactions.ts'
import { eventCounts, logShares } from './popularity.ts'

export interface Newcomers {
  /** f32[itemCount]: ln b_j. */
  readonly base: Float32Array
  readonly lifts: AttributeLifts
  readonly choice: NewcomerChoice
}

/** For people. Gains are in nats an event, of people held out. */
export interface NewcomerChoice {
  readonly heldOutUserCount: number
  /** Absent: popularity as it is. `events`: K. `strength`: r, and s below, as multiples of the number of items. */
  readonly beginnings?: { readonly events: number; readonly strength: number; readonly gain: number }
  /** Absent: they tell nothing. */
  readonly attributes?: {
    readonly count: number
    readonly weight: number
    readonly strength: number
    readonly gain: number
  }
}

const HELD_OUT_SHARE = 0.1
const HELD_OUT_USERS_MAX = 1000
/** Fewer say nothing. */
const HELD_OUT_USERS_MIN = 25
/** What somebody does before a history of theirs has been learnt from: in a nightly job the events of a first visit. */
const JUDGED_EVENTS = 5
/** A gain must be this many of its standard errors, and of some size, in nats: rounding gains something too. */
const CLEAR_ERRORS = 2
const GAIN_MIN = 1e-3
const BEGINNINGS = [1, 5, 20]
/** r and s in events, as multiples of the number of items. */
const STRENGTHS = [0.03, 0.3, 3]
const WEIGHTS = [0.25, 0.5, 1]
const LIFT_STRENGTHS = [0.1, 1, 10]

interface Base {
  readonly log: Float64Array
  readonly likelihoods: Float64Array
  readonly events: number
  readonly strength: number
}

/** `attributes` has at least a row a user of `interactions`. Rejects with `control.signal.reason` when aborted. */
export async function fitNewcomers(
  interactions: Interactions,
  attributes: Attributes | undefined,
  seed: number,
  control: WorkControl,
): Promise<Newcomers> {
  const { learnt, heldOut } = holdOutUsers(interactions, seed)
  const everybody = Array.from({ length: interactions.userCount }, (_, user) => user)
  if (heldOut.length < HELD_OUT_USERS_MIN) {
    const none = { offsets: new Uint32Array(1), items: new Int32Array(0), values: new Float32Array(0) }
    return { base: logShares(eventCounts(interactions)), lifts: none, choice: { heldOutUserCount: heldOut.length } }
  }
  const judged = judge(interactions, heldOut, attributes)
  const turn = async (done: number, total: number) => {
    control.progress({ stage: 'people without a history', done, total, unit: 'settings' })
    await nextTurn()
    control.signal.throwIfAborted()
  }
  const total = BEGINNINGS.length * STRENGTHS.length + WEIGHTS.length * LIFT_STRENGTHS.length
  let done = 0

  const shares = sharesOf(interactions, learnt)
  const plain = judged(shares.map(Math.log), undefined)
  const popularity: Base = { log: shares.map(Math.log), likelihoods: plain, events: 0, strength: 0 }
  let base = popularity
  for (const events of BEGINNINGS) {
    const counts = beginnings(interactions, learnt, events)
    for (const strength of STRENGTHS) {
      await turn(done++, total)
      const log = shrunk(counts, shares, strength * shares.length)
      const likelihoods = judged(log, undefined)
      if (sum(likelihoods) > sum(base.likelihoods)) base = { log, likelihoods, events, strength }
    }
  }
  const began = gainOf(base.likelihoods, plain)
  if (!began.clear) base = popularity

  let best = { weight: 0, strength: 0, likelihoods: base.likelihoods }
  if (attributes && attributes.names.length > 0) {
    const counted = countsByAttribute(interactions, learnt, attributes)
    for (const strength of LIFT_STRENGTHS) {
      for (const weight of WEIGHTS) {
        await turn(done++, total)
        const likelihoods = judged(base.log, liftsOf(counted, shares, weight, strength * shares.length))
        if (sum(likelihoods) > sum(best.likelihoods)) best = { weight, strength, likelihoods }
      }
    }
  }
  const lifted = gainOf(best.likelihoods, base.likelihoods)
  const { weight, strength } = lifted.clear ? best : { weight: 0, strength: 0 }

  // With what was chosen, everybody is learnt from.
  const all = sharesOf(interactions, everybody)
  const counts = base.events > 0 && beginnings(interactions, everybody, base.events)
  const log = counts ? shrunk(counts, all, base.strength * all.length) : all.map(Math.log)
  const count = attributes?.names.length ?? 0
  return {
    base: counts ? Float32Array.from(log) : logShares(eventCounts(interactions)),
    lifts:
      weight > 0 && attributes
        ? liftsOf(countsByAttribute(interactions, everybody, attributes), all, weight, strength * all.length)
        : { offsets: new Uint32Array(count + 1), items: new Int32Array(0), values: new Float32Array(0) },
    choice: {
      heldOutUserCount: heldOut.length,
      ...(counts && { beginnings: { events: base.events, strength: base.strength, gain: began.gain } }),
      ...(weight > 0 && { attributes: { count, weight, strength, gain: lifted.gain } }),
    },
  }
}

function holdOutUsers({ userCount, offsets }: Interactions, seed: number) {
  const users = Array.from({ length: userCount }, (_, user) => user).filter(user => offsets[user] < offsets[user + 1])
  shuffle(users, seededRandom(derivedSeed(seed, 'newcomers')))
  const count = Math.min(HELD_OUT_USERS_MAX, Math.round(users.length * HELD_OUT_SHARE))
  return { heldOut: users.slice(0, count), learnt: users.slice(count) }
}

/** What an item that was never seen counts as, so that its logarithm is finite, as in popularity.ts. */
const UNSEEN_COUNT = 0.5

function sharesOf(interactions: Interactions, users: readonly number[]): Float64Array<ArrayBuffer> {
  const counts = beginnings(interactions, users, Number.POSITIVE_INFINITY)
  let total = 0
  for (const count of counts) total += count || UNSEEN_COUNT
  return counts.map(count => (count || UNSEEN_COUNT) / total)
}

/** f64[itemCount]: how often an item is among the first `count` events of a user. */
function beginnings({ itemCount, offsets, items }: Interactions, users: readonly number[], count: number) {
  const counts = new Float64Array(itemCount)
  for (const user of users)
    for (let at = offsets[user]; at < Math.min(offsets[user + 1], offsets[user] + count); at++) counts[items[at]]++
  return counts
}

function shrunk(counts: Float64Array, shares: Float64Array, strength: number): Float64Array {
  const total = sum(counts) + strength
  return counts.map((count, j) => Math.log((count + strength * shares[j]) / total))
}

/** Of each person held out the mean log-likelihood of the first JUDGED_EVENTS events. `log` is normalised: Σ exp = 1. */
function judge({ itemCount, offsets, items }: Interactions, heldOut: readonly number[], attributes?: Attributes) {
  const added = new Float64Array(itemCount)
  return (log: Float64Array, lifts: AttributeLifts | undefined): Float64Array =>
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
      let likelihood = 0
      for (let at = offsets[user]; at < end; at++) likelihood += log[items[at]] + added[items[at]]
      for (const item of touched) added[item] = 0
      return likelihood / (end - offsets[user]) - Math.log(total)
    })
}

function gainOf(likelihoods: Float64Array, before: Float64Array): { gain: number; clear: boolean } {
  const gains = likelihoods.map((each, user) => each - before[user])
  const gain = sum(gains) / gains.length
  const variance = gains.reduce((total, each) => total + (each - gain) ** 2, 0) / Math.max(1, gains.length - 1)
  return { gain, clear: gain > CLEAR_ERRORS * Math.sqrt(variance / gains.length) && gain > GAIN_MIN }
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)
