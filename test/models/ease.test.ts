import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { fitEase, TOGETHER } from '../../src/models/ease.ts'
import { distinctItems, fitNeighbourhoodRidge } from '../../src/models/neighbourhoodRidge.ts'
import { interactionsOf } from './toy.ts'

const control = { ...quietControl, threads: 2 }

test('every item from the others: the inverse by its definition', async () => {
  const random = seededRandom(6)
  const n = 70
  const histories = Array.from({ length: 200 }, () =>
    Array.from({ length: random.below(25) }, () => Math.floor(n * random.uniform() ** 2)),
  )
  const [regularization, diagonal] = [7, 0.2]
  const rows = await fitEase(
    distinctItems(interactionsOf(histories, n), n),
    { regularization, diagonal, rowLength: n },
    control,
  )

  const G = Array.from({ length: n }, () => new Float64Array(2 * n))
  for (const history of histories) for (const a of new Set(history)) for (const b of new Set(history)) G[a][b]++
  for (let i = 0; i < n; i++) {
    G[i][i] += regularization + diagonal * G[i][i]
    G[i][n + i] = 1
  }
  for (let k = 0; k < n; k++) {
    const pivot = G[k][k]
    for (let j = 0; j < 2 * n; j++) G[k][j] /= pivot
    for (let i = 0; i < n; i++) {
      const factor = i === k ? 0 : G[i][k]
      if (factor !== 0) for (let j = 0; j < 2 * n; j++) G[i][j] -= factor * G[k][j]
    }
  }
  for (let i = 0; i < n; i++) {
    const row = new Float64Array(n)
    for (let at = rows.offsets[i]; at < rows.offsets[i + 1]; at++) row[rows.items[at]] = rows.values[at]
    for (let j = 0; j < n; j++) {
      const expected = i === j ? 0 : -G[i][n + j] / G[j][n + j]
      assert.ok(Math.abs(row[j] - expected) < 1e-5, `B[${i}][${j}] is ${row[j]}, not ${expected}`)
    }
  }
})

test('events with weights: each target by its weights from the other items, over all pairs and over neighbourhoods', async () => {
  const random = seededRandom(7)
  const n = 30
  const histories = Array.from({ length: 150 }, () =>
    Array.from({ length: random.below(14) }, () => Math.floor(n * random.uniform() ** 2)),
  )
  const interactions = interactionsOf(histories, n)
  const weights = Float32Array.from(interactions.items, () => random.below(3) / 2)
  const ridge = { regularization: 5, diagonal: 0.2, rowLength: n }
  const distinct = distinctItems({ ...interactions, weights }, n)
  const rows = await fitEase(distinct, ridge, control)
  const near = await fitNeighbourhoodRidge(distinct, { ...ridge, kernel: TOGETHER, neighbourCount: n }, control)

  // Y is what somebody has of an item at most.
  const [X, Y] = [0, 1].map(() => Array.from(histories, () => new Float64Array(n)))
  for (const [user, history] of histories.entries())
    for (const [place, item] of history.entries()) {
      X[user][item] = 1
      Y[user][item] = Math.max(Y[user][item], weights[interactions.offsets[user] + place])
    }
  const entry = ({ offsets, items, values }: typeof rows, i: number, j: number) => {
    for (let at = offsets[i]; at < offsets[i + 1]; at++) if (items[at] === j) return values[at]
    return 0
  }
  /** Of target j the weights of these sources. */
  const solved = (j: number, others: readonly number[]) => {
    const system = others.map(a => [
      ...others.map(b => X.reduce((sum, row) => sum + row[a] * row[b], 0)),
      X.reduce((sum, row, user) => sum + row[a] * Y[user][j], 0),
    ])
    for (const [k, row] of system.entries()) row[k] += ridge.regularization + ridge.diagonal * row[k]
    for (const [k, pivot] of system.entries())
      for (const row of system) {
        if (row === pivot) continue
        const factor = row[k] / pivot[k]
        for (let at = k; at < row.length; at++) row[at] -= factor * pivot[at]
      }
    return system.map((row, place) => row[others.length] / row[place])
  }
  for (let j = 0; j < n; j++) {
    const others = Array.from({ length: n }, (_, i) => i).filter(i => i !== j)
    // A neighbourhood has no source that nothing of the target is with.
    const neighbours = others.filter(i => X.some((row, user) => row[i] * Y[user][j] > 0))
    for (const [found, sources] of [
      [rows, others],
      [near, neighbours],
    ] as const) {
      for (const [place, expected] of solved(j, sources).entries()) {
        const own = entry(found, sources[place], j)
        assert.ok(Math.abs(own - expected) < 1e-4, `B[${sources[place]}][${j}] is ${own}, not ${expected}`)
      }
      assert.equal(entry(found, j, j), 0)
    }
  }
})
