/**
 * Which columns of contexts foretell what people do next, and how far (contextLifts.ts): by events of people that were not learnt from, each with the
 * history before it and the context it happened in, and by what is wanted, the NDCG at 10 of the event's item.
 *
 * Columns are taken one after the other, the best first, each beside those before it. Strength s and weight w are tried on a grid; one half of the people
 * chooses for the other, and a column stays only where the other half's NDCG is clearly better. Nothing else of the model changes: without a
 * context it answers as if there were none.
 *
 * The likelihood was tried first, where w is a convex problem (McFadden 1974). It does not do: on Online Retail the month made events e^.19 times as likely,
 * and NDCG fell from .217 to .198. It is ruled by items that the history does not support, and those that it does have their month from it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { derivedSeed, seededRandom, shuffle } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import {
  addLifts,
  type ContextColumn,
  type ContextCounts,
  type ContextLifts,
  contextLifts,
  countContexts,
} from './contextLifts.ts'
import type { Interactions } from './interactions.ts'
import { gainOf } from './newcomerLikelihood.ts'

export interface ContextQuestion {
  /** Of evaluation.ts, on the model. */
  readonly scorer: { scoreAll(history: Int32Array): Float32Array }
  /** Of the scorer's model. */
  readonly sharpness: number
  /** What the model was fitted on. */
  readonly training: Interactions
  /** Everybody, and which of them were not learnt from. */
  readonly whole: Interactions
  readonly users: Uint32Array
  readonly columns: readonly ContextColumn[]
  readonly seed: number
}

/** How a column is listened to. */
export interface ContextWeight {
  readonly column: string
  readonly weight: number
  readonly strength: number
}

/** For people. */
export interface ContextChoice {
  readonly heldOutEventCount: number
  /** Those that stay, in the order in which they were taken. `gain`: in NDCG at 10, of people who had no say in the setting. */
  readonly columns: readonly (ContextWeight & { readonly values: number; readonly gain: number })[]
  /** Those that make no clear difference. */
  readonly unheard: readonly string[]
  /** Of the next item of those events, in their contexts as if there were none, and with them; absent where no column stays. */
  readonly ndcgAt10?: { readonly without: number; readonly with: number }
}

/** As many as fit a pool's six weights (nextItemPairs.ts). */
const EVENT_COUNT_MAX = 2000
/** Of larger catalogues fewer: each is scored once for each column and compared with every setting. 750 000 items have 350. */
const SCORES_MAX = 1 << 28
/** Fewer say less about a weight than chance does. */
const EVENT_COUNT_MIN = 200
/** Of one person, from the newer half of theirs: neighbouring events say nearly the same. */
const EVENTS_PER_USER_MAX = 8
/** s, in events of an item. */
const STRENGTHS = [3, 30, 300]
/** w: 1 is Bayes' rule for a history that tells nothing of the context. */
const WEIGHTS = [0.1, 0.2, 0.4, 0.7, 1]
const SETTINGS = STRENGTHS.flatMap(strength => WEIGHTS.map(weight => ({ strength, weight })))
const CUTOFF = 10

interface Contest {
  readonly user: number
  readonly history: Int32Array
  readonly next: number
  /** Of each column; 0: unknown. */
  readonly codes: readonly number[]
  /** Of the event. */
  readonly weight: number
}

interface Kept extends ContextWeight {
  readonly values: number
  readonly gain: number
  readonly place: number
  readonly lifts: ContextLifts
}

/** Rejects with `control.signal.reason` when aborted. */
export async function fitContexts(question: ContextQuestion, control: WorkControl): Promise<ContextChoice> {
  const { training, columns } = question
  const contests = contestsOf(question)
  const heldOutEventCount = contests.length
  const names = columns.map(({ name }) => name)
  if (heldOutEventCount < EVENT_COUNT_MIN) return { heldOutEventCount, columns: [], unheard: names }
  const counted = columns.map(({ rules }, place) => countContexts(training, place, rules.length))
  const kept: Kept[] = []
  const before = await gainsOf(question, contests, kept, control)
  let current = before
  let open = columns.map((_, place) => place)
  while (open.length > 0) {
    const tried: (Kept & { readonly clear: boolean; readonly gains: Float64Array })[] = []
    for (const place of open) {
      control.progress({ stage: 'weighing contexts', done: kept.length, total: columns.length, unit: 'columns' })
      const gains = await gainsBySetting(question, contests, kept, { counts: counted[place], place }, current, control)
      const { gain, clear } = heldOutGain(contests, current, gains)
      const best = greatest(gains, contests, [...contests.keys()])
      const column = columns[place]
      const lifts = contextLifts(column, counted[place], SETTINGS[best])
      const { name, rules } = column
      tried.push({
        column: name,
        values: rules.length,
        ...SETTINGS[best],
        gain,
        clear,
        place,
        lifts,
        gains: gains[best],
      })
    }
    const clear = tried.filter(each => each.clear)
    if (clear.length === 0) break
    const best = clear.reduce((a, b) => (b.gain > a.gain ? b : a))
    kept.push(best)
    current = best.gains
    // One that says nothing beside fewer is not asked again beside more.
    open = clear.map(({ place }) => place).filter(place => place !== best.place)
  }
  const unheard = names.filter(name => kept.every(({ column }) => column !== name))
  if (kept.length === 0) return { heldOutEventCount, columns: [], unheard }
  const without = mean(before, contests)
  return {
    heldOutEventCount,
    columns: kept.map(({ column, weight, strength, values, gain }) => ({ column, weight, strength, values, gain })),
    unheard,
    ndcgAt10: { without, with: kept.reduce((sum, { gain }) => sum + gain, without) },
  }
}

