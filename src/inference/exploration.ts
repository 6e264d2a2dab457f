/**
 * Room for new items in the lists of people (design/recommenders.md §7): each of the k places of a list is, independently, a place to explore with
 * probability weight · min(1, new items / k) / 2. There stands the best new item that is left, by
 *
 *   probability · appeal · exp(σ·z - σ²/2),   z normal, σ = 1/√(1 + events of the item + r·v)       a draw of mean probability · appeal
 *   appeal = (20 + c/r) / (20 + v)
 *
 * where the item was shown v times and taken c of these, and of everything shown the share r was taken: the mean of a Beta posterior of strength 20 over
 * the usual one (§7), 1 where nothing is told of impressions. What is shown often and not taken makes room for what was not shown yet;
 * what is likely comes often, and what is known least is tried most widely (Thompson 1933 draws from a belief that narrows with evidence). The
 * other places keep the order of the model. An item that explores shows the score of the item that it is put before, so that scores descend.
 *
 * The draws of a list depend on the seed and on whom it is for, and on nothing else.
 */
import { assert } from '../lib/assert.ts'
import { derivedSeed, seededRandom } from '../lib/random.ts'
import type { ItemFacts } from '../models/itemFacts.ts'

export interface ExplorationSettings {
  /** 0 to 1; at 1 half of the places explore. */
  readonly weight: number
  /** > 0: an item is new while it is younger, at the time of the newest event. */
  readonly newDays: number
  readonly seed: number
}

/** On shared memory. */
export interface PlacedExploration {
  readonly weight: number
  readonly seed: number
  /** The new items as bits: item i is bit i mod 32 of word i / 32. */
  readonly newItems: Uint32Array
  readonly newCount: number
  /** f32 each: events and as many as impressions are worth; what impressions say of the item. */
  readonly evidence: Float32Array
  readonly appeal: Float32Array
}

const SECONDS_PER_DAY = 86_400
const SHARE_MAX = 0.5
/** Impressions that what is usual counts as (design/recommenders.md §7). */
const APPEAL_STRENGTH = 20
/** New items that are drawn among, for each place of a list: the likeliest. */
const DRAWN_PER_PLACE = 2

/** Undefined where nothing is new, or nothing is to be explored. */
export function placeExploration(
  { weight, newDays, seed }: ExplorationSettings,
  { eventCounts, createdSeconds, newestSeconds, impressions }: ItemFacts,
): PlacedExploration | undefined {
  assert(weight >= 0 && weight <= 1 && newDays > 0, 'settings of exploration are checked where they come in')
  const itemCount = createdSeconds.length
  const newItems = new Uint32Array(new SharedArrayBuffer(4 * Math.ceil(itemCount / 32)))
  let newCount = 0
  for (let item = 0; item < itemCount; item++) {
    if (newestSeconds - createdSeconds[item] >= newDays * SECONDS_PER_DAY) continue
    newItems[item >>> 5] |= 1 << (item & 31)
    newCount++
  }
  if (weight === 0 || newCount === 0) return undefined
  const floats = () => new Float32Array(new SharedArrayBuffer(4 * itemCount))
  const [evidence, appeal] = [floats(), floats()]
  const rate = impressions ? takenShare(impressions) : 0
  for (let item = 0; item < itemCount; item++) {
    const [shown, taken] = impressions ? [impressions.shown[item], impressions.taken[item]] : [0, 0]
    evidence[item] = eventCounts[item] + rate * shown
    appeal[item] = (APPEAL_STRENGTH + (taken > 0 ? taken / rate : 0)) / (APPEAL_STRENGTH + shown)
  }
  return { weight, seed, newItems, newCount, evidence, appeal }
}

function takenShare({ shown, taken }: NonNullable<ItemFacts['impressions']>): number {
  const sum = (counts: Uint32Array) => counts.reduce((total, count) => total + count, 0)
  return sum(taken) / Math.max(1, sum(shown))
}

/** A list, or a part of one: items and their scores from `from` on, `count` of them. */
export interface RankedList {
  readonly items: Int32Array
  readonly scores: Float32Array
  readonly from: number
  readonly count: number
}

export class Explorer {
  /** How many new items a list is drawn from. */
  readonly drawnCount: number
  readonly #placed: PlacedExploration
  readonly #share: number
  readonly #masks = new WeakMap<Uint32Array, Uint32Array>()

  constructor(placed: PlacedExploration, k: number) {
    this.#placed = placed
    this.#share = placed.weight * Math.min(1, placed.newCount / k) * SHARE_MAX
    this.drawnCount = Math.min(placed.newCount, DRAWN_PER_PLACE * k)
  }

  /** The new items among those that may be chosen. */
  allowed(among?: Uint32Array): Uint32Array {
    const { newItems } = this.#placed
    if (among === undefined) return newItems
    let both = this.#masks.get(among)
    if (both === undefined) {
      both = among.map((word, at) => word & newItems[at])
      this.#masks.set(among, both)
    }
    return both
  }

  /** Puts new items into `list`, which keeps its length. `fresh` are the likeliest new items; `who` is the list's reader. */
  explore(who: number, list: RankedList, fresh: RankedList): void {
    const { items, scores, from, count } = list
    const random = seededRandom(derivedSeed(this.#placed.seed, who))
    const explores = Array.from({ length: count }, () => random.uniform() < this.#share)
    if (!explores.includes(true) || fresh.count === 0) return
    const drawn = Array.from({ length: fresh.count }, (_, i) => {
      const item = fresh.items[fresh.from + i]
      const deviation = 1 / Math.sqrt(1 + this.#placed.evidence[item])
      const factor = Math.exp(deviation * random.normal() - deviation ** 2 / 2)
      return { item, value: fresh.scores[fresh.from + i] * this.#placed.appeal[item] * factor }
    }).sort((a, b) => b.value - a.value || a.item - b.item)

    const before = { items: items.slice(from, from + count), scores: scores.slice(from, from + count) }
    const taken = new Set<number>()
    // What is taken of the list so far is less than there are places filled, so something of it is left.
    let [next, nextDrawn] = [0, 0]
    for (let place = 0; place < count; place++) {
      while (taken.has(before.items[next])) next++
      while (nextDrawn < drawn.length && taken.has(drawn[nextDrawn].item)) nextDrawn++
      const explored = explores[place] && nextDrawn < drawn.length
      const item = explored ? drawn[nextDrawn].item : before.items[next]
      taken.add(item)
      items[from + place] = item
      scores[from + place] = before.scores[next]
    }
  }
}
