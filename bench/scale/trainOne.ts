/**
 * Trains one recipe on one made-up data set as a solution version is trained, evaluation and refit, in a process of its own:
 * `node bench/scale/trainOne.ts RECIPE EVENTS ITEMS`. Tells its stages, each once, and at the end what it took, as lines of JSON.
 */
import { availableParallelism } from 'node:os'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { quietControl } from '../../src/lib/work.ts'
import { featureRows } from '../../src/models/features.ts'
import { type HistoryModel, historyLength } from '../../src/models/historyModel.ts'
import { featuresOf } from '../../src/models/metadataFeatures.ts'
import { recipes } from '../../src/recipes/index.ts'
import type { Recipe } from '../../src/recipes/recipe.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import type { TrainingData } from '../../src/recipes/trainingData.ts'
import { ACTIONS, madeUpColumns, madeUpInteractions, type Size, withMadeUpActions } from './world.ts'

/** One item in a hundred is new: nobody had it, and it has its place by its metadata. */
const NEW_SHARE = 0.01
/** As src/jobs/readTexts.ts has it. */
const WORD_FEATURES_MAX = 1_000_000

export interface Trained {
  readonly userCount: number
  readonly seconds: number
  /** Of all threads together. */
  readonly processorSeconds: number
  /** Of the whole process, the data included. */
  readonly peakBytes: number
  /** Of the data, before training: what of the peak is not the training's. */
  readonly dataBytes: number
  readonly form: string
  /** Hits among the first ten, so that nobody trains fast by learning nothing; absent for segments and actions. */
  readonly precisionAt10?: number
  readonly baselinePrecisionAt10?: number
}
export type Said =
  | { readonly stage: string; readonly atSeconds: number }
  | { readonly trained: Trained }
  | { readonly refused: string }

const say = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`)

async function dataFor(recipe: Recipe, size: Size): Promise<TrainingData> {
  const whole = madeUpInteractions(size)
  const interactions = recipe.actionCountMax ? withMadeUpActions(whole) : whole
  const newCount = recipe.metadata ? Math.floor(size.itemCount * NEW_SHARE) : 0
  const data = { interactions, catalogueItemCount: size.itemCount + newCount }
  if (recipe.actionCountMax) return { ...data, actions: { count: ACTIONS } }
  if (!recipe.metadata && !recipe.text) return data
  const rowCount = size.itemCount + newCount
  const columns = madeUpColumns(0, rowCount, recipe.text === true)
  const features = await featuresOf({ rowCount, columns }, quietControl, recipe.text ? WORD_FEATURES_MAX : undefined)
  if (recipe.text) return { ...data, itemFeatures: features }
  const rows = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, row) => from + row)
  return {
    ...data,
    itemFeatures: featureRows(features, rows(0, size.itemCount)),
    newItemFeatures: featureRows(features, rows(size.itemCount, rowCount)),
  }
}

const [name, events, items] = process.argv.slice(2)
const recipe = recipes.find(each => each.name === name)
assert(recipe, `there is no recipe ${name}`)
const data = await dataFor(recipe, { eventCount: Number(events), itemCount: Number(items) })
const dataBytes = process.memoryUsage().rss
const cpu = process.cpuUsage()
const start = stopwatchSeconds()
const told = new Set<string>()
const progress = ({ stage }: { stage: string }) => {
  if (told.has(stage)) return
  told.add(stage)
  say({ stage, atSeconds: stopwatchSeconds() - start })
}
try {
  const { model, metrics, baseline } = await trainSolution(
    recipe,
    data,
    { seed: 1 },
    {
      ...quietControl,
      progress,
      threads: availableParallelism(),
      openRanker: (each: HistoryModel) => openRanker(placeModel(each, { threads: 1 }), 0),
    },
  )
  assert(historyLength(model) >= 0)
  const { user, system } = process.cpuUsage(cpu)
  const { precision_at_10: precisionAt10 } = metrics.service
  const { precision_at_10: baselinePrecisionAt10 } = baseline.service
  say({
    trained: {
      userCount: data.interactions.userCount,
      seconds: stopwatchSeconds() - start,
      processorSeconds: (user + system) / 1e6,
      peakBytes: 1024 * process.resourceUsage().maxRSS,
      dataBytes,
      form: model.form,
      ...(precisionAt10 !== undefined && { precisionAt10, baselinePrecisionAt10 }),
    },
  })
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  say({ refused: error.message })
}
