/** What was done at one go: a user's events fall into baskets wherever they paused for longer than a given time. */
import type { Interactions } from './interactions.ts'

/** One row a basket instead of one a user, in the order of users and times. `gapSeconds`: the longest pause within a basket. */
export function intoBaskets(interactions: Interactions, gapSeconds: number): Interactions {
  const { userCount, offsets, times } = interactions
  const ends: number[] = [0]
  for (let user = 0; user < userCount; user++) {
    for (let at = offsets[user] + 1; at < offsets[user + 1]; at++)
      if (times[at] - times[at - 1] > gapSeconds) ends.push(at)
    if (offsets[user + 1] > offsets[user]) ends.push(offsets[user + 1])
  }
  return { ...interactions, userCount: ends.length - 1, offsets: Uint32Array.from(ends) }
}
