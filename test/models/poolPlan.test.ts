/** What a pool takes is known before it is fitted, and what is fitted can be ranked by. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MEMORY_BYTES_MAX } from '../../src/kernels/load.ts'
import { POOL_GROUP } from '../../src/kernels/parameters.ts'
import { poolBytes } from '../../src/kernels/poolMemory.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import type { ExpertDesign } from '../../src/models/experts.ts'
import { planPool, planText, rankable } from '../../src/models/poolPlan.ts'
import { cutToRoom, type SparseRows } from '../../src/models/sparseRows.ts'
import { poolModel } from './forms.ts'

const { signal } = new AbortController()

const designs = (count: number, length = 250): ExpertDesign[] =>
  Array.from({ length: count }, (_, f) => ({
    name: `expert ${f}`,
    kind: f === 1 ? 'together' : 'directional',
    kernel: new Float32Array(length).fill(1),
    regularization: 1,
    diagonal: 0,
  }))

const plan = (itemCount: number, experts: ExpertDesign[], threads = 2, eventCount = 1_000_000) =>
  planPool(
    { userCount: eventCount / 25, itemCount, items: new Int32Array(eventCount) },
    { experts, fitted: [...experts, ...experts] },
    threads,
  )

test('a usual catalogue keeps every entry, and the plan says what it takes', () => {
  const planned = plan(3416, designs(4))
  assert.ok(planned.groupCountMax > 3416 * 50)
  assert.equal(planText(planned), '4 experts of 3416 items: at most 0.0 GB to rank by, about 9 s to fit')
  assert.match(
    planText(plan(200_000, designs(1))),
    /^1 expert of 200000 items: at most 0\.6 GB to rank by, about \d+ s/,
  )
})

test('a million items and five experts leave room for less than all entries, which can be ranked by in many threads', () => {
  const kernelLengths = new Array<number>(5).fill(250)
  const { groupCountMax, bytes } = plan(1_000_000, designs(5))
  assert.deepEqual([groupCountMax * POOL_GROUP < 400e6, bytes <= MEMORY_BYTES_MAX], [true, true])
  assert.equal(plan(1_000_000, designs(5), 7).groupCountMax, groupCountMax)
  const size = { itemCount: 1_000_000, kernelLengths }
  assert.ok(poolBytes(size, 5 * groupCountMax, 16) <= MEMORY_BYTES_MAX)
  assert.ok(poolBytes(size, 5 * (groupCountMax + 1), 16) > MEMORY_BYTES_MAX - 1024)
})

test('the documented five million items can be ranked by; where eight entries an item do not fit, training says so at once', () => {
  assert.ok(plan(5_000_000, designs(5)).groupCountMax >= 5_000_000)
  assert.throws(
    () => plan(15_000_000, designs(5)),
    new Refusal(
      'A pool of 5 experts for 15000000 items cannot be ranked by: 5941886976 bytes of memory are needed at least; at most 4294967296 can be used.',
    ),
  )
})

/** Rows of these lengths: entry x of a row is item x, its value ± 1 / (x + 1). */
function rowsOf(lengths: readonly number[]): SparseRows {
  const offsets = new Uint32Array(lengths.length + 1)
  for (const [row, length] of lengths.entries()) offsets[row + 1] = offsets[row] + length
  const items = Int32Array.from(lengths.flatMap(length => Array.from({ length }, (_, x) => x)))
  return { offsets, items, values: Float32Array.from(items, x => (x % 2 === 0 ? 1 : -1) / (x + 1)) }
}

const lengthsOf = ({ offsets }: SparseRows) => Array.from(offsets.subarray(1), (end, row) => end - offsets[row])

test('long rows are cut to as many whole groups as all can have, short ones stay', async () => {
  const lengths = [40, 3, 0, 17, 40, ...new Array<number>(35).fill(1)]
  const rows = rowsOf(lengths)
  const groups = (count: number) => lengths.reduce((sum, each) => sum + Math.ceil(Math.min(each, count) / 8), 0)
  const cut = (groupCountMax: number) => cutToRoom(rows, { group: 8, groupCountMax }, signal)
  assert.equal(await cut(groups(40)), rows)
  for (const count of [8, 16, 24, 32]) {
    for (const more of [0, groups(count + 8) - groups(count) - 1]) {
      const fitting = await cut(groups(count) + more)
      assert.deepEqual(
        lengthsOf(fitting),
        lengths.map(each => Math.min(each, count)),
      )
      // The largest are the first, and they stay in the order of items.
      assert.deepEqual(fitting.items.subarray(0, count), rows.items.subarray(0, count))
      assert.deepEqual(fitting.values.subarray(0, count), rows.values.subarray(0, count))
    }
  }
  await assert.rejects(cut(groups(8) - 1), { message: 'there is room for a group of every row' })
})

test('a model that can be ranked by stays as it is', async () => {
  const model = poolModel(1, 30, 'log')
  assert.deepEqual(await rankable(model, signal), model)
})
