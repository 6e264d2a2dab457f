/** What is compared: the recipes as they come, and baselines, each fitted on the same interactions. */
import { quietControl, type WorkControl } from '../../src/lib/work.ts'
import { fitDirectionalRidge, powerKernel } from '../../src/models/directionalRidge.ts'
import { fitEase } from '../../src/models/ease.ts'
import { solvedAtOnce } from '../../src/models/experts.ts'
import type { HistoryModel, PoolModel } from '../../src/models/historyModel.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { fitItemKnn } from '../../src/models/itemKnn.ts'
import { distinctItems } from '../../src/models/neighbourhoodRidge.ts'
import { eventCounts, logShares, popularityModel, uniqueUserCounts } from '../../src/models/popularity.ts'
import type { SparseRows } from '../../src/models/sparseRows.ts'
import { newestTime } from '../../src/models/trends.ts'
import { hrnn } from '../../src/recipes/hrnn.ts'
import { popularityCount } from '../../src/recipes/popularityCount.ts'
import type { Recipe } from '../../src/recipes/recipe.ts'
import { semanticSimilarity } from '../../src/recipes/semanticSimilarity.ts'
import { similarItems } from '../../src/recipes/similarItems.ts'
import { sims } from '../../src/recipes/sims.ts'
import { trendingNow } from '../../src/recipes/trendingNow.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'
import { POOL } from '../lib/sameTraining.ts'
import type { Data } from './data.ts'

export interface Subject {
  /** Of its row, or of the first of its rows. */
  readonly name: string
  /** What a model is asked about: all that a user did, or the newest item alone. */
  readonly asked: 'history' | 'newest item'
  /** Whether it can be fitted on this data. */
  fits?(data: Data): boolean
  /** Whether the first seed has to do, since the whole table must not take longer (targets.ts). */
  isSlow?(data: Data): boolean
  /** One model for each row. `data` is the training part, with the metadata of the whole. */
  fit(data: Data, control: Control): Promise<Readonly<Record<string, HistoryModel>>>
}
export type Control = WorkControl & { readonly threads: number }

/** A cell has one thread: two cells run at once. */
export const control: Control = { ...quietControl, threads: 1 }

export const POPULARITY = 'aws-popularity-count'
export const EASE = 'EASE'
export const DIRECTIONAL = 'directional ridge (k+1)^-0.7'

/** As the study ran it (design/recommenders.md §3.1). */
const KNN = { neighbourCount: 100, shrinkage: 20 }
const KNN_DECAY = 10
/** λ and δ of §3.3. */
const EASE_RIDGE = { regularization: 300, diagonal: 0.3 }
/** λ and δ of §3.1's best single matrix, and its kernel as long as any that §5.1 names. */
const DIRECTIONAL_RIDGE = { regularization: 100, diagonal: 0.3, kernel: powerKernel(0.7, 80) }
/** Baselines that are a matrix of items by items: of 12 101 items EASE takes 51 s and 3.1 GB, and with more the time goes up by the third power. */
const DENSE_ITEM_COUNT_MAX = 15_000
/** Beyond it EASE is asked once and not three times: seven trainings of 12 101 items would be six minutes of the twenty. */
const EASE_ITEM_COUNT_MAX = 6000
const WEEK_SECONDS = 7 * 86_400

const isSmall = ({ interactions }: Data) => interactions.itemCount <= DENSE_ITEM_COUNT_MAX

/** The recipe with its defaults, learning from what it selects. Those that have the same model share a row (see `SAME`). */
const ofRecipe = (recipe: Recipe, asked: Subject['asked'], rest: Partial<Subject> = {}): Subject => ({
  name: recipe.name,
  asked,
  async fit(data, control) {
    return { [recipe.name]: await trained(recipe, data, control) }
  },
  ...rest,
})

