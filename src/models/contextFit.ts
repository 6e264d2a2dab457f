/**
 * Which columns of contexts foretell what people do next, and how far (contextLifts.ts): by events of people that were not learnt from, each with the
 * history before it and the context it happened in, and by what is wanted, the NDCG at 10 of the event's item. Of people without a history nothing is
 * supported by anything, and few first events are among ten: there it is the likelihood, as it is for what else is told of them (newcomers.ts).
 *
 * Columns are taken one after the other, the best first, each beside those before it. Strength s and weight w are tried on a grid; one half of the people
 * chooses for the other, and a column stays only where the other half's NDCG is clearly better. Of settings that gain about the same that with the
 * greatest likelihood is taken, since an order does not say how sure it is. Nothing else of the model changes: without a context it answers as if
 * there were none. People without a history are a question of their own, judged by the first events of others.
 *
 * The likelihood alone was tried first, where w is a convex problem (McFadden 1974). It does not do: on Online Retail the month made events e^.19 times as likely,
 * and NDCG fell from .217 to .198. It is ruled by items that the history does not support, and those that it does have their month from it.
 */
import type { WorkControl } from '../lib/work.ts'
import {
  type Contest,
  type ContextQuestion,
  contestsOf,
  firstContests,
  gainsBySetting,
  gainsOf,
  type KeptLifts,
  likeliest,
  logShare,
  type Measure,
  ndcgAt10,
  SETTINGS,
} from './contextContests.ts'
import { contextLifts, countContexts } from './contextLifts.ts'
import { gainOf } from './newcomerLikelihood.ts'

/** How a column is listened to. */
export interface ContextWeight {
  readonly column: string
  readonly weight: number
  readonly strength: number
}

/** For people. */
export interface ContextChoice {
  readonly heldOutEventCount: number
  /** Those that stay, in the order in which they were taken. `gain`: in NDCG at 10, of newcomers in nats an event, of people who had no say in the setting. */
  readonly columns: readonly (ContextWeight & { readonly values: number; readonly gain: number })[]
  /** Those that make no clear difference. */
  readonly unheard: readonly string[]
  /** Of the next item of those events, in their contexts as if there were none, and with them; absent where no column stays. */
  readonly ndcgAt10?: { readonly without: number; readonly with: number }
}

/** Fewer say less about a weight than chance does. */
const EVENT_COUNT_MIN = 200
/** A setting gains about the same as the best from this share of its gain on. */
const SAME_GAIN_SHARE = 0.9

interface Kept extends ContextWeight, KeptLifts {
  readonly values: number
  readonly gain: number
}

/** A column beside those that are kept. */
interface Tried {
  readonly place: number
  readonly gain: number
  readonly clear: boolean
  /** Of each of SETTINGS. */
  readonly gains: readonly Float64Array[]
}

/** For those whose history tells something, and for those of whom nothing is known: there a context may tell what a history would. */
export interface ContextChoices {
  readonly history: ContextChoice
  /** Absent where there are too few events to choose by: then the same as for the others. */
  readonly newcomers?: ContextChoice
}

/** Rejects with `control.signal.reason` when aborted. */
export async function fitContexts(question: ContextQuestion, control: WorkControl): Promise<ContextChoices> {
  const newcomers = firstContests(question)
  // The prior of a model that is not sharpened yet gives shares as they are.
  const ofPrior = { ...question, sharpness: 1 }
  return {
    history: await fitOn(question, contestsOf(question), ndcgAt10, control),
    ...(newcomers.length >= EVENT_COUNT_MIN && { newcomers: await fitOn(ofPrior, newcomers, logShare, control) }),
  }
}

