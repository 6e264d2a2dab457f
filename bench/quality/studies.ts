/** What the protocols do not show: EASE by itself on taste without order, and how much of MovieLens is the order of equal times. */
import { basename } from 'node:path'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { derivedSeed, seededRandom, shuffle } from '../../src/lib/random.ts'
import { fitEase } from '../../src/models/ease.ts'
import { historyOf, type Interactions } from '../../src/models/interactions.ts'
import { distinctItems } from '../../src/models/neighbourhoodRidge.ts'
import { itemLists, listAt, ofUsers, splitByUsers, splitLastEvents } from '../../src/models/splits.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'
import type { DataFolder } from '../lib/csv.ts'
import { control } from './models.ts'

/** Named numbers, some of which have a target. */
export interface StudyRow {
  readonly name: string
  readonly reached: number
  readonly atLeast?: number
}
export interface Study {
  readonly name: string
  readonly rows: readonly StudyRow[]
}

interface PlannedStudy {
  readonly name: string
  run(data: DataFolder): Promise<StudyRow[]>
}

export const studiesOf = (folder: string): PlannedStudy[] =>
  basename(folder) === 'ml-1m'
    ? [
        { name: 'P3′: a random fifth of new users’ items, EASE alone', run: strongGeneralisation },
        { name: 'P2 with equal times shuffled, users 1 to 2999, whose times are real', run: shuffledTies },
      ]
    : []

const HELD_OUT_SHARE = 0.2

/** Marlin 2004; as Liang et al. 2018 (Mult-VAE) measure: recall at 20 over min(20, held out), NDCG at 100. */
async function strongGeneralisation({ interactions }: DataFolder): Promise<StudyRow[]> {
  const { itemCount } = interactions
  const { training, test } = splitByUsers(interactions, 0)
  const ease = { regularization: 300, diagonal: 0.3, rowLength: itemCount }
  const rows = await fitEase(distinctItems(training, itemCount), ease, control)
  const scores = new Float32Array(itemCount)
  let [recall, ndcg] = [0, 0]
  for (const user of test.users) {
    const items = Array.from(new Set(historyOf(interactions, user)))
    shuffle(items, seededRandom(derivedSeed(0, 'held-out items', user)))
    const truth = new Set(items.slice(0, Math.ceil(items.length * HELD_OUT_SHARE)))
    const input = items.slice(truth.size)
    scores.fill(0)
    for (const item of input)
      for (let at = rows.offsets[item]; at < rows.offsets[item + 1]; at++) scores[rows.items[at]] += rows.values[at]
    for (const item of input) scores[item] = Number.NEGATIVE_INFINITY
    const best = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b)
    const hits = best.slice(0, 100).map(item => (truth.has(item) ? 1 : 0))
    const gain = (hit: number, place: number) => hit / Math.log2(place + 2)
    const ideal = Array.from({ length: Math.min(100, truth.size) }, (_, place) => gain(1, place))
    recall += sum(hits.slice(0, 20)) / Math.min(20, truth.size)
    ndcg += sum(hits.map(gain)) / sum(ideal)
  }
  return [
    { name: 'recall@20', reached: recall / test.users.length, atLeast: 0.405 },
    { name: 'NDCG@100', reached: ndcg / test.users.length, atLeast: 0.47 },
  ]
}

/** Users above 2999 have times that were made up (../shared/data/README.md). */
const REAL_TIMES_USER_MAX = 2999

async function shuffledTies({ interactions, users }: DataFolder): Promise<StudyRow[]> {
  const real = Uint32Array.from(users.keys()).filter(user => Number(users[user]) <= REAL_TIMES_USER_MAX)
  const shuffled = withShuffledTies(ofUsers(interactions, real))
  const { training, test } = splitLastEvents(shuffled)
  const recipe = userPersonalizationV2.configure({})
  const model = await recipe.train({ interactions: training, catalogueItemCount: training.itemCount }, control)
  const ranker = openRanker(placeModel(model, { threads: 1 }), 0)
  const gains: { gain: number; tied: boolean }[] = []
  for (const [row, user] of test.users.entries()) {
    const input = listAt(test.inputs, row)
    const [next] = listAt(test.truths, row)
    const excluded = itemLists([input])
    const { items, counts } = ranker.rank({ count: 1, k: 10, ...excluded, excluded })
    const place = items.subarray(0, counts[0]).indexOf(next)
    const end = shuffled.offsets[user + 1]
    gains.push({
      gain: place < 0 ? 0 : 1 / Math.log2(place + 2),
      tied: shuffled.times[end - 1] === shuffled.times[end - 2],
    })
  }
  const meanOf = (chosen: typeof gains) => sum(chosen.map(({ gain }) => gain)) / chosen.length
  return [
    { name: 'NDCG@10, all targets', reached: meanOf(gains), atLeast: 0.162 },
    {
      name: 'NDCG@10, targets with a time of their own',
      reached: meanOf(gains.filter(({ tied }) => !tied)),
      atLeast: 0.107,
    },
  ]
}

function withShuffledTies(interactions: Interactions): Interactions {
  const { userCount, offsets, times } = interactions
  const items = interactions.items.slice()
  for (let user = 0; user < userCount; user++) {
    const random = seededRandom(derivedSeed(0, 'ties', user))
    for (let start = offsets[user]; start < offsets[user + 1]; ) {
      let end = start + 1
      while (end < offsets[user + 1] && times[end] === times[start]) end++
      shuffle(items.subarray(start, end), random)
      start = end
    }
  }
  return { ...interactions, items }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
