/** Where a factor model and a thread's workplace lie in shared memory: parameters.ts says what each part is. */
import type { Arena, Reserved } from './arena.ts'
import { descendingOrder, fillItems, fillStartPanels, type ItemShape, type ItemValues } from './factorItems.ts'
import * as at from './factorParameters.ts'
import { TILE_COLUMNS } from './parameters.ts'
import { type Tiles, takeTiles } from './tileShape.ts'

export interface FactorValues extends ItemValues {
  readonly kernels: readonly Float32Array[]
  /** f32[kernels, itemCount, dimension] */
  readonly sources: Float32Array
  /** f32[itemCount] */
  readonly prior: Float32Array
  readonly sharpness: number
}

/** Entries of a query: the best k, or half as many more, so that they are cut down now and then; of all items there is room for each. */
export const capacityOf = (k: number, itemCount: number): number =>
  k <= at.FACTOR_SORTED_MAX ? k : Math.min(itemCount, Math.ceil(1.5 * k)) + at.FACTOR_ENTRIES_SPARE

export interface FactorShape extends ItemShape {
  readonly sourceFloats: number
  readonly openWords: number
}

const upTo = (count: number, multiple: number) => Math.ceil(count / multiple) * multiple

export function factorShape({ itemCount, dimension, bias }: FactorValues): FactorShape {
  const width = dimension + (bias ? 1 : 0)
  return {
    itemCount,
    dimension: width,
    rowFloats: upTo(width, 4),
    queryFloats: upTo(width, 8),
    groupCount: Math.ceil(itemCount / at.FACTOR_GROUP),
    sourceFloats: upTo(dimension, 8),
    openWords: Math.floor(itemCount / 32) + 1,
  }
}

type PlacedValues = ReturnType<typeof reserveFactors>

export function reserveFactors(arena: Arena, { itemCount, kernels }: FactorValues, shape: FactorShape) {
  const places = shape.groupCount * at.FACTOR_GROUP
  return {
    rows: arena.reserveF32(places * shape.rowFloats),
    panels: arena.reserveU8(places * shape.rowFloats),
    startPanels: arena.reserveF32(
      Math.min(shape.groupCount, at.FACTOR_START_GROUPS_MAX) * at.FACTOR_GROUP * shape.dimension,
    ),
    groups: arena.reserveF64(shape.groupCount * 4),
    momentPanels: arena.reserveF32(upTo(shape.dimension + 1, TILE_COLUMNS) * shape.dimension),
    logRest: arena.reserveF64(1),
    itemOf: arena.reserveU32(places + 1),
    everyPosition: arena.reserveU32(places),
    positionOf: arena.reserveU32(itemCount),
    roundedNorm: arena.reserveF64(1),
    sources: arena.reserveF32(kernels.length * itemCount * shape.sourceFloats),
    kernels: arena.reserveF32(kernels.reduce((sum, kernel) => sum + kernel.length, 0)),
    kernelOffsets: arena.reserveU32(kernels.length + 1),
    prior: arena.reserveF32(itemCount),
    priorOrder: arena.reserveU32(itemCount),
    priorProbabilities: arena.reserveF32(itemCount),
    everyItem: arena.reserveU32(shape.openWords),
  }
}

/** The model in the layouts its kernels read. */
export function fillFactors(values: FactorValues, shape: FactorShape, placed: PlacedValues): void {
  for (let place = 0; place < placed.everyPosition.view.length; place++) placed.everyPosition.view[place] = place
  placed.roundedNorm.view[0] = fillItems(values, shape, placed)
  fillStartPanels(shape, placed.rows.view, placed.everyPosition.view, placed.startPanels.view)
  fillMoments(shape, placed)
  fillSources(values, shape, placed)
  fillPrior(values, placed)
  for (let item = 0; item < values.itemCount; item++) placed.everyItem.view[item >>> 5] |= 1 << (item & 31)
}

/** Items whose moments are taken at most: the mean of so many is within 0.4 % of a standard deviation of that of all. */
const MOMENT_ITEMS_MAX = 2 ** 16

