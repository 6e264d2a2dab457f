/**
 * Runs a model over held-out users. How scores are computed is the caller's: these loops take a `Ranker`, which the inference layer
 * opens on a placed model, so that what is measured is what is served.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WorkControl } from '../lib/work.ts'
import { fitSharpness, type ScoredPair } from './calibration.ts'
import type { HistoryModel } from './historyModel.ts'
import { metricsCollector, RANKED_COUNT, type RankingMetrics } from './metrics.ts'
import { type HeldOut, type ItemLists, listAt } from './splits.ts'

/** What the loops need of `inference/ranker.ts`. Results are valid until the next call. */
export interface Ranker {
  /** The k ≤ itemCount best items of each history by (score descending, index ascending), counts[q] of them at items[q·k …]. */
  rank(block: {
    readonly count: number
    readonly k: number
    readonly offsets: Uint32Array
    readonly items: Int32Array
    readonly excluded?: ItemLists
  }): { readonly counts: Uint32Array; readonly items: Int32Array }
  /** f32[itemCount] */
  scoreAll(history: Int32Array): Float32Array
}
/** Opens a model for scoring on the calling thread. */
export type OpenRanker = (model: HistoryModel) => Ranker

/** Queries between two turns of the event loop: a few milliseconds of scoring. */
const BLOCK_USER_COUNT = 64
/** Each pair costs a catalogue of scores in memory and a catalogue of exponentials a step; a thousand fix the sharpness to some percent. */
const CALIBRATION_PAIR_COUNT_MAX = 1000
/** Scores kept at once for the calibration: 64 MiB, and a fifth of a second a step, however large the catalogue. */
const CALIBRATION_SCORE_COUNT_MAX = 16 * 1024 * 1024

export interface EvaluationOptions {
  /** The model's. */
  readonly itemCount: number
  /** What coverage is a share of. */
  readonly catalogueItemCount: number
  /** What each item is worth; then `average_rewards_at_k` is measured too. */
  readonly values?: Float64Array | undefined
  /** Whether items of the input may not be recommended, as in many published tables; the service itself never removes them. */
  readonly withoutInputItems: boolean
  /** Sees each user's list, valid during the call, and metrics. */
  readonly observe?: (ranked: Int32Array, metrics: Readonly<Record<string, number>>) => void
}

/** The ranking metrics of the test users, who are taken in order. Throws `control.signal.reason` when aborted. */
export async function evaluateRanking(
  ranker: Ranker,
  test: HeldOut,
  options: EvaluationOptions,
  control: WorkControl,
): Promise<RankingMetrics> {
  const collector = metricsCollector(options.catalogueItemCount)
  const k = Math.min(RANKED_COUNT, options.itemCount)
  for (let from = 0; from < test.userCount; from += BLOCK_USER_COUNT) {
    await pause(control, 'ranking for test users', from, test.userCount)
    const count = Math.min(BLOCK_USER_COUNT, test.userCount - from)
    const inputs = rowsOf(test.inputs, from, from + count)
    const block = { count, k, ...inputs, ...(options.withoutInputItems && { excluded: inputs }) }
    const ranked = ranker.rank(block)
    for (let row = 0; row < count; row++) {
      const best = ranked.items.subarray(row * k, row * k + ranked.counts[row])
      const truth = new Set(listAt(test.truths, from + row))
      const metrics = collector.add(best, truth, rewardsAt(test, from + row), options.values)
      options.observe?.(best, metrics)
    }
  }
  return collector.result()
}

/** Of each item held out the weight of its event, of several the greatest; undefined where all events are alike. */
function rewardsAt({ truths, truthWeights }: HeldOut, user: number): ReadonlyMap<number, number> | undefined {
  if (!truthWeights) return undefined
  const rewards = new Map<number, number>()
  for (let at = truths.offsets[user]; at < truths.offsets[user + 1]; at++)
    rewards.set(truths.items[at], Math.max(truthWeights[at], rewards.get(truths.items[at]) ?? 0))
  return rewards
}

/**
 * The sharpness that makes the held-out users' events most likely: each event given all before it, at most a thousand, evenly chosen.
 * Throws `control.signal.reason` when aborted.
 */
export async function calibrate(
  ranker: Ranker,
  itemCount: number,
  test: HeldOut,
  control: WorkControl,
): Promise<number> {
  const eventCount = test.truths.items.length
  const pairCountMax = Math.min(CALIBRATION_PAIR_COUNT_MAX, Math.floor(CALIBRATION_SCORE_COUNT_MAX / itemCount))
  const stride = Math.max(1, Math.ceil(eventCount / pairCountMax))
  const pairs: ScoredPair[] = []
  for (let user = 0; user < test.userCount; user++) {
    const [start, end] = [test.truths.offsets[user], test.truths.offsets[user + 1]]
    const input = listAt(test.inputs, user)
    const truth = listAt(test.truths, user)
    for (let event = start; event < end; event++) {
      if (event % stride !== 0) continue
      if (pairs.length % BLOCK_USER_COUNT === 0) await pause(control, 'calibrating', event, eventCount)
      const history = Int32Array.from([...input, ...truth.subarray(0, event - start)])
      pairs.push({ scores: ranker.scoreAll(history).slice(), next: truth[event - start] })
    }
  }
  return fitSharpness(pairs, control)
}

function rowsOf(lists: ItemLists, from: number, to: number): ItemLists {
  const start = lists.offsets[from]
  return {
    offsets: lists.offsets.slice(from, to + 1).map(offset => offset - start),
    items: lists.items.slice(start, lists.offsets[to]),
  }
}

async function pause({ signal, progress }: WorkControl, stage: string, done: number, total: number): Promise<void> {
  progress({ stage, done, total, unit: 'users' })
  await nextTurn()
  signal.throwIfAborted()
}
