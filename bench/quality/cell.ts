/**
 * Measures one cell in a process of its own, so that its memory and its time are its own: `node bench/quality/cell.ts FILE NAME-AS-JSON`.
 * Prints a Cell as JSON.
 */
import { availableParallelism } from 'node:os'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import type { SolutionMetrics } from '../../src/models/metrics.ts'
import { type ItemLists, itemLists, listAt } from '../../src/models/splits.ts'
import { recipes } from '../../src/recipes/index.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { machine } from '../lib/machine.ts'
import { type Data, thaw } from './data.ts'
import { type Asked, ask, isWithoutInputItems, LIST_LENGTH, type Lists, type Means, measure } from './protocols.ts'
import type { Cell, CellName } from './results.ts'
import { control, subjects, trainingData } from './subjects.ts'

/** Users ranked for at once. */
const BLOCK_USER_COUNT = 64

const [file, text] = process.argv.slice(2)
const name: CellName = JSON.parse(text)
const data = thaw(file)
const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)
const measured =
  name.protocol === 'version' || name.protocol === 'segments' ? await solutionVersion(name) : await ofLists(name)
const { interactions } = data
const cell: Cell = {
  ...name,
  userCount: interactions.userCount,
  itemCount: interactions.itemCount,
  eventCount: interactions.items.length,
  withoutInputItems: isWithoutInputItems(data),
  ...measured,
  machine: machine(),
}
console.log(JSON.stringify(cell))

type Measured = Omit<Cell, keyof CellName | 'userCount' | 'itemCount' | 'eventCount' | 'withoutInputItems' | 'machine'>

async function ofLists({ protocol, seed, subject: wanted }: CellName): Promise<Measured> {
  const subject = subjects.find(({ name }) => name === wanted)
  assert(subject && protocol !== 'version' && protocol !== 'segments')
  const asked = ask(protocol, seed, data)
  const learnt: Data = { ...data, interactions: asked.training }
  const { result: models, ...took } = await timed(() => subject.fit(learnt, control))
  const rows: Record<string, Means> = {}
  for (const [row, model] of Object.entries(models))
    rows[row] = measure(protocol, asked, listsOf(model, asked, subject.asked), data.catalogueItemCount)
  const choices = Object.values(models).flatMap(model => (model.form === 'pool' && model.choice ? [model.choice] : []))
  return { ...took, testedCount: asked.test.userCount, threads: 1, rows, ...(choices[0] && { choice: choices[0] }) }
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
async function solutionVersion({ subject, seed, protocol }: CellName): Promise<Measured> {
  const recipe = recipes.find(({ name }) => name === subject)
  assert(recipe)
  const threads = protocol === 'version' ? availableParallelism() : 1
  const { result, ...took } = await timed(() =>
    trainSolution(recipe, trainingData(recipe, data), { seed }, { ...quietControl, threads, openRanker: open }),
  )
  const { metrics, baseline, model } = result
  return {
    ...took,
    testedCount: metrics.userCount,
    threads,
    rows: { [subject]: meansOf(metrics), 'its baseline': meansOf(baseline) },
    ...(model.form === 'pool' && model.choice && { choice: model.choice }),
  }
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