/** Mean and covariance of the items beyond the first group, in f64; of a large catalogue those of items at equal distances by norm. */
function fillMoments({ itemCount, dimension, rowFloats }: FactorShape, to: PlacedValues): void {
  const count = itemCount - at.FACTOR_GROUP
  to.logRest.view[0] = count > 0 ? Math.log(count) : Number.NEGATIVE_INFINITY
  if (count <= 0) return
  const step = Math.ceil(count / MOMENT_ITEMS_MAX)
  const taken = Math.ceil(count / step)
  const rows = to.rows.view
  const mean = new Float64Array(dimension)
  const covariance = new Float64Array(dimension ** 2)
  for (let position = at.FACTOR_GROUP; position < itemCount; position += step)
    for (let x = 0; x < dimension; x++) mean[x] += rows[position * rowFloats + x] / taken
  const row = new Float64Array(dimension)
  for (let position = at.FACTOR_GROUP; position < itemCount; position += step) {
    for (let x = 0; x < dimension; x++) row[x] = rows[position * rowFloats + x] - mean[x]
    for (let x = 0; x < dimension; x++)
      for (let y = 0; y <= x; y++) covariance[x * dimension + y] += (row[x] * row[y]) / taken
  }
  const columnAt = (column: number) =>
    Math.floor(column / TILE_COLUMNS) * dimension * TILE_COLUMNS + (column % TILE_COLUMNS)
  for (let x = 0; x < dimension; x++) {
    to.momentPanels.view[columnAt(dimension) + x * TILE_COLUMNS] = mean[x]
    for (let y = 0; y < dimension; y++)
      to.momentPanels.view[columnAt(y) + x * TILE_COLUMNS] = covariance[Math.max(x, y) * dimension + Math.min(x, y)]
  }
}

function fillSources(
  { itemCount, dimension, kernels, sources }: FactorValues,
  { sourceFloats }: FactorShape,
  to: PlacedValues,
): void {
  for (let row = 0; row < kernels.length * itemCount; row++)
    to.sources.view.set(sources.subarray(row * dimension, (row + 1) * dimension), row * sourceFloats)
  let top = 0
  for (const [f, kernel] of kernels.entries()) {
    to.kernels.view.set(kernel, top)
    to.kernelOffsets.view[f + 1] = top += kernel.length
  }
}

/** The prior's order, and its softmax in f64. */
function fillPrior({ itemCount, prior, sharpness }: FactorValues, to: PlacedValues): void {
  to.prior.view.set(prior)
  const order = descendingOrder(prior)
  to.priorOrder.view.set(order)
  const best = prior[order[0]]
  let total = 0
  for (let item = 0; item < itemCount; item++) total += Math.exp(sharpness * (prior[item] - best))
  for (let item = 0; item < itemCount; item++)
    to.priorProbabilities.view[item] = Math.exp(sharpness * (prior[item] - best)) / total
}

/** Addresses of a slot's parameter block, and of what the block points to unless a call says otherwise. */
export interface FactorSlot {
  readonly params: number
  /** u32[blockSize + 1], u32[…]: copies of lists that lie elsewhere. */
  readonly historyOffsets: number
  readonly historyItems: number
  readonly excludedOffsets: number
  readonly excludedItems: number
  readonly counts: number
  readonly items: number
  readonly probabilities: number
  /** Room for views (factorView.ts). */
  readonly views: number
}

export interface FactorSlotSizes {
  readonly blockSize: number
  readonly entryCount: number
  readonly resultCells: number
  readonly excludedMax: number
  readonly masksMax: number
  readonly viewBytes: number
  readonly historyEvents: number
}

/** A slot's parameter block, with the addresses of its workplace. */
export function reserveFactorSlot(arena: Arena, shape: FactorShape, sizes: FactorSlotSizes) {
  const { blockSize, resultCells } = sizes
  const places = upTo(blockSize, at.FACTOR_TILE_ROWS)
  const startGroups = Math.min(shape.groupCount, at.FACTOR_START_GROUPS_MAX)
  const tileBytes = at.FACTOR_TILE_HEADER + shape.queryFloats * at.FACTOR_TILE_ROWS
  const { ptr: params, view: words } = arena.reserveU32(at.FACTOR_WORDS)
  const set = (word: number, { ptr }: Reserved<unknown>) => {
    words[word] = ptr
  }
  set(at.FACTOR_QUERIES, arena.reserveF32(places * shape.queryFloats))
  set(at.FACTOR_MASKS, arena.reserveU32(sizes.masksMax * shape.openWords))
  set(at.FACTOR_MASK_SIZES, arena.reserveU32(sizes.masksMax))
  set(at.FACTOR_MASK_OF, arena.reserveU32(blockSize))
  set(at.FACTOR_STRUCK, arena.reserveU8(2 * sizes.excludedMax + (at.FACTOR_STRUCK_BITS_MIN / 8) * blockSize))
  set(at.FACTOR_TILES, arena.reserveU8((places / at.FACTOR_TILE_ROWS) * tileBytes))
  words[at.FACTOR_TILE_BYTES] = tileBytes
  set(at.FACTOR_ORDER, arena.reserveF64(1 + blockSize))
  set(at.FACTOR_KNOWN, arena.reserveU32(shape.openWords))
  set(at.FACTOR_STATES, arena.reserveU8(places * at.QUERY_STATE))
  set(at.FACTOR_ENTRIES, arena.reserveF64(sizes.entryCount))
  set(at.FACTOR_SORTING, arena.reserveF64(shape.itemCount + at.FACTOR_ENTRIES_SPARE))
  const startRowBytes = (4 * startGroups + 2 * at.FACTOR_SAMPLE_GROUPS) * at.FACTOR_GROUP
  set(at.FACTOR_START_ROWS, arena.reserveU8(at.FACTOR_TILE_ROWS * startRowBytes))
  set(at.FACTOR_CHUNKS, arena.reserveF32((startGroups * at.FACTOR_GROUP) / 4))
  set(at.FACTOR_SMALL, arena.reserveU8(at.FACTOR_SMALL_BYTES))
  set(at.FACTOR_SCORE_PANELS, arena.reserveF32(at.FACTOR_GROUP * shape.dimension))
  set(at.FACTOR_SCORE_TILES, arena.reserveF32(places * shape.dimension))
  const scoreColumns = at.FACTOR_GROUP + at.FACTOR_TILES_AT_ONCE * upTo(shape.dimension + 1, TILE_COLUMNS)
  set(at.FACTOR_SCORE_ROWS, arena.reserveF32(at.FACTOR_TILE_ROWS * scoreColumns))
  set(at.FACTOR_TOTALS, arena.reserveU8(places * at.FACTOR_TOTAL_BYTES))
  set(at.FACTOR_SCORES, arena.reserveF32(resultCells + 8)) // read eight at a time
  set(at.FACTOR_EVERY_SCORE, arena.reserveF32(shape.itemCount))
  const addresses: FactorSlot = {
    params,
    historyOffsets: arena.reserveU32(blockSize + 1).ptr,
    historyItems: arena.reserveU32(blockSize * sizes.historyEvents).ptr,
    excludedOffsets: arena.reserveU32(blockSize + 1).ptr,
    excludedItems: arena.reserveU32(sizes.excludedMax).ptr,
    counts: arena.reserveU32(resultCells).ptr,
    items: arena.reserveI32(resultCells).ptr,
    probabilities: arena.reserveF32(resultCells).ptr,
    views: arena.reserveU8(sizes.viewBytes).ptr,
  }
  return { words, addresses }
}

