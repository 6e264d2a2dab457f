/**
 * What recommended lists are like, whether right or wrong. L_u are the first K items of user u's list, U_i the training users who touched
 * item i, n the number of training users, n_i events of item i in training; all are means over tested users with a list.
 *
 *   novelty                (1 / |L_u|) Σ_{i ∈ L_u} -log2(|U_i| / n)                    bits; an item in nobody's hands counts half a user
 *   intra-list similarity  2 / (|L_u| (|L_u| - 1)) Σ_{i < j ∈ L_u} |U_i ∩ U_j| / √(|U_i| · |U_j|)       0 to 1; 0 where a U is empty
 *   cold-item share        (1 / |L_u|) |{i ∈ L_u: n_i < COLD_EVENT_COUNT}|
 *
 * Sources: self-information, Zhou, Kuscsik, Liu, Medo, Wakeling, Zhang 2010, "Solving the apparent diversity-accuracy dilemma of recommender
 * systems" (I = log2(u / k), u users, k of the item); intra-list similarity, Ziegler, McNee, Konstan, Lausen 2005, "Improving recommendation
 * lists through topic diversification", as a mean over pairs, with the cosine of co-occurrence (Sarwar et al. 2001, §3.1.1).
 */
import { historyOf, type Interactions } from './interactions.ts'
import { eventCounts, uniqueUserCounts } from './popularity.ts'
import { type ItemLists, listAt } from './splits.ts'

/** Fewer events than these say little about an item: the shrinkage of every recipe holds it near nothing. */
export const COLD_EVENT_COUNT = 10
/** An item that nobody touched, so that its self-information is finite: half a user, as in popularity.ts. */
const UNSEEN_COUNT = 0.5
/** Lists whose pairs are looked at, evenly chosen: a thousand give the mean to some percent. */
const SIMILARITY_LISTS_MAX = 1000
/** Training users whose items are compared, evenly chosen: they bound what one pair can cost. */
const SIMILARITY_USERS_MAX = 20_000

export interface ListProperties {
  readonly novelty: number
  readonly intraListSimilarity: number
  readonly coldItemShare: number
}

/** Of any number of models' lists on the same training data. */
export function listMeasures(training: Interactions) {
  const users = uniqueUserCounts(training)
  const events = eventCounts(training)
  const isCold = (item: number) => events[item] < COLD_EVENT_COUNT
  const information = users.map(count => Math.log2(training.userCount / (count || UNSEEN_COUNT)))
  return {
    isCold,
    /** Lists may be empty, and are then left out; 0 where all are. */
    propertiesOf(lists: ItemLists): ListProperties {
      const full = fullLists(lists)
      return {
        novelty: meanOf(full, list => meanOf(list, item => information[item])),
        intraListSimilarity: intraListSimilarity(full, training),
        coldItemShare: meanOf(full, list => meanOf(list, item => Number(isCold(item)))),
      }
    },
  }
}

const fullLists = (lists: ItemLists): Int32Array[] =>
  Array.from({ length: lists.offsets.length - 1 }, (_, row) => listAt(lists, row)).filter(list => list.length > 0)

function meanOf<T>(values: { readonly length: number; [Symbol.iterator](): Iterator<T> }, amount: (each: T) => number) {
  let sum = 0
  for (const each of values) sum += amount(each)
  return values.length === 0 ? 0 : sum / values.length
}

function intraListSimilarity(all: readonly Int32Array[], training: Interactions): number {
  const lists = evenly(all, SIMILARITY_LISTS_MAX).filter(list => list.length > 1)
  const owners = ownersAmong(new Set(lists.flatMap(list => [...list])), training)
  const known = new Map<number, number>()
  const similarity = (i: number, j: number): number => {
    const pair = Math.min(i, j) * training.itemCount + Math.max(i, j)
    const before = known.get(pair)
    if (before !== undefined) return before
    const value = cosine(owners.get(i) ?? [], owners.get(j) ?? [])
    known.set(pair, value)
    return value
  }
  return meanOf(lists, list => {
    let sum = 0
    for (let a = 0; a < list.length; a++) for (let b = a + 1; b < list.length; b++) sum += similarity(list[a], list[b])
    return sum / ((list.length * (list.length - 1)) / 2)
  })
}

const evenly = <T>(values: readonly T[], most: number): readonly T[] => {
  const stride = Math.ceil(values.length / most)
  return stride <= 1 ? values : values.filter((_, place) => place % stride === 0)
}

/** The users of each of these items, ascending. */
function ownersAmong(items: ReadonlySet<number>, training: Interactions): Map<number, number[]> {
  const owners = new Map<number, number[]>(Array.from(items, item => [item, []]))
  const stride = Math.max(1, Math.ceil(training.userCount / SIMILARITY_USERS_MAX))
  for (let user = 0; user < training.userCount; user += stride)
    for (const item of historyOf(training, user)) {
      const list = owners.get(item)
      if (list && list.at(-1) !== user) list.push(user)
    }
  return owners
}

/** Of two ascending lists of those who have an item. */
function cosine(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return 0
  let [i, j, both] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const order = a[i] - b[j]
    if (order === 0) both++
    if (order <= 0) i++
    if (order >= 0) j++
  }
  return both / Math.sqrt(a.length * b.length)
}
