/** What is known of each item's past, beside the model: which items were learnt from, and how new each one is. */
import type { Interactions } from './interactions.ts'

export interface ItemFacts {
  /** u32[itemCount]: events that the model was fitted on; 0: it has its place from metadata. */
  readonly eventCounts: Uint32Array
  /** f64[itemCount], epoch seconds: CREATION_TIMESTAMP, else the oldest event, else the newest of all (spec/recipes.md §5). */
  readonly createdSeconds: Float64Array
  /** Of the newest event of all; without any, when the newest item was made, and 0 where that is not known. */
  readonly newestSeconds: number
  /** u32[itemCount] each: how often an item was shown, and how often it was taken when it was. Absent where nothing is told of that. */
  readonly impressions?: { readonly shown: Uint32Array; readonly taken: Uint32Array }
}

/** `createdSeconds` has one for each item, those without interactions too, NaN where it is not known; absent: of none. */
export function itemFacts(
  { items, times, itemCount }: Interactions,
  createdSeconds: Float64Array = new Float64Array(itemCount).fill(Number.NaN),
): ItemFacts {
  const eventCounts = new Uint32Array(createdSeconds.length)
  const first = new Float64Array(createdSeconds.length).fill(Number.POSITIVE_INFINITY)
  let newestSeconds = Number.NEGATIVE_INFINITY
  for (let at = 0; at < items.length; at++) {
    const item = items[at]
    eventCounts[item]++
    if (times[at] < first[item]) first[item] = times[at]
    if (times[at] > newestSeconds) newestSeconds = times[at]
  }
  if (items.length === 0) newestSeconds = createdSeconds.reduce((newest, each) => (each > newest ? each : newest), 0)
  const created = createdSeconds.map((given, item) => {
    if (!Number.isNaN(given)) return given
    return eventCounts[item] > 0 ? first[item] : newestSeconds
  })
  return { eventCounts, createdSeconds: created, newestSeconds }
}
