/**
 * What a filter leaves of a catalogue, as a catalogue of its own: the allowed items by descending norm in the layouts of the screen, so that searching them
 * costs what a catalogue of that size costs, whatever was taken out. A set of allowed items gets a view when enough queries have asked for it,
 * and keeps it as long as there is room; then all of them are made anew as they are needed.
 *
 * A view has the longest items, as many as most searches look at. Where a search needs more, the caller repeats it over everything, and the next view is longer.
 */

import { fillPanels, fillStartPanels, type ItemShape } from '../kernels/factorItems.ts'
import { START_GROUPS_MAX } from '../kernels/factorMemory.ts'
import * as at from '../kernels/factorParameters.ts'
import { FACTOR_GROUP } from '../kernels/factorParameters.ts'
import type { PlacedFactors } from './placeFactors.ts'

/** Queries that a set must have had before it gets a view: making one costs about as much as so many searches over everything. */
const QUERIES_MIN = 8
/** Items of a view: most searches end within; where one set has many queries at once it may be the longer. Then, where it was too short. */
const ITEMS_FIRST = 4096
const ITEMS_FIRST_OF_MANY = 65_536
const MANY_QUERIES = 256
const GROWTH = 4
/** Of the queries that a view was asked for, as a share: above it the next one is longer. */
const UNFINISHED_MAX = 1 / 64
const ALIGNMENT_BYTES = 64

export interface View {
  readonly words: readonly (readonly [word: number, value: number])[]
  readonly startGroups: number
  /** Some allowed items are not in it. */
  readonly cut: boolean
}

interface Entry {
  queries: number
  unfinished: number
  items: number
  /** Valid as long as nothing has been thrown away since. */
  view: View | undefined
  generation: number
}

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES

export class FactorViews {
  /** The whole catalogue. */
  readonly everything: View
  readonly #shape: ItemShape
  readonly #buffer: SharedArrayBuffer
  readonly #rows: Float32Array
  readonly #itemOf: Uint32Array
  readonly #from: number
  readonly #end: number
  #top: number
  #generation = 0
  readonly #entries = new WeakMap<Uint32Array, Entry>()

  constructor({ memory, viewBytes, slots }: PlacedFactors, slot: number, words: Uint32Array) {
    this.#buffer = memory.buffer as SharedArrayBuffer
    const itemCount = words[at.FACTOR_ITEM_COUNT]
    const groupCount = words[at.FACTOR_GROUP_COUNT]
    this.#shape = {
      itemCount,
      dimension: words[at.FACTOR_DIMENSION],
      rowFloats: words[at.FACTOR_ROW_FLOATS],
      queryFloats: words[at.FACTOR_QUERY_FLOATS],
      pairs: words[at.FACTOR_PAIRS],
      groupCount,
    }
    const places = groupCount * FACTOR_GROUP
    this.#rows = new Float32Array(this.#buffer, words[at.FACTOR_ROWS], places * this.#shape.rowFloats)
    this.#itemOf = new Uint32Array(this.#buffer, words[at.FACTOR_ITEM_OF], places)
    this.#from = this.#top = aligned(slots[slot].views)
    this.#end = slots[slot].views + viewBytes
    this.everything = {
      words: OF_VIEW.map(word => [word, words[word]] as const),
      startGroups: Math.min(groupCount, START_GROUPS_MAX),
      cut: false,
    }
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

  #make(allowed: Uint32Array, itemsMax: number, startGroupsWanted: number): View | undefined {
    const { itemCount, dimension, rowFloats, pairs } = this.#shape
    const found = new Uint32Array(Math.min(itemsMax, itemCount))
    let count = 0
    let next = 0
    for (; next < itemCount; next++) {
      const item = this.#itemOf[next]
      if (((allowed[item >>> 5] >>> (item & 31)) & 1) === 0) continue
      if (count === found.length) break
      found[count++] = next
    }
    if (count === itemCount) return this.everything
    if (count === 0) return undefined
    const cut = next < itemCount
    const groups = Math.ceil(count / FACTOR_GROUP)
    const startGroups = Math.min(groups, START_GROUPS_MAX, startGroupsWanted)
    const places = groups * FACTOR_GROUP
    const panelBytes = aligned(places * pairs * 2)
    const startBytes = aligned(startGroups * FACTOR_GROUP * dimension * 4)
    const groupBytes = aligned(8 * (4 * (groups + 1) + 1))
    const bytes = panelBytes + startBytes + groupBytes + aligned(4 * places)
    if (bytes > this.#end - this.#from) return undefined
    if (bytes > this.#end - this.#top) {
      this.#generation++
      this.#top = this.#from
    }
    const panels = this.#top
    const startPanels = panels + panelBytes
    const parameters = startPanels + startBytes
    const positions = parameters + groupBytes
    this.#top = positions + aligned(4 * places)

    const numbers = new Float64Array(this.#buffer, parameters, 4 * (groups + 1) + 1)
    const chosen = found.subarray(0, count)
    new Uint32Array(this.#buffer, positions, places).fill(this.#itemOf.length).set(chosen)
    const panelView = new Uint8Array(this.#buffer, panels, places * pairs * 2)
    numbers[4 * (groups + 1)] = fillPanels(this.#rows, chosen, this.#shape, panelView, numbers)
    const startView = new Float32Array(this.#buffer, startPanels, startGroups * FACTOR_GROUP * dimension)
    fillStartPanels(this.#shape, this.#rows, chosen, startView.fill(0))
    // What follows is no longer than the item after the last, but for the rounding of norms to f32 that the order is by.
    const row = this.#rows.subarray(next * rowFloats, next * rowFloats + dimension)
    numbers[4 * groups + 3] = cut ? Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) * (1 + 2 ** -22) : 0
    return {
      words: [
        [at.FACTOR_VIEW_COUNT, count],
        [at.FACTOR_VIEW_GROUPS, groups],
        [at.FACTOR_VIEW_POSITIONS, positions],
        [at.FACTOR_VIEW_START_PANELS, startPanels],
        [at.FACTOR_VIEW_CUT, cut ? 1 : 0],
        [at.FACTOR_PANELS, panels],
        [at.FACTOR_GROUPS, parameters],
        [at.FACTOR_ROUNDED_NORM, parameters + 8 * 4 * (groups + 1)],
      ],
      startGroups,
      cut,
    }
  }
}

/** The words of a slot's parameter block that say which view it is at. */
const OF_VIEW = [
  at.FACTOR_VIEW_COUNT,
  at.FACTOR_VIEW_GROUPS,
  at.FACTOR_VIEW_POSITIONS,
  at.FACTOR_VIEW_START_PANELS,
  at.FACTOR_VIEW_CUT,
  at.FACTOR_PANELS,
  at.FACTOR_GROUPS,
  at.FACTOR_ROUNDED_NORM,
] as const