/** The events to judge by, in an order of chance. */
function contestsOf({ whole, users, columns, seed }: ContextQuestion): Contest[] {
  const { itemCount, offsets, items, weights, contexts = [] } = whole
  const most = Math.min(EVENT_COUNT_MAX, Math.floor(SCORES_MAX / Math.max(1, itemCount)))
  const each = Math.min(EVENTS_PER_USER_MAX, Math.ceil(most / Math.max(1, users.length)))
  const drawn = shuffle(Array.from(users), seededRandom(derivedSeed(seed, 'users of contexts')))
  const contests: Contest[] = []
  for (const user of drawn) {
    const [start, end] = [offsets[user], offsets[user + 1]]
    const first = Math.max(start + 1, Math.ceil((start + end) / 2))
    const places = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i)
    shuffle(places, seededRandom(derivedSeed(seed, 'events of contexts', user)))
    const known = places.filter(at => columns.some((_, place) => contexts[place][at] > 0) && weights?.[at] !== 0)
    for (const at of known.slice(0, Math.min(each, most - contests.length)))
      contests.push({
        ...{ user, history: items.subarray(start, at), next: items[at] },
        codes: columns.map((_, place) => contexts[place][at]),
        weight: weights ? weights[at] : 1,
      })
  }
  return contests
}

/** f64[contests]: of each event the NDCG at 10, beside what is kept. */
async function gainsOf(
  { scorer, sharpness }: ContextQuestion,
  contests: readonly Contest[],
  kept: readonly Kept[],
  control: WorkControl,
): Promise<Float64Array> {
  const gains = new Float64Array(contests.length)
  for (const [at, contest] of contests.entries()) {
    if (at % 16 === 0) await turn(control)
    gains[at] = gainOfRank(scoresOf(scorer, sharpness, contest, kept), contest.next)
  }
  return gains
}

/** Of each of SETTINGS the same, with one column more; events of which that one knows nothing have what they had. */
async function gainsBySetting(
  { scorer, sharpness, columns }: ContextQuestion,
  contests: readonly Contest[],
  kept: readonly Kept[],
  { counts, place }: { readonly counts: ContextCounts; readonly place: number },
  current: Float64Array,
  control: WorkControl,
): Promise<Float64Array[]> {
  const gains = SETTINGS.map(() => current.slice())
  const column = columns[place]
  const lifts = STRENGTHS.map(strength => contextLifts(column, counts, { strength, weight: 1 / sharpness }))
  const ofValue = STRENGTHS.map(() => new Float32Array(counts.totals.length))
  for (let value = 0; value < column.rules.length; value++) {
    const own = [...contests.keys()].filter(at => contests[at].codes[place] === value + 1)
    if (own.length === 0) continue
    for (const [s, scores] of ofValue.entries()) addLifts(scores.fill(0), lifts[s], value)
    for (const [done, at] of own.entries()) {
      if (done % 16 === 0) await turn(control)
      const scores = scoresOf(scorer, sharpness, contests[at], kept)
      for (const [setting, { weight }] of SETTINGS.entries())
        gains[setting][at] = gainOfRank(
          scores,
          contests[at].next,
          ofValue[Math.floor(setting / WEIGHTS.length)],
          weight,
        )
    }
  }
  return gains
}

function scoresOf(
  scorer: ContextQuestion['scorer'],
  sharpness: number,
  { history, codes }: Contest,
  kept: readonly Kept[],
): Float32Array {
  const scores = scorer.scoreAll(history)
  if (kept.length === 0) return scores
  const lifted = scores.slice()
  for (const { place, lifts } of kept) if (codes[place] > 0) addLifts(lifted, lifts, codes[place] - 1, 1 / sharpness)
  return lifted
}

const NOTHING = new Float32Array(0)

/** Of scores + weight · lifts, of equal ones the lower index first. */
function gainOfRank(scores: Float32Array, next: number, lifts = NOTHING, weight = 0): number {
  const lifted = lifts.length > 0
  const own = scores[next] + (lifted ? weight * lifts[next] : 0)
  let above = 0
  for (let item = 0; item < scores.length && above < CUTOFF; item++) {
    const score = scores[item] + (lifted ? weight * lifts[item] : 0)
    if (score > own || (score === own && item < next)) above++
  }
  return above < CUTOFF ? 1 / Math.log2(above + 2) : 0
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

async function turn({ signal }: WorkControl): Promise<void> {
  await nextTurn()
  signal.throwIfAborted()
}
