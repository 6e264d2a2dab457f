/**
 * The weights of a pool by what is wanted of it: the NDCG at 10 of held-out next items, climbed one weight at a time. For sparse data,
 * where the likelihood is ruled by next items that no expert supports (design/recommenders.md §3.4).
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WorkControl } from '../lib/work.ts'

const FIRST_WEIGHTS = [0, 0.1, 0.3, 1]
const FACTORS = [0.6, 1.6]
/** The first from nothing, the others by factors; most climbs end after three. */
const ROUNDS_MAX = 6

export interface PoolWeights {
  /** Each ≥ 0. */
  readonly experts: readonly number[]
  /** ≥ 0: of what is the same for every history. */
  readonly prior: number
}

/** From the best of `starts` upwards until no step helps. Rejects with `signal.reason` when aborted. */
export async function climb(
  measure: (weights: PoolWeights) => number,
  starts: readonly PoolWeights[],
  { signal }: WorkControl,
): Promise<PoolWeights> {
  let best = starts[0]
  let height = Number.NEGATIVE_INFINITY
  const consider = async (weights: PoolWeights): Promise<boolean> => {
    await nextTurn()
    signal.throwIfAborted()
    const reached = measure(weights)
    if (reached <= height) return false
    best = weights
    height = reached
    return true
  }
  for (const start of starts) await consider(start)
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let improved = false
    for (let f = 0; f <= best.experts.length; f++) {
      const last = f === best.experts.length
      const here = last ? best.prior : best.experts[f]
      const values = round === 0 ? FIRST_WEIGHTS : [0, ...FACTORS.map(factor => here * factor)]
      for (const value of values) {
        if (value === here) continue
        const tried = last ? { ...best, prior: value } : { ...best, experts: best.experts.with(f, value) }
        if (await consider(tried)) improved = true
      }
    }
    if (!improved && round > 0) break
  }
  return best
}
