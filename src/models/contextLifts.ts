/**
 * How much likelier than usual items are where an event happens in a context: on a phone, in a shop, on a Sunday. Of one column of contexts, with n_cj the
 * events of item j with value c, n_j those with any, and q_c the share of c among all of them,
 *
 *   P(c | j) = (n_cj + s·q_c) / (n_j + s),     lift_c(j) = ln (P(c | j) / q_c) = ln(1 + n_cj / (s·q_c)) - ln(1 + n_j / s)
 *
 * and by Bayes' rule P(j | history, c) ∝ P(j | history) · (P(c | j) / q_c)^w, where w < 1 says that a history tells of contexts already. An item of few
 * events is drawn towards the usual share (empirical Bayes: Robbins 1956), one without any has lift 0. The first term is sparse, and the second
 * the same for every value.
 */
import type { AttributeRule } from './attributes.ts'
import type { Interactions } from './interactions.ts'

/** A column of INTERACTIONS whose values are contexts. */
export interface ContextColumn {
  readonly name: string
  /** One a value; the code of value v in `Interactions.contexts` is v + 1. */
  readonly rules: readonly AttributeRule[]
}

/** What a column adds to the log-probabilities of items, w·lift. On shared memory where it comes from a file. */
export interface ContextLifts extends ContextColumn {
  /** Whom it is for: people with a history, or those without one. */
  readonly for: 'everybody' | 'history' | 'newcomers'
  /** w > 0 */
  readonly weight: number
  /** f32[m], m ≤ items: -w·ln(1 + n_j / s), whatever the value. Items that came later have 0. */
  readonly usual: Float32Array
  /** u32[values + 1]: value v has the entries [offsets[v], offsets[v + 1]). */
  readonly offsets: Uint32Array
  /** i32: ascending within a row. */
  readonly items: Int32Array
  /** f32: w·ln(1 + n_cj / (s·q_c)), > 0. */
  readonly values: Float32Array
}

export interface ContextCounts {
  /** f64[values]: q_c. */
  readonly shares: Float64Array
  /** f64[items]: n_j. */
  readonly totals: Float64Array
  readonly offsets: Uint32Array
  readonly items: Int32Array
  /** f64: n_cj. */
  readonly counts: Float64Array
}

/** Of the column whose place in `contexts` is `column`; events count by their weights. */
export function countContexts(
  { itemCount, items, weights, contexts = [] }: Interactions,
  column: number,
  valueCount: number,
): ContextCounts {
  const codes = contexts[column]
  const starts = new Uint32Array(valueCount + 1)
  for (const code of codes) if (code > 0) starts[code]++
  for (let value = 0; value < valueCount; value++) starts[value + 1] += starts[value]
  const events = new Uint32Array(starts[valueCount])
  const next = starts.slice()
  for (let at = 0; at < codes.length; at++) if (codes[at] > 0) events[next[codes[at] - 1]++] = at

  const totals = new Float64Array(itemCount)
  const own = new Float64Array(itemCount)
  const shares = new Float64Array(valueCount)
  const offsets = new Uint32Array(valueCount + 1)
  const rows: { found: Int32Array; of: Float64Array }[] = []
  for (let value = 0; value < valueCount; value++) {
    const found: number[] = []
    for (const at of events.subarray(starts[value], starts[value + 1])) {
      const weight = weights ? weights[at] : 1
      if (weight === 0) continue
      if (own[items[at]] === 0) found.push(items[at])
      own[items[at]] += weight
      totals[items[at]] += weight
      shares[value] += weight
    }
    const ascending = Int32Array.from(found).sort()
    rows.push({ found: ascending, of: Float64Array.from(ascending, item => own[item]) })
    for (const item of ascending) own[item] = 0
    offsets[value + 1] = offsets[value] + ascending.length
  }
  const all = Math.max(
    Number.MIN_VALUE,
    shares.reduce((sum, share) => sum + share, 0),
  )
  const joined = { items: new Int32Array(offsets[valueCount]), counts: new Float64Array(offsets[valueCount]) }
  for (const [value, { found, of }] of rows.entries()) {
    joined.items.set(found, offsets[value])
    joined.counts.set(of, offsets[value])
  }
  return { shares: shares.map(share => share / all), totals, offsets, ...joined }
}

/** s is in events of an item. */
export function contextLifts(
  { name, rules }: ContextColumn,
  { shares, totals, offsets, items, counts }: ContextCounts,
  { weight, strength }: { readonly weight: number; readonly strength: number },
  whom: ContextLifts['for'] = 'everybody',
): ContextLifts {
  const values = new Float32Array(items.length)
  for (let value = 0; value < rules.length; value++)
    for (let at = offsets[value]; at < offsets[value + 1]; at++)
      values[at] = weight * Math.log1p(counts[at] / (strength * shares[value]))
  const usual = Float32Array.from(totals, total => -weight * Math.log1p(total / strength))
  return { name, rules, for: whom, weight, usual, offsets, items, values }
}

/** scores[j] += factor · w · lift_value(j). */
export function addLifts(
  scores: Float32Array,
  { usual, offsets, items, values }: ContextLifts,
  value: number,
  factor = 1,
): void {
  for (let item = 0; item < usual.length; item++) scores[item] += factor * usual[item]
  for (let at = offsets[value]; at < offsets[value + 1]; at++) scores[items[at]] += factor * values[at]
}
