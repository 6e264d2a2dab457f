/** Against the definition, x_t by x_t with a weight for every pair, in f64. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { historyOf, type Interactions } from '../../src/models/interactions.ts'
import { fitLowRankRidge, type LowRankRidgeOptions } from '../../src/models/lowRankRidge.ts'
import { symmetricEigen } from '../../src/models/symmetricEigen.ts'
import { interactionsOf, walks } from './toy.ts'

const control = { ...quietControl, threads: 2 }
const options: LowRankRidgeOptions = {
  kernels: [
    { decay: Math.exp(-1), length: 32 },
    { decay: 0.9, length: 4 },
  ],
  shrinkage: 3,
  diagonal: 0.5,
  rank: 8,
  seed: 1,
}

function randomInteractions(itemCount: number, userCount = 200, longest = 25): Interactions {
  const random = seededRandom(itemCount)
  const history = () =>
    Array.from({ length: random.below(longest + 1) }, () => Math.floor(itemCount * random.uniform() ** 2))
  return interactionsOf(Array.from({ length: userCount }, history), itemCount)
}

/** B = (G + R)⁻¹ C as f64[F · n, n], and M = S·Cᵀ·B·S as f64[n, n]. */
function definition(interactions: Interactions, { kernels, shrinkage, diagonal }: LowRankRidgeOptions) {
  const { itemCount: n, userCount } = interactions
  const N = kernels.length * n
  const G = new Float64Array(N * N)
  const C = new Float64Array(N * n)
  const ridge = Float64Array.from({ length: N }, (_, row) => {
    const { decay, length } = kernels[Math.floor(row / n)]
    return shrinkage * Array.from({ length }, (_, k) => decay ** (2 * k)).reduce((sum, weight) => sum + weight, 0)
  })
  const counts = new Float64Array(n)
  for (let user = 0; user < userCount; user++) {
    const q = historyOf(interactions, user)
    for (const item of q) counts[item]++
    for (let t = 1; t < q.length; t++) {
      const x = new Map<number, number>()
      for (const [f, { decay, length }] of kernels.entries()) {
        for (let k = 0; k < Math.min(length, t); k++) {
          const row = f * n + q[t - 1 - k]
          x.set(row, (x.get(row) ?? 0) + decay ** k)
          ridge[row] += diagonal * decay ** (2 * k)
        }
      }
      for (const [row, value] of x) {
        C[row * n + q[t]] += value
        for (const [column, other] of x) G[row * N + column] += value * other
      }
    }
  }
  for (let row = 0; row < N; row++) G[row * N + row] += ridge[row]
  const B = solution(G, C, N, n)
  const M = new Float64Array(n * n)
  const scale = (item: number) => 1 / Math.sqrt(counts[item] + 1)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let row = 0; row < N; row++) M[i * n + j] += scale(i) * C[row * n + i] * B[row * n + j] * scale(j)
  return { B, M, scale }
}

/** Gaussian elimination; a positive definite matrix needs no pivoting. */
function solution(A: Float64Array, B: Float64Array, N: number, columns: number): Float64Array {
  const X = B.slice()
  for (let k = 0; k < N; k++) {
    for (let i = 0; i < N; i++) {
      const factor = i === k ? 0 : A[i * N + k] / A[k * N + k]
      if (factor === 0) continue
      for (let j = k; j < N; j++) A[i * N + j] -= factor * A[k * N + j]
      for (let j = 0; j < columns; j++) X[i * columns + j] -= factor * X[k * columns + j]
    }
  }
  return X.map((value, at) => value / A[Math.floor(at / columns) * (N + 1)])
}

/** ‖sources · targetsᵀ - B‖ / ‖B‖, all of n columns. */
function relativeError(sources: Float32Array, targets: Float32Array, B: Float64Array, n: number): number {
  let [error, total] = [0, 0]
  for (let at = 0; at < B.length; at++) {
    const [row, item] = [Math.floor(at / n), at % n]
    let weight = 0
    for (let x = 0; x < n; x++) weight += sources[row * n + x] * targets[item * n + x]
    error += (weight - B[at]) ** 2
    total += B[at] ** 2
  }
  return Math.sqrt(error / total)
}

test('at full rank it is the joint ridge', async () => {
  const n = 40
  const interactions = randomInteractions(n)
  const { B } = definition(interactions, options)
  const { dimension, sources, targets } = await fitLowRankRidge(interactions, { ...options, rank: 100 }, control)
  assert.equal(dimension, n)
  const error = relativeError(sources, targets, B, n)
  assert.ok(error < 2e-3, `${error}`)
})

