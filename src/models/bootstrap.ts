/**
 * How sure a mean over users is: confidence intervals by the bootstrap. The tested users are a sample of all there could be; drawing as many
 * of them again, with replacement, shows how far the mean would move with another sample.
 *
 *   m*_b = (1/n) Σ_{i=1..n} x[r_b(i)],   r_b(i) uniform in [0, n),   b = 1 … B
 *   interval of confidence 1 - 2α: from the (B·α)-th to the (B·(1 - α))-th of the m* in ascending order
 *
 * All columns see the same draws, so that the interval of a difference of two models is that of paired users.
 * Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, §13.3, the percentile interval.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { assert } from '../lib/assert.ts'
import { seededRandom } from '../lib/random.ts'
import type { WorkControl } from '../lib/work.ts'

/** What is usual for percentiles (Efron and Tibshirani 1993, §13.3). */
const RESAMPLES_MAX = 1000
/** Two hundred give the ends to some percent of the interval's width, and with so many users it is narrow. */
const RESAMPLES_MIN = 200
/** Draws of users in all: some seconds with the thirty columns of a report. */
const DRAWS_MAX = 30_000_000
/** Draws between two turns of the event loop: some tens of milliseconds. */
const DRAWS_PER_TURN = 200_000
/** α. */
const TAIL = 0.025
export const CONFIDENCE = 1 - 2 * TAIL

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

export const resampleCount = (userCount: number): number =>
  Math.max(RESAMPLES_MIN, Math.min(RESAMPLES_MAX, Math.floor(DRAWS_MAX / Math.max(1, userCount))))

/** Of each column, f64[n ≥ 1], its mean with an interval. The same seed, the same draws. Rejects with `signal.reason` when aborted. */
export async function meanIntervals(
  columns: readonly Float64Array[],
  seed: number,
  { signal, progress }: WorkControl,
): Promise<Interval[]> {
  if (columns.length === 0) return []
  const userCount = columns[0].length
  assert(userCount >= 1, 'a mean is over at least one user')
  assert(
    columns.every(({ length }) => length === userCount),
    'columns are of the same users',
  )
  const total = resampleCount(userCount)
  const random = seededRandom(seed)
  const times = new Uint32Array(userCount)
  const means = columns.map(() => new Float64Array(total))
  const perTurn = Math.max(1, Math.floor(DRAWS_PER_TURN / userCount))
  for (let b = 0; b < total; b++) {
    if (b % perTurn === 0) {
      progress({ stage: 'resampling test users', done: b, total, unit: 'samples' })
      await nextTurn()
      signal.throwIfAborted()
    }
    times.fill(0)
    for (let i = 0; i < userCount; i++) times[random.below(userCount)]++
    for (const [c, column] of columns.entries()) means[c][b] = weightedSum(column, times) / userCount
  }
  return columns.map((column, c) => {
    const ascending = means[c].sort()
    const at = (share: number) => ascending[Math.round(share * total) - 1]
    return { value: sum(column) / userCount, low: at(TAIL), high: at(1 - TAIL) }
  })
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function weightedSum(values: Float64Array, times: Uint32Array): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += times[i] * values[i]
  return total
}
