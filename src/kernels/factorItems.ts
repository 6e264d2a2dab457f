/** The items of a factor model as the screen reads them: by descending norm, in f32 rows and in 7-bit panels (assembly/screen.ts). */
import type { Reserved } from './arena.ts'
import { FACTOR_GROUP, FACTOR_PANEL } from './factorParameters.ts'
import { TILE_COLUMNS } from './parameters.ts'

export interface ItemShape {
  readonly itemCount: number
  /** The model's, and one for the bias. */
  readonly dimension: number
  readonly rowFloats: number
  readonly queryFloats: number
  readonly groupCount: number
}

export interface ItemValues {
  readonly itemCount: number
  readonly dimension: number
  /** f32[itemCount, dimension], f32[itemCount] */
  readonly targets: Float32Array
  readonly bias: Float32Array | undefined
}

interface ItemMemory {
  readonly rows: Reserved<Float32Array>
  readonly panels: Reserved<Uint8Array>
  readonly groups: Reserved<Float64Array>
  readonly itemOf: Reserved<Uint32Array>
  readonly everyPosition: Reserved<Uint32Array>
  readonly positionOf: Reserved<Uint32Array>
}

/** 7 bits hold -64 … 63 when 64 is added; ±63 is symmetric. */
const VALUE_MAX = 63
/**
 * Norm of a rounded item at most. Queries then have 32 700 / 144 = 227 for theirs: more than items, since their values have 8 bits and are
 * cheaper to make exact. 144 was the study's best of both (design/performance.md §2).
 */
const NORM_MAX = 144

/** Indexes by value descending, then index ascending. Finite values. */
export function descendingOrder(values: Float32Array): Uint32Array {
  const keys = new BigUint64Array(values.length)
  const halves = new Uint32Array(keys.buffer)
  const one = new Float32Array(1)
  const bits = new Int32Array(one.buffer)
  for (let i = 0; i < values.length; i++) {
    one[0] = values[i] + 0 // one zero of two
    halves[2 * i] = i
    halves[2 * i + 1] = bits[0] < 0 ? bits[0] : ~bits[0] ^ 0x80000000
  }
  keys.sort()
  return Uint32Array.from({ length: values.length }, (_, i) => halves[2 * i])
}

/** Fills everything in `to`; answers the greatest norm of a rounded item. */
export function fillItems(model: ItemValues, shape: ItemShape, to: ItemMemory): number {
  const { itemCount, dimension, rowFloats } = shape
  const valuesOf = rowReader(model, dimension)
  const row = new Float64Array(dimension)
  const norms = new Float32Array(itemCount)
  for (let item = 0; item < itemCount; item++) {
    valuesOf(item, row)
    norms[item] = norm(row)
  }
  const order = descendingOrder(norms)
  to.itemOf.view.fill(itemCount).set(order)
  for (let position = 0; position < itemCount; position++) {
    to.positionOf.view[order[position]] = position
    valuesOf(order[position], row)
    to.rows.view.set(row, position * rowFloats)
  }
  return fillPanels(to.rows.view, to.everyPosition.view.subarray(0, itemCount), shape, to.panels.view, to.groups.view)
}

/**
 * The 7-bit form and the groups of the rows at `positions`, whose norms descend; answers the greatest norm of a rounded one. `panels` and `groups`
 * may have room for more.
 */
export function fillPanels(
  rows: Float32Array,
  positions: Uint32Array,
  shape: ItemShape,
  panels: Uint8Array,
  groups: Float64Array,
): number {
  const { dimension, rowFloats } = shape
  const groupCount = Math.ceil(positions.length / FACTOR_GROUP)
  panels.fill(64)
  let roundedNorm = 0
  for (let group = 0; group < groupCount; group++) {
    const first = group * FACTOR_GROUP
    const end = Math.min(first + FACTOR_GROUP, positions.length)
    let [greatest, greatestNorm] = [0, 0]
    for (let place = first; place < end; place++) {
      const from = positions[place] * rowFloats
      let sum = 0
      for (let at = from; at < from + dimension; at++) {
        greatest = Math.max(greatest, Math.abs(rows[at]))
        sum += rows[at] * rows[at]
      }
      greatestNorm = Math.max(greatestNorm, Math.sqrt(sum))
    }
    const scale = greatest > 0 ? Math.min(VALUE_MAX / greatest, NORM_MAX / greatestNorm) : 1
    let [error, rounded] = [0, 0]
    for (let place = first; place < end; place++) {
      const sizes = roundRow(rows, positions[place] * rowFloats, place, scale, shape, panels)
      error = Math.max(error, sizes.error)
      rounded = Math.max(rounded, sizes.rounded)
    }
    groups.set([scale, error, rounded, greatestNorm], 4 * group)
    roundedNorm = Math.max(roundedNorm, rounded)
  }
  // The order is by norms rounded to f32, so that a later group may be the longer by a rounding.
  for (let group = groupCount - 2; group >= 0; group--)
    groups[4 * group + 3] = Math.max(groups[4 * group + 3], groups[4 * group + 7])
  return roundedNorm
}

/** An item's factors and, last, its bias. */
function rowReader({ dimension, targets, bias }: ItemValues, width: number) {
  return (item: number, row: Float64Array) => {
    for (let x = 0; x < dimension; x++) row[x] = targets[item * dimension + x]
    if (bias) row[width - 1] = bias[item]
  }
}

function norm(row: Float64Array): number {
  let sum = 0
  for (let x = 0; x < row.length; x++) sum += row[x] * row[x]
  return Math.sqrt(sum)
}

/** Where the item at a place of a panel lies in it: the second four and the third have changed places. */
export const columnOf = (place: number): number => (place & 0b0011) | ((place & 0b0100) << 1) | ((place & 0b1000) >> 1)

/** Writes the 7-bit form of a row; the norms of its rounding error and of itself. */
function roundRow(
  rows: Float32Array,
  row: number,
  place: number,
  scale: number,
  { dimension, rowFloats }: ItemShape,
  panels: Uint8Array,
) {
  const cell = Math.floor(place / FACTOR_PANEL) * rowFloats * FACTOR_PANEL + 4 * columnOf(place % FACTOR_PANEL)
  let [error, rounded] = [0, 0]
  for (let x = 0; x < dimension; x++) {
    const value = rows[row + x] * scale
    const whole = Math.round(value)
    panels[cell + (x >> 2) * FACTOR_PANEL * 4 + (x & 3)] = 64 + whole
    error += (whole - value) ** 2
    rounded += whole ** 2
  }
  return { error: Math.sqrt(error), rounded: Math.sqrt(rounded) }
}

/** The rows at the first positions of a view, as many as there is room for, in panels. */
export function fillStartPanels(
  { dimension, rowFloats }: ItemShape,
  rows: Float32Array,
  positions: Uint32Array,
  panels: Float32Array,
): void {
  const panelFloats = dimension * TILE_COLUMNS
  for (let place = 0; place < positions.length && place * dimension < panels.length; place++) {
    const to = Math.floor(place / TILE_COLUMNS) * panelFloats + (place % TILE_COLUMNS)
    const from = positions[place] * rowFloats
    for (let x = 0; x < dimension; x++) panels[to + x * TILE_COLUMNS] = rows[from + x]
  }
}
