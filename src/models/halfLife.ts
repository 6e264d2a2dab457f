/**
 * Whether what was begun with lately foretells newcomers better than what was begun with ever. An event that was t seconds ago counts
 * 2^(-t/H), H chosen by people who came in the newest tenth of the events, from what was before it: a season shows only in time, and
 * people held out at random are told what came after them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WorkControl } from '../lib/work.ts'
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

const HOUR = 3600
const DAY = 24 * HOUR
/** Seconds, beside no decay at all (design/recommenders.md §3.7). */
const HALF_LIVES = [HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY]
const NEWEST_SHARE = 0.1
/** Times that are sorted to find where the newest tenth begins; of more events evenly chosen ones. */
const SAMPLED_TIMES_MAX = 1 << 16

export interface HalfLife {
  readonly seconds: number
  /** r of newcomers.ts in its place: fewer events count. */
  readonly strength: number
  readonly gain: number
  readonly heldOutUserCount: number
}

/** Undefined where none is clearly better than no decay. Rejects with `control.signal.reason` when aborted. */
export async function chooseHalfLife(
  interactions: Interactions,
  begun: Beginnings,
  strengths: readonly number[],
  control: WorkControl,
): Promise<HalfLife | undefined> {
  const everybody = Array.from({ length: interactions.userCount }, (_, user) => user)
  const now = startOfNewest(interactions.times)
  const heldOut = newcomersSince(interactions, now, everybody)
  if (heldOut.length < HELD_OUT_USERS_MIN) return undefined
  const judged = judge(interactions, heldOut)
  const counted = (events: number, halfLife: number) => beginnings(interactions, everybody, events, { now, halfLife })
  const shares = sharesOf(counted(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY))
  const before = judged(foretold(counted(begun.events, Number.POSITIVE_INFINITY), shares, begun.strength))
  let best = { seconds: 0, strength: 0, likelihoods: before }
  for (const [done, seconds] of HALF_LIVES.entries()) {
    control.progress({ stage: 'people who came lately', done, total: HALF_LIVES.length, unit: 'half-lives' })
    await nextTurn()
    control.signal.throwIfAborted()
    const counts = counted(begun.events, seconds)
    for (const strength of strengths) {
      const likelihoods = judged(foretold(counts, shares, strength))
      if (sum(likelihoods) > sum(best.likelihoods)) best = { seconds, strength, likelihoods }
    }
  }
  const { gain, clear } = gainOf(best.likelihoods, before)
  return clear ? { seconds: best.seconds, strength: best.strength, gain, heldOutUserCount: heldOut.length } : undefined
}

/** The moment to judge from: of the newest event, which then counts 1 but for a second. */
export const afterNewest = (times: Float64Array): number => times.reduce((a, b) => Math.max(a, b), 0) + 1

function startOfNewest(times: Float64Array): number {
  const step = Math.ceil(times.length / SAMPLED_TIMES_MAX)
  const sampled = Float64Array.from({ length: Math.floor(times.length / step) }, (_, place) => times[place * step])
  return sampled.sort()[Math.floor(sampled.length * (1 - NEWEST_SHARE))]
}

/** Whose first event is not before `now`; of many a thousand, evenly chosen. */
function newcomersSince({ offsets, times }: Interactions, now: number, everybody: readonly number[]): number[] {
  const found = everybody.filter(user => offsets[user] < offsets[user + 1] && times[offsets[user]] >= now)
  const step = Math.ceil(found.length / HELD_OUT_USERS_MAX)
  return found.filter((_, place) => place % step === 0)
}
