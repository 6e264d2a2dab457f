/** Held-out pairs of a history and the item that came next: what a pool's weights are fitted on (pool.ts). */
import { derivedSeed, seededRandom, shuffle } from '../lib/random.ts'
import { historyOf, type Interactions } from './interactions.ts'
import { ofUsers } from './splits.ts'

export interface NextItemPair {
  /** Oldest first, not empty. */
  readonly history: Int32Array
  readonly next: number
  /** ≥ 0: of the event that came next, 1 where all are alike. */
  readonly weight: number
}

/** The study's 1000 to 2000 pairs fit six weights well (design/recommenders.md §5.4). */
const PAIR_COUNT_MAX = 2000
/** Of one person: neighbouring pairs say nearly the same. */
const PAIRS_PER_USER_MAX = 4
/** Users that are learnt from less, at most: the experts should be nearly those that are fitted on everybody. */
const USER_SHARE_MAX = 0.1
/** A pair's next item is among this newest share of its user's events: as full histories as will be asked about. */
const NEWEST_SHARE = 0.2

/** One draw for all: which users are held out depends on the data alone. */
const SEED = 0

/**
 * Up to a tenth of the users, none of whose events is learnt from, and pairs from the newest fifth of each one's events, in an order of
 * chance. Users need two events to give a pair.
 */
export function holdOutPairs(interactions: Interactions): { training: Interactions; pairs: NextItemPair[] } {
  const { userCount, offsets } = interactions
  const candidates: number[] = []
  for (let user = 0; user < userCount; user++) if (offsets[user + 1] - offsets[user] >= 2) candidates.push(user)
  shuffle(candidates, seededRandom(derivedSeed(SEED, 'held-out users')))
  const users = candidates.slice(0, Math.min(PAIR_COUNT_MAX, Math.floor(candidates.length * USER_SHARE_MAX)))
  const each = Math.min(PAIRS_PER_USER_MAX, Math.ceil(PAIR_COUNT_MAX / Math.max(1, users.length)))
  const pairs = users.flatMap(user => {
    const history = historyOf(interactions, user)
    const first = Math.max(1, Math.min(history.length - 1, Math.floor(history.length * (1 - NEWEST_SHARE))))
    const places = Array.from({ length: history.length - first }, (_, i) => first + i)
    shuffle(places, seededRandom(derivedSeed(SEED, 'held-out events', user)))
    const weightAt = (place: number) => interactions.weights?.[offsets[user] + place] ?? 1
    const pairAt = (place: number) => ({
      history: history.subarray(0, place),
      next: history[place],
      weight: weightAt(place),
    })
    return places.slice(0, each).map(pairAt)
  })
  shuffle(pairs, seededRandom(derivedSeed(SEED, 'order of pairs')))
  const heldOut = new Set(users)
  const learntFrom = Uint32Array.from({ length: userCount }, (_, user) => user).filter(user => !heldOut.has(user))
  return { training: ofUsers(interactions, learntFrom), pairs: pairs.slice(0, PAIR_COUNT_MAX) }
}
