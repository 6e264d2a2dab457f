/**
 * What an evaluation tells beyond GetSolutionMetrics where not lists of recommendations are judged but who is drawn to an item, or which action somebody
 * takes: each metric is a mean over units (items, people or actions) with its interval, beside that of a baseline on the same units, and the gain of one over the
 * other, paired; then one of the metrics by the size of its units. Nothing in it names anybody or anything, and its size does not depend on the data's.
 */
import { derivedSeed } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import { CONFIDENCE, type Interval, meanIntervals } from './bootstrap.ts'

/** What a metric is a mean over, and what it is of each unit; undefined where it has no value there. */
export interface MeasuredUnits {
  readonly unit: 'items' | 'people' | 'actions'
  readonly name: string
  readonly model: readonly (number | undefined)[]
  readonly baseline: readonly (number | undefined)[]
}

export interface Compared {
  readonly userCount: number
  /** What the baseline is, to complete 'beside …'. */
  readonly baseline: string
  readonly measured: readonly MeasuredUnits[]
  readonly coverage: { readonly model: number; readonly baseline: number }
  /** The metric that is told by the size of its units, which all have a value. `size` completes 'by …'. */
  readonly bySize: { readonly metric: string; readonly size: string; readonly sizes: readonly number[] }
}

export interface ComparedMetric {
  readonly name: string
  readonly unit: MeasuredUnits['unit']
  readonly count: number
  readonly model: Interval
  /** Over its own units where these are others, and then there is no gain. Absent where it has none. */
  readonly baseline?: Interval
  readonly gain?: Interval
}

export interface SizeBucket {
  /** Both included; without `to`: and more. */
  readonly from: number
  readonly to?: number
  readonly count: number
  readonly model: Interval
  readonly baseline: Interval
}

export interface ComparisonReport {
  readonly userCount: number
  readonly confidence: number
  readonly baseline: string
  readonly metrics: readonly ComparedMetric[]
  readonly coverage: { readonly model: number; readonly baseline: number }
  readonly bySize: {
    readonly metric: string
    readonly unit: MeasuredUnits['unit']
    readonly size: string
    readonly buckets: readonly SizeBucket[]
  }
}

/** The least of each bucket; each ends where the next begins. */
const SIZE_BUCKETS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const

/** Undefined where nothing was asked about. Rejects with `control.signal.reason` when aborted. */
export async function comparisonReport(
  { userCount, baseline, measured, coverage, bySize }: Compared,
  seed: number,
  control: WorkControl,
): Promise<ComparisonReport | undefined> {
  const metrics: ComparedMetric[] = []
  for (const each of measured) {
    const found = await compared(each, derivedSeed(seed, 'resampling', each.name), control)
    if (found) metrics.push(found)
  }
  const told = measured.find(({ name }) => name === bySize.metric)
  if (metrics.length === 0 || !told) return undefined
  const { metric, size, sizes } = bySize
  const buckets: SizeBucket[] = []
  for (const [place, from] of SIZE_BUCKETS.entries()) {
    const next = SIZE_BUCKETS.at(place + 1)
    const rows = [...sizes.keys()].filter(row => sizes[row] >= from && (next === undefined || sizes[row] < next))
    if (rows.length === 0) continue
    const columns = [told.model, told.baseline].map(column => Float64Array.from(rows, row => column[row] ?? 0))
    const [model, plain] = await meanIntervals(columns, derivedSeed(seed, metric, from), control)
    buckets.push({ from, ...(next !== undefined && { to: next - 1 }), count: rows.length, model, baseline: plain })
  }
  return {
    ...{ userCount, confidence: CONFIDENCE, baseline, metrics, coverage },
    bySize: { metric, unit: told.unit, size, buckets },
  }
}

async function compared(
  { name, unit, model, baseline }: MeasuredUnits,
  seed: number,
  control: WorkControl,
): Promise<ComparedMetric | undefined> {
  const [own, plain] = [model, baseline].map(column => Float64Array.from(column.filter(value => value !== undefined)))
  if (own.length === 0) return undefined
  const common = { name, unit, count: own.length }
  if (model.some((value, row) => (value === undefined) !== (baseline[row] === undefined))) {
    const [[of], [beside]] = [await meanIntervals([own], seed, control), await intervalOf(plain, seed, control)]
    return { ...common, model: of, ...(beside && { baseline: beside }) }
  }
  const gains = own.map((value, row) => value - plain[row])
  const [of, beside, gain] = await meanIntervals([own, plain, gains], seed, control)
  return { ...common, model: of, baseline: beside, gain }
}

const intervalOf = async (values: Float64Array, seed: number, control: WorkControl): Promise<Interval[]> =>
  values.length === 0 ? [] : meanIntervals([values], seed, control)
