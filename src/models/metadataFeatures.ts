/**
 * Metadata as sparse rows that linear models can use (design/recommenders.md §5.6), learnt from the rows themselves. Each row has
 *
 *   a category    of every column of categories; and where a row has several, all of them together as one more
 *   a number      as the place among all numbers of its column: one of 8 buckets of equal count and one of 32
 *   a pair        of a category and a coarse bucket ("a comedy of the nineties")
 *   a word        of every text, by its hash
 *
 * weighted by how rare it is, ln(rowCount / rows that have it) (inverse document frequency: Spärck Jones 1972), rows scaled to length 1. What
 * only one row has tells nothing of any other. Of more features than may be those with the greatest Σ weight² over all rows stay.
 */
import type { WorkControl } from '../lib/work.ts'
import type { Features } from './features.ts'
import type { Metadata, MetadataColumn } from './metadata.ts'
import { inTurns } from './pairCounts.ts'

export const COARSE_BUCKETS = 8
const FINE_BUCKETS = 32
/** Different features that are counted: some 100 bytes each. Rows come in order of index, the items with the most events first. */
const KEYS_MAX = 4_000_000
const ROWS_PER_TURN = 4096
/** A feature of one row links it with nothing. */
const FEATURE_ROWS_MIN = 2
/** FNV-1a's prime and offset: features of different columns and kinds are told apart by their hashes, 2⁵² of them. */
const FNV_PRIME = 0x01000193
const FNV_START = 0x811c9dc5

/**
 * Of the normal equations over features, a matrix of this order is inverted: a second or two, and 2·4·2048² bytes. ML-1M has 340 without the words
 * of its titles, 1572 with them.
 */
const FEATURE_COUNT_MAX = 2048

/** At most `featureCountMax` features. The rows do not depend on how the metadata were read. Throws `control.signal.reason` when aborted. */
export async function featuresOf(
  metadata: Metadata,
  { signal, progress }: WorkControl,
  featureCountMax = FEATURE_COUNT_MAX,
): Promise<Features> {
  const { rowCount } = metadata
  const draw = drawer(metadata.columns)
  const rowsOf = new Map<number, number>()
  const turns = (stage: string, body: (row: number) => void) =>
    inTurns(rowCount, ROWS_PER_TURN, signal, (from, to) => {
      progress({ stage, done: from, total: rowCount, unit: 'rows' })
      for (let row = from; row < to; row++) body(row)
    })
  await turns('metadata: counting', row => {
    for (const key of draw(row))
      if (rowsOf.size < KEYS_MAX || rowsOf.has(key)) rowsOf.set(key, (rowsOf.get(key) ?? 0) + 1)
  })
  const kept = keptFeatures(rowsOf, rowCount, featureCountMax)
  const offsets = new Uint32Array(rowCount + 1)
  let features = new Int32Array(rowCount)
  let values = new Float32Array(rowCount)
  await turns('metadata: features', row => {
    const found = Array.from(draw(row), key => kept.get(key)).filter(feature => feature !== undefined)
    found.sort((a, b) => a.index - b.index)
    const length = Math.hypot(...found.map(({ weight }) => weight))
    const start = offsets[row]
    if (start + found.length > features.length) {
      features = grown(features, new Int32Array(2 * (start + found.length)))
      values = grown(values, new Float32Array(features.length))
    }
    for (const [i, { index, weight }] of found.entries()) {
      features[start + i] = index
      values[start + i] = weight / length
    }
    offsets[row + 1] = start + found.length
  })
  const end = offsets[rowCount]
  return { rowCount, featureCount: kept.size, offsets, features: features.slice(0, end), values: values.slice(0, end) }
}

function grown<T extends Int32Array | Float32Array>(from: T, into: T): T {
  into.set(from)
  return into
}

/** By key, each with its index and weight; the heaviest first, equal ones by key. */
function keptFeatures(rowsOf: ReadonlyMap<number, number>, rowCount: number, featureCountMax: number) {
  const features: { key: number; weight: number; mass: number }[] = []
  for (const [key, rows] of rowsOf) {
    if (rows < FEATURE_ROWS_MIN || rows === rowCount) continue
    const weight = Math.log(rowCount / rows)
    features.push({ key, weight, mass: rows * weight * weight })
  }
  features.sort((a, b) => b.mass - a.mass || a.key - b.key)
  return new Map(features.slice(0, featureCountMax).map(({ key, weight }, index) => [key, { index, weight }]))
}

/** The keys of a row's features, each once. */
function drawer(columns: readonly MetadataColumn[]): (row: number) => Set<number> {
  const numbers = columns.flatMap((column, c) =>
    column.kind === 'numbers'
      ? [{ c, coarse: buckets(column.values, COARSE_BUCKETS), fine: buckets(column.values, FINE_BUCKETS) }]
      : [],
  )
  return row => {
    const keys = new Set<number>()
    const categories: number[] = []
    for (const [c, column] of columns.entries()) {
      if (column.kind === 'numbers') continue
      const codes = column.kind === 'categories' ? column.codes : column.hashes
      const [from, to] = [column.offsets[row], column.offsets[row + 1]]
      for (let at = from; at < to; at++) keys.add(keyOf(KINDS.one, c, codes[at]))
      if (column.kind === 'words') continue
      for (let at = from; at < to; at++) categories.push(keyOf(KINDS.one, c, codes[at]))
      if (to - from > 1) keys.add(keyOf(KINDS.all, c, ...codes.subarray(from, to)))
    }
    for (const { c, coarse, fine } of numbers) {
      if (coarse[row] < 0) continue
      keys.add(keyOf(KINDS.coarse, c, coarse[row]))
      keys.add(keyOf(KINDS.fine, c, fine[row]))
      for (const category of categories) keys.add(keyOf(KINDS.pair, c, coarse[row], category))
    }
    return keys
  }
}

const KINDS = { one: 1, all: 2, coarse: 3, fine: 4, pair: 5 } as const

/** 52 bits of two FNV-1a hashes over the numbers' halves. */
function keyOf(...parts: number[]): number {
  let [low, high] = [FNV_START, FNV_START ^ 0x5bd1e995]
  for (const part of parts) {
    const words = [part >>> 0, Math.floor(part / 2 ** 32)]
    for (const word of words) {
      low = Math.imul(low ^ word, FNV_PRIME)
      low ^= low >>> 15
      high = Math.imul(high ^ (word + 0x9e3779b9), 0x85ebca6b)
      high ^= high >>> 13
    }
  }
  return (low >>> 0) + 2 ** 32 * ((high >>> 0) % 2 ** 20)
}

/** i32[rowCount]: which of `count` buckets of about equal size a number falls in, equal numbers in the same; -1 without one. */
function buckets(values: Float64Array, count: number): Int32Array {
  const borders = bordersOf(values, count)
  return Int32Array.from(values, value => (Number.isNaN(value) ? -1 : bucketOf(borders, value)))
}

/** Where the second and each later bucket begins, ascending: fewer than `count` where numbers are equal. */
export function bordersOf(values: Float64Array, count: number): number[] {
  const ascending = values.filter(value => !Number.isNaN(value)).sort()
  const borders: number[] = []
  for (let b = 1; b < count; b++) {
    const border = ascending[Math.floor((b * ascending.length) / count)]
    if (border !== undefined && border !== borders.at(-1)) borders.push(border)
  }
  return borders
}

/** How many borders are not above `value`. */
export function bucketOf(borders: readonly number[], value: number): number {
  let [low, high] = [0, borders.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (borders[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}
