/** Against the definition, x_t by x_t, in f64. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ARENA_START_BYTES } from '../../src/kernels/arena.ts'
import { reserveSystem, systemBytes } from '../../src/kernels/linearSystem.ts'
import { startTeam } from '../../src/kernels/team.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { denseSystemBytes } from '../../src/models/denseSystem.ts'
import { fitDirectionalRidge, powerKernel } from '../../src/models/directionalRidge.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { type PairOptions, pairBytes, placePairs } from '../../src/models/pairCounts.ts'

function interactionsOf(histories: readonly (readonly number[])[], itemCount: number): Interactions {
  const offsets = new Uint32Array(histories.length + 1)
  for (const [user, history] of histories.entries()) offsets[user + 1] = offsets[user] + history.length
  const items = Int32Array.from(histories.flat())
  return { userCount: histories.length, itemCount, offsets, items, times: Float64Array.from(items.keys()) }
}

/** Histories of 0 to `longest` events, popular items often, many of them twice. */
const randomHistories = (random: Random, users: number, longest: number, itemCount: number): number[][] =>
  Array.from({ length: users }, () =>
    Array.from({ length: random.below(longest + 1) }, () => Math.floor(itemCount * random.uniform() ** 2)),
  )

/** G (without its ridge) and C, f64[n, n], from x_t xᵀ_t and x_t e[q_t]ᵀ one by one. */
function definition(
  histories: readonly (readonly number[])[],
  n: number,
  kernel: Float32Array,
  weightOf: (user: number, t: number) => number = () => 1,
) {
  const G = new Float64Array(n * n)
  const C = new Float64Array(n * n)
  for (const [user, q] of histories.entries()) {
    for (let t = 1; t < q.length; t++) {
      const x = new Float64Array(n)
      for (let k = 0; k < Math.min(kernel.length, t); k++) x[q[t - 1 - k]] += kernel[k]
      for (let i = 0; i < n; i++) {
        if (x[i] === 0) continue
        C[i * n + q[t]] += x[i] * weightOf(user, t)
        for (let j = 0; j < n; j++) G[i * n + j] += x[i] * x[j]
      }
    }
  }
  return { G, C }
}

/** (G + λI + δ·diag G)⁻¹ C by Gaussian elimination in f64; it needs no pivoting, the matrix being positive definite. */
function solution(G: Float64Array, C: Float64Array, n: number, { regularization, diagonal }: PairOptions) {
  const A = G.slice()
  const B = C.slice()
  for (let i = 0; i < n; i++) A[i * n + i] += regularization + diagonal * A[i * n + i]
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const factor = A[i * n + k] / A[k * n + k]
      if (factor === 0) continue
      for (let j = k; j < n; j++) A[i * n + j] -= factor * A[k * n + j]
      for (let j = 0; j < n; j++) B[i * n + j] -= factor * B[k * n + j]
    }
  }
  return B.map((value, at) => value / A[Math.floor(at / n) * n + Math.floor(at / n)])
}

const greatestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  assert.equal(a.length, b.length)
  let greatest = 0
  for (let at = 0; at < a.length; at++) greatest = Math.max(greatest, Math.abs(a[at] - b[at]))
  return greatest
}

const control = { ...quietControl, threads: 2 }

/** All of B, f32[itemCount, itemCount]. */
async function fitWhole(
  interactions: Interactions,
  ridge: PairOptions,
  how: Parameters<typeof fitDirectionalRidge>[2],
) {
  const n = interactions.itemCount
  const { offsets, items, values } = await fitDirectionalRidge(interactions, { ...ridge, rowLength: n }, how)
  const dense = new Float32Array(n * n)
  for (let row = 0; row < n; row++)
    for (let at = offsets[row]; at < offsets[row + 1]; at++) dense[row * n + items[at]] = values[at]
  return dense
}

test('G and C equal their definition to f32 rounding', async () => {
  const n = 45
  const histories = randomHistories(seededRandom(11), 120, 40, n)
  const plain = interactionsOf(histories, n)
  const random = seededRandom(12)
  const weighted = { ...plain, weights: Float32Array.from(plain.items, () => random.below(4) / 3) }
  const kernels = [powerKernel(0.7, 1), powerKernel(0.7, 7), powerKernel(0.7, 39), powerKernel(0, 60)]
  for (const [kernel, interactions] of kernels.flatMap(kernel => [
    [kernel, plain] as const,
    [kernel, weighted] as const,
  ])) {
    const bytes = ARENA_START_BYTES + systemBytes(n, 2) + pairBytes(n, interactions.items.length, kernel.length)
    const team = await startTeam({ threads: 2, bytes })
    const system = reserveSystem(team, n)
    const options = { kernel, regularization: 3, diagonal: 0.25 }
    const params = await placePairs(team, interactions, options, system, control.signal)
    const { block } = system.shape
    await team.run('pairRow', params, block, control)

    const { weights } = interactions as Interactions
    const weightOf = (user: number, t: number) => weights?.[interactions.offsets[user] + t] ?? 1
    const { G, C } = definition(histories, n, kernel, weightOf)
    const place = (i: number, j: number) => (Math.floor(j / 16) * block + i) * 16 + (j % 16)
    const close = (actual: number, expected: number, what: string) =>
      assert.ok(Math.abs(actual - expected) <= 1e-6 * Math.abs(expected), `${what}: ${actual}, not ${expected}`)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const g = G[i * n + j]
        close(system.lower[place(i, j)], i === j ? g + 3 + 0.25 * g : g, `K ${kernel.length}, G[${i}][${j}]`)
        close(system.right[place(i, j)], C[i * n + j], `K ${kernel.length}, C[${i}][${j}]`)
      }
    }
    for (let i = n; i < block; i++) assert.equal(system.lower[place(i, i)], 1, 'padding is the identity')
    await team.close()
  }
})

