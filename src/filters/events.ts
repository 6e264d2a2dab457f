/** Conditions on EVENT_TYPE over what one user did: a row has the types of the events that led to it. */
import { add, type Bitset, emptySet, invert } from './bitset.ts'
import type { Wanted } from './data.ts'
import type { EventReader } from './eventReader.ts'
import type { PlannedCondition, PlannedStatement } from './plan.ts'
import { type Bindings, constantsOf } from './values.ts'

/** Whether a row is in the statement as soon as one of its events is: some type of IN is among its own. */
export const isPlainEvents = ({ any }: PlannedStatement): boolean =>
  any.every(all => all.length === 1 && all[0].operator !== 'NOT IN')

/** Types that satisfy one of the conditions, none of which is a NOT IN; 'any' where those are all there are. */
export function typesWanted(
  conditions: readonly PlannedCondition[],
  { types }: EventReader,
  bindings: Bindings,
): Wanted {
  const wanted = new Uint8Array(types.length)
  for (const condition of conditions) {
    const constants = constantsOf(condition, bindings)
    if (constants === 'any') return 'any'
    for (const type of constants ?? []) {
      const index = types.indexOf(type as string)
      if (index >= 0) wanted[index] = 1
    }
  }
  return wanted.includes(0) ? wanted : 'any'
}

/** undefined: the values were left out. */
export function eventRows(
  condition: PlannedCondition,
  events: EventReader,
  user: number,
  rowCount: number,
  bindings: Bindings,
): Bitset | undefined {
  if (constantsOf(condition, bindings) === undefined) return undefined
  const wanted = typesWanted([condition], events, bindings)
  const set = emptySet(rowCount)
  for (const row of events.read(user, wanted)) add(set, row)
  if (condition.operator === 'NOT IN') invert(set, rowCount)
  return set
}
