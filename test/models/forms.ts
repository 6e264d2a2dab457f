/** Small models of each form, at random: what tests of saving, forgetting and ranking try. */
import { type Random, seededRandom } from '../../src/lib/random.ts'
import type {
  FactorModel,
  HistoryModel,
  NearestExpert,
  PoolModel,
  SparseExpert,
} from '../../src/models/historyModel.ts'
import { keptSequences } from '../../src/models/nearestSequences.ts'
import { itemLists } from '../../src/models/splits.ts'

const numbers = (random: Random, count: number) => Float32Array.from({ length: count }, () => random.normal())

const common = (random: Random, itemCount: number) => ({
  itemCount,
  prior: Float32Array.from({ length: itemCount }, (_, item) => -Math.log(item + 2)),
  sharpness: 0.5 + random.uniform(),
})

export function factorModel(seed: number, itemCount: number, dimension: number, withBias = false): FactorModel {
  const random = seededRandom(seed)
  return {
    form: 'factors',
    ...common(random, itemCount),
    dimension,
    kernels: [Float32Array.of(1, 0.5, 0.25), Float32Array.of(1, 1)],
    sources: numbers(random, 2 * itemCount * dimension),
    targets: numbers(random, itemCount * dimension),
    bias: withBias ? numbers(random, itemCount) : undefined,
  }
}

export function poolModel(
  seed: number,
  itemCount: number,
  combination: PoolModel['combination'],
  withBias = false,
): PoolModel & { readonly experts: readonly SparseExpert[] } {
  const random = seededRandom(seed)
  return {
    form: 'pool',
    ...common(random, itemCount),
    combination,
    epsilon: 1e-4,
    experts: [2, 5].map(length => sparseExpert(random, itemCount, length)),
    bias: withBias ? numbers(random, itemCount) : undefined,
  }
}

/** The same, and an expert of what `userCount` people did. */
export function nearestPool(
  seed: number,
  itemCount: number,
  combination: PoolModel['combination'],
  userCount = 1,
): PoolModel {
  const pool = poolModel(seed, itemCount, combination)
  return { ...pool, experts: [...pool.experts, nearestExpert(seededRandom(seed), itemCount, userCount)] }
}

/** Of short and long histories, without any and with repeats. */
export function nearestExpert(random: Random, itemCount: number, userCount: number): NearestExpert {
  const histories = Array.from({ length: userCount }, (_, user) =>
    Int32Array.from({ length: itemCount === 0 ? 0 : (7 * user + 13) % 40 }, () => random.below(itemCount)),
  )
  return {
    name: 'nearest sequences',
    kernel: Float32Array.of(1, 0.9, 0.8, 0.7, 0.6, 0, 0),
    weight: random.uniform(),
    scale: 0.1,
    steps: true,
    sequences: keptSequences(itemLists(histories), itemCount),
  }
}

function sparseExpert(random: Random, itemCount: number, length: number): SparseExpert {
  const offsets = new Uint32Array(itemCount + 1)
  const items: number[] = []
  for (let row = 0; row < itemCount; row++) {
    for (let item = 0; item < itemCount; item++) if (random.below(3) === 0) items.push(item)
    offsets[row + 1] = items.length
  }
  return {
    name: `expert of ${length}`,
    kernel: Float32Array.from({ length }, (_, k) => 1 / (k + 1)),
    weight: random.uniform(),
    scale: 1 + random.uniform(),
    offsets,
    items: Int32Array.from(items),
    values: numbers(random, items.length),
  }
}

export const modelsOfEveryForm = (itemCount: number): HistoryModel[] => [
  factorModel(1, itemCount, 4),
  factorModel(2, itemCount, 7, true),
  poolModel(3, itemCount, 'log'),
  poolModel(4, itemCount, 'linear', true),
  nearestPool(5, itemCount, 'log'),
  nearestPool(6, itemCount, 'linear'),
]
