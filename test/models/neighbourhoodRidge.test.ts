import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { fitDirectionalRidge, powerKernel } from '../../src/models/directionalRidge.ts'
import { distinctItems, fitNeighbourhoodRidge } from '../../src/models/neighbourhoodRidge.ts'
import { neighbourPlanText, planNeighbours } from '../../src/models/neighbourPlan.ts'
import type { SparseRows } from '../../src/models/sparseRows.ts'
import { interactionsOf } from './toy.ts'

const control = { ...quietControl, threads: 2 }

/** Histories of 0 to `longest` events, popular items often, many of them twice. */
const randomHistories = (random: Random, users: number, longest: number, itemCount: number): number[][] =>
  Array.from({ length: users }, () =>
    Array.from({ length: random.below(longest + 1) }, () => Math.floor(itemCount * random.uniform() ** 2)),
  )

function denseOf({ offsets, items, values }: SparseRows, n: number): Float32Array {
  const dense = new Float32Array(n * n)
  for (let row = 0; row < n; row++)
    for (let at = offsets[row]; at < offsets[row + 1]; at++) dense[row * n + items[at]] = values[at]
  return dense
}

const greatestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  assert.equal(a.length, b.length)
  let greatest = 0
  for (let at = 0; at < a.length; at++) greatest = Math.max(greatest, Math.abs(a[at] - b[at]))
  return greatest
}

test('a neighbourhood of everything is the whole ridge, where every predecessor explains', async () => {
  // Every item precedes every other one, so that A is the whole catalogue.
  const n = 40
  const interactions = interactionsOf(randomHistories(seededRandom(5), 500, 60, n), n)
  const options = { kernel: powerKernel(0.7, 20), regularization: 5, diagonal: 0.3 }
  const whole = await fitDirectionalRidge(interactions, { ...options, rowLength: n }, control)
  const rows = await fitNeighbourhoodRidge(interactions, { ...options, rowLength: n }, control)
  assert.ok(greatestDifference(denseOf(rows, n), denseOf(whole, n)) < 1e-5)
})

/** The neighbourhood ridge of G and C as they are defined, in f64 by Gaussian elimination. */
function definition(histories: number[][], n: number, kernel: Float32Array, ridge: [number, number], m: number) {
  const G = Array.from({ length: n }, () => new Float64Array(n))
  const C = Array.from({ length: n }, () => new Float64Array(n))
  const together = kernel.length === 0
  for (const q of histories) {
    const sources = together
      ? [new Map([...new Set(q)].map(item => [item, 1]))]
      : q.slice(1).map((_, t) => {
          const x = new Map<number, number>()
          for (let k = 0; k < Math.min(kernel.length, t + 1); k++) x.set(q[t - k], (x.get(q[t - k]) ?? 0) + kernel[k])
          return x
        })
    for (const [t, x] of sources.entries())
      for (const [i, v] of x) {
        for (const [j, w] of x) G[i][j] += v * w
        if (!together) C[i][q[t + 1]] += v
      }
  }
  const B = new Float32Array(n * n)
  for (let j = 0; j < n; j++) {
    const cross = (i: number) => (together ? (i === j ? 0 : G[i][j]) : C[i][j])
    const ridged = (i: number) => G[i][i] + ridge[0] + ridge[1] * G[i][i]
    const A = Array.from({ length: n }, (_, i) => i)
      .filter(i => cross(i) > 0)
      .sort((a, b) => cross(b) ** 2 / ridged(b) - cross(a) ** 2 / ridged(a))
      .slice(0, m)
    const system = A.map(a => [...A.map(b => (a === b ? ridged(a) : G[a][b])), cross(a)])
    for (let k = 0; k < A.length; k++)
      for (let i = 0; i < A.length; i++) {
        if (i === k) continue
        const factor = system[i][k] / system[k][k]
        for (let x = k; x <= A.length; x++) system[i][x] -= factor * system[k][x]
      }
    for (const [k, a] of A.entries()) B[a * n + j] = system[k][A.length] / system[k][k]
  }
  return B
}

for (const [K, m] of [
  [20, 12],
  [1, 200],
  [0, 12],
  [0, 200],
])
  test(`with a kernel of ${K} places and ${m} sources it is what its definition says`, async () => {
    const n = 130
    const histories = randomHistories(seededRandom(K + m), 300, 25, n)
    const interactions = interactionsOf(histories, n)
    const kernel = powerKernel(0.7, K)
    const rows = await fitNeighbourhoodRidge(
      K === 0 ? distinctItems(interactions, n) : interactions,
      { kernel, regularization: 5, diagonal: 0.3, neighbourCount: m, rowLength: n },
      control,
    )
    assert.ok(greatestDifference(denseOf(rows, n), definition(histories, n, kernel, [5, 0.3], m)) < 1e-5)
    assert.ok(rows.values.buffer instanceof SharedArrayBuffer)
    for (let row = 0; row < n; row++) {
      const items = rows.items.subarray(rows.offsets[row], rows.offsets[row + 1])
      assert.ok(items.every((item, at) => at === 0 || item > items[at - 1]))
    }
  })

