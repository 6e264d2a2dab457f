import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { fitEase } from '../../src/models/ease.ts'
import { distinctItems } from '../../src/models/neighbourhoodRidge.ts'
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
