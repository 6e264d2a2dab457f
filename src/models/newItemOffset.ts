/**
 * How far the scores that a pool gives to items without interactions stand above what they are worth. Such a score is made of many stand-ins
 * (standIns.ts), of which some are nearly always what an expert names; a log pool, in which an item of its own falls to the bottom as soon as one expert
 * says nothing of it, then prefers what is smeared out. So some of the items are taken for new ones, on people who were not learnt from:
 *
 *   a tenth of the items, twice ─► their stand-ins among the others ─► lists of what these people get, new items among the others
 *   ─► how often an item of a list is one that the person came to: new ones, and what would stand at their places without them
 *
 * The offset is the greatest of OFFSETS with which new items are as good for their places as that, as far as chance allows to tell. The order of new items
 * among themselves stays.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { derivedSeed, seededRandom, shuffle } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import { bestFew } from './bestRows.ts'
import type { OpenRanker, Ranker } from './evaluation.ts'
import { type Features, featureRows } from './features.ts'
import type { PoolModel } from './historyModel.ts'
import type { Interactions } from './interactions.ts'
import { newTargetsAlone } from './newItems.ts'
import { eventCounts } from './popularity.ts'
import { type HeldOut, listAt, someTested } from './splits.ts'
import { standIns } from './standIns.ts'

export interface OffsetQuestion {
  readonly model: PoolModel
  /** Of the model. */
  readonly ranker: Ranker
  /** That the model, which may not be sharpened yet, is going to have. */
  readonly sharpness: number
  /** One row an item of the model. */
  readonly features: Features
  /** Whose items with events stand for others; what the model was fitted on, or a part of it. */
  readonly training: Interactions
  /** People who were not in `training`. */
  readonly test: HeldOut
  readonly seed: number
}

export interface NewItemOffset {
  /** ≤ 0, in nats. */
  readonly offset: number
  /** Of the places of all lists of the first draw, the share that new items have with it. */
  readonly room: number
}

type Control = WorkControl & { readonly threads: number; readonly openRanker: OpenRanker }

/** Of the items with events: they are missed as stand-ins, and fewer of them meet fewer events. */
const PRETENDED_SHARE = 0.1
/** At once: seconds of adding up. */
const PRETENDED_MAX = 500
/** Other items each time. Of one draw the offset on Online Retail was anything from -2.25 to -5.25, of two from -2.75 to -3.5. */
const DRAWS = 2
/** Feature values read to weigh stand-ins: some seconds. Of a million items some hundred are left, whom hardly anybody met: then nothing is lowered. */
const FEATURES_READ_MAX = 4e9
/** Scores of all people together: some seconds of a pool. */
const SCORES_MAX = 1 << 28
/** A list as long as metrics look at. */
const LIST_LENGTH = 25
/** In nats, each tried in turn. With -6 new items had .02 of 25 places on Online Retail, where they have 15 without an offset. */
const OFFSETS = Array.from({ length: 25 }, (_, step) => 0 - 0.25 * step)
const LEAST = OFFSETS[OFFSETS.length - 1]
/** People between two turns of the event loop. */
const USERS_PER_TURN = 16

/** Of a model that has not seen the people of `test`. The same for any number of threads. Rejects with `control.signal.reason` when aborted. */
export async function fitNewItemOffset(question: OffsetQuestion, control: Control): Promise<NewItemOffset> {
  const { sharpness } = question
  const draws: Lists[][] = []
  for (const pretended of drawsOf(question)) draws.push(await listsOf(question, pretended, control))
  const lists = draws.flat()
  const rates = hitRates(lists)
  const isGoodEnough = (offset: number) => {
    const { hits, expected } = mixed(lists, rates, offset / sharpness)
    // A number of hits that is expected to be e is about √e less or more, as those of a Poisson distribution.
    return hits >= expected - Math.sqrt(expected)
  }
  const offset = OFFSETS.find(isGoodEnough) ?? LEAST
  return { offset, room: mixed(draws[0] ?? [], rates, offset / sharpness).room }
}

/**
 * Of a model that has seen them, whose hits say nothing: the greatest offset with which new items have no more room than they had there. The weights of two
 * pools differ, and with them how far new items stand above others; what room is theirs does not.
 */
export async function offsetForRoom(question: OffsetQuestion, room: number, control: Control): Promise<number> {
  // No hits are counted, so that one draw does.
  const [pretended] = drawsOf(question)
  const lists = pretended ? await listsOf(question, pretended, control) : []
  const rates = new Float64Array(LIST_LENGTH)
  return OFFSETS.find(offset => mixed(lists, rates, offset / question.sharpness).room <= room) ?? LEAST
}

