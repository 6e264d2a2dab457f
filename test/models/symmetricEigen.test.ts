import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { symmetricEigen } from '../../src/models/symmetricEigen.ts'

/** A·v = value·v and vᵀw = 0 or 1, to a multiple of ‖A‖·ε; values descending; the same trace. */
function check(matrix: Float64Array, n: number): void {
  const { values, vectors } = symmetricEigen(matrix, n)
  const norm = Math.max(...matrix.map(Math.abs)) * n
  let trace = 0
  for (let v = 0; v < n; v++) {
    trace += matrix[v * n + v] - values[v]
    assert.ok(v === 0 || values[v] <= values[v - 1])
    for (let i = 0; i < n; i++) {
      let [image, product] = [0, 0]
      for (let j = 0; j < n; j++) {
        image += matrix[i * n + j] * vectors[v * n + j]
        product += vectors[v * n + j] * vectors[i * n + j]
      }
      assert.ok(Math.abs(image - values[v] * vectors[v * n + i]) <= 1e-13 * norm)
      assert.ok(Math.abs(product - (i === v ? 1 : 0)) <= 1e-12)
    }
  }
  assert.ok(Math.abs(trace) <= 1e-13 * n * norm)
}

const symmetric = (n: number, value: (i: number, j: number) => number): Float64Array => {
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = value(i, j)
  return matrix
}

test('random matrices of many orders', () => {
  const random = seededRandom(3)
  for (const n of [1, 2, 3, 4, 5, 16, 47, 96]) check(symmetric(n, random.normal), n)
})

test('zero, the identity, equal and opposite values, a single off-diagonal, blocks that know nothing of each other', () => {
  check(new Float64Array(25), 5)
  check(
    symmetric(7, (i, j) => (i === j ? 1 : 0)),
    7,
  )
  check(
    symmetric(6, (i, j) => (i + j === 5 ? 2 : 0)),
    6,
  )
  check(
    symmetric(4, (i, j) => (i === 3 && j === 0 ? 1e-8 : i === j ? i : 0)),
    4,
  )
  check(
    symmetric(20, (i, j) => (i < 10 === j < 10 ? 1 / (1 + i + j) : 0)),
    20,
  )
})

test('matrices of low rank, and of values of very different size', () => {
  const random = seededRandom(4)
  const factor = Float64Array.from({ length: 3 * 40 }, random.normal)
  const product = (i: number, j: number) => [0, 1, 2].reduce((sum, k) => sum + factor[3 * i + k] * factor[3 * j + k], 0)
  check(symmetric(40, product), 40)
  check(
    symmetric(30, (i, j) => 10 ** -(i + j) * (1 + 0.1 * random.uniform())),
    30,
  )
})

test('a matrix with a value that is no number is our own mistake', () => {
  assert.throws(() => symmetricEigen(Float64Array.of(1, Number.NaN, 0, 1), 2), { name: 'AssertionError' })
})
