/** How much likelier than usual items are among people of an attribute, as sparse rows (newcomers.ts has the formula). */
import type { Attributes } from './attributes.ts'
import type { Interactions } from './interactions.ts'

/** What an attribute adds to the scores of items: of attribute c the entries [offsets[c], offsets[c + 1]). */
export interface AttributeLifts {
  /** u32[attributes + 1] */
  readonly offsets: Uint32Array
  /** i32: ascending within a row. */
  readonly items: Int32Array
  /** f32, > 0 */
  readonly values: Float32Array
}

/** Items of an attribute's row, those with the most events: 256 rows have 40 MB at most. */
const ROW_ITEMS_MAX = 20_000

/** f32[itemCount] of one person: ln b + Σ lifts, not normalised. The definition; newcomerRanker.ts ranks by it. */
export function newcomerScores(base: Float32Array, lifts: AttributeLifts, codes: Iterable<number>): Float32Array {
  const scores = Float32Array.from(base)
  for (const code of codes)
    for (let at = lifts.offsets[code]; at < lifts.offsets[code + 1]; at++) scores[lifts.items[at]] += lifts.values[at]
  return scores
}

export interface CountsByAttribute {
  readonly offsets: Uint32Array
  readonly items: Int32Array
  /** f64: events, by their weights where they have any. */
  readonly counts: Float64Array
}

/** Of each attribute the items with the most events of those who have it, at most ROW_ITEMS_MAX, ascending. */
export function countsByAttribute(
  { itemCount, offsets, items, weights }: Interactions,
  users: readonly number[],
  attributes: Attributes,
): CountsByAttribute {
  const owners: number[][] = attributes.names.map(() => [])
  for (const user of users)
    for (let at = attributes.offsets[user]; at < attributes.offsets[user + 1]; at++)
      owners[attributes.codes[at]].push(user)
  const counts = new Float64Array(itemCount)
  const rows = owners.map(each => {
    counts.fill(0)
    for (const user of each) {
      for (let at = offsets[user]; at < offsets[user + 1]; at++) counts[items[at]] += weights ? weights[at] : 1
    }
    let found = Int32Array.from(counts.keys().filter(item => counts[item] > 0))
    if (found.length > ROW_ITEMS_MAX)
      found = found
        .sort((a, b) => counts[b] - counts[a] || a - b)
        .slice(0, ROW_ITEMS_MAX)
        .sort()
    return { found, of: Float64Array.from(found, item => counts[item]) }
  })
  const starts = new Uint32Array(rows.length + 1)
  for (const [row, { found }] of rows.entries()) starts[row + 1] = starts[row] + found.length
  const joined = { items: new Int32Array(starts[rows.length]), counts: new Float64Array(starts[rows.length]) }
  for (const [row, { found, of }] of rows.entries()) {
    joined.items.set(found, starts[row])
    joined.counts.set(of, starts[row])
  }
  return { offsets: starts, ...joined }
}

export const liftsOf = (
  { offsets, items, counts }: CountsByAttribute,
  shares: Float64Array,
  weight: number,
  strength: number,
): AttributeLifts => ({
  offsets,
  items,
  values: Float32Array.from(counts, (count, at) => weight * Math.log1p(count / (strength * shares[items[at]]))),
})