/** The best items of one kind for a person, best first. */
interface Best {
  readonly scores: number[]
  /** Whether the person came to it. */
  readonly isHit: boolean[]
}

interface Lists {
  readonly others: Best
  readonly fresh: Best
}

/** Ascending, each of one draw, without those that it has no room for. */
function drawsOf({ training, features: { offsets }, seed }: OffsetQuestion): Uint32Array[] {
  const known = knownItems(training)
  const count = Math.min(
    Math.floor(known.length * PRETENDED_SHARE),
    PRETENDED_MAX,
    Math.floor(FEATURES_READ_MAX / Math.max(1, offsets[offsets.length - 1])),
  )
  shuffle(known, seededRandom(derivedSeed(seed, 'items taken for new ones')))
  const draws = Array.from({ length: DRAWS }, (_, draw) => known.subarray(draw * count, (draw + 1) * count).sort())
  return draws.filter(items => items.length > 0)
}

/** Those with events: the others stand for nothing. */
function knownItems(training: Interactions): Uint32Array {
  const counts = eventCounts(training)
  return Uint32Array.from(counts.keys()).filter(item => counts[item] > 0)
}

async function listsOf(question: OffsetQuestion, pretended: Uint32Array, control: Control): Promise<Lists[]> {
  const { model, ranker, features, training } = question
  const n = model.itemCount
  const isPretended = new Set(pretended)
  const competing = new Uint32Array(Math.ceil(n / 32)).fill(-1)
  for (const item of pretended) competing[item >>> 5] &= ~(1 << (item & 31))
  const others = knownItems(training).filter(item => !isPretended.has(item))
  const made = await standIns(featureRows(features, others), featureRows(features, pretended), control)
  const targets = newTargetsAlone(model, { ...made, items: made.items.map(row => others[row]) })
  const newRanker = control.openRanker(targets)
  const test = someTested(question.test, Math.max(1, Math.floor(SCORES_MAX / n)))
  const lists: Lists[] = []
  for (let row = 0; row < test.userCount; row++) {
    if (row % USERS_PER_TURN === 0) {
      control.progress({ stage: 'measuring new items', done: row, total: test.userCount, unit: 'users' })
      await nextTurn()
      control.signal.throwIfAborted()
    }
    const history = listAt(test.inputs, row).filter(item => !isPretended.has(item))
    if (history.length === 0) continue
    const truth = new Set(listAt(test.truths, row))
    lists.push({
      others: best(ranker.scoreAll(history).subarray(0, n), item => truth.has(item), competing),
      fresh: best(newRanker.scoreAll(history).subarray(n, n + pretended.length), place => truth.has(pretended[place])),
    })
  }
  return lists
}

/** The best of these scores, of `allowed` where there is a set; `isHit` says whether the person came to one. */
function best(scores: Float32Array, isHit: (place: number) => boolean, allowed?: Uint32Array): Best {
  const rows = bestFew(scores, LIST_LENGTH, allowed)
  return { scores: Array.from(rows, row => scores[row]), isHit: Array.from(rows, isHit) }
}

/** How often the item is one that the person came to, by its place in the lists of others alone. */
function hitRates(lists: readonly Lists[]): Float64Array {
  const rates = new Float64Array(LIST_LENGTH)
  for (const { others } of lists)
    for (const [place, isHit] of others.isHit.entries()) if (isHit) rates[place] += 1 / lists.length
  return rates
}

/**
 * Lists with `offset` added to the scores of new items: the hits of these, as many as what stands at their places without them has, and the share of
 * places that are theirs.
 */
function mixed(lists: readonly Lists[], rates: Float64Array, offset: number) {
  let [hits, expected, taken] = [0, 0, 0]
  for (const { others, fresh } of lists) {
    let [next, nextNew] = [0, 0]
    for (let place = 0; place < LIST_LENGTH && nextNew < fresh.scores.length; place++) {
      // Lists of small catalogues end.
      const isNew = next === others.scores.length || fresh.scores[nextNew] + offset > others.scores[next]
      if (!isNew) next++
      else {
        if (fresh.isHit[nextNew++]) hits++
        expected += rates[place]
        taken++
      }
    }
  }
  return { hits, expected, room: taken / Math.max(1, lists.length * LIST_LENGTH) }
}
