/**
 * Which columns of contexts foretell what people do next, and how far (contextLifts.ts): by events of people that were not learnt from, each with the
 * history before it and the context it happened in.
 *
 * With b(j) what the model gives an item as a log-probability and x_c(j) the lift of the event's own value, the weight w of a column has the greatest
 *
 *   Σ_events [w·x(next) - ln Σ_j exp(b(j) + w·x(j))]        (conditional logistic regression with an offset: McFadden 1974)
 *
 * which is concave in w. Columns are taken one after the other, the best first, each added to b; one stays only where, fitted on half of the people, it
 * makes events of the other half clearly likelier. Nothing else of the model changes: without a context it answers as if there were none.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { derivedSeed, seededRandom, shuffle } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import { bestRows } from './bestRows.ts'
import { addLifts, type ContextColumn, type ContextCounts, contextLifts, countContexts } from './contextLifts.ts'
import type { Interactions } from './interactions.ts'
import { gainOf } from './newcomerLikelihood.ts'

/** What of a ranker is needed (evaluation.ts). */
interface Scorer {
  scoreAll(history: Int32Array): Float32Array
}

export interface ContextQuestion {
  readonly scorer: Scorer
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

/** Which columns are listened to. */
export interface ContextWeight {
  readonly column: string
  readonly weight: number
  readonly strength: number
}

/** For people. */
export interface ContextChoice {
  readonly heldOutEventCount: number
  /** Those that stay. `gain`: of the log-likelihood of an event of people held out, in nats, beside those before it. */
  readonly columns: readonly (ContextWeight & { readonly values: number; readonly gain: number })[]
  /** Those that make no clear difference. */
  readonly unheard: readonly string[]
  /** Of the next item of those events, without and with their contexts; absent where no column stays. */
  readonly ndcgAt10?: { readonly without: number; readonly with: number }
}

/** As many as fit a pool's six weights (nextItemPairs.ts). */
const EVENT_COUNT_MAX = 2000
/** Fewer say less about a weight than chance does. */
const EVENT_COUNT_MIN = 200
/** Of one person, from the newer half of theirs: neighbouring events say nearly the same. */
const EVENTS_PER_USER_MAX = 8
/** s, in events of an item. */
const STRENGTHS = [3, 30, 300]
/** A lift is a likelihood ratio, drawn towards 1: hardly more than its whole is ever right. */
const WEIGHT_MAX = 2
/** Of the items of an event the most probable so many are looked at one by one, and of the others as many, each for its like. */
const LISTED_COUNT = 512
const NEWTON_STEPS_MAX = 12
const TOLERANCE = 1e-3
/** Draws weights that the events say nothing of towards 0. */
const RIDGE = 1
const CUTOFF = 10

interface Contest {
  readonly user: number
  readonly history: Int32Array
  readonly next: number
  /** Of each column; 0: unknown. */
  readonly codes: readonly number[]
  /** Of the event. */
  readonly eventWeight: number
  /** The next item first. */
  readonly items: Int32Array
  /** f64[items]: b. */
  readonly base: Float64Array
  /** f64[items]: how many items each stands for. */
  readonly multiples: Float64Array
}

interface Fitted {
  readonly column: number
  readonly strength: number
  readonly features: readonly (Float32Array | undefined)[]
  /** Of each person. */
  readonly gain: { readonly gain: number; readonly clear: boolean }
}

/** Rejects with `control.signal.reason` when aborted. */
export async function fitContexts(question: ContextQuestion, control: WorkControl): Promise<ContextChoice> {
  const { training, columns } = question
  const contests = await contestsOf(question, control)
  const heldOutEventCount = contests.length
  if (heldOutEventCount < EVENT_COUNT_MIN)
    return { heldOutEventCount, columns: [], unheard: columns.map(({ name }) => name) }
  const counted = columns.map(({ rules }, column) => countContexts(training, column, rules.length))
  const kept: (ContextWeight & { column: string; values: number; gain: number })[] = []
  let bases = contests.map(({ base }) => base)
  let open = columns.map((_, column) => column)
  while (open.length > 0) {
    const tried: Fitted[] = []
    for (const column of open) {
      control.progress({ stage: 'weighing contexts', done: kept.length, total: columns.length, unit: 'columns' })
      tried.push(await bestStrength(question, contests, bases, counted, column, control))
    }
    const clear = tried.filter(({ gain }) => gain.clear)
    if (clear.length === 0) break
    const best = clear.reduce((a, b) => (b.gain.gain > a.gain.gain ? b : a))
    const weight = likeliestWeight(contests, bases, best.features, [...contests.keys()])
    const { name, rules } = columns[best.column]
    kept.push({ column: name, weight, strength: best.strength, values: rules.length, gain: best.gain.gain })
    bases = bases.map((base, at) => {
      const features = best.features[at]
      return features ? base.map((value, j) => value + weight * features[j]) : base
    })
    // One that says nothing by itself is not asked again beside others.
    open = clear.map(({ column }) => column).filter(column => column !== best.column)
  }
  const unheard = columns.map(({ name }) => name).filter(name => kept.every(({ column }) => column !== name))
  if (kept.length === 0) return { heldOutEventCount, columns: kept, unheard }
  return {
    heldOutEventCount,
    columns: kept,
    unheard,
    ndcgAt10: await measured(question, contests, counted, kept, control),
  }
}

/** The events to judge by, and who competes in each. */
async function contestsOf(
  { scorer, sharpness, whole, users, columns, seed }: ContextQuestion,
  control: WorkControl,
): Promise<Contest[]> {
  const { offsets, items, weights, contexts = [] } = whole
  const each = Math.min(EVENTS_PER_USER_MAX, Math.ceil(EVENT_COUNT_MAX / Math.max(1, users.length)))
  const drawn = shuffle(Array.from(users), seededRandom(derivedSeed(seed, 'users of contexts')))
  const contests: Contest[] = []
  const isListed = new Uint8Array(whole.itemCount)
  for (const user of drawn) {
    const [start, end] = [offsets[user], offsets[user + 1]]
    const first = Math.max(start + 1, Math.ceil((start + end) / 2))
    const places = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i)
    shuffle(places, seededRandom(derivedSeed(seed, 'events of contexts', user)))
    const known = places.filter(at => columns.some((_, column) => contexts[column][at] > 0) && weights?.[at] !== 0)
    for (const at of known.slice(0, each)) {
      if (contests.length === EVENT_COUNT_MAX) return contests
      if (contests.length % 16 === 0) await turn(control)
      const history = items.subarray(start, at)
      const scores = scorer.scoreAll(history)
      const next = items[at]
      contests.push({
        ...{ user, history, next, codes: columns.map((_, column) => contexts[column][at]) },
        eventWeight: weights ? weights[at] : 1,
        ...competitors(scores, next, sharpness, contests.length, isListed),
      })
    }
  }
  return contests
}

