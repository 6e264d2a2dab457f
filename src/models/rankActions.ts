/** The actions that a user may be offered now, best first: what a real-time answer is made of (spec/recipes.md §5, Next-Best-Action). */

const DAY_SECONDS = 86_400

/** f64[actionCount] each; NaN where nothing is said. */
export interface ActionRules {
  /** What an action is worth, 1 to 10. */
  readonly values: Float64Array
  /** Epoch seconds from which it is not offered any more. */
  readonly expires: Float64Array
  /** Days after a user met it in which it is not offered again. */
  readonly repeatDays: Float64Array
}

/**
 * By probability descending; of equal ones (as f32, which is what an answer shows) the more valuable first, an unknown value last, then by
 * index. `lastMet`: epoch seconds when the user last met an action, undefined for never.
 */
export function rankActions(
  probabilities: Float64Array,
  { values, expires, repeatDays }: ActionRules,
  { nowSeconds, lastMet }: { readonly nowSeconds: number; readonly lastMet: (action: number) => number | undefined },
): { readonly action: number; readonly score: number }[] {
  const worth = (action: number) => (Number.isNaN(values[action]) ? 0 : values[action])
  const isOffered = (action: number) => {
    if (expires[action] <= nowSeconds) return false
    const met = lastMet(action)
    return met === undefined || !(nowSeconds < met + repeatDays[action] * DAY_SECONDS)
  }
  return Array.from(probabilities, (probability, action) => ({ action, score: Math.fround(probability) }))
    .filter(({ action }) => isOffered(action))
    .sort((a, b) => b.score - a.score || worth(b.action) - worth(a.action) || a.action - b.action)
}
