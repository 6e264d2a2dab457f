/**
 * What an evaluation tells beyond GetSolutionMetrics, from the same pass over the tested users: how sure each metric is, what popularity
 * reaches on the same split, what the lists are like, and for whom they are good.
 *
 *   metrics              means over users as models/metrics.ts defines them, with intervals (bootstrap.ts)
 *   gain                 the mean over users of the model's metric less popularity's, paired, with its interval: above 0, the model is better
 *   coverage             distinct items among all users' first 25, as a share of the catalogue
 *   novelty, intra-list similarity, cold-item share      of the first LIST_LENGTH items (listProperties.ts)
 *   by history length    the same means, of the users whose given history has from … to events
 *
 * Nothing in it names a user or an item, and its size does not depend on their number.
 */
import { assert } from '../lib/assert.ts'
import { derivedSeed } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'
import { CONFIDENCE, type Interval, meanIntervals, resampleCount } from './bootstrap.ts'
import type { Interactions } from './interactions.ts'
import { COLD_EVENT_COUNT, type ListProperties, listMeasures } from './listProperties.ts'
import { type HeldOut, itemLists } from './splits.ts'

/** A screenful of recommendations; coverage alone looks at 25, as its name in the reference says. */
const LIST_LENGTH = 10
/** The least events of each bucket; each ends where the next begins. */
const HISTORY_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200] as const
/** What is told of each bucket: a list's head, its whole, and as papers print it. */
const BUCKET_METRICS = [
  'mean_reciprocal_rank_at_25',
  'normalized_discounted_cumulative_gain_at_10',
  'textbook_normalized_discounted_cumulative_gain_at_10',
] as const

export type Intervals = Readonly<Record<string, Interval>>

export interface MeasuredModel extends ListProperties {
  readonly metrics: Intervals
  readonly coverage: number
}

export interface HistoryBucket {
  /** Events, both included; without `to`: and more. */
  readonly from: number
  readonly to?: number
  readonly userCount: number
  readonly model: Intervals
  readonly popularity: Intervals
}

export interface EvaluationReport {
  readonly userCount: number
  readonly confidence: number
  readonly resamples: number
  readonly listLength: number
  readonly model: MeasuredModel
  readonly popularity: MeasuredModel
  /** Of the seven days before the newest event that was learnt from. */
  readonly recentPopularity: MeasuredModel
  readonly gain: Intervals
  readonly byHistoryLength: readonly HistoryBucket[]
  /** Cold items have fewer training events than `eventCount`: their share of the items, and of what was held out. */
  readonly cold: { readonly eventCount: number; readonly itemShare: number; readonly heldOutShare: number }
  /** Of recipes about trends: the mean accuracy (trendAccuracy.ts) over `moments` at which something rose. */
  readonly trends?: { readonly moments: number; readonly model: number; readonly popularity: number }
}

/** What one model did for each tested user; `add` is `observe` of evaluateRanking (evaluation.ts), called for users in order. */
export function observation() {
  const columns = new Map<string, number[]>()
  const lists: Int32Array[] = []
  const recommended = new Set<number>()
  return {
    add(ranked: Int32Array, metrics: Readonly<Record<string, number>>): void {
      lists.push(ranked.slice(0, LIST_LENGTH))
      for (const item of ranked) recommended.add(item)
      for (const [name, value] of Object.entries(metrics)) {
        const column = columns.get(name)
        if (column) column.push(value)
        else columns.set(name, [value])
      }
    },
    result: () => ({
      names: [...columns.keys()],
      column: (name: string) => Float64Array.from(columns.get(name) ?? []),
      lists: itemLists(lists),
      recommendedCount: recommended.size,
    }),
  }
}

type Observed = ReturnType<ReturnType<typeof observation>['result']>

export interface Reported {
  readonly training: Interactions
  readonly test: HeldOut
  readonly catalogueItemCount: number
  readonly seed: number
  readonly model: Observed
  readonly popularity: Observed
  readonly recentPopularity: Observed
}

/** Rejects with `control.signal.reason` when aborted. */
export async function evaluationReport(reported: Reported, control: WorkControl): Promise<EvaluationReport> {
  const { training, test, catalogueItemCount, model, popularity, recentPopularity } = reported
  const seed = derivedSeed(reported.seed, 'resampling')
  const models = [model, popularity, recentPopularity]
  const { names } = model
  const columns = models.map(each => names.map(name => each.column(name)))
  const gains = names.map((_, c) => columns[0][c].map((value, user) => value - columns[1][c][user]))
  const intervals = await meanIntervals([...columns.flat(), ...gains], seed, control)
  const named = (from: number): Intervals => Object.fromEntries(names.map((name, c) => [name, intervals[from + c]]))
  const { propertiesOf, isCold } = listMeasures(training)
  const measured = (which: number): MeasuredModel => ({
    metrics: named(which * names.length),
    coverage: models[which].recommendedCount / catalogueItemCount,
    ...propertiesOf(models[which].lists),
  })
  const coldCount = (items: Iterable<number>) =>
    Iterator.from(items).reduce((sum, item) => sum + Number(isCold(item)), 0)
  return {
    userCount: test.userCount,
    confidence: CONFIDENCE,
    resamples: resampleCount(test.userCount),
    listLength: LIST_LENGTH,
    model: measured(0),
    popularity: measured(1),
    recentPopularity: measured(2),
    gain: named(models.length * names.length),
    byHistoryLength: await byHistoryLength(test, model, popularity, seed, control),
    cold: {
      eventCount: COLD_EVENT_COUNT,
      itemShare: coldCount(Array.from({ length: training.itemCount }, (_, item) => item)) / training.itemCount,
      heldOutShare: coldCount(test.truths.items) / test.truths.items.length,
    },
  }
}

/** Buckets that nobody is in are left out. */
async function byHistoryLength(
  { userCount, inputs }: HeldOut,
  model: Observed,
  popularity: Observed,
  seed: number,
  control: WorkControl,
): Promise<HistoryBucket[]> {
  const lengths = Array.from({ length: userCount }, (_, row) => inputs.offsets[row + 1] - inputs.offsets[row])
  const buckets: HistoryBucket[] = []
  for (const [place, from] of HISTORY_BUCKETS.entries()) {
    const next = HISTORY_BUCKETS.at(place + 1)
    const rows = [...lengths.keys()].filter(row => lengths[row] >= from && (next === undefined || lengths[row] < next))
    if (rows.length === 0) continue
    const columns = [model, popularity].flatMap(observed =>
      BUCKET_METRICS.map(name => {
        const column = observed.column(name)
        assert(column.length === userCount, `every user has ${name}`)
        return Float64Array.from(rows, row => column[row])
      }),
    )
    const intervals = await meanIntervals(columns, derivedSeed(seed, from), control)
    const named = (first: number): Intervals =>
      Object.fromEntries(BUCKET_METRICS.map((name, c) => [name, intervals[first + c]]))
    buckets.push({
      from,
      ...(next !== undefined && { to: next - 1 }),
      userCount: rows.length,
      model: named(0),
      popularity: named(BUCKET_METRICS.length),
    })
  }
  return buckets
}