test('the same bytes for any number of threads, and rows cut to their largest entries', async () => {
  const interactions = interactionsOf(randomHistories(seededRandom(2), 400, 40, 230), 230)
  const options = { kernel: powerKernel(0.7, 20), regularization: 10, diagonal: 0.3, neighbourCount: 30 }
  const fit = (threads: number, rowLength: number) =>
    fitNeighbourhoodRidge(interactions, { ...options, rowLength }, { ...quietControl, threads })
  const one = await fit(1, 9)
  for (const threads of [2, 5]) assert.deepEqual(await fit(threads, 9), one)
  const whole = await fit(2, 230)
  for (let row = 0; row < 230; row++) {
    const magnitudes = (rows: SparseRows) =>
      Array.from(rows.values.subarray(rows.offsets[row], rows.offsets[row + 1]), Math.abs)
    const largest = magnitudes(whole).sort((a, b) => b - a)
    assert.deepEqual(
      magnitudes(one).sort((a, b) => b - a),
      largest.slice(0, 9),
    )
  }
})

test('nothing to learn from: no entries', async () => {
  const options = { kernel: powerKernel(0.7, 60), regularization: 1, diagonal: 0, rowLength: 5 }
  for (const histories of [[], [[]], [[3], [4], []]]) {
    const { offsets, items } = await fitNeighbourhoodRidge(interactionsOf(histories, 20), options, control)
    assert.deepEqual([...offsets], new Array(21).fill(0))
    assert.equal(items.length, 0)
  }
})

test('the plan of a million items and twenty million events fits the memory', () => {
  const [itemCount, userCount, length] = [1_000_000, 400_000, 50]
  const random = seededRandom(3)
  const items = Int32Array.from({ length: userCount * length }, () => Math.floor(itemCount * random.uniform() ** 3))
  const offsets = Uint32Array.from({ length: userCount + 1 }, (_, user) => user * length)
  const options = { kernel: powerKernel(0.7, 50), regularization: 50, diagonal: 0 }
  const plan = planNeighbours({ userCount, itemCount, offsets, items }, options, 2)
  assert.equal(plan.neighbourCount, 84)
  assert.ok(plan.bytes <= 2 ** 32, `${plan.bytes}`)
  assert.ok(plan.gramEntries > 100e6 && plan.gramEntries <= 178e6, `${plan.gramEntries}`)
  assert.ok(plan.pieces.length > 1)
  assert.deepEqual(
    plan.pieces.map(({ first }) => first),
    [0, ...plan.pieces.slice(0, -1).map(({ end }) => end)],
  )
})

test('an abort ends every stage with its reason', async () => {
  const interactions = interactionsOf(randomHistories(seededRandom(9), 2000, 60, 900), 900)
  const options = { kernel: powerKernel(0.7, 60), regularization: 10, diagonal: 0.3, rowLength: 50 }
  const reason = new Error('no longer wanted')
  const stages = new Set<string>()
  await fitNeighbourhoodRidge(interactions, options, { ...control, progress: ({ stage }) => stages.add(stage) })
  assert.deepEqual(
    [...stages].map(stage => stage.split(',')[0]),
    ['counting pairs', 'solving neighbourhoods'],
  )
  for (const wanted of stages) {
    const controller = new AbortController()
    const progress = ({ stage }: { stage: string }) => stage === wanted && controller.abort(reason)
    await assert.rejects(
      fitNeighbourhoodRidge(interactions, options, { threads: 2, signal: controller.signal, progress }),
      reason,
    )
  }
})

test('distinctItems keeps each item of a user once, where it occurred last, and the newest of them', () => {
  const { offsets, items } = distinctItems(interactionsOf([[1, 2, 1, 3], [], [0, 0]], 4), 2)
  assert.deepEqual([...offsets], [0, 2, 2, 3])
  assert.deepEqual([...items], [1, 3, 0])
})

test('the plan is told before the work: sources, rows, memory', async () => {
  const interactions = interactionsOf(randomHistories(seededRandom(7), 300, 20, 50), 50)
  const options = { kernel: powerKernel(0.7, 10), regularization: 5, diagonal: 0, neighbourCount: 7 }
  const plan = planNeighbours(interactions, options, 2)
  const text = `7 sources for each of 50 items from ${interactions.items.length} events, rows of up to 50: 0.0 GB`
  assert.equal(neighbourPlanText(plan, interactions), text)
  const stages: string[] = []
  const progress = ({ stage }: { stage: string }) => stages.push(stage)
  await fitNeighbourhoodRidge(interactions, { ...options, rowLength: 50 }, { ...control, progress })
  assert.equal(stages[0], `counting pairs, ${text}`)
})
