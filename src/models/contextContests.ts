/**
 * Events to judge contexts by, and what settings of a column make of them (contextFit.ts): each the item that somebody came to, of all items, by the
 * history before it and in the context it happened in.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { derivedSeed, seededRandom, shuffle } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import { addLifts, type ContextColumn, type ContextCounts, type ContextLifts, contextLifts } from './contextLifts.ts'
import type { Interactions } from './interactions.ts'

export interface ContextQuestion {
  /** Of evaluation.ts, on the model. */
  readonly scorer: { scoreAll(history: Int32Array): Float32Array }
  /** That the scorer's model, which is not sharpened yet, is going to have. */
  readonly sharpness: number
  /** What the model was fitted on. */
  readonly training: Interactions
  /** Everybody, and which of them were not learnt from. */
  readonly whole: Interactions
  readonly users: Uint32Array
  readonly columns: readonly ContextColumn[]
  readonly seed: number
}

/** As many as fit a pool's six weights (nextItemPairs.ts). */
const EVENT_COUNT_MAX = 2000
/** Of larger catalogues fewer: each is scored once for each column and compared with every setting. 750 000 items have 350. */
const SCORES_MAX = 1 << 28
/** Of one person, from the newer half of theirs: neighbouring events say nearly the same. */
const EVENTS_PER_USER_MAX = 8
/** s, in events of an item. */
const STRENGTHS = [3, 30, 300]
/** w: 1 is Bayes' rule for a history that tells nothing of the context. */
const WEIGHTS = [0.1, 0.2, 0.4, 0.7, 1]
export const SETTINGS = STRENGTHS.flatMap(strength => WEIGHTS.map(weight => ({ strength, weight })))
const CUTOFF = 10
const NOTHING = new Float32Array(0)
/** Scores that the likelihood takes the exponential of, for each setting: some seconds. */
const LIKELIHOOD_SCORES_MAX = 1 << 25

export interface Contest {
  readonly user: number
  readonly history: Int32Array
  readonly next: number
  /** Of each column; 0: unknown. */
  readonly codes: readonly number[]
  /** Of the event. */
  readonly weight: number
}

/** A column that is listened to already. */
export interface KeptLifts {
  /** Of the column among all. */
  readonly place: number
  readonly lifts: ContextLifts
}

/** Of each person some of the newer half of the events, each after all before it. */
export function contestsOf(question: ContextQuestion): Contest[] {
  const { whole, users } = question
  const most = mostContests(whole, SCORES_MAX)
  const each = Math.min(EVENTS_PER_USER_MAX, Math.ceil(most / Math.max(1, users.length)))
  return drawn(question, { each, most }, (start, end) => [Math.max(start + 1, Math.ceil((start + end) / 2)), end])
}

/** Of each person the first event, after nothing. */
export const firstContests = (question: ContextQuestion): Contest[] =>
  drawn(question, { each: 1, most: mostContests(question.whole, LIKELIHOOD_SCORES_MAX) }, (start, end) => [
    start,
    Math.min(end, start + 1),
  ])

const mostContests = ({ itemCount }: Interactions, scoresMax: number): number =>
  Math.min(EVENT_COUNT_MAX, Math.floor(scoresMax / Math.max(1, itemCount)))