for (const [n, rank] of [
  [60, 8],
  [150, 20],
])
  test(`of ${n} items, ${rank} directions hold what the best ${rank} hold`, async () => {
    const interactions = randomInteractions(n)
    const { M, scale } = definition(interactions, options)
    const { targets } = await fitLowRankRidge(interactions, { ...options, rank }, control)
    const best = symmetricEigen(M, n).values.subarray(0, rank)
    // V = S·targets is orthonormal, and what it holds is the trace of VᵀMV.
    const V = targets.map((value, at) => value * scale(Math.floor(at / rank)))
    let held = 0
    for (let x = 0; x < rank; x++) {
      for (let y = 0; y <= x; y++) {
        let product = 0
        for (let i = 0; i < n; i++) product += V[i * rank + x] * V[i * rank + y]
        assert.ok(Math.abs(product - (x === y ? 1 : 0)) < 1e-4)
      }
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) held += V[i * rank + x] * M[i * n + j] * V[j * rank + x]
    }
    const share = held / best.reduce((sum, value) => sum + value, 0)
    // Random histories leave a flat spectrum, where the last directions of a subspace turn slowest.
    assert.ok(share > 0.95 && share < 1.0001, `${share}`)
  })

test('the same bytes for any number of threads, others for another seed', async () => {
  const interactions = randomInteractions(300)
  const one = await fitLowRankRidge(interactions, { ...options, rank: 40 }, { ...control, threads: 1 })
  for (const threads of [2, 5])
    assert.deepEqual(await fitLowRankRidge(interactions, { ...options, rank: 40 }, { ...control, threads }), one)
  const other = await fitLowRankRidge(interactions, { ...options, rank: 40, seed: 2 }, control)
  assert.notDeepEqual(other.targets, one.targets)
  assert.ok(one.sources.buffer instanceof SharedArrayBuffer && one.targets.buffer instanceof SharedArrayBuffer)
})

test('one item over and over, one user, one pair, histories without successors: finite numbers', async () => {
  for (const [histories, itemCount] of [
    [Array.from({ length: 50 }, () => new Array(40).fill(0)), 1],
    [[[0, 1, 2, 3, 4, 5, 4, 3, 2]], 6],
    [[[3, 4]], 5],
    [[[3], [4], []], 5],
  ] as const) {
    const { sources, targets } = await fitLowRankRidge(interactionsOf(histories, itemCount), options, control)
    assert.ok(sources.every(Number.isFinite) && targets.every(Number.isFinite))
  }
})

test('a kernel that does not decay, over long histories', async () => {
  const interactions = randomInteractions(30, 40, 300)
  const flat = { ...options, kernels: [{ decay: 1, length: 10 }], rank: 30 }
  const { B } = definition(interactions, flat)
  const { sources, targets } = await fitLowRankRidge(interactions, flat, control)
  const error = relativeError(sources, targets, B, 30)
  // Directions whose share of what the histories foretell is some 1e-5 of the first one's are lost in rounding; they carry this much of B.
  assert.ok(error < 5e-2, `${error}`)
})

test('more than fits is refused before anything is reserved', async () => {
  const interactions = { ...interactionsOf([[0, 1]]), itemCount: 3_000_000 }
  await assert.rejects(fitLowRankRidge(interactions, { ...options, rank: 256 }, control), {
    name: 'Refusal',
    message:
      '2 interactions with 3000000 different items cannot be trained on: for 2 of them and one thread, 14.3 GB and 139 s are needed, where 4.3 GB and 3600 s are at hand.',
  })
})

test('it tells how far it is, and stops when it is no longer wanted', async () => {
  const interactions = walks({ userCount: 2000, itemCount: 500, eventCount: 30 })
  const told: number[] = []
  const stages = new Set<string>()
  const progress = ({ stage, done, total = 0 }: { stage: string; done: number; total?: number }) => {
    stages.add(stage)
    told.push(done / total)
  }
  await fitLowRankRidge(interactions, options, { ...control, progress })
  assert.deepEqual([...stages], ['solving 16 directions of 500 items from 60000 events: 0.0 GB, 2 threads, about 1 s'])
  assert.equal(told[0], 0)
  assert.equal(told.at(-1), 1)
  assert.ok(told.every((share, i) => i === 0 || share >= told[i - 1]))
  const reason = new Error('enough')
  const controller = new AbortController()
  const fit = fitLowRankRidge(interactions, options, {
    threads: 2,
    signal: controller.signal,
    progress: () => controller.abort(reason),
  })
  await assert.rejects(fit, reason)
})