function competitors(scores: Float32Array, next: number, sharpness: number, number: number, isListed: Uint8Array) {
  const best = bestRows(scores, LISTED_COUNT)
  const found = [next]
  isListed[next] = 1
  for (const item of best) {
    if (isListed[item] === 1) continue
    isListed[item] = 1
    found.push(item)
  }
  const listed = found.length
  const rest = scores.length - listed
  const step = Math.max(1, Math.ceil(rest / LISTED_COUNT))
  for (let item = 0, place = 0; item < scores.length; item++)
    if (isListed[item] === 0 && place++ % step === number % step) found.push(item)
  for (let at = 0; at < listed; at++) isListed[found[at]] = 0
  const multiple = found.length > listed ? rest / (found.length - listed) : 1
  return {
    items: Int32Array.from(found),
    base: Float64Array.from(found, item => sharpness * scores[item]),
    multiples: Float64Array.from(found, (_, at) => (at < listed ? 1 : multiple)),
  }
}

/** Judged by two halves of the people, fitted on one and measured on the other. */
async function bestStrength(
  { columns }: ContextQuestion,
  contests: readonly Contest[],
  bases: readonly Float64Array[],
  counted: readonly ContextCounts[],
  column: number,
  control: WorkControl,
): Promise<Fitted> {
  const people = [...new Set(contests.map(({ user }) => user))]
  const placeOf = new Map(people.map((user, place) => [user, place]))
  const folds = [0, 1].map(fold => [...contests.keys()].filter(at => placeOf.get(contests[at].user)! % 2 === fold))
  let best: Fitted | undefined
  for (const strength of STRENGTHS) {
    const features = featuresOf(columns[column], counted[column], strength, contests, column)
    const sums = new Float64Array(people.length)
    const counts = new Float64Array(people.length)
    for (const [fold, on] of folds.entries()) {
      await turn(control)
      const weight = likeliestWeight(contests, bases, features, on)
      for (const at of folds[1 - fold]) {
        const place = placeOf.get(contests[at].user)!
        sums[place] += contests[at].eventWeight * gainAt(contests[at], bases[at], features[at], weight)
        counts[place] += contests[at].eventWeight
      }
    }
    const gain = gainOf(
      sums.map((sum, place) => sum / counts[place]),
      new Float64Array(people.length),
    )
    if (!best || gain.gain > best.gain.gain) best = { column, strength, features, gain }
  }
  return best!
}

