/**
 * Item-to-item nearest neighbours over users in common: the classic that any newer model is measured against.
 *
 *   similarity(i, j) = |U_i ∩ U_j| / (√(|U_i| · |U_j|) + shrinkage), 0 for i = j;   U_i = the users of item i
 *   each target j keeps its `neighbourCount` most similar sources; of equals those of lower index
 *   score(j) = Σ_k kernel[k] · similarity(q_{L-k}, j), a dense model: with a flat kernel the whole history counts alike
 *
 * Source: Sarwar, Karypis, Konstan, Riedl 2001, §3.1 and §3.2.1 (cosine on binary data); shrinkage as in Bell and Koren 2007, eq. 3;
 * decay by place as in Ding and Li 2005.
 */
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import type { DenseModel } from './historyModel.ts'
import { historyOf, type Interactions } from './interactions.ts'
import { eventCounts, logShares, uniqueUserCounts } from './popularity.ts'

export interface ItemKnnOptions {
  /** f32[K]: the weight of the event k places before the newest. */
  readonly kernel: Float32Array
  readonly neighbourCount: number
  /** ≥ 0, in users: how many users in common it takes to be believed. */
  readonly shrinkage: number
}

/** Users between two looks at the signal. */
const USERS_PER_CHECK = 256

/** Memory itemCount² floats, time Σ_u |items of u|² + itemCount² · log(itemCount). Throws `control.signal.reason` when aborted. */
export function fitItemKnn(interactions: Interactions, options: ItemKnnOptions, control: WorkControl): DenseModel {
  assert(options.neighbourCount >= 1, 'a neighbourhood has at least one item')
  assert(options.shrinkage >= 0, 'shrinkage is not negative')
  const { itemCount } = interactions
  const rows = usersInCommon(interactions, control)
  const userCounts = uniqueUserCounts(interactions)
  for (let source = 0; source < itemCount; source++) {
    for (let target = 0; target < itemCount; target++) {
      const at = source * itemCount + target
      if (rows[at] !== 0) rows[at] /= Math.sqrt(userCounts[source] * userCounts[target]) + options.shrinkage
    }
  }
  keepNearest(rows, itemCount, options.neighbourCount)
  return {
    form: 'dense',
    itemCount,
    kernel: options.kernel,
    rows,
    prior: logShares(eventCounts(interactions)),
    sharpness: 1,
  }
}

/** f32[itemCount, itemCount]: |U_i ∩ U_j|, the diagonal left at zero. */
function usersInCommon(interactions: Interactions, { signal, progress }: WorkControl): Float32Array {
  const { itemCount, userCount } = interactions
  const common = new Float32Array(itemCount * itemCount)
  for (let user = 0; user < userCount; user++) {
    if (user % USERS_PER_CHECK === 0) {
      signal.throwIfAborted()
      progress({ stage: 'counting users in common', done: user, total: userCount, unit: 'users' })
    }
    const items = Int32Array.from(new Set(historyOf(interactions, user))).sort()
    for (let a = 0; a < items.length; a++) {
      const row = items[a] * itemCount
      for (let b = a + 1; b < items.length; b++) common[row + items[b]]++
    }
  }
  for (let source = 0; source < itemCount; source++)
    for (let target = 0; target < source; target++)
      common[source * itemCount + target] = common[target * itemCount + source]
  return common
}

/** Sets all but the `count` largest entries of every column to zero. The matrix comes in symmetric, so a column is read as a row. */
function keepNearest(rows: Float32Array, itemCount: number, count: number): void {
  const symmetric = rows.slice()
  rows.fill(0)
  for (let target = 0; target < itemCount; target++) {
    const similarity = symmetric.subarray(target * itemCount, (target + 1) * itemCount)
    const ascending = similarity.filter(value => value > 0).sort()
    const threshold = ascending[Math.max(0, ascending.length - count)]
    let equalsLeft = Math.min(count, ascending.length) - similarity.filter(value => value > threshold).length
    for (let source = 0; source < itemCount; source++) {
      if (similarity[source] < threshold || (similarity[source] === threshold && equalsLeft-- <= 0)) continue
      rows[source * itemCount + target] = similarity[source]
    }
  }
}
