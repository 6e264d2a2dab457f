/** Made-up interactions: users with equally many events, items by Zipf's law, half of the events near the one before. */
import { seededRandom } from '../../src/lib/random.ts'
import type { Interactions } from '../../src/models/interactions.ts'

export function generated({
  userCount,
  itemCount,
  eventCount,
}: {
  readonly userCount: number
  readonly itemCount: number
  /** Of each user. */
  readonly eventCount: number
}): Interactions {
  const random = seededRandom(1)
  const items = new Int32Array(userCount * eventCount)
  for (let at = 0; at < items.length; at++) {
    const follows = at % eventCount > 0 && random.below(2) === 0
    items[at] = follows
      ? (items[at - 1] + 1 + random.below(20)) % itemCount
      : Math.floor(itemCount ** random.uniform()) - 1
  }
  const offsets = Uint32Array.from({ length: userCount + 1 }, (_, user) => user * eventCount)
  return { userCount, itemCount, offsets, items, times: Float64Array.from(items.keys()) }
}
