import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decidedActions, exposuresOf, joinActions, withoutActions } from '../../src/models/actionEvents.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { itemLists } from '../../src/models/splits.ts'

/** Of each user [item, time] pairs. */
export const events = (users: readonly (readonly [number, number])[][], itemCount: number): Interactions => ({
  userCount: users.length,
  itemCount,
  ...itemLists(users.map(list => Int32Array.from(list, ([item]) => item))),
  times: Float64Array.from(users.flat(), ([, time]) => time),
})

test('two lists become one by time, items first where times are equal, and the items come out again', () => {
  const items = events(
    [
      [
        [0, 10],
        [2, 20],
        [1, 30],
      ],
      [],
      [[1, 5]],
    ],
    3,
  )
  // Two actions: 0 and 1 taken, 2 and 3 shown.
  const actions = events(
    [
      [
        [1, 20],
        [2, 40],
      ],
      [[3, 1]],
      [],
    ],
    4,
  )
  const joined = joinActions(items, actions)
  assert.equal(joined.itemCount, 7)
  assert.deepEqual([...joined.offsets], [0, 5, 6, 7])
  assert.deepEqual([...joined.items], [0, 2, 4, 1, 5, 6, 1])
  assert.deepEqual([...joined.times], [10, 20, 20, 30, 40, 1, 5])
  assert.deepEqual(withoutActions(joined, 2), items)
})

test('an exposure lasts a period, succeeds by being taken in it, and knows what came strictly before', () => {
  const items = events(
    [
      [
        [0, 1],
        [1, 10],
        [0, 15],
      ],
      [[0, 3]],
    ],
    2,
  )
  const actions = events(
    [
      // Action 0: shown at 10, taken at 20 = the end of the period; shown anew at 21 and at 25, never taken. Action 1: taken at 10.
      [
        [2, 10],
        [1, 10],
        [0, 20],
        [2, 21],
        [2, 25],
      ],
      // Action 0 was open when user 0 ended: another user begins anew.
      [
        [2, 22],
        [0, 33],
      ],
    ],
    4,
  )
  const { count, users, ends, actions: of, taken } = exposuresOf(joinActions(items, actions), 2, 10)
  assert.equal(count, 5)
  assert.deepEqual([...users], [0, 0, 0, 1, 1])
  assert.deepEqual([...of], [0, 1, 0, 0, 0])
  assert.deepEqual([...taken], [1, 1, 0, 0, 1])
  // Of user 0 the event at 1 alone is before 10; at 21 there are seven before, of which none is at 21.
  assert.deepEqual([...ends], [1, 1, 6, 9, 10])
})

test('an action counts when it was taken and shown often enough, within the window before the newest event of actions', () => {
  const list = (event: number, count: number, time: number) =>
    Array.from({ length: count }, (): [number, number] => [event, time])
  // Action 0: 3 and 3 of late; 1: one of the taken too old; 2: never shown. The item at 1000 is no event of actions.
  const actions = events(
    [
      [
        ...list(1, 1, 39),
        ...list(0, 3, 40),
        ...list(3, 3, 50),
        ...list(1, 2, 60),
        ...list(4, 3, 60),
        ...list(2, 9, 140),
      ],
    ],
    6,
  )
  const joined = joinActions(events([[[0, 1000]]], 1), actions)
  assert.deepEqual([...decidedActions(joined, 3, { countMin: 3, windowSeconds: 100 })], [1, 0, 0])
  assert.deepEqual([...decidedActions(joined, 3, { countMin: 3, windowSeconds: 101 })], [1, 1, 0])
  assert.deepEqual([...decidedActions(joined, 3, { countMin: 4, windowSeconds: 1000 })], [0, 0, 0])
})
