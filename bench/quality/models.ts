/** The models that are compared, all fitted on the same interactions: the pool, its experts one by one, the first generation, baselines. */
import { availableParallelism } from 'node:os'
import { quietControl } from '../../src/lib/work.ts'
import type { HistoryModel, PoolModel } from '../../src/models/historyModel.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { fitItemKnn } from '../../src/models/itemKnn.ts'
import { popularityModel, uniqueUserCounts } from '../../src/models/popularity.ts'
import type { Recipe } from '../../src/recipes/recipe.ts'
import { userPersonalization } from '../../src/recipes/userPersonalization.ts'
import { userPersonalizationV2 } from '../../src/recipes/userPersonalizationV2.ts'

/** As the study ran it (design/recommenders.md §3.1). */
const KNN = { neighbourCount: 100, shrinkage: 20 }
const KNN_DECAY = 10
/** The nearest neighbours are a dense model: of more items it would not fit. */
const KNN_ITEM_COUNT_MAX = 6000

export const POOL = 'pool (v2)'
export const POPULARITY = 'popularity'
const LOW_RANK = 'reduced rank (v1)'

export const control = { ...quietControl, threads: availableParallelism() }

export async function fitModels(training: Interactions): Promise<Readonly<Record<string, HistoryModel>>> {
  const trained = (recipe: Recipe) =>
    recipe.configure({}).train({ interactions: training, catalogueItemCount: training.itemCount }, control)
  const pool = await trained(userPersonalizationV2)
  return {
    [POPULARITY]: popularityModel(uniqueUserCounts(training)),
    ...(training.itemCount <= KNN_ITEM_COUNT_MAX && nearestNeighbours(training)),
    [LOW_RANK]: await trained(userPersonalization),
    ...(pool.form === 'pool' && alone(pool)),
    [POOL]: pool,
  }
}

function nearestNeighbours(training: Interactions): Record<string, HistoryModel> {
  const length = longest(training)
  const flat = fitItemKnn(training, { ...KNN, kernel: new Float32Array(length).fill(1) }, control)
  const decay = Float32Array.from({ length }, (_, k) => Math.exp(-k / KNN_DECAY))
  return { 'item kNN': flat, 'item kNN, decayed': { ...flat, kernel: decay } }
}

/** Each expert that has a weight, as a pool of its own. */
const alone = (pool: PoolModel): Record<string, PoolModel> =>
  Object.fromEntries(
    pool.experts.map(expert => [
      expert.name,
      { ...pool, combination: 'linear', bias: undefined, experts: [{ ...expert, weight: 1 }] },
    ]),
  )

function longest({ userCount, offsets }: Interactions): number {
  let most = 1
  for (let user = 0; user < userCount; user++) most = Math.max(most, offsets[user + 1] - offsets[user])
  return most
}
