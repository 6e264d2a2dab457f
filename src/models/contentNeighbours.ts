/**
 * Items by what is told about them: the cosine of two rows of features, which have length 1 (features.ts), as sparse rows.
 *
 *   similarity(i, j) = Σ_f A[i, f] · A[j, f],   0 for i = j
 *
 * Of an item's features the one that fewest have is read first, and who has it is met. What an item that is not met yet could reach by the features
 * that are left is bounded: by Σ_f A[i, f] · max_j A[j, f], and by (Σ_f A[i, f]²)^½ (Cauchy and Schwarz). As soon as `rowLength` items have more,
 * nobody else is looked for, and those who may still be among the greatest are compared whole. So the commonest features, which tell least, are
 * seldom read, and the result is exact (MaxScore: Turtle and Flood 1995).
 *
 * A search that is not done with its part of `MEETINGS_MAX` ends there: then of the items that share nothing but common features those are found
 * that have most events, since they come first. What is found has its whole cosine.
 * Source: the vector space model, Salton, Wong and Yang 1975; with features weighted by rarity, Spärck Jones 1972.
 */
import type { WorkControl } from '../lib/work.ts'
import type { Features } from './features.ts'
import { boundOf, cutRows, type SparseRow, type SparseRows } from './sparseRows.ts'

/**
 * Entries read by all searches together: some minutes of CPU at most. A catalogue of a hundred thousand items may read 200 000 in each search, a
 * million items 20 000; of 300 000 made-up items with texts a search read 19 000.
 */
const MEETINGS_MAX = 2e10
/** Of an entry read, and of an item compared with its ten or so features, where both lie in no cache. */
const NANOSECONDS_PER_MEETING = 8
const NANOSECONDS_PER_COMPARISON = 60
/** Items whose searches say how long all will take: evenly chosen. */
const PROBED = 500
/**
 * A feature is still read for those who were met if that is no more than so many entries for each of them: it leaves fewer to compare. Of 300 000
 * made-up items with texts 0 compared 1300 items a search, 8 some 400 with 14 000 entries more, in less time; 32 took longer.
 */
const ENTRIES_PER_COMPARISON = 8
/** Sums of some hundred f32 products in another order differ by less, and so does an f64 bound from them. */
const ROUNDING = 1e-4

/** What searches took. */
interface Cost {
  met: number
  compared: number
}

/** An evaluation and the training after it compare the same items: what was found last is kept as long as the features are. */
const found = new WeakMap<Features, { readonly rowLength: number; readonly rows: SparseRows }>()

/** `rowLength`: the most entries a row has, the greatest. Rejects with `control.signal.reason` when aborted. */
export async function contentNeighbours(
  features: Features,
  rowLength: number,
  control: WorkControl,
): Promise<SparseRows> {
  const known = found.get(features)
  if (known?.rowLength === rowLength) return known.rows
  const rows = await compareItems(features, { rowLength, meetingsMax: MEETINGS_MAX }, control)
  found.set(features, { rowLength, rows })
  return rows
}

/** The same anew; what it will take stands in the stage. */
export async function compareItems(
  features: Features,
  { rowLength, meetingsMax }: { readonly rowLength: number; readonly meetingsMax: number },
  { signal, progress }: WorkControl,
): Promise<SparseRows> {
  const { rowCount } = features
  const search = searcher(features, rowLength, Math.max(1, Math.floor(meetingsMax / Math.max(1, rowCount))))
  const probe: Cost = { met: 0, compared: 0 }
  const probed = Math.min(PROBED, rowCount)
  for (let place = 0; place < probed; place++) search(Math.floor((place * rowCount) / probed), probe)
  const of = (cost: number) => (cost * rowCount) / Math.max(1, probed)
  const seconds = (of(probe.met) * NANOSECONDS_PER_MEETING + of(probe.compared) * NANOSECONDS_PER_COMPARISON) / 1e9
  const bytes = 8 * rowCount * Math.min(rowLength, rowCount) + 16 * (features.features.length + rowCount)
  const stage = `comparing ${rowCount} items: at most ${(bytes / 1e9).toFixed(1)} GB, about ${Math.ceil(seconds)} s`
  const ignored: Cost = { met: 0, compared: 0 }
  const row = (item: number): SparseRow => {
    progress({ stage, done: item, total: rowCount, unit: 'items' })
    return search(item, ignored)
  }
  // No row has more entries than are cut from it; what is met decides how often others have their turn.
  const entryCount = Math.max(rowCount * rowLength, Math.ceil(of(probe.met)))
  return cutRows({ itemCount: rowCount, entryCount, count: rowLength, row }, signal)
}

