import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lowRankBytes } from '../../src/models/lowRankMemory.ts'
import { type Histories, planLowRank, planText } from '../../src/models/lowRankPlan.ts'

/** People with equally many events; nothing is read of those but how many there are. */
const people = (userCount: number, eventCount: number, itemCount: number): Histories => ({
  userCount,
  itemCount,
  offsets: Uint32Array.from({ length: userCount + 1 }, (_, user) => user * eventCount),
  items: { length: userCount * eventCount } as Int32Array,
})
const options = { kernelCount: 2, rank: 149, threads: 2, walks: 17 }

test('what fits is done with all events and all threads', () => {
  const plan = planLowRank(people(6040, 165, 3416), options)
  assert.deepEqual(plan.size, {
    userCount: 6040,
    itemCount: 3416,
    eventCount: 6040 * 165,
    longest: 165,
    kernelCount: 2,
    blockCount: 10,
    threads: 2,
  })
  assert.equal(plan.users, undefined)
  assert.equal(plan.bytes, lowRankBytes(plan.size))
  assert.equal(planText(plan), '160 directions of 3416 items from 996600 events: 0.0 GB, 2 threads, about 2 s')
})

test('the documented caps of items and interactions have a way, with fewer threads or fewer users', () => {
  const million = planLowRank(people(400_000, 50, 750_000), options)
  assert.equal(million.size.threads, 2)
  assert.equal(million.users, undefined)
  assert.ok(million.bytes < 3e9)
  assert.ok(million.seconds < 300)

  const crowd = planLowRank(people(400_000, 50, 750_000), { ...options, threads: 64 })
  assert.ok(crowd.size.threads > 2 && crowd.size.threads < 64)
  assert.ok(crowd.bytes <= 2 ** 32)

  const half = planLowRank(people(500_000, 1000, 750_000), options)
  assert.equal(half.size.threads, 2)
  assert.equal(half.size.userCount, 250_000)
  assert.deepEqual(half.users?.subarray(0, 3), Uint32Array.of(0, 2, 4))
  assert.equal(
    planText(half),
    '160 directions of 750000 items from 250000000 events of 250000 users: 3.5 GB, 2 threads, about 1593 s',
  )
})

test('threads beyond the blocks do not make it faster', () => {
  const [ten, fifty] = [10, 50].map(threads => planLowRank(people(6040, 165, 3416), { ...options, threads }))
  assert.equal(ten.seconds, fifty.seconds)
})