/** Of each event the lifts of its competitors by its own value; undefined where that is unknown. */
function featuresOf(
  column: ContextColumn,
  counts: ContextCounts,
  strength: number,
  contests: readonly Contest[],
  place: number,
): (Float32Array | undefined)[] {
  const lifts = contextLifts(column, counts, { weight: 1, strength })
  const features = new Array<Float32Array | undefined>(contests.length).fill(undefined)
  const scratch = new Float32Array(counts.totals.length)
  for (let value = 0; value < column.rules.length; value++) {
    const of = [...contests.keys()].filter(at => contests[at].codes[place] === value + 1)
    if (of.length === 0) continue
    scratch.fill(0)
    addLifts(scratch, lifts, value)
    for (const at of of) features[at] = Float32Array.from(contests[at].items, item => scratch[item])
  }
  return features
}

/** By Newton's method, within 0 and WEIGHT_MAX. */
function likeliestWeight(
  contests: readonly Contest[],
  bases: readonly Float64Array[],
  features: readonly (Float32Array | undefined)[],
  on: readonly number[],
): number {
  let weight = 0.5
  for (let step = 0; step < NEWTON_STEPS_MAX; step++) {
    let slope = -RIDGE * weight
    let curvature = RIDGE
    for (const at of on) {
      const own = features[at]
      if (!own) continue
      const { eventWeight } = contests[at]
      const { mean, variance } = momentsAt(contests[at], bases[at], own, weight)
      slope += eventWeight * (own[0] - mean)
      curvature += eventWeight * variance
    }
    const next = Math.min(WEIGHT_MAX, Math.max(0, weight + slope / curvature))
    if (Math.abs(next - weight) < TOLERANCE) return next
    weight = next
  }
  return weight
}

function momentsAt({ multiples }: Contest, base: Float64Array, features: Float32Array, weight: number) {
  let most = Number.NEGATIVE_INFINITY
  for (let j = 0; j < base.length; j++) most = Math.max(most, base[j] + weight * features[j])
  let [mass, first, second] = [0, 0, 0]
  for (let j = 0; j < base.length; j++) {
    const share = multiples[j] * Math.exp(base[j] + weight * features[j] - most)
    mass += share
    first += share * features[j]
    second += share * features[j] * features[j]
  }
  const mean = first / mass
  return { logMass: most + Math.log(mass), mean, variance: Math.max(0, second / mass - mean * mean) }
}

function gainAt(contest: Contest, base: Float64Array, features: Float32Array | undefined, weight: number): number {
  if (!features) return 0
  const before = momentsAt(contest, base, features, 0).logMass
  return weight * features[0] - momentsAt(contest, base, features, weight).logMass + before
}

/** NDCG at 10 over the whole catalogue, with and without. */
async function measured(
  { scorer, sharpness, columns }: ContextQuestion,
  contests: readonly Contest[],
  counted: readonly ContextCounts[],
  kept: readonly ContextWeight[],
  control: WorkControl,
): Promise<NonNullable<ContextChoice['ndcgAt10']>> {
  const lifts = kept.map(chosen => {
    const place = columns.findIndex(({ name }) => name === chosen.column)
    return { place, lifts: contextLifts(columns[place], counted[place], chosen) }
  })
  let [without, withThem, total] = [0, 0, 0]
  for (const [done, { history, next, codes, eventWeight }] of contests.entries()) {
    if (done % 16 === 0) await turn(control)
    const scores = scorer.scoreAll(history).slice()
    without += eventWeight * gainOfRank(scores, next)
    for (const { place, lifts: own } of lifts)
      if (codes[place] > 0) addLifts(scores, own, codes[place] - 1, 1 / sharpness)
    withThem += eventWeight * gainOfRank(scores, next)
    total += eventWeight
  }
  return { without: without / total, with: withThem / total }
}

function gainOfRank(scores: Float32Array, next: number): number {
  let above = 0
  for (let item = 0; item < scores.length; item++)
    if (scores[item] > scores[next] || (scores[item] === scores[next] && item < next)) above++
  return above < CUTOFF ? 1 / Math.log2(above + 2) : 0
}

async function turn({ signal }: WorkControl): Promise<void> {
  await nextTurn()
  signal.throwIfAborted()
}