/** Tells a slot where the model lies. `queryMax`: greatest component of a query; `tiles`: which; `exactTotals`: which denominator. */
export function connectSlot(
  { words }: { words: Uint32Array },
  { kernels, bias, sharpness }: FactorValues,
  shape: FactorShape,
  shared: PlacedValues,
  { queryMax, tiles, exactTotals }: { queryMax: number; tiles: Tiles; exactTotals: boolean },
): void {
  words[at.FACTOR_ITEM_COUNT] = shape.itemCount
  words[at.FACTOR_DIMENSION] = shape.dimension
  words[at.FACTOR_ROW_FLOATS] = shape.rowFloats
  words[at.FACTOR_QUERY_FLOATS] = shape.queryFloats
  words[at.FACTOR_SOURCE_FLOATS] = shape.sourceFloats
  words[at.FACTOR_GROUP_COUNT] = shape.groupCount
  words[at.FACTOR_OPEN_WORDS] = shape.openWords
  words[at.FACTOR_VIEW_COUNT] = shape.itemCount
  words[at.FACTOR_VIEW_GROUPS] = shape.groupCount
  words[at.FACTOR_VIEW_POSITIONS] = shared.everyPosition.ptr
  words[at.FACTOR_VIEW_START_PANELS] = shared.startPanels.ptr
  words[at.FACTOR_ROWS] = shared.rows.ptr
  words[at.FACTOR_PANELS] = shared.panels.ptr
  words[at.FACTOR_START_PANELS] = shared.startPanels.ptr
  words[at.FACTOR_MOMENT_PANELS] = shared.momentPanels.ptr
  words[at.FACTOR_LOG_REST] = shared.logRest.ptr
  words[at.FACTOR_GROUPS] = shared.groups.ptr
  words[at.FACTOR_ITEM_OF] = shared.itemOf.ptr
  words[at.FACTOR_POSITION_OF] = shared.positionOf.ptr
  words[at.FACTOR_ROUNDED_NORM] = shared.roundedNorm.ptr
  words[at.FACTOR_SOURCES] = shared.sources.ptr
  words[at.FACTOR_KERNELS] = shared.kernels.ptr
  words[at.FACTOR_KERNEL_OFFSETS] = shared.kernelOffsets.ptr
  words[at.FACTOR_PRIOR] = shared.prior.ptr
  words[at.FACTOR_PRIOR_ORDER] = shared.priorOrder.ptr
  words[at.FACTOR_PRIOR_PROBABILITIES] = shared.priorProbabilities.ptr
  words[at.FACTOR_EVERY_ITEM] = shared.everyItem.ptr
  words[at.FACTOR_KERNEL_COUNT] = kernels.length
  words[at.FACTOR_BIAS] = bias ? 1 : 0
  takeTiles(words, tiles)
  words[at.FACTOR_EXACT_TOTALS] = exactTotals ? 1 : 0
  const floats = new Float32Array(words.buffer, words.byteOffset, at.FACTOR_WORDS)
  floats[at.FACTOR_QUERY_MAX] = queryMax
  floats[at.FACTOR_SHARPNESS] = sharpness
}
