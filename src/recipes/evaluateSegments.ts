/**
 * How a model of user segments is judged (spec/training.md §3): from the oldest four fifths of everybody's events, who has an item among the
 * newest fifth? With K = 1 % of the users (rounded up), S_j the K users ranked first for item j and T_j those who have it in their newest
 * fifth; means over the items with T_j not empty, at most TESTED_ITEM_COUNT_MAX of them, evenly chosen:
 *
 *   hits_at_1_percent     mean |S_j ∩ T_j|
 *   recall_at_1_percent   mean |S_j ∩ T_j| / |T_j|
 *   coverage              |∪ S_j| / users
 *
 * The baseline ranks users by how much they did.
 */
import { assert } from '../lib/assert.ts'
import { bestRows } from '../models/bestRows.ts'
import { comparisonReport } from '../models/comparisonReport.ts'
import type { HistoryModel } from '../models/historyModel.ts'
import type { Interactions } from '../models/interactions.ts'
import type { SolutionMetrics } from '../models/metrics.ts'
import { eventCounts } from '../models/popularity.ts'
import { type ItemLists, listAt, splitEachUser } from '../models/splits.ts'
import { targetOf } from '../models/userAffinity.ts'
import { openUserRanking } from '../models/userRanking.ts'
import type { Evaluate } from './evaluate.ts'
import type { TrainingControl } from './trainingData.ts'

const SEGMENT_SHARE = 0.01
/** Each asks about every user: at 5 million users some minutes of the training. */
const TESTED_ITEM_COUNT_MAX = 300

export const evaluateSegments: Evaluate = async (fit, data, seed, control) => {
  const { training, newest } = splitEachUser(data.interactions)
  const takers = takersOf(newest, training.itemCount)
  const model = await fit({ ...data, interactions: training }, control)
  const { userCount } = training
  const activity = Float32Array.from({ length: userCount }, (_, user) => listAt(training, user).length)
  const size = Math.ceil(userCount * SEGMENT_SHARE)
  const byActivity = bestRows(activity, size)
  const metrics = segmentCollector(userCount)
  const baseline = segmentCollector(userCount)
  for await (const { item, segment } of segmentsOf(model, training, [...takers.keys()], size, control)) {
    metrics.add(segment, takers.get(item)!)
    baseline.add(byActivity, takers.get(item)!)
  }
  const [found, plain] = [metrics.result(), baseline.result()]
  const events = eventCounts(training)
  const report = () =>
    comparisonReport(
      {
        userCount,
        baseline: 'the people who did the most, the same for every item',
        measured: NAMES.map(name => ({
          ...{ unit: 'items' as const, name },
          ...{ model: metrics.values[name], baseline: baseline.values[name] },
        })),
        coverage: { model: found.service.coverage, baseline: plain.service.coverage },
        bySize: {
          metric: 'recall_at_1_percent',
          size: 'events of the item',
          sizes: Array.from(takers.keys(), item => events[item]),
        },
      },
      seed,
      control,
    )
  return { metrics: found, baseline: plain, sharpness: undefined, report }
}

/** By item, ascending, the users who have it among their newest events; evenly chosen where there are too many. */
function takersOf(newest: ItemLists, itemCount: number): Map<number, Set<number>> {
  const users: (Set<number> | undefined)[] = new Array(itemCount)
  for (let user = 0; user < newest.offsets.length - 1; user++) {
    for (const item of listAt(newest, user)) {
      users[item] ??= new Set()
      users[item].add(user)
    }
  }
  const taken = users.flatMap((each, item) => (each ? [[item, each] as const] : []))
  const stride = Math.max(1, Math.ceil(taken.length / TESTED_ITEM_COUNT_MAX))
  return new Map(taken.filter((_, place) => place % stride === 0))
}

async function* segmentsOf(
  model: HistoryModel,
  { offsets, items }: Interactions,
  tested: readonly number[],
  k: number,
  control: TrainingControl,
): AsyncGenerator<{ item: number; segment: Uint32Array }> {
  if (tested.length === 0) return
  const options = { threads: control.threads, signal: control.signal, targetCount: tested.length, k }
  const ranking = await openUserRanking(model, { offsets, items }, options)
  try {
    for (let from = 0; from < tested.length; from += ranking.targetsMax) {
      const group = tested.slice(from, from + ranking.targetsMax)
      control.progress({ stage: 'ranking users', done: from, total: tested.length, unit: 'items' })
      const segments = await ranking.best(group.map(item => targetOf(model, item)))
      for (const [i, item] of group.entries()) yield { item, segment: segments[i] }
    }
  } finally {
    await ranking.close()
  }
}

const NAMES = ['hits_at_1_percent', 'recall_at_1_percent'] as const
type Name = (typeof NAMES)[number]

function segmentCollector(userCount: number) {
  const chosen = new Set<number>()
  const values: Record<Name, number[]> = { hits_at_1_percent: [], recall_at_1_percent: [] }
  return {
    /** Of each item, in the order they came. */
    values,
    /** `segment`: the users ranked first; `takers` is not empty. */
    add(segment: Uint32Array, takers: ReadonlySet<number>): void {
      assert(takers.size > 0, 'an item is tested on at least one user')
      let hits = 0
      for (const user of segment) {
        chosen.add(user)
        if (takers.has(user)) hits++
      }
      values.hits_at_1_percent.push(hits)
      values.recall_at_1_percent.push(hits / takers.size)
    },
    result(): SolutionMetrics {
      const service: Record<string, number> = { coverage: chosen.size / Math.max(1, userCount) }
      const standardErrors: Record<string, number> = {}
      for (const name of NAMES) {
        const count = values[name].length
        const mean = count === 0 ? 0 : values[name].reduce((sum, value) => sum + value, 0) / count
        service[name] = mean
        const spread = values[name].reduce((sum, value) => sum + (value - mean) ** 2, 0)
        standardErrors[name] = count < 2 ? 0 : Math.sqrt(spread / (count - 1) / count)
      }
      return { userCount, service, textbook: {}, standardErrors }
    },
  }
}
