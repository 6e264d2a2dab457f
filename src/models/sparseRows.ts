/** A sparse matrix of items by items, a row a source item: what an expert of a pool is made of (historyModel.ts). */
import { assert } from '../lib/assert.ts'
import { inTurns } from './pairCounts.ts'

/** All three on shared memory, so that threads can be given them. */
export interface SparseRows {
  /** u32[itemCount + 1]: source item i's entries are [offsets[i], offsets[i + 1]). */
  readonly offsets: Uint32Array
  /** i32[entries]: target items, ascending within a row, each once. */
  readonly items: Int32Array
  /** f32[entries], none of them 0. */
  readonly values: Float32Array
}

/** One row on its way: items ascending, and their values. */
export interface SparseRow {
  readonly items: Int32Array
  readonly values: Float32Array
}

/** Numbers looked at between two turns of the event loop: some milliseconds. */
const NUMBERS_PER_TURN = 1 << 21

/** The rows of f32[itemCount, itemCount], each cut to its `count` entries of largest magnitude; of equal ones the lower items stay. */
export function largestOfRows(
  dense: Float32Array,
  itemCount: number,
  count: number,
  signal: AbortSignal,
): Promise<SparseRows> {
  assert(dense.length === itemCount ** 2)
  const items = Int32Array.from({ length: itemCount }, (_, item) => item)
  const row = (item: number) => ({ items, values: dense.subarray(item * itemCount, (item + 1) * itemCount) })
  return cutRows({ itemCount, entryCount: itemCount ** 2, count, row }, signal)
}

/**
 * The rows that `row` gives, `entryCount` entries in all, each cut like that. A row is done with before the next one is asked for.
 * Rejects with `signal.reason` when aborted.
 */
export async function cutRows(
  given: { itemCount: number; entryCount: number; count: number; row: (item: number) => SparseRow },
  signal: AbortSignal,
): Promise<SparseRows> {
  const { itemCount, entryCount, count, row } = given
  assert(count >= 1)
  const room = Math.min(entryCount, itemCount * count)
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (itemCount + 1)))
  const items = new Int32Array(new SharedArrayBuffer(4 * room))
  const values = new Float32Array(new SharedArrayBuffer(4 * room))
  const sizes = new Float32Array(itemCount)
  let top = 0
  const keep = (item: number): void => {
    const source = row(item)
    const { size, equalCount } = boundOf(source.values, count, sizes)
    let equals = equalCount
    for (let at = 0; at < source.values.length; at++) {
      const value = source.values[at]
      const magnitude = Math.abs(value)
      if (magnitude < size || magnitude === 0) continue
      if (magnitude === size && equals-- <= 0) continue
      items[top] = source.items[at]
      values[top++] = value
    }
    offsets[item + 1] = top
  }
  const itemsPerTurn = Math.max(1, Math.floor((NUMBERS_PER_TURN * itemCount) / Math.max(1, entryCount)))
  await inTurns(itemCount, itemsPerTurn, signal, (from, to) => {
    for (let item = from; item < to; item++) keep(item)
  })
  return { offsets, items: items.subarray(0, top), values: values.subarray(0, top) }
}

/** How rows are read: `group` entries at a time, and there is room for so many groups. */
export interface RowRoom {
  readonly group: number
  readonly groupCountMax: number
}

/** The same rows or, where they have no room, the largest entries of each, as many whole groups as all rows alike can have. */
export async function cutToRoom(
  rows: SparseRows,
  { group, groupCountMax }: RowRoom,
  signal: AbortSignal,
): Promise<SparseRows> {
  const { offsets } = rows
  const lengths = offsets.subarray(1).map((end, row) => end - offsets[row])
  const groupsWith = (count: number) => lengths.reduce((sum, each) => sum + Math.ceil(Math.min(count, each) / group), 0)
  let beyond = Math.ceil(lengths.reduce((a, b) => Math.max(a, b), 0) / group)
  if (groupsWith(beyond * group) <= groupCountMax) return rows
  let fitting = 0
  while (beyond - fitting > 1) {
    const middle = (fitting + beyond) >>> 1
    if (groupsWith(middle * group) <= groupCountMax) fitting = middle
    else beyond = middle
  }
  assert(fitting > 0, 'there is room for a group of every row')
  return cutToLength(rows, fitting * group, signal)
}

/** The same rows on shared memory, each cut to its `count` entries of largest magnitude; of equal ones the lower items stay. */
export function cutToLength(
  { offsets, items, values }: SparseRows,
  count: number,
  signal: AbortSignal,
): Promise<SparseRows> {
  const row = (item: number) => ({
    items: items.subarray(offsets[item], offsets[item + 1]),
    values: values.subarray(offsets[item], offsets[item + 1]),
  })
  return cutRows({ itemCount: offsets.length - 1, entryCount: items.length, count, row }, signal)
}

/**
 * The `count`-th largest magnitude, and how many of those equal to it are among the `count` largest; 0 and all where there are no more.
 * `sizes` is room for as many.
 */
export function boundOf(
  values: Float32Array,
  count: number,
  sizes: Float32Array,
): { size: number; equalCount: number } {
  if (values.length <= count) return { size: 0, equalCount: values.length }
  const { length } = values
  for (let at = 0; at < length; at++) sizes[at] = Math.abs(values[at])
  const size = select(sizes, length, length - count)
  // Everything behind the place is at least as large; what is larger in front of it there is none.
  let larger = 0
  for (let at = 0; at < length; at++) if (sizes[at] > size) larger++
  return { size, equalCount: count - larger }
}

/** The value at `place` of the ascending order (Hoare 1961, FIND), with the median of three as pivot. Reorders the values. */
function select(values: Float32Array, length: number, place: number): number {
  let [low, high] = [0, length - 1]
  while (low < high) {
    const [a, b, c] = [values[low], values[(low + high) >>> 1], values[high]]
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
    let [i, j] = [low, high]
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i > j) break
      const swapped = values[i]
      values[i++] = values[j]
      values[j--] = swapped
    }
    if (place <= j) high = j
    else if (place >= i) low = i
    else break
  }
  return values[place]
}

/**
 * Lists of weighted sources, a list a target, turned into rows; `sources` and `values` lie list after list. Both targets and sources are
 * numbers, `itemOf[number]` the items meant: each once.
 */
export function rowsOfTargets(
  lists: { readonly offsets: Uint32Array; readonly sources: Uint32Array; readonly values: Float32Array },
  itemOf: Int32Array,
): SparseRows {
  const { offsets: ends, sources, values: given } = lists
  const itemCount = itemOf.length
  const offsets = new Uint32Array(itemCount + 1)
  for (const source of sources) offsets[itemOf[source] + 1]++
  for (let item = 0; item < itemCount; item++) offsets[item + 1] += offsets[item]
  const numberOf = new Int32Array(itemCount)
  for (let number = 0; number < itemCount; number++) numberOf[itemOf[number]] = number
  const next = offsets.slice()
  const items = new Int32Array(sources.length)
  const values = new Float32Array(sources.length)
  for (let target = 0; target < itemCount; target++) {
    const number = numberOf[target]
    for (let at = ends[number]; at < ends[number + 1]; at++) {
      const to = next[itemOf[sources[at]]]++
      items[to] = target
      values[to] = given[at]
    }
  }
  return { offsets, items, values }
}
