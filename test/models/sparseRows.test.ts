import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { cutRows, largestOfRows } from '../../src/models/sparseRows.ts'

const { signal } = new AbortController()

test('of each row the entries of largest magnitude, of equal ones the lower items, never a zero', async () => {
  const dense = Float32Array.of(3, -4, 0, 1, 2, -2, 2, 2, 0, 0, 0, 7, 1, 1, 1, 1)
  const { offsets, items, values } = await largestOfRows(dense, 4, 2, signal)
  assert.deepEqual([...offsets], [0, 2, 4, 5, 7])
  assert.deepEqual([...items], [0, 1, 0, 1, 3, 0, 1])
  assert.deepEqual([...values], [3, -4, 2, -2, 7, 1, 1])
})

test('the same as sorting, for rows of every kind', async () => {
  const random = seededRandom(4)
  const n = 83
  const dense = Float32Array.from({ length: n * n }, (_, at) =>
    at < 20 * n ? random.normal() : at < 40 * n ? random.below(4) - 1 : (at % n) * (at % 2 === 0 ? 1 : -1),
  )
  for (const count of [1, 2, 17, n - 1, n, n + 5]) {
    const { offsets, items } = await largestOfRows(dense, n, count, signal)
    for (let row = 0; row < n; row++) {
      const size = (item: number) => Math.abs(dense[row * n + item])
      const expected = Array.from({ length: n }, (_, item) => item)
        .filter(item => size(item) > 0)
        .sort((a, b) => size(b) - size(a) || a - b)
        .slice(0, count)
        .sort((a, b) => a - b)
      assert.deepEqual([...items.subarray(offsets[row], offsets[row + 1])], expected)
    }
  }
})

test('an abort stops it with its reason', async () => {
  const aborted = AbortSignal.abort(new Error('no longer wanted'))
  await assert.rejects(largestOfRows(new Float32Array(4), 2, 1, aborted), aborted.reason)
  const row = () => ({ items: new Int32Array(), values: new Float32Array() })
  const empty = await cutRows({ itemCount: 0, entryCount: 0, count: 1, row }, signal)
  assert.deepEqual([...empty.offsets], [0])
})
