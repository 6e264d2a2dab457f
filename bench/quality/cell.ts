/**
 * Trains once in a process of its own, so that memory and time are the training's own, and measures its cells, one for each protocol that asks about
 * it: `node bench/quality/cell.ts FILE TRAINING-AS-JSON`. Prints the cells as JSON; a refusal as a sentence on standard error, with exit code 1.
 */
import { availableParallelism } from 'node:os'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import type { SolutionMetrics } from '../../src/models/metrics.ts'
import { type ItemLists, itemLists, listAt } from '../../src/models/splits.ts'
import { recipes } from '../../src/recipes/index.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { machine } from '../lib/machine.ts'
import { type Data, thaw } from './data.ts'
import {
  type Asked,
  examOf,
  isWithoutInputItems,
  LIST_LENGTH,
  type Lists,
  type Means,
  measure,
  type Protocol,
} from './protocols.ts'
import type { Cell, CellName, TrainingName } from './results.ts'
import { control, subjects, trainingData } from './subjects.ts'

/** Users ranked for at once. */
const BLOCK_USER_COUNT = 64

const [file, text] = process.argv.slice(2)
const training: TrainingName = JSON.parse(text)
const data = thaw(file)
const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)
try {
  console.log(JSON.stringify((await measured(training)).map(whole)))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}

type Facts = 'userCount' | 'itemCount' | 'eventCount' | 'withoutInputItems' | 'machine'
type Measured = Pick<Cell, 'protocol'> & Omit<Cell, keyof CellName | Facts>

function whole(cell: Measured): Cell {
  const { userCount, itemCount, items } = data.interactions
  const facts = { userCount, itemCount, eventCount: items.length, withoutInputItems: isWithoutInputItems(data) }
  return { data: data.name, seed: training.seed, subject: training.subject, ...facts, ...cell, machine: machine() }
}

function measured({ protocols, ...name }: TrainingName): Promise<Measured[]> {
  const [protocol] = protocols
  if (protocol === 'version' || protocol === 'segments') return solutionVersion({ ...name, protocol })
  return ofLists(protocols as readonly Protocol[], name)
}

async function ofLists(protocols: readonly Protocol[], { seed, subject: wanted }: Omit<TrainingName, 'protocols'>) {
  const subject = subjects.find(({ name }) => name === wanted)
  assert(subject)
  const exam = examOf(protocols, seed, data)
  const learnt: Data = { ...data, interactions: exam.training }
  const { result: models, ...took } = await timed(() => subject.fit(learnt, control))
  const choice = Object.values(models).flatMap(model =>
    model.form === 'pool' && model.choice ? [model.choice] : [],
  )[0]
  return exam.asked.map((asked): Measured => {
    const rows: Record<string, Means> = {}
    for (const [row, model] of Object.entries(models))
      rows[row] = measure(asked, listsOf(model, asked, subject.asked), data.catalogueItemCount)
    const { protocol, test } = asked
    return { protocol, ...took, testedCount: test.userCount, threads: 1, rows, ...(choice && { choice }) }
  })
}

function listsOf(model: HistoryModel, { test, withoutInputItems }: Asked, question: 'history' | 'newest item'): Lists {
  const ranker = open(model)
  const k = Math.min(LIST_LENGTH, model.itemCount)
  const lists = new Int32Array(test.userCount * LIST_LENGTH).fill(-1)
  const histories = (from: number, to: number, part: (list: Int32Array) => Int32Array): ItemLists =>
    itemLists(Array.from({ length: to - from }, (_, row) => part(listAt(test.inputs, from + row))))
  for (let from = 0; from < test.userCount; from += BLOCK_USER_COUNT) {
    const to = Math.min(test.userCount, from + BLOCK_USER_COUNT)
    const newest = (list: Int32Array) => list.subarray(list.length - 1)
    const asked = histories(from, to, question === 'history' ? list => list : newest)
    // What goes with an item is never the item itself.
    const excluded = withoutInputItems ? histories(from, to, list => list) : question === 'history' ? undefined : asked
    const { items, counts } = ranker.rank({ count: to - from, k, ...asked, ...(excluded && { excluded }) })
    for (let row = 0; row < to - from; row++)
      lists.set(items.subarray(row * k, row * k + counts[row]), (from + row) * LIST_LENGTH)
  }
  return lists
}

/** Evaluation and refit on all threads, and what a solution version says of itself. */
async function solutionVersion({ subject, seed, protocol }: Omit<CellName, 'data'>): Promise<Measured[]> {
  const recipe = recipes.find(({ name }) => name === subject)
  assert(recipe)
  const threads = protocol === 'version' ? availableParallelism() : 1
  const { result, ...took } = await timed(() =>
    trainSolution(recipe, trainingData(recipe, data), { seed }, { ...quietControl, threads, openRanker: open }),
  )
  const { metrics, baseline, model } = result
  const rows = { [subject]: meansOf(metrics), 'its baseline': meansOf(baseline) }
  const choice = model.form === 'pool' && model.choice && { choice: model.choice }
  return [{ protocol, ...took, testedCount: metrics.userCount, threads, rows, ...choice }]
}

function meansOf({ service, standardErrors }: SolutionMetrics): Means {
  const means = Object.entries(service).map(([name, mean]) => [name, { mean, error: standardErrors[name] ?? 0 }])
  return Object.fromEntries(means)
}

async function timed<T>(work: () => Promise<T>) {
  const before = process.cpuUsage()
  const start = stopwatchSeconds()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return {
    result,
    seconds: stopwatchSeconds() - start,
    processorSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }
}
