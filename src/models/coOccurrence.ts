/**
 * Items by how many people, or baskets, they have in common, discounted by how common the other item is by itself:
 *
 *   similarity(i → j) = c(i, j) / (n(i) · n(j)^d),   c(i, j) those who have both, n(i) those who have i
 *
 * d = 0 counts companions whatever else they go with, so that what is popular leads; d = 1 asks what share of those who have j have i too,
 * whatever j's popularity; d = .5 orders like the cosine. Pairs in fewer hands than `countMin` are chance and left out.
 *
 * Source: Deshpande and Karypis 2004, §4.2.2, eq. 4 (conditional probability with its discount α); the cosine is Sarwar et al. 2001, §3.1.1.
 */
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import { historyOf, type Interactions } from './interactions.ts'
import { inTurns } from './pairCounts.ts'
import { cutRows, type SparseRow, type SparseRows } from './sparseRows.ts'
import type { ItemLists } from './splits.ts'

export interface CoOccurrenceOptions {
  /** d, 0 to 1. */
  readonly popularityDiscount: number
  /** At least this many have both; 0 and 1 are the same. */
  readonly countMin: number
  /** The most entries of a row: the greatest. */
  readonly rowLength: number
  /** Items that are left out are in nobody's hands; absent: all count. */
  readonly counts?: (item: number) => boolean
}

/** Users between two turns of the event loop. */
const USERS_PER_TURN = 1 << 14

/** Time Σ_u |items of u|², memory 12 bytes an event and 8 an entry. Rejects with `signal.reason` when aborted. */
export async function fitCoOccurrence(
  interactions: Interactions,
  { popularityDiscount, countMin, rowLength, counts = () => true }: CoOccurrenceOptions,
  { signal, progress }: WorkControl,
): Promise<SparseRows> {
  assert(popularityDiscount >= 0 && popularityDiscount <= 1)
  const { itemCount } = interactions
  const owned = await distinctItems(interactions, counts, signal)
  const owners = ownersOf(owned, itemCount)
  const discount = Float64Array.from({ length: itemCount }, (_, item) => ownerCount(owners, item) ** popularityDiscount)
  const together = new Uint32Array(itemCount)
  const touched = new Int32Array(itemCount)
  const values = new Float32Array(itemCount)

  const row = (item: number): SparseRow => {
    progress({ stage: 'counting pairs', done: item, total: itemCount, unit: 'items' })
    const touchedCount = countTogether(item, owners, owned, together, touched)
    const items = touched.subarray(0, touchedCount).sort()
    const size = ownerCount(owners, item)
    let kept = 0
    for (let at = 0; at < touchedCount; at++) {
      const other = items[at]
      const count = together[other]
      together[other] = 0
      if (other === item || count < countMin) continue
      items[kept] = other
      values[kept++] = count / (size * discount[other])
    }
    return { items: items.subarray(0, kept), values: values.subarray(0, kept) }
  }
  return cutRows({ itemCount, entryCount: pairCount(owned), count: rowLength, row }, signal)
}

const ownerCount = ({ offsets }: ItemLists, item: number): number => offsets[item + 1] - offsets[item]

/** together[j] grows by those who have both; answers how many different j are in `touched` by now. */
function countTogether(
  item: number,
  owners: ItemLists,
  owned: ItemLists,
  together: Uint32Array,
  touched: Int32Array,
): number {
  let touchedCount = 0
  for (let at = owners.offsets[item]; at < owners.offsets[item + 1]; at++) {
    const user = owners.items[at]
    for (let place = owned.offsets[user]; place < owned.offsets[user + 1]; place++) {
      const other = owned.items[place]
      if (together[other]++ === 0) touched[touchedCount++] = other
    }
  }
  return touchedCount
}

/** Each user's items that count, each once. */
async function distinctItems(
  interactions: Interactions,
  counts: (item: number) => boolean,
  signal: AbortSignal,
): Promise<ItemLists> {
  const { userCount, itemCount } = interactions
  const offsets = new Uint32Array(userCount + 1)
  const items = new Int32Array(interactions.items.length)
  const lastUser = new Int32Array(itemCount).fill(-1)
  let top = 0
  await inTurns(userCount, USERS_PER_TURN, signal, (from, to) => {
    for (let user = from; user < to; user++) {
      for (const item of historyOf(interactions, user)) {
        if (lastUser[item] === user || !counts(item)) continue
        lastUser[item] = user
        items[top++] = item
      }
      offsets[user + 1] = top
    }
  })
  return { offsets, items: items.subarray(0, top) }
}

/** The users of each item, ascending. */
function ownersOf({ offsets: ends, items }: ItemLists, itemCount: number): ItemLists {
  const offsets = new Uint32Array(itemCount + 1)
  for (const item of items) offsets[item + 1]++
  for (let item = 0; item < itemCount; item++) offsets[item + 1] += offsets[item]
  const next = offsets.slice()
  const users = new Int32Array(items.length)
  for (let user = 0; user + 1 < ends.length; user++)
    for (let at = ends[user]; at < ends[user + 1]; at++) users[next[items[at]]++] = user
  return { offsets, items: users }
}

/** Of all users, the squares of what they own: at least the entries of all rows, and what counting them costs. */
function pairCount({ offsets }: ItemLists): number {
  let sum = 0
  for (let user = 0; user + 1 < offsets.length; user++) sum += (offsets[user + 1] - offsets[user]) ** 2
  return sum
}
