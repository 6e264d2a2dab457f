/** Weights of types of events (eventsConfig): which rows count, and how much. */
import { assert } from '../lib/assert.ts'
import { sqlString } from './duckdb.ts'

export interface EventWeight {
  /** Whatever its case; each type once. */
  readonly eventType: string
  /** Only those of the type with at least this value. */
  readonly eventValueThreshold?: number | undefined
  /** ≥ 0, some of them above. Only their ratios matter. */
  readonly weight: number
}

/** The place in `events` of the type of an event that counts; null for one that does not. */
export function placeSql(events: readonly EventWeight[] | undefined): string {
  if (!events) return '0::INTEGER'
  const cases = events.map(({ eventType, eventValueThreshold }, place) => {
    const valued = eventValueThreshold === undefined ? '' : ` AND EVENT_VALUE >= ${eventValueThreshold}::DOUBLE`
    return `WHEN lower(EVENT_TYPE) = lower(${sqlString(eventType)})${valued} THEN ${place}`
  })
  return `(CASE ${cases.join(' ')} END)::INTEGER`
}

/** A weight over the mean weight of the types (spec/training.md §3: weights .3 and .1 are rewards of 1.5 and .5). */
export function sharesOf(events: readonly EventWeight[] | undefined): number[] | undefined {
  if (!events) return undefined
  const total = events.reduce((sum, { weight }) => sum + weight, 0)
  assert(total > 0, 'some type of events has a weight')
  return events.map(({ weight }) => (weight * events.length) / total)
}
