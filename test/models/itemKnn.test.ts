import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { fitItemKnn } from '../../src/models/itemKnn.ts'
import { historiesOf, interactionsOf } from './toy.ts'

const kernel = Float32Array.of(1, 1)

test('cosine of the users in common, shrunk, zero on the diagonal', () => {
  const data = interactionsOf([[0, 1], [0, 1, 1], [0], [2]])
  const { rows, itemCount } = fitItemKnn(data, { kernel, neighbourCount: 10, shrinkage: 2 }, quietControl)
  assert.equal(itemCount, 3)
  const both = Math.fround(2 / (Math.sqrt(3 * 2) + 2))
  assert.deepEqual([...rows!], [0, both, 0, both, 0, 0, 0, 0, 0])
})

test('agrees with the definition on random data, and each target keeps its nearest sources', () => {
  const random = seededRandom(11)
  const histories = Array.from({ length: 60 }, () =>
    Array.from({ length: 1 + random.below(9) }, () => random.below(20)),
  )
  const data = interactionsOf(histories, 20)
  const neighbourCount = 6
  const { rows } = fitItemKnn(data, { kernel, neighbourCount, shrinkage: 1.5 }, quietControl)
  const users = (item: number) =>
    new Set(historiesOf(data).flatMap((history, user) => (history.includes(item) ? [user] : [])))
  for (let target = 0; target < 20; target++) {
    const similarity = Array.from({ length: 20 }, (_, source) =>
      source === target
        ? 0
        : Math.fround(
            users(source).intersection(users(target)).size / (Math.sqrt(users(source).size * users(target).size) + 1.5),
          ),
    )
    const nearest = [...similarity.keys()]
      .sort((a, b) => similarity[b] - similarity[a] || a - b)
      .slice(0, neighbourCount)
    for (let source = 0; source < 20; source++)
      assert.equal(
        rows![source * 20 + target],
        nearest.includes(source) ? similarity[source] : 0,
        `${source} → ${target}`,
      )
  }
})

test('an aborted fit rejects with the reason', () => {
  const reason = new Error('not wanted any more')
  const control = { ...quietControl, signal: AbortSignal.abort(reason) }
  assert.throws(
    () => fitItemKnn(interactionsOf([[0, 1]]), { kernel, neighbourCount: 1, shrinkage: 0 }, control),
    reason,
  )
})
