/**
 * Some items of a placed factor model as a catalogue of their own: in the layouts of the screen, by descending norm, as if there were no others. The f32 rows stay
 * where they are; positions say which of them a view has.
 */
import { fillPanels, fillStartPanels, type ItemShape } from './factorItems.ts'
import * as at from './factorParameters.ts'
import { FACTOR_GROUP } from './factorParameters.ts'

const ALIGNMENT_BYTES = 64

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES

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

export interface View {
  readonly words: readonly (readonly [word: number, value: number])[]
  readonly startGroups: number
  /** Some allowed items are not in it. */
  readonly cut: boolean
  /** The position of the first of those, or how many items there are. */
  readonly next: number
}

/** What views are made of. */
export interface ViewSource {
  readonly buffer: ArrayBufferLike
  readonly shape: ItemShape
  /** f32[places, rowFloats], u32[places]: by descending norm. */
  readonly rows: Float32Array
  readonly itemOf: Uint32Array
  readonly everything: View
}

/** `words`: the parameter block of a slot that is at everything. */
export function viewSource(words: Uint32Array): ViewSource {
  const { buffer } = words
  const groupCount = words[at.FACTOR_GROUP_COUNT]
  const rowFloats = words[at.FACTOR_ROW_FLOATS]
  const places = groupCount * FACTOR_GROUP
  return {
    buffer,
    shape: {
      itemCount: words[at.FACTOR_ITEM_COUNT],
      dimension: words[at.FACTOR_DIMENSION],
      rowFloats,
      queryFloats: words[at.FACTOR_QUERY_FLOATS],
      groupCount,
    },
    rows: new Float32Array(buffer, words[at.FACTOR_ROWS], places * rowFloats),
    itemOf: new Uint32Array(buffer, words[at.FACTOR_ITEM_OF], places),
    everything: {
      words: OF_VIEW.map(word => [word, words[word]] as const),
      startGroups: Math.min(groupCount, at.FACTOR_START_GROUPS_MAX),
      cut: false,
      next: words[at.FACTOR_ITEM_COUNT],
    },
  }
}

/** Positions of allowed items, at least one, ascending; `next`: that of the one that follows and is not among them, or where there is none, how many there are. */
export interface ViewItems {
  readonly positions: Uint32Array
  readonly next: number
}

/** The longest of the allowed items, `most` of them. */
export function longestAllowed({ shape, itemOf }: ViewSource, allowed: Uint32Array, most: number): ViewItems {
  const { itemCount } = shape
  const found = new Uint32Array(Math.min(most, itemCount))
  let count = 0
  let next = 0
  for (; next < itemCount; next++) {
    const item = itemOf[next]
    if (((allowed[item >>> 5] >>> (item & 31)) & 1) === 0) continue
    if (count === found.length) break
    found[count++] = next
  }
  return { positions: found.subarray(0, count), next }
}

/** Where the parts of a view lie, from its beginning. */
function layout({ dimension, rowFloats }: ItemShape, count: number, startGroupsWanted: number) {
  const groups = Math.ceil(count / FACTOR_GROUP)
  const places = groups * FACTOR_GROUP
  const startGroups = Math.min(groups, at.FACTOR_START_GROUPS_MAX, startGroupsWanted)
  const startPanels = aligned(places * rowFloats)
  const parameters = startPanels + aligned(startGroups * FACTOR_GROUP * dimension * 4)
  const positions = parameters + aligned(8 * (4 * (groups + 1) + 1))
  return { groups, places, startGroups, startPanels, parameters, positions, bytes: positions + aligned(4 * places) }
}

/** Of a view of so many items. `startGroups` it has if it can. */
export const viewBytes = ({ shape }: ViewSource, count: number, startGroups: number): number =>
  layout(shape, count, startGroups).bytes

/** Writes the view to `address`, a multiple of 64. */
export function fillView(
  { buffer, shape, rows, itemOf }: ViewSource,
  { positions: chosen, next }: ViewItems,
  startGroupsWanted: number,
  address: number,
): View {
  const { itemCount, dimension, rowFloats } = shape
  const { groups, places, startGroups, ...from } = layout(shape, chosen.length, startGroupsWanted)
  const cut = next < itemCount
  const [startPanels, parameters, positions] = [from.startPanels, from.parameters, from.positions].map(
    offset => address + offset,
  )
  const numbers = new Float64Array(buffer, parameters, 4 * (groups + 1) + 1)
  new Uint32Array(buffer, positions, places).fill(itemOf.length).set(chosen)
  const panels = new Uint8Array(buffer, address, places * rowFloats)
  numbers[4 * (groups + 1)] = fillPanels(rows, chosen, shape, panels, numbers)
  const starts = new Float32Array(buffer, startPanels, startGroups * FACTOR_GROUP * dimension)
  fillStartPanels(shape, rows, chosen, starts.fill(0))
  // What follows is no longer than the item after the last, but for the rounding of norms to f32 that the order is by.
  const row = rows.subarray(next * rowFloats, next * rowFloats + dimension)
  numbers[4 * groups + 3] = cut ? Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) * (1 + 2 ** -22) : 0
  return {
    words: [
      [at.FACTOR_VIEW_COUNT, chosen.length],
      [at.FACTOR_VIEW_GROUPS, groups],
      [at.FACTOR_VIEW_POSITIONS, positions],
      [at.FACTOR_VIEW_START_PANELS, startPanels],
      [at.FACTOR_VIEW_CUT, cut ? 1 : 0],
      [at.FACTOR_PANELS, address],
      [at.FACTOR_GROUPS, parameters],
      [at.FACTOR_ROUNDED_NORM, parameters + 8 * 4 * (groups + 1)],
    ],
    startGroups,
    cut,
    next,
  }
}
