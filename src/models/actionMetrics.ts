/**
 * How good probabilities of actions are, over users who were asked about (spec/training.md §3, PERSONALIZED_ACTIONS). With R_u the first K
 * actions of user u by probability, none of probability 0, and T_u those that u took afterwards:
 *
 *   precision_at_K       of each action |{u: a ∈ R_u ∩ T_u}| / |{u: a ∈ R_u}|; mean over the actions that are in some R_u
 *   recall_at_K          of each action |{u: a ∈ R_u ∩ T_u}| / |{u: a ∈ T_u}|; mean over the actions that somebody took
 *   normalized_discounted_cumulative_gain_at_K   as of items (metrics.ts), mean over the users who took something
 *   area_under_curve     of each action the area under the ROC curve, the probability that a taker has a greater one than somebody else, ties by
 *                        half (Mann-Whitney); mean over the actions that have both
 *   coverage             actions in some R_u at K = 25, of all
 *
 * A mean over nothing is 0, and the area then .5: nothing is told apart. The reference names the metrics and not their keys: these are ours.
 */
import { assert } from '../lib/assert.ts'
import { RANKED_COUNT, type SolutionMetrics, userMetrics } from './metrics.ts'

const CUTOFFS = [5, 10, 25] as const

export interface AskedUser {
  /** f64[actionCount] */
  readonly probabilities: Float64Array
  readonly taken: ReadonlySet<number>
}

/** Of each unit, an action or a user who took something, by metric; undefined where there is none: what the means are over. */
export interface ActionMeasures {
  readonly users: Readonly<Record<string, readonly number[]>>
  readonly actions: Readonly<Record<string, readonly (number | undefined)[]>>
}

export function actionMetrics(
  actionCount: number,
  users: readonly AskedUser[],
): SolutionMetrics & { readonly measures: ActionMeasures } {
  const ranked = users.map(({ probabilities }) =>
    Array.from(probabilities.keys())
      .filter(action => probabilities[action] > 0)
      .sort((a, b) => probabilities[b] - probabilities[a] || a - b)
      .slice(0, RANKED_COUNT),
  )
  const service: Record<string, number> = { coverage: new Set(ranked.flat()).size / Math.max(1, actionCount) }
  const standardErrors: Record<string, number> = {}
  const measures: { users: Record<string, number[]>; actions: Record<string, (number | undefined)[]> } = {
    users: {},
    actions: {},
  }
  const keepOfActions = (name: string, values: (number | undefined)[], none: number) => {
    measures.actions[name] = values
    keep(
      name,
      values.filter(value => value !== undefined),
      none,
    )
  }
  const keep = (name: string, values: readonly number[], none: number) => {
    const mean = values.length === 0 ? none : values.reduce((sum, each) => sum + each, 0) / values.length
    const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0)
    service[name] = mean
    standardErrors[name] = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length)
  }
  const takers = new Uint32Array(actionCount)
  for (const { taken } of users) for (const action of taken) takers[action]++
  const ofUsers = users.flatMap(({ taken }, u) => (taken.size === 0 ? [] : [userMetrics(ranked[u], taken)]))
  for (const cutoff of CUTOFFS) {
    const gain = `normalized_discounted_cumulative_gain_at_${cutoff}` as const
    measures.users[gain] = ofUsers.map(each => each[gain])
    keep(gain, measures.users[gain], 0)
    const [offered, hits] = [new Uint32Array(actionCount), new Uint32Array(actionCount)]
    for (const [u, { taken }] of users.entries())
      for (const action of ranked[u].slice(0, cutoff)) {
        offered[action]++
        if (taken.has(action)) hits[action]++
      }
    const shares = (of: Uint32Array) => Array.from(of, (count, a) => (count > 0 ? hits[a] / count : undefined))
    keepOfActions(`precision_at_${cutoff}`, shares(offered), 0)
    keepOfActions(`recall_at_${cutoff}`, shares(takers), 0)
  }
  const areas = Array.from({ length: actionCount }, (_, action) => areaUnderCurve(action, users))
  keepOfActions('area_under_curve', areas, 0.5)
  return { userCount: users.length, service, textbook: {}, standardErrors, measures }
}

/** Undefined where everybody took it, or nobody. */
function areaUnderCurve(action: number, users: readonly AskedUser[]): number | undefined {
  const order = Float64Array.from(users, ({ probabilities }) => probabilities[action]).sort()
  assert(
    order.every(each => each >= 0 && each <= 1),
    'probabilities are',
  )
  let [takers, below] = [0, 0]
  for (const { probabilities, taken } of users) {
    if (!taken.has(action)) continue
    takers++
    // How many of all are below, equal ones by half, the taker itself among them.
    below += (lowerBound(order, probabilities[action]) + upperBound(order, probabilities[action])) / 2
  }
  const others = users.length - takers
  if (takers === 0 || others === 0) return undefined
  // Among themselves the takers account for half of their pairs, and half a place each.
  return (below - takers ** 2 / 2) / (takers * others)
}

const lowerBound = (ascending: Float64Array, value: number): number => bound(ascending, each => each < value)
const upperBound = (ascending: Float64Array, value: number): number => bound(ascending, each => each <= value)

/** How many of the first fulfil `isBefore`, which no later one does. */
function bound(ascending: Float64Array, isBefore: (each: number) => boolean): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(ascending[middle])) low = middle + 1
    else high = middle
  }
  return low
}
