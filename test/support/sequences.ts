/**
 * A small world with a plain truth: items stand in a ring, and everybody walks it, mostly one step at a time. Whoever is at item i goes to
 * i + 1 next; nobody who looks at popularity alone can know that.
 */
import { derivedSeed, seededRandom } from '../../src/lib/random.ts'

export interface World {
  readonly users: number
  readonly items: number
  readonly events: number
}
export const smallWorld: World = { users: 60, items: 40, events: 30 }

export const itemId = (index: number, { items }: World): string => `item-${((index % items) + items) % items}`

/** CSV of everybody's walk, and where each ended. */
export function walks(world: World = smallWorld, seed = 1): { csv: string; lastItem: Map<string, number> } {
  const rows: string[] = ['ITEM_ID,TIMESTAMP,USER_ID']
  const lastItem = new Map<string, number>()
  for (let user = 0; user < world.users; user++) {
    const random = seededRandom(derivedSeed(seed, user))
    let at = random.below(world.items)
    for (let event = 0; event < world.events; event++) {
      rows.push(`${itemId(at, world)},${1_600_000_000 + user * 7 + event * 60},user-${user}`)
      lastItem.set(`user-${user}`, at)
      at = (at + (random.uniform() < 0.9 ? 1 : 2 + random.below(world.items - 2))) % world.items
    }
  }
  return { csv: `${rows.join('\n')}\n`, lastItem }
}
