/**
 * Trains one solution as a solution version is trained, evaluation and refit, in a process of its own, so that its memory is its own:
 * `node bench/quality/trainOnce.ts FOLDER SEED`. Prints a TrainedOnce as JSON.
 */
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import type { HistoryModel, PoolChoice } from '../../src/models/historyModel.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'
import { readDataFolder } from '../lib/csv.ts'
import { control } from './models.ts'

export interface TrainedOnce {
  readonly seconds: number
  /** Of all threads together. */
  readonly processorSeconds: number
  /** Of the whole process, the data included. */
  readonly peakBytes: number
  /** Of the model that was fitted on everything. */
  readonly choice: PoolChoice | undefined
  readonly metrics: Awaited<ReturnType<typeof trainSolution>>['metrics']
}

const [folder, seed] = process.argv.slice(2)
const { interactions, catalogueItemCount } = readDataFolder(folder)
const before = process.cpuUsage()
const start = stopwatchSeconds()
const { model, metrics } = await trainSolution(
  userPersonalizationV2,
  { interactions, catalogueItemCount },
  { seed: Number(seed) },
  { ...control, openRanker: (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0) },
)
const { user, system } = process.cpuUsage(before)
const trained: TrainedOnce = {
  seconds: stopwatchSeconds() - start,
  processorSeconds: (user + system) / 1e6,
  peakBytes: process.resourceUsage().maxRSS * 1024,
  choice: model.form === 'pool' ? model.choice : undefined,
  metrics,
}
console.log(JSON.stringify(trained))
