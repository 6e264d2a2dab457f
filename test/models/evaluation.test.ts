import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietControl } from '../../src/lib/work.ts'
import { calibrate, evaluateRanking } from '../../src/models/evaluation.ts'
import type { DenseModel } from '../../src/models/historyModel.ts'
import { metricsCollector } from '../../src/models/metrics.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { listAt, splitByUsers } from '../../src/models/splits.ts'
import { plainRanker, walks } from './toy.ts'

const itemCount = 60
const data = walks({ userCount: 900, itemCount, eventCount: 30 })

/** Knows that i + 1 follows i and nothing more. */
const walker: DenseModel = {
  form: 'dense',
  itemCount,
  kernel: Float32Array.of(1),
  rows: Float32Array.from({ length: itemCount ** 2 }, (_, at) =>
    (Math.floor(at / itemCount) + 1) % itemCount === at % itemCount ? 1 : 0,
  ),
  prior: new Float32Array(itemCount),
  sharpness: 1,
}

test('ranking in blocks gives the metrics of ranking one by one', async () => {
  const { test } = splitByUsers(data, 1)
  assert.equal(test.userCount, 90)
  const options = { itemCount, catalogueItemCount: 80, withoutInputItems: false }
  const collector = metricsCollector(80)
  for (let user = 0; user < test.userCount; user++) {
    const scores = plainScores(walker, listAt(test.inputs, user))
    const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b)
    collector.add(order.slice(0, 25), new Set(listAt(test.truths, user)))
  }
  assert.deepEqual(await evaluateRanking(plainRanker(walker), test, options, quietControl), collector.result())
})

test('items of the input are recommended, unless the protocol says otherwise', async () => {
  const { test } = splitByUsers(data, 1)
  const seenOf = new Map(Array.from({ length: test.userCount }, (_, user) => [`${listAt(test.inputs, user)}`, user]))
  const ranked: number[][] = []
  const ranker = plainRanker(walker)
  const watching = {
    ...ranker,
    rank(block: Parameters<typeof ranker.rank>[0]) {
      const result = ranker.rank(block)
      for (let query = 0; query < block.count; query++) {
        const user = seenOf.get(`${listAt(block, query)}`)!
        const seen = new Set(listAt(test.inputs, user))
        const list = result.items.subarray(query * block.k, query * block.k + result.counts[query])
        ranked.push([...list].filter(item => seen.has(item)))
      }
      return result
    },
  }
  await evaluateRanking(watching, test, { itemCount, catalogueItemCount: 80, withoutInputItems: false }, quietControl)
  assert.ok(ranked.some(seen => seen.length > 0))
  ranked.length = 0
  await evaluateRanking(watching, test, { itemCount, catalogueItemCount: 80, withoutInputItems: true }, quietControl)
  assert.equal(ranked.length, test.userCount)
  assert.ok(ranked.every(seen => seen.length === 0))
})

test('a catalogue of fewer items than the longest cut-off is ranked whole', async () => {
  const small = walks({ userCount: 20, itemCount: 7, eventCount: 10 })
  const model = { ...walker, itemCount: 7, rows: new Float32Array(49), prior: new Float32Array(7) }
  const { test } = splitByUsers(small, 1)
  const options = { itemCount: 7, catalogueItemCount: 7, withoutInputItems: false }
  const { service } = await evaluateRanking(plainRanker(model), test, options, quietControl)
  assert.equal(service.coverage, 1)
  assert.equal(service.precision_at_25, 1 / 25)
})

test('calibrated probabilities are the frequencies: the walker is right nine times of ten', async () => {
  const { test } = splitByUsers(data, 1)
  const sharpness = await calibrate(plainRanker(walker), itemCount, test, quietControl)
  const step = Math.exp(sharpness) / (Math.exp(sharpness) + itemCount - 1)
  assert.ok(step > 0.85 && step < 0.94, `${step}`)
})

test('progress is reported in users, and an abort between two blocks rejects with the reason', async () => {
  const { test } = splitByUsers(data, 1)
  const reason = new Error('not wanted any more')
  const controller = new AbortController()
  const reports: unknown[] = []
  const control = {
    signal: controller.signal,
    progress(report: { done: number }) {
      reports.push(report)
      if (report.done > 0) controller.abort(reason)
    },
  }
  const options = { itemCount, catalogueItemCount: 80, withoutInputItems: false }
  await assert.rejects(evaluateRanking(plainRanker(walker), test, options, control), reason)
  assert.deepEqual(reports, [
    { stage: 'ranking for test users', done: 0, total: 90, unit: 'users' },
    { stage: 'ranking for test users', done: 64, total: 90, unit: 'users' },
  ])
})
