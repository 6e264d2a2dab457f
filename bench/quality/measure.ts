/** Fits and measures every model on one data set; main.ts says by which protocols. */

import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { quietControl } from '../../src/lib/work.ts'
import { evaluateNextItem, evaluateRanking } from '../../src/models/evaluation.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { type Interactions, repeatShare } from '../../src/models/interactions.ts'
import { fitItemKnn } from '../../src/models/itemKnn.ts'
import type { RankingMetrics } from '../../src/models/metrics.ts'
import { popularityModel, uniqueUserCounts } from '../../src/models/popularity.ts'
import { splitByUsers, splitLastEvents } from '../../src/models/splits.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'
import type { DataFolder } from '../lib/csv.ts'

/** The first one is also that of the service's evaluation. */
const SEEDS = [0, 1, 2] as const
/** As the study ran it (design/recommenders.md §3.1). */
const KNN = { neighbourCount: 100, shrinkage: 20 }
const KNN_DECAY = 10
/** Beyond this share of events on items the user had before, people are expected to come back to things. */
const REPEAT_SHARE = 0.05

export type NextItemMetrics = Awaited<ReturnType<typeof evaluateNextItem>>

export interface ModelNumbers {
  readonly name: string
  readonly service: RankingMetrics
  /** One of each seed. */
  readonly p1: readonly RankingMetrics[]
  readonly p2: NextItemMetrics
}

export interface Measurement {
  readonly data: { readonly userCount: number; readonly itemCount: number; readonly eventCount: number }
  readonly withoutInputItems: boolean
  /** Evaluation and refit, as a solution version is trained. */
  readonly trainingSeconds: number
  readonly models: readonly ModelNumbers[]
}

type Fitted = Readonly<Record<string, HistoryModel>>

const control = { ...quietControl, threads: availableParallelism() }
const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)

export async function measure(
  { interactions, catalogueItemCount }: DataFolder,
  tell: (stage: string) => void,
): Promise<Measurement> {
  const withoutInputItems = repeatShare(interactions) <= REPEAT_SHARE
  const { itemCount } = interactions

  tell('training a solution')
  const start = stopwatchSeconds()
  const trained = await trainSolution(
    userPersonalizationV2,
    { interactions, catalogueItemCount },
    { seed: SEEDS[0] },
    { ...control, openRanker: open },
  )
  const trainingSeconds = stopwatchSeconds() - start

  const service: Record<string, RankingMetrics> = {}
  const p1: Record<string, RankingMetrics[]> = {}
  for (const seed of SEEDS) {
    tell(`P1, seed ${seed}`)
    const { training, test } = splitByUsers(interactions, seed)
    for (const [name, model] of Object.entries(await fitAll(training, longest(interactions)))) {
      const ranker = open(model)
      const protocol = { itemCount, catalogueItemCount, withoutInputItems }
      p1[name] = [...(p1[name] ?? []), await evaluateRanking(ranker, test, protocol, control)]
      if (seed === SEEDS[0])
        service[name] = await evaluateRanking(ranker, test, { ...protocol, withoutInputItems: false }, control)
    }
  }
  // What is measured here is what a solution version says of itself.
  assert.deepEqual(service[RIDGE], trained.metrics)
  assert.deepEqual(service[POPULARITY], trained.baseline)

  tell('P2')
  const { training, test } = splitLastEvents(interactions)
  const fitted = Object.entries(await fitAll(training, longest(interactions)))
  const models: ModelNumbers[] = []
  for (const [name, model] of fitted) {
    const p2 = await evaluateNextItem(open(model), test, { withoutInputItems }, control)
    models.push({ name, service: service[name], p1: p1[name], p2 })
  }
  const { userCount, items } = interactions
  return { data: { userCount, itemCount, eventCount: items.length }, withoutInputItems, trainingSeconds, models }
}

export const RIDGE = 'directional ridge'
const POPULARITY = 'popularity'

async function fitAll(training: Interactions, historyLength: number): Promise<Fitted> {
  const flat = fitItemKnn(training, { ...KNN, kernel: new Float32Array(historyLength).fill(1) }, control)
  const decay = Float32Array.from({ length: historyLength }, (_, k) => Math.exp(-k / KNN_DECAY))
  return {
    [POPULARITY]: popularityModel(uniqueUserCounts(training)),
    'item kNN': flat,
    'item kNN, decayed': { ...flat, kernel: decay },
    [RIDGE]: await userPersonalizationV2
      .configure({})
      .train({ interactions: training, catalogueItemCount: training.itemCount }, control),
  }
}

function longest({ userCount, offsets }: Interactions): number {
  let most = 1
  for (let user = 0; user < userCount; user++) most = Math.max(most, offsets[user + 1] - offsets[user])
  return most
}
