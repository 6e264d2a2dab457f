/** The other direction: what of a handler's answer is written. */
import type { Shape } from './shape.ts'

/**
 * The members of `value` that the shape declares, for an answer: a list shows less of a resource than Describe, and what we keep for
 * ourselves stays here. A value of the wrong type is our mistake.
 */
export function select(shape: Shape<unknown>, value: unknown): unknown {
  const { members, member } = shape.facts
  if (members) {
    const given = value as Record<string, unknown>
    const entries = Object.entries(members).filter(([name]) => given[name] !== undefined && given[name] !== null)
    return Object.fromEntries(entries.map(([name, each]) => [name, select(each.shape, given[name])]))
  }
  if (member && Array.isArray(value)) return value.map(each => select(member, each))
  if (member) {
    return Object.fromEntries(Object.entries(value as object).map(([name, each]) => [name, select(member, each)]))
  }
  try {
    return shape.read(value, { path: 'output', violations: [] })
  } catch (error) {
    // As it stands, the sentence would tell the caller that the request was wrong.
    throw new Error('an answer does not fit its shape', { cause: error })
  }
}