async function fitOn(
  question: ContextQuestion,
  contests: readonly Contest[],
  measure: Measure,
  control: WorkControl,
): Promise<ContextChoice> {
  const { training, columns } = question
  const heldOutEventCount = contests.length
  const names = columns.map(({ name }) => name)
  if (heldOutEventCount < EVENT_COUNT_MIN) return { heldOutEventCount, columns: [], unheard: names }
  const counted = columns.map(({ rules }, place) => countContexts(training, place, rules.length))
  const kept: Kept[] = []
  const before = await gainsOf(question, contests, kept, measure, control)
  let current = before
  let open = columns.map((_, place) => place)
  while (open.length > 0) {
    const tried: Tried[] = []
    for (const place of open) {
      control.progress({ stage: 'weighing contexts', done: kept.length, total: columns.length, unit: 'columns' })
      const gains = await gainsBySetting(
        question,
        contests,
        kept,
        { counts: counted[place], place },
        current,
        measure,
        control,
      )
      const { gain, clear } = heldOutGain(contests, current, gains)
      tried.push({ place, gain, clear, gains })
    }
    const clear = tried.filter(each => each.clear)
    if (clear.length === 0) break
    const best = clear.reduce((a, b) => (b.gain > a.gain ? b : a))
    const { name, rules } = columns[best.place]
    const counts = counted[best.place]
    const alike = SETTINGS.filter((_, setting) => isAlike(best.gains, setting, current, contests))
    const setting = await likeliest(question, contests, kept, { counts, place: best.place }, alike, control)
    kept.push({
      ...{ column: name, values: rules.length, ...setting },
      ...{ gain: best.gain, place: best.place, lifts: contextLifts(columns[best.place], counts, setting) },
    })
    current = best.gains[SETTINGS.indexOf(setting)]
    // One that says nothing beside fewer is not asked again beside more.
    open = clear.map(({ place }) => place).filter(place => place !== best.place)
  }
  const unheard = names.filter(name => kept.every(({ column }) => column !== name))
  const without = mean(before, contests)
  const columnsKept = kept.map(({ column, weight, strength, values, gain }) => ({
    ...{ column, weight, strength, values, gain },
  }))
  return {
    ...{ heldOutEventCount, columns: columnsKept, unheard },
    ...(kept.length > 0 &&
      measure === ndcgAt10 && { ndcgAt10: { without, with: kept.reduce((sum, { gain }) => sum + gain, without) } }),
  }
}

function isAlike(
  gains: readonly Float64Array[],
  setting: number,
  current: Float64Array,
  contests: readonly Contest[],
): boolean {
  const before = mean(current, contests)
  const most = Math.max(...gains.map(each => mean(each, contests))) - before
  return mean(gains[setting], contests) - before >= SAME_GAIN_SHARE * most
}

/** With the setting that the other half of the people has chosen. */
function heldOutGain(contests: readonly Contest[], current: Float64Array, gains: readonly Float64Array[]) {
  const people = [...new Set(contests.map(({ user }) => user))]
  const placeOf = new Map(people.map((user, place) => [user, place]))
  const folds = [0, 1].map(fold => [...contests.keys()].filter(at => placeOf.get(contests[at].user)! % 2 === fold))
  const sums = new Float64Array(people.length)
  const weights = new Float64Array(people.length)
  for (const [fold, on] of folds.entries()) {
    const chosen = gains[greatest(gains, contests, on)]
    for (const at of folds[1 - fold]) {
      const person = placeOf.get(contests[at].user)!
      sums[person] += contests[at].weight * (chosen[at] - current[at])
      weights[person] += contests[at].weight
    }
  }
  // People count by their events, as in the mean over events; so the gains add up.
  const each = weights.reduce((sum, weight) => sum + weight, 0) / people.length
  return gainOf(
    sums.map(sum => sum / each),
    new Float64Array(people.length),
  )
}

/** The setting of the greatest mean over these events; of equal ones the first, which is the weakest. */
function greatest(gains: readonly Float64Array[], contests: readonly Contest[], on: readonly number[]): number {
  const sums = gains.map(each => on.reduce((sum, at) => sum + contests[at].weight * each[at], 0))
  return sums.indexOf(Math.max(...sums))
}

function mean(gains: Float64Array, contests: readonly Contest[]): number {
  let [sum, weights] = [0, 0]
  for (const [at, { weight }] of contests.entries()) {
    sum += weight * gains[at]
    weights += weight
  }
  return sum / weights
}
