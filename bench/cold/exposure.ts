/**
 * What room items without interactions get in lists of all items, and whether they are worth it. A tenth of the people is not learnt from (splits.ts,
 * splitByUsers); each gets 25 items by the older events, those taken out among them, and has come to some by the newest tenth of them:
 *
 *   hits per place       of new items, and of what would stand at the same places without any
 *   NDCG@25              of all that these people came to, new items and others
 *
 * The solution versions are those that a training gives, once with the offset that it chose (models/newItemOffset.ts) and once without.
 */
import { availableParallelism } from 'node:os'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { quietControl } from '../../src/lib/work.ts'
import { featureRows } from '../../src/models/features.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { historyOf, type Interactions } from '../../src/models/interactions.ts'
import { userMetrics } from '../../src/models/metrics.ts'
import { itemLists, listAt, splitByUsers } from '../../src/models/splits.ts'
import { trainSolution } from '../../src/recipes/train.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'
import type { MetadataFolder } from '../lib/metadata.ts'

const LENGTH = 25
const openOf = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)
const control = { ...quietControl, threads: availableParallelism(), openRanker: openOf }

interface Places {
  readonly warm: Uint32Array
  readonly fresh: Uint32Array
  readonly seed: number
}

interface Asked {
  readonly input: Int32Array
  readonly truth: ReadonlySet<number>
}

/** The table of a data folder. */
export async function exposure(data: MetadataFolder, { warm, fresh, seed }: Places): Promise<string[]> {
  const { interactions, features } = data
  const indexOf = new Int32Array(interactions.itemCount)
  for (const [index, item] of [...warm, ...fresh].entries()) indexOf[item] = index
  const oldOnes = (items: Int32Array) => items.map(item => indexOf[item]).filter(item => item < warm.length)
  const { training, test } = splitByUsers(interactions, seed)
  const rows = Array.from({ length: training.userCount }, (_, user) => oldOnes(historyOf(training, user)))
  const lists = itemLists(rows.filter(row => row.length > 0))
  const userCount = lists.offsets.length - 1
  const times = new Float64Array(lists.items.length)
  const learnt: Interactions = { userCount, itemCount: warm.length, ...lists, times }
  const asked = Array.from({ length: test.userCount }, (_, row): Asked => {
    const truth = new Set(listAt(test.truths, row).map(item => indexOf[item]))
    return { input: oldOnes(listAt(test.inputs, row)), truth }
  }).filter(({ input }) => input.length > 0)

  const lines = [
    `Lists of ${LENGTH} for ${asked.length} people who were not learnt from:`,
    '',
    '| | new of 25 | hits per place | of what stood there | NDCG@25 | training, s of CPU |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
  ]
  for (const recipe of [userPersonalization, userPersonalizationV2]) {
    const before = process.cpuUsage()
    const { model } = await trainSolution(
      recipe,
      {
        ...{ interactions: learnt, catalogueItemCount: interactions.itemCount },
        ...{ itemFeatures: featureRows(features, warm), newItemFeatures: featureRows(features, fresh) },
      },
      { seed },
      control,
    )
    const { user, system } = process.cpuUsage(before)
    const offset = model.form === 'pool' ? (model.newItemOffset ?? 0) : 0
    const measure = (name: string, added: number) => {
      const { shown, hits, expected, ndcg } = measured(model, asked, warm.length, added / model.sharpness)
      const perPlace = (count: number) => (shown > 0 ? (count / shown).toFixed(4) : '')
      const cells = [(shown / asked.length).toFixed(2), perPlace(hits), perPlace(expected), ndcg.toFixed(4)]
      lines.push(`| ${name} | ${cells.join(' | ')} | ${((user + system) / 1e6).toFixed(1)} |`)
    }
    if (model.form !== 'pool') measure(recipe.name, 0)
    else {
      measure(`${recipe.name}, without an offset`, -offset)
      measure(`${recipe.name}, ${offset} added to new items`, 0)
    }
  }
  return [...lines, '']
}

/** `added` to the scores of new items, which are those from `n` on. */
function measured(model: HistoryModel, asked: readonly Asked[], n: number, added: number) {
  const ranker = openOf(model)
  const rates = new Float64Array(LENGTH)
  const places = new Float64Array(LENGTH)
  let [hits, gains] = [0, 0]
  for (const { input, truth } of asked) {
    const scores = ranker.scoreAll(input).map((score, item) => (item < n ? score : score + added))
    const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b)
    const list = order.slice(0, LENGTH)
    for (const [place, item] of list.entries()) {
      if (item < n) continue
      places[place]++
      if (truth.has(item)) hits++
    }
    const others = order.filter(item => item < n).slice(0, LENGTH)
    for (const [place, item] of others.entries()) if (truth.has(item)) rates[place] += 1 / asked.length
    gains += userMetrics(Int32Array.from(list), truth).textbook_normalized_discounted_cumulative_gain_at_25
  }
  return {
    shown: places.reduce((sum, count) => sum + count, 0),
    hits,
    expected: places.reduce((sum, count, place) => sum + count * rates[place], 0),
    ndcg: gains / asked.length,
  }
}
