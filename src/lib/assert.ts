/** Our own mistakes, as opposed to a caller's: the work stops, nothing catches this to carry on. */
export class AssertionError extends Error {
  override name = 'AssertionError'
}

export function assert(condition: unknown, message = 'an assertion does not hold'): asserts condition {
  if (!condition) throw new AssertionError(message)
}
