/**
 * What a filter leaves of a catalogue, as a catalogue of its own: the allowed items by descending norm in the layouts of the screen, so that searching them
 * costs what a catalogue of that size costs, whatever was taken out. A set of allowed items gets a view when enough queries have asked for it,
 * and keeps it as long as there is room; then all of them are made anew as they are needed.
 *
 * A view has the longest items, as many as most searches look at. Where a search needs more, the caller repeats it over everything, and the next view is longer.
 */

import {
  aligned,
  fillView,
  longestAllowed,
  type View,
  type ViewSource,
  viewBytes,
  viewSource,
} from '../kernels/factorView.ts'
import type { PlacedFactors } from './placeFactors.ts'

/** Queries that a set must have had before it gets a view: making one costs about as much as so many searches over everything. */
const QUERIES_MIN = 3
/** Items of a view: most searches end within; where one set has many queries at once it may be the longer. Then, where it was too short. */
const ITEMS_FIRST = 4096
const ITEMS_FIRST_OF_MANY = 65_536
const MANY_QUERIES = 256
const GROWTH = 4
/** Of the queries that a view was asked for, as a share: above it the next one is longer. */
const UNFINISHED_MAX = 1 / 64

interface Entry {
  queries: number
  unfinished: number
  items: number
  /** Valid as long as nothing has been thrown away since. */
  view: View | undefined
  generation: number
}

export class FactorViews {
  readonly #source: ViewSource
  readonly #from: number
  readonly #end: number
  #top: number
  #generation = 0
  readonly #entries = new WeakMap<Uint32Array, Entry>()

  constructor({ viewBytes, slots }: PlacedFactors, slot: number, words: Uint32Array) {
    this.#source = viewSource(words)
    this.#from = this.#top = aligned(slots[slot].views)
    this.#end = slots[slot].views + viewBytes
  }

  /** The whole catalogue. */
  get everything(): View {
    return this.#source.everything
  }

  /** The view of a set that so many more queries ask for; undefined where there is none, or it has no use. `startGroups` it has if it can. */
  of(allowed: Uint32Array, queries: number, k: number, startGroups: number): View | undefined {
    let entry = this.#entries.get(allowed)
    if (entry === undefined) {
      const items = queries >= MANY_QUERIES ? ITEMS_FIRST_OF_MANY : ITEMS_FIRST
      entry = { queries: 0, unfinished: 0, items, view: undefined, generation: -1 }
      this.#entries.set(allowed, entry)
    }
    entry.queries += queries
    if (entry.queries < QUERIES_MIN) return undefined
    if (entry.unfinished > UNFINISHED_MAX * entry.queries) {
      entry.items *= GROWTH
      entry.queries = queries
      entry.unfinished = 0
      entry.view = undefined
    }
    if (entry.view === undefined || (entry.generation !== this.#generation && entry.view !== this.everything)) {
      entry.view = this.#make(allowed, entry.items, startGroups)
      entry.generation = this.#generation
    }
    // Where a list is nearly as long as the view, the search seldom ends in it.
    return entry.view?.cut && 4 * k > entry.items ? undefined : entry.view
  }

  /** So many queries did not find their best in the view of that set. */
  unfinished(allowed: Uint32Array, queries: number): void {
    this.#entries.get(allowed)!.unfinished += queries
  }

  #make(allowed: Uint32Array, itemsMax: number, startGroups: number): View | undefined {
    const items = longestAllowed(this.#source, allowed, itemsMax)
    const count = items.positions.length
    if (count === this.#source.shape.itemCount) return this.everything
    if (count === 0) return undefined
    const bytes = viewBytes(this.#source, count, startGroups)
    if (bytes > this.#end - this.#from) return undefined
    if (bytes > this.#end - this.#top) {
      this.#generation++
      this.#top = this.#from
    }
    const view = fillView(this.#source, items, startGroups, this.#top)
    this.#top += bytes
    return view
  }
}
