/** Against plain scores. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietControl } from '../../src/lib/work.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { itemLists } from '../../src/models/splits.ts'
import { meanTarget, targetOf, userAffinities } from '../../src/models/userAffinity.ts'
import { factorModel } from './forms.ts'

const model = factorModel(5, 20, 6)
const lists = [[], [3], [4, 4, 19], [1, 2, 3, 4, 5, 6]]
const histories = itemLists(lists.map(list => Int32Array.from(list)))

test('the score of each user, times the root of the events that count where it is positive', async () => {
  const items = [0, 7, 19]
  const found = await userAffinities(
    model,
    histories,
    items.map(item => targetOf(model, item)),
    quietControl,
  )
  for (const [i, item] of items.entries()) {
    for (const [user, list] of lists.entries()) {
      const score = list.length === 0 ? 0 : plainScores(model, list)[item]
      const expected = score > 0 ? score * Math.sqrt(Math.min(3, list.length)) : score
      assert.ok(Math.abs(found[i][user] - expected) <= 1e-5 * Math.max(1, Math.abs(expected)))
    }
  }
})

test('targets are asked about in groups where the table would be too large, with the same bits', async () => {
  const targets = [0, 7, 19, 3, 12].map(item => targetOf(model, item))
  const whole = await userAffinities(model, histories, targets, quietControl)
  for (const bytes of [1, 2 * 4 * model.kernels.length * model.itemCount])
    assert.deepEqual(await userAffinities(model, histories, targets, quietControl, bytes), whole)
})

test('the mean target scores as the mean of its items', async () => {
  const items = [2, 5, 11]
  const [of, ...each] = await userAffinities(
    model,
    histories,
    [meanTarget(model, items), ...items.map(item => targetOf(model, item))],
    quietControl,
  )
  const history = lists[3]
  const scores = plainScores(model, history)
  const mean = items.reduce((sum, item) => sum + scores[item], 0) / items.length
  assert.ok(Math.abs(of[3] - (mean > 0 ? mean * Math.sqrt(3) : mean)) < 1e-5)
  assert.equal(each.length, 3)
})

test('an abort stops it', async () => {
  const reason = new Error('not wanted')
  await assert.rejects(userAffinities(model, histories, [], { signal: AbortSignal.abort(reason) }), reason)
})
