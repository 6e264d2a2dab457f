/**
 * What users did with items and with actions, as one list of events a user, over n items and A actions:
 *
 *   0 … n - 1           an event with an item
 *   n … n + A - 1       an action that was taken
 *   n + A … n + 2A - 1  an action that was shown, or turned down
 *
 * and what there is to learn from it. An exposure begins when a user meets an action, by whatever event, and lasts a period; it succeeds
 * when the action is taken within it. Events of the same user and action within the period belong to it. One whose period has not ended yet
 * counts as it stands (the attribution window of response prediction: Chapelle, Manavoglu and Rosales 2014, §3).
 */
import { assert } from '../lib/assert.ts'
import type { Interactions } from './interactions.ts'

/** The two lists of each user as one, by time; of equal times what was done with items is first. Both have the same users. */
export function joinActions(interactions: Interactions, events: Interactions): Interactions {
  const { userCount, itemCount } = interactions
  assert(events.userCount === userCount, 'both have the same users')
  const offsets = new Uint32Array(userCount + 1)
  const count = interactions.items.length + events.items.length
  const [items, times] = [new Int32Array(count), new Float64Array(count)]
  let at = 0
  for (let user = 0; user < userCount; user++) {
    let [i, j] = [interactions.offsets[user], events.offsets[user]]
    const [iEnd, jEnd] = [interactions.offsets[user + 1], events.offsets[user + 1]]
    while (i < iEnd || j < jEnd) {
      const isItem = j === jEnd || (i < iEnd && interactions.times[i] <= events.times[j])
      items[at] = isItem ? interactions.items[i] : itemCount + events.items[j]
      times[at++] = isItem ? interactions.times[i++] : events.times[j++]
    }
    offsets[user + 1] = at
  }
  return { userCount, itemCount: itemCount + events.itemCount, offsets, items, times }
}

/** What was done with items, of a joined list: the opposite of `joinActions`. */
export function withoutActions(joined: Interactions, actionCount: number): Interactions {
  if (actionCount === 0) return joined
  const { userCount } = joined
  const itemCount = joined.itemCount - 2 * actionCount
  const count = joined.items.reduce((sum, item) => sum + (item < itemCount ? 1 : 0), 0)
  const offsets = new Uint32Array(userCount + 1)
  const [items, times] = [new Int32Array(count), new Float64Array(count)]
  let kept = 0
  for (let user = 0; user < userCount; user++) {
    for (let at = joined.offsets[user]; at < joined.offsets[user + 1]; at++) {
      if (joined.items[at] >= itemCount) continue
      items[kept] = joined.items[at]
      times[kept++] = joined.times[at]
    }
    offsets[user + 1] = kept
  }
  return { userCount, itemCount, offsets, items, times }
}

/** In order of users, and of their beginnings. */
export interface Exposures {
  readonly count: number
  readonly users: Uint32Array
  /** Whatever the user did strictly before it is at [offsets[user], ends[i]) of the joined events. */
  readonly ends: Uint32Array
  readonly actions: Uint32Array
  /** 1: the action was taken within the period. */
  readonly taken: Uint8Array
}

export function exposuresOf(joined: Interactions, actionCount: number, periodSeconds: number): Exposures {
  const { userCount, offsets, items, times } = joined
  const itemCount = joined.itemCount - 2 * actionCount
  const all = items.reduce((sum, item) => sum + (item >= itemCount ? 1 : 0), 0)
  const [users, ends, actions] = [new Uint32Array(all), new Uint32Array(all), new Uint32Array(all)]
  const taken = new Uint8Array(all)
  const begun = new Float64Array(actionCount)
  const last = new Int32Array(actionCount).fill(-1)
  let count = 0
  for (let user = 0; user < userCount; user++) {
    const first = count
    let before = offsets[user]
    for (let at = offsets[user]; at < offsets[user + 1]; at++) {
      if (times[at] > times[before]) before = at
      if (items[at] < itemCount) continue
      const action = (items[at] - itemCount) % actionCount
      const goesOn = last[action] >= first && times[at] <= begun[action] + periodSeconds
      if (!goesOn) {
        last[action] = count
        begun[action] = times[at]
        users[count] = user
        ends[count] = before
        actions[count++] = action
      }
      if (items[at] < itemCount + actionCount) taken[last[action]] = 1
    }
  }
  const cut = <T extends Uint32Array | Uint8Array>(list: T) => list.slice(0, count) as T
  return { count, users: cut(users), ends: cut(ends), actions: cut(actions), taken: cut(taken) }
}

/**
 * u8[actionCount]: 1 for an action that was taken at least `countMin` times, and shown or turned down as often, within `windowSeconds` before
 * the newest event of any action.
 */
export function decidedActions(
  { itemCount: all, items, times }: Interactions,
  actionCount: number,
  { countMin, windowSeconds }: { countMin: number; windowSeconds: number },
): Uint8Array {
  const itemCount = all - 2 * actionCount
  let newest = Number.NEGATIVE_INFINITY
  for (let at = 0; at < items.length; at++) if (items[at] >= itemCount) newest = Math.max(newest, times[at])
  const counts = new Uint32Array(2 * actionCount)
  for (let at = 0; at < items.length; at++)
    if (items[at] >= itemCount && times[at] >= newest - windowSeconds) counts[items[at] - itemCount]++
  return Uint8Array.from({ length: actionCount }, (_, action) =>
    Math.min(counts[action], counts[actionCount + action]) >= countMin ? 1 : 0,
  )
}
