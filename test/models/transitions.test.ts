import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { fitTransitions, lagKernel } from '../../src/models/transitions.ts'
import { historiesOf, interactionsOf } from './toy.ts'

const { signal } = new AbortController()

/** B as the definition has it, dense. */
function transitionsOf(
  histories: readonly number[][],
  itemCount: number,
  lag: number,
  λ: number,
  weights?: Float32Array,
) {
  const sums = Array.from({ length: itemCount }, () => new Array<number>(itemCount).fill(0))
  const sources = new Array<number>(itemCount).fill(0)
  let event = 0
  for (const history of histories) {
    for (const [t, next] of history.entries()) {
      const source = history[t - lag]
      if (t >= lag) {
        sources[source]++
        sums[source][next] += weights ? weights[event] : 1
      }
      event++
    }
  }
  return sums.map((row, i) => row.map(sum => Math.fround(sum / (sources[i] + λ))))
}

const random = seededRandom(5)
const itemCount = 12
const histories = Array.from({ length: 60 }, () =>
  Array.from({ length: random.below(9) }, () => Math.min(random.below(itemCount), random.below(itemCount))),
)

for (const lag of [1, 2, 3, 8])
  for (const weighted of [false, true])
    test(`what follows ${lag} later${weighted ? ', by weights' : ''}, as the definition has it`, async () => {
      const plain = interactionsOf(histories, itemCount + 1) // and an item that nobody has
      const weights = weighted ? Float32Array.from(plain.items, () => 4 * random.uniform()) : undefined
      const sequences = weights ? { ...plain, weights } : plain
      const expected = transitionsOf(historiesOf(plain), itemCount + 1, lag, 2.5, weights)
      const rows = await fitTransitions(sequences, { lag, regularization: 2.5, rowLength: 100 }, signal)
      const dense = expected.map(row => row.map(() => 0))
      for (let item = 0; item <= itemCount; item++) {
        const named = rows.items.subarray(rows.offsets[item], rows.offsets[item + 1])
        assert.deepEqual(
          [...named],
          [...new Set(named)].toSorted((a, b) => a - b),
        )
        for (let at = rows.offsets[item]; at < rows.offsets[item + 1]; at++)
          dense[item][rows.items[at]] = rows.values[at]
      }
      assert.deepEqual(dense, expected)
    })

test('of a row the largest stay, of equal ones the lower items', async () => {
  const sequences = interactionsOf([
    [0, 3],
    [0, 3],
    [0, 1],
    [0, 2],
    [0, 4],
  ])
  const rows = await fitTransitions(sequences, { lag: 1, regularization: 5, rowLength: 2 }, signal)
  assert.deepEqual([...rows.items], [1, 3])
  assert.deepEqual([...rows.values], [Math.fround(0.1), Math.fround(0.2)])
  assert.ok(rows.values.buffer instanceof SharedArrayBuffer)
})

test('nobody has anything that late', async () => {
  const rows = await fitTransitions(interactionsOf([[0, 1], [2]]), { lag: 2, regularization: 1, rowLength: 5 }, signal)
  assert.deepEqual([...rows.offsets], [0, 0, 0, 0])
  assert.equal(rows.items.length, 0)
})

test('a lag has a kernel that looks at one event', () => {
  assert.deepEqual([...lagKernel(1)], [1])
  assert.deepEqual([...lagKernel(3)], [0, 0, 1])
})

test('an abort ends it with its reason', async () => {
  const reason = new Error('no longer wanted')
  const sequences = interactionsOf(histories, itemCount)
  const options = { lag: 1, regularization: 1, rowLength: 5 }
  await assert.rejects(fitTransitions(sequences, options, AbortSignal.abort(reason)), reason)
})
