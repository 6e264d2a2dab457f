/** Measures every model on one data set by the three protocols that main.ts tells of. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { evaluateNextItem, evaluateRanking } from '../../src/models/evaluation.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { repeatShare } from '../../src/models/interactions.ts'
import type { RankingMetrics } from '../../src/models/metrics.ts'
import { splitByUsers, splitLastEvents } from '../../src/models/splits.ts'
import { readDataFolder } from '../lib/csv.ts'
import { control, fitModels, POOL } from './models.ts'
import { type Study, studiesOf } from './studies.ts'
import type { TrainedOnce } from './trainOnce.ts'

/** The first one is also that of the service's evaluation. */
const SEEDS = [0, 1, 2] as const
/** Beyond this share of events on items the user had before, people are expected to come back to things. */
const REPEAT_SHARE = 0.05

const TRAIN_ONCE = fileURLToPath(new URL('trainOnce.ts', import.meta.url))

export type NextItemMetrics = Awaited<ReturnType<typeof evaluateNextItem>>

export interface ModelNumbers {
  readonly name: string
  /** Of one split; absent for a model that the other protocols alone had, since not every pool gives every expert a weight. */
  readonly service?: RankingMetrics
  /** One of each seed that had the model. */
  readonly p1: readonly RankingMetrics[]
  readonly p2?: NextItemMetrics
}

export interface Measurement {
  readonly data: { readonly userCount: number; readonly itemCount: number; readonly eventCount: number }
  readonly withoutInputItems: boolean
  readonly trained: TrainedOnce
  readonly models: readonly ModelNumbers[]
  readonly studies: readonly Study[]
}

const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)

export async function measure(folder: string, tell: (stage: string) => void): Promise<Measurement> {
  const data = readDataFolder(folder)
  const { interactions, catalogueItemCount } = data
  const withoutInputItems = repeatShare(interactions) <= REPEAT_SHARE
  const { itemCount } = interactions

  tell('training a solution')
  const flags = [...process.execArgv, TRAIN_ONCE, folder, String(SEEDS[0])]
  const trained: TrainedOnce = JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8' }))

  const models = new Map<string, { service?: RankingMetrics; p1: RankingMetrics[]; p2?: NextItemMetrics }>()
  const numbersOf = (name: string) => models.get(name) ?? models.set(name, { p1: [] }).get(name)!
  for (const seed of SEEDS) {
    tell(`P1, seed ${seed}`)
    const { training, test } = splitByUsers(interactions, seed)
    for (const [name, model] of Object.entries(await fitModels(training))) {
      const ranker = open(model)
      const protocol = { itemCount, catalogueItemCount, withoutInputItems }
      const numbers = numbersOf(name)
      numbers.p1.push(await evaluateRanking(ranker, test, protocol, control))
      if (seed === SEEDS[0])
        numbers.service = await evaluateRanking(ranker, test, { ...protocol, withoutInputItems: false }, control)
    }
  }
  // What is measured here is what a solution version says of itself.
  assert.deepEqual(numbersOf(POOL).service?.service, trained.metrics.service)

  tell('P2')
  const { training, test } = splitLastEvents(interactions)
  for (const [name, model] of Object.entries(await fitModels(training)))
    numbersOf(name).p2 = await evaluateNextItem(open(model), test, { withoutInputItems }, control)

  const studies: Study[] = []
  for (const study of studiesOf(folder)) {
    tell(study.name)
    studies.push({ name: study.name, rows: await study.run(data) })
  }
  const { userCount, items } = interactions
  const numbers = [...models].map(([name, each]) => ({ name, ...each }))
  return {
    data: { userCount, itemCount, eventCount: items.length },
    withoutInputItems,
    trained,
    models: numbers,
    studies,
  }
}