export const subjects: readonly Subject[] = [
  {
    ...ofRecipe(userPersonalizationV2, 'history'),
    async fit(data, control) {
      const pool = await trained(userPersonalizationV2, data, control)
      return { [POOL]: pool, ...(pool.form === 'pool' && alone(pool)) }
    },
  },
  ofRecipe(userPersonalization, 'history'),
  ofRecipe(hrnn, 'history'),
  ofRecipe(popularityCount, 'history'),
  {
    name: 'popularity of the last 7 days',
    asked: 'history',
    async fit({ interactions }) {
      const since = newestTime(interactions.times) - WEEK_SECONDS
      return { [this.name]: popularityModel(uniqueUserCounts(interactions, since)) }
    },
  },
  ofRecipe(trendingNow, 'history'),
  {
    name: 'item kNN',
    asked: 'history',
    fits: isSmall,
    async fit({ interactions }, control) {
      const length = longest(interactions)
      const flat = fitItemKnn(interactions, { ...KNN, kernel: new Float32Array(length).fill(1) }, control)
      const decay = Float32Array.from({ length }, (_, k) => Math.exp(-k / KNN_DECAY))
      return { 'item kNN': flat, 'item kNN, decayed': { ...flat, kernel: decay } }
    },
  },
  {
    name: EASE,
    asked: 'history',
    fits: isSmall,
    isSlow: ({ interactions }) => interactions.itemCount > EASE_ITEM_COUNT_MAX,
    fit: async ({ interactions }, control) => ({ [EASE]: await ease(interactions, control) }),
  },
  {
    name: DIRECTIONAL,
    asked: 'history',
    fits: ({ interactions }) => solvedAtOnce(interactions, DIRECTIONAL_RIDGE.kernel.length, 1),
    async fit({ interactions }, control) {
      const { itemCount } = interactions
      const rows = await fitDirectionalRidge(interactions, { ...DIRECTIONAL_RIDGE, rowLength: itemCount }, control)
      return { [DIRECTIONAL]: wholeMatrix(interactions, rows, DIRECTIONAL_RIDGE.kernel) }
    },
  },
  ofRecipe(sims, 'newest item'),
  ofRecipe(similarItems, 'newest item'),
  ofRecipe(semanticSimilarity, 'newest item', { fits: ({ texts }) => texts !== undefined }),
]

export function trainingData(recipe: Recipe, { interactions, catalogueItemCount, features, texts }: Data) {
  const itemFeatures = recipe.text ? texts : recipe.metadata ? features : undefined
  return { interactions, catalogueItemCount, ...(itemFeatures && { itemFeatures }) }
}

function trained(recipe: Recipe, data: Data, control: Control): Promise<HistoryModel> {
  const configured = recipe.configure({})
  return configured.train(configured.select(trainingData(recipe, data)), control)
}

/** Each expert that has a weight, as a pool of its own. */
const alone = (pool: PoolModel): Record<string, PoolModel> =>
  Object.fromEntries(
    pool.experts.map(expert => [
      `its expert ${expert.name}`,
      { ...pool, combination: 'linear', bias: undefined, experts: [{ ...expert, weight: 1 }] },
    ]),
  )

/** As published: every event alike. */
async function ease(interactions: Interactions, control: Control): Promise<HistoryModel> {
  const { itemCount } = interactions
  const ridge = { ...EASE_RIDGE, rowLength: itemCount }
  const rows = await fitEase(distinctItems(interactions, itemCount), ridge, control)
  return wholeMatrix(interactions, rows, new Float32Array(longest(interactions)).fill(1))
}

/** Every weight that there is, where recipes keep the largest of a row. */
function wholeMatrix(interactions: Interactions, { offsets, items, values }: SparseRows, kernel: Float32Array) {
  const { itemCount } = interactions
  const rows = new Float32Array(itemCount * itemCount)
  for (let item = 0; item < itemCount; item++)
    for (let at = offsets[item]; at < offsets[item + 1]; at++) rows[item * itemCount + items[at]] = values[at]
  return { form: 'dense', itemCount, kernel, rows, prior: logShares(eventCounts(interactions)), sharpness: 1 } as const
}

function longest({ userCount, offsets }: Interactions): number {
  let most = 1
  for (let user = 0; user < userCount; user++) most = Math.max(most, offsets[user + 1] - offsets[user])
  return most
}