/** At most so many, in an order of chance; at most `each` of the events of a person that lie in `range`, a part of [start, end). */
function drawn(
  { whole, users, columns, seed }: ContextQuestion,
  { each, most }: { readonly each: number; readonly most: number },
  range: (start: number, end: number) => readonly [number, number],
): Contest[] {
  const { offsets, items, weights, contexts = [] } = whole
  const people = shuffle(Array.from(users), seededRandom(derivedSeed(seed, 'users of contexts')))
  const contests: Contest[] = []
  for (const user of people) {
    const start = offsets[user]
    const [first, end] = range(start, offsets[user + 1])
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

/** What of an event is wanted, of scores + weight · lifts; `lifts` empty: of the scores alone. */
export type Measure = (
  scores: Float32Array,
  contest: Contest,
  sharpness: number,
  lifts: Float32Array,
  weight: number,
) => number

/** f64[contests]: of each event what is wanted, beside what is kept. */
export async function gainsOf(
  { scorer, sharpness }: ContextQuestion,
  contests: readonly Contest[],
  kept: readonly KeptLifts[],
  measure: Measure,
  control: WorkControl,
): Promise<Float64Array> {
  const gains = new Float64Array(contests.length)
  for (const [at, contest] of contests.entries()) {
    if (at % 16 === 0) await turn(control)
    gains[at] = measure(scoresOf(scorer, sharpness, contest, kept), contest, sharpness, NOTHING, 0)
  }
  return gains
}

/** Of each of SETTINGS the same, with one column more; events of which that one knows nothing have what they had. */
export async function gainsBySetting(
  { scorer, sharpness, columns }: ContextQuestion,
  contests: readonly Contest[],
  kept: readonly KeptLifts[],
  { counts, place }: { readonly counts: ContextCounts; readonly place: number },
  current: Float64Array,
  measure: Measure,
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
        gains[setting][at] = measure(
          scores,
          contests[at],
          sharpness,
          ofValue[Math.floor(setting / WEIGHTS.length)],
          weight,
        )
    }
  }
  return gains
}

export type Setting = (typeof SETTINGS)[number]

/** Which of these makes the events most likely. */
export async function likeliest(
  { scorer, sharpness, columns }: ContextQuestion,
  contests: readonly Contest[],
  kept: readonly KeptLifts[],
  { counts, place }: { readonly counts: ContextCounts; readonly place: number },
  settings: readonly Setting[],
  control: WorkControl,
): Promise<Setting> {
  if (settings.length === 1) return settings[0]
  const lifts = settings.map(setting => contextLifts(columns[place], counts, setting))
  const likelihoods = settings.map(() => 0)
  const asked = contests.filter(({ codes }) => codes[place] > 0)
  const most = Math.max(1, Math.floor(LIKELIHOOD_SCORES_MAX / counts.totals.length))
  for (const contest of asked.slice(0, most)) {
    await turn(control)
    const scores = scoresOf(scorer, sharpness, contest, kept)
    for (const [setting, own] of lifts.entries()) {
      const lifted = scores.slice()
      addLifts(lifted, own, contest.codes[place] - 1, 1 / sharpness)
      likelihoods[setting] += contest.weight * logShare(lifted, contest, sharpness, NOTHING, 0)
    }
  }
  return settings[likelihoods.indexOf(Math.max(...likelihoods))]
}

function scoresOf(
  scorer: ContextQuestion['scorer'],
  sharpness: number,
  { history, codes }: Contest,
  kept: readonly KeptLifts[],
): Float32Array {
  const scores = scorer.scoreAll(history)
  if (kept.length === 0) return scores
  const lifted = scores.slice()
  for (const { place, lifts } of kept) if (codes[place] > 0) addLifts(lifted, lifts, codes[place] - 1, 1 / sharpness)
  return lifted
}

/** NDCG at 10, of equal scores the lower index first. */
export const ndcgAt10: Measure = (scores, { next }, _sharpness, lifts, weight) => {
  const lifted = lifts.length > 0
  const own = scores[next] + (lifted ? weight * lifts[next] : 0)
  let above = 0
  for (let item = 0; item < scores.length && above < CUTOFF; item++) {
    const score = scores[item] + (lifted ? weight * lifts[item] : 0)
    if (score > own || (score === own && item < next)) above++
  }
  return above < CUTOFF ? 1 / Math.log2(above + 2) : 0
}

/** The logarithm of the share that the softmax gives the item. */
export const logShare: Measure = (scores, { next }, sharpness, lifts, weight) => {
  const lifted = lifts.length > 0
  const at = (item: number) => sharpness * (lifted ? scores[item] + weight * lifts[item] : scores[item])
  let most = Number.NEGATIVE_INFINITY
  for (let item = 0; item < scores.length; item++) most = Math.max(most, at(item))
  let total = 0
  for (let item = 0; item < scores.length; item++) total += Math.exp(at(item) - most)
  return at(next) - most - Math.log(total)
}

async function turn({ signal }: WorkControl): Promise<void> {
  await nextTurn()
  signal.throwIfAborted()
}