/** The greatest cosines of an item, those that equal the least of them too, by item; valid until the next search. */
function searcher(features: Features, rowLength: number, meetingsMax: number) {
  const { rowCount, featureCount, offsets } = features
  const lists = holdersOf(features)
  const sums = new Float32Array(rowCount)
  const met = new Int32Array(rowCount)
  const values = new Float32Array(rowCount)
  const sizes = new Float32Array(rowCount)
  const own = new Float32Array(featureCount)
  const holders = (at: number) => lists.offsets[features.features[at] + 1] - lists.offsets[features.features[at]]

  /** The `place`-th greatest of the sums so far; 0 where no more were met. */
  const sumAt = (place: number, count: number): number => {
    if (count <= place) return 0
    for (let at = 0; at < count; at++) values[at] = sums[met[at]]
    return boundOf(values.subarray(0, count), place, sizes).size
  }

  /** Those who share the rarest features, their products in `sums`; answers how many, and what any item may have in common besides. */
  const meetOthers = (item: number): { count: number; rest: number; left: number } => {
    const order = Array.from({ length: offsets[item + 1] - offsets[item] }, (_, i) => offsets[item] + i).sort(
      (a, b) => holders(a) - holders(b) || a - b,
    )
    const reach = reachOf(order, features, lists.most)
    let count = 0
    let left = meetingsMax
    let next = 0
    sums[item] = Number.NEGATIVE_INFINITY // never met
    for (; next < order.length && left > 0; next++) {
      // To ask costs as much as to read a list as long as what was met.
      if (holders(order[next]) > count && reach[next] < sumAt(rowLength, count) * (1 - ROUNDING)) break
      const from = lists.offsets[features.features[order[next]]]
      const to = from + Math.min(left, holders(order[next]))
      count = meet(lists, from, to, features.values[order[next]], sums, met, count)
      left -= to - from
    }
    // Of the last feature not everybody may have been met.
    if (left === 0) next--
    else
      for (; next < order.length && holders(order[next]) < Math.min(left, ENTRIES_PER_COMPARISON * count); next++) {
        const from = lists.offsets[features.features[order[next]]]
        addToMet(lists, from, from + holders(order[next]), features.values[order[next]], sums)
        left -= holders(order[next])
      }
    sums[item] = 0
    return { count, rest: reach[next], left }
  }

  /** Leaves those who may be among the greatest in `met`, with their cosines in `values` and `sums`; answers how many. */
  const compareMet = (count: number, rest: number): number => {
    const bound = sumAt(rowLength, count) * (1 - ROUNDING)
    let kept = 0
    for (let at = 0; at < count; at++) {
      const other = met[at]
      if (sums[other] + rest < bound) sums[other] = 0
      else met[kept++] = other
    }
    for (let at = 0; at < kept; at++) values[at] = sums[met[at]] = cosine(own, features, met[at])
    return kept
  }

  return (item: number, cost: Cost): SparseRow => {
    const { count, rest, left } = meetOthers(item)
    for (let at = offsets[item]; at < offsets[item + 1]; at++) own[features.features[at]] = features.values[at]
    const kept = compareMet(count, rest)
    for (let at = offsets[item]; at < offsets[item + 1]; at++) own[features.features[at]] = 0
    cost.met += meetingsMax - left
    cost.compared += kept
    const { size } = boundOf(values.subarray(0, kept), rowLength, sizes)
    let top = 0
    for (let at = 0; at < kept; at++) {
      if (values[at] >= size) met[top++] = met[at]
      else sums[met[at]] = 0
    }
    const items = met.subarray(0, top).sort()
    for (let at = 0; at < top; at++) {
      values[at] = sums[items[at]]
      sums[items[at]] = 0
    }
    return { items, values: values.subarray(0, top) }
  }
}

/** reach[k]: what an item that has none of the features before place k of the order can have in common with this one at most. */
function reachOf(order: readonly number[], { features, values }: Features, most: Float32Array): Float64Array {
  const reach = new Float64Array(order.length + 1)
  let [products, squares] = [0, 0]
  for (let k = order.length - 1; k >= 0; k--) {
    const value = values[order[k]]
    products += value * most[features[order[k]]]
    squares += value * value
    reach[k] = Math.min(products, Math.sqrt(squares))
  }
  return reach
}

/** Adds the products of one feature; answers how many items were met by now. A free function, so that it is compiled as one loop. */
function meet(
  { items, values }: Holders,
  from: number,
  to: number,
  value: number,
  sums: Float32Array,
  met: Int32Array,
  count: number,
): number {
  for (let place = from; place < to; place++) {
    const other = items[place]
    if (sums[other] === 0) met[count++] = other
    sums[other] += value * values[place]
  }
  return count
}

/** The same for those who were met. */
function addToMet({ items, values }: Holders, from: number, to: number, value: number, sums: Float32Array): void {
  for (let place = from; place < to; place++) {
    const other = items[place]
    if (sums[other] !== 0) sums[other] += value * values[place]
  }
}

/** In the order of the features, so that it does not depend on how the item was met; rounded at each step. */
function cosine(own: Float32Array, { offsets, features, values }: Features, other: number): number {
  let sum = 0
  for (let at = offsets[other]; at < offsets[other + 1]; at++) sum = Math.fround(sum + own[features[at]] * values[at])
  return sum
}

interface Holders {
  readonly offsets: Uint32Array
  readonly items: Int32Array
  readonly values: Float32Array
  /** Of each feature the greatest value. */
  readonly most: Float32Array
}

/** The matrix by columns: who has each feature, and how much of it. */
function holdersOf({ rowCount, featureCount, offsets: rows, features, values: given }: Features): Holders {
  const offsets = new Uint32Array(featureCount + 1)
  for (const feature of features) offsets[feature + 1]++
  for (let feature = 0; feature < featureCount; feature++) offsets[feature + 1] += offsets[feature]
  const next = offsets.slice()
  const items = new Int32Array(features.length)
  const values = new Float32Array(features.length)
  const most = new Float32Array(featureCount)
  for (let item = 0; item < rowCount; item++) {
    for (let at = rows[item]; at < rows[item + 1]; at++) {
      const feature = features[at]
      const to = next[feature]++
      items[to] = item
      values[to] = given[at]
      most[feature] = Math.max(most[feature], given[at])
    }
  }
  return { offsets, items, values, most }
}
