/**
 * Items by what is told about them: the cosine of two rows of features, which have length 1 (features.ts), as sparse rows.
 *
 *   similarity(i, j) = Σ_f A[i, f] · A[j, f],   0 for i = j
 *
 * Counted over the items of each feature, so a feature that very many items have costs the square of them; those are also the ones that
 * tell least. Beyond `WORK_MAX` products the commonest features are left out.
 * Source: the vector space model, Salton, Wong and Yang 1975; with features weighted by rarity, Spärck Jones 1972.
 */
import type { WorkControl } from '../lib/work.ts'
import type { Features } from './features.ts'
import { boundOf, cutRows, type SparseRow, type SparseRows } from './sparseRows.ts'

/** Products of two features: some twenty seconds of CPU with 50 000 items; with a million it has not been run to its end. ML-1M takes 2·10⁷ (genres, years and words of titles). */
const WORK_MAX = 1e10

/** `rowLength`: the most entries a row has, the greatest. Rejects with `signal.reason` when aborted. */
export async function contentNeighbours(
  { rowCount, offsets, features, values, featureCount }: Features,
  rowLength: number,
  { signal, progress }: WorkControl,
): Promise<SparseRows> {
  const lists = holdersOf({ rowCount, offsets, features, values, featureCount })
  const { used, work } = affordable(lists.offsets, featureCount)
  const sums = new Float32Array(rowCount)
  const touched = new Int32Array(rowCount)
  const kept = new Float32Array(rowCount)
  const sizes = new Float32Array(rowCount)
  const row = (item: number): SparseRow => {
    progress({ stage: 'comparing items', done: item, total: rowCount, unit: 'items' })
    let count = 0
    for (let at = offsets[item]; at < offsets[item + 1]; at++) {
      const feature = features[at]
      if (used[feature] === 0) continue
      const value = values[at]
      for (let place = lists.offsets[feature]; place < lists.offsets[feature + 1]; place++) {
        const other = lists.items[place]
        if (sums[other] === 0) touched[count++] = other
        sums[other] += value * lists.values[place]
      }
    }
    sums[item] = 0
    // Most of many touched ones will be cut: only what may stay is put in order.
    for (let at = 0; at < count; at++) kept[at] = sums[touched[at]]
    const { size } = boundOf(kept.subarray(0, count), rowLength, sizes)
    let end = 0
    for (let at = 0; at < count; at++) {
      if (kept[at] >= size) touched[end++] = touched[at]
      else sums[touched[at]] = 0
    }
    const items = touched.subarray(0, end).sort()
    for (let at = 0; at < end; at++) {
      kept[at] = sums[items[at]]
      sums[items[at]] = 0
    }
    return { items, values: kept.subarray(0, end) }
  }
  return cutRows({ itemCount: rowCount, entryCount: work, count: rowLength, row }, signal)
}

/** The matrix by columns: who has each feature, and how much of it. */
function holdersOf({ rowCount, featureCount, offsets: rows, features, values: given }: Features) {
  const offsets = new Uint32Array(featureCount + 1)
  for (const feature of features) offsets[feature + 1]++
  for (let feature = 0; feature < featureCount; feature++) offsets[feature + 1] += offsets[feature]
  const next = offsets.slice()
  const items = new Int32Array(features.length)
  const values = new Float32Array(features.length)
  for (let item = 0; item < rowCount; item++) {
    for (let at = rows[item]; at < rows[item + 1]; at++) {
      const to = next[features[at]]++
      items[to] = item
      values[to] = given[at]
    }
  }
  return { offsets, items, values }
}

/** The rarest features whose products can be afforded, and how many those are. */
function affordable(offsets: Uint32Array, featureCount: number): { used: Uint8Array; work: number } {
  const size = (feature: number) => offsets[feature + 1] - offsets[feature]
  const byRarity = Array.from({ length: featureCount }, (_, feature) => feature).sort(
    (a, b) => size(a) - size(b) || a - b,
  )
  const used = new Uint8Array(featureCount)
  let work = 0
  for (const feature of byRarity) {
    if (work + size(feature) ** 2 > WORK_MAX) break
    work += size(feature) ** 2
    used[feature] = 1
  }
  return { used, work }
}
