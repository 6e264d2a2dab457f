/** Small models of each form, at random: what tests of saving, forgetting and ranking try. */
import { type Random, seededRandom } from '../../src/lib/random.ts'
import type { FactorModel, HistoryModel, PoolModel, SparseExpert } from '../../src/models/historyModel.ts'

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
): PoolModel {
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
]
