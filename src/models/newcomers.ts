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
 * these clearly likelier than popularity alone. Where what was begun with lately foretells the newest people better, f counts by a half-life
 * (halfLife.ts).
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { derivedSeed, seededRandom, shuffle } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import { type AttributeLifts, countsByAttribute, liftsOf } from './attributeLifts.ts'
import type { Attributes } from './attributes.ts'
import { afterNewest, chooseHalfLife, type HalfLife } from './halfLife.ts'
import type { Interactions } from './interactions.ts'
import {
  type Beginnings,
  beginnings,
  foretold,
  gainOf,
  HELD_OUT_USERS_MAX,
  HELD_OUT_USERS_MIN,
  judge,
  sharesOf,
  sum,
} from './newcomerLikelihood.ts'
import { logShares, weightedCounts } from './popularity.ts'

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
  /** Absent: what was long ago counts like what was lately. Of the newest people, who came in the last tenth of the events. */
  readonly lately?: HalfLife
  /** Absent: they tell nothing. */
  readonly attributes?: {
    readonly count: number
    readonly weight: number
    readonly strength: number
    readonly gain: number
  }
}

const HELD_OUT_SHARE = 0.1
const BEGINNINGS = [1, 5, 20]
/** r and s in events, as multiples of the number of items. */
const STRENGTHS = [0.03, 0.3, 3]
const WEIGHTS = [0.25, 0.5, 1]
const LIFT_STRENGTHS = [0.1, 1, 10]

/** K, to count every event. */
const ALL = Number.POSITIVE_INFINITY

interface Base extends Beginnings {
  readonly log: Float64Array
  readonly likelihoods: Float64Array
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
    return { base: logShares(weightedCounts(interactions)), lifts: none, choice: { heldOutUserCount: heldOut.length } }
  }
  const judged = judge(interactions, heldOut, attributes)
  const turn = async (done: number, total: number) => {
    control.progress({ stage: 'people without a history', done, total, unit: 'settings' })
    await nextTurn()
    control.signal.throwIfAborted()
  }
  const total = BEGINNINGS.length * STRENGTHS.length + WEIGHTS.length * LIFT_STRENGTHS.length
  let done = 0

  const shares = sharesOf(beginnings(interactions, learnt, ALL))
  const popular = shares.map(Math.log)
  const plain = judged(popular)
  const popularity: Base = { log: popular, likelihoods: plain, events: ALL, strength: 0 }
  let base = popularity
  for (const events of BEGINNINGS) {
    const counts = beginnings(interactions, learnt, events)
    for (const strength of STRENGTHS) {
      await turn(done++, total)
      const log = foretold(counts, shares, strength)
      const likelihoods = judged(log)
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
  const lately = await chooseHalfLife(interactions, base, STRENGTHS, control)
  const all = sharesOf(beginnings(interactions, everybody, ALL))
  const decay = lately && { now: afterNewest(interactions.times), halfLife: lately.seconds }
  const begun = beginnings(interactions, everybody, base.events, decay)
  const count = attributes?.names.length ?? 0
  return {
    base: Float32Array.from(foretold(begun, all, (lately ?? base).strength)),
    lifts:
      weight > 0 && attributes
        ? liftsOf(countsByAttribute(interactions, everybody, attributes), all, weight, strength * all.length)
        : { offsets: new Uint32Array(count + 1), items: new Int32Array(0), values: new Float32Array(0) },
    choice: {
      heldOutUserCount: heldOut.length,
      ...(base.strength > 0 && { beginnings: { events: base.events, strength: base.strength, gain: began.gain } }),
      ...(lately && { lately }),
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