for (const [itemCount, longest, K] of [
  [5, 30, 8],
  [130, 25, 60],
  [200, 12, 3],
])
  test(`the model of ${itemCount} items, histories up to ${longest}, K ${K}, is the ridge solution`, async () => {
    const histories = randomHistories(seededRandom(itemCount), 150, longest, itemCount)
    const options = { kernel: powerKernel(0.7, K), regularization: 5, diagonal: 0.3 }
    const rows = await fitWhole(interactionsOf(histories, itemCount), options, control)
    const { G, C } = definition(histories, itemCount, options.kernel)
    assert.ok(greatestDifference(rows, solution(G, C, itemCount, options)) < 1e-5)
  })

test('the same bytes for any number of threads', async () => {
  const interactions = interactionsOf(randomHistories(seededRandom(2), 300, 60, 230), 230)
  const options = { kernel: powerKernel(0.7, 20), regularization: 10, diagonal: 0.3 }
  const one = await fitWhole(interactions, options, { ...quietControl, threads: 1 })
  for (const threads of [2, 5]) {
    assert.deepEqual(await fitWhole(interactions, options, { ...quietControl, threads }), one)
  }
})

test('one item over and over stays positive definite', async () => {
  const histories = Array.from({ length: 50 }, () => new Array(40).fill(0))
  const options = { kernel: powerKernel(0.5, 30), regularization: 1e-3, diagonal: 0 }
  const rows = await fitWhole(interactionsOf(histories, 1), options, control)
  const { G, C } = definition(histories, 1, options.kernel)
  assert.ok(Math.abs(rows[0] - C[0] / (G[0] + 1e-3)) < 1e-6)
})

test('nothing to learn from: every weight is 0', async () => {
  const options = { kernel: powerKernel(0.7, 60), regularization: 1, diagonal: 0 }
  for (const histories of [[], [[]], [[3], [4], []]]) {
    const rows = await fitWhole(interactionsOf(histories, 20), options, control)
    assert.deepEqual(rows, new Float32Array(400))
  }
})

test('without regularization an item without successors has no pivot', async () => {
  const interactions = interactionsOf([[0, 1, 0, 1, 2]], 3)
  await assert.rejects(
    fitWhole(interactions, { kernel: powerKernel(0.7, 1), regularization: 0, diagonal: 0.5 }, control),
    {
      name: 'Refusal',
      message:
        'The model cannot be solved: with regularization 0 and diagonal 0.5 the matrix of item pairs is not positive definite, as its pivot at item row 2 is 0; a greater regularization is needed.',
    },
  )
})

test('events that do not fit beside the matrices are refused', async () => {
  const eventCount = 360_000_000
  const bytes = denseSystemBytes({ itemCount: 10, eventCount, kernelLength: 2, threads: 2 })
  // Of an array that is refused for its length no page is ever touched.
  const interactions = { ...interactionsOf([], 10), items: new Int32Array(eventCount) }
  const options = { kernel: powerKernel(0.7, 2), regularization: 1, diagonal: 0 }
  await assert.rejects(fitWhole(interactions, options, control), {
    name: 'Refusal',
    message: `${eventCount} interactions with 10 different items need ${bytes} bytes to train on; at most ${2 ** 32} can be used.`,
  })
})

test('an abort ends every stage with its reason', async () => {
  const interactions = interactionsOf(randomHistories(seededRandom(9), 2000, 60, 900), 900)
  const options = { kernel: powerKernel(0.7, 60), regularization: 10, diagonal: 0.3 }
  const reason = new Error('no longer wanted')
  const stages = new Set<string>()
  await fitWhole(interactions, options, { ...control, progress: ({ stage }) => stages.add(stage) })
  assert.deepEqual([...stages], ['counting pairs', 'factoring', 'solving'])
  for (const wanted of stages) {
    const controller = new AbortController()
    const progress = ({ stage }: { stage: string }) => stage === wanted && controller.abort(reason)
    await assert.rejects(fitWhole(interactions, options, { threads: 2, signal: controller.signal, progress }), reason)
  }
  await assert.rejects(fitWhole(interactions, options, { ...control, signal: AbortSignal.abort(reason) }), reason)
})
