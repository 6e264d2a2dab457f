/** How large a filter may be: AWS's quotas (spec/filters.md §3.7, §4) first, then our own bounds, each with its reason. */

/** Characters (Unicode code points) of an expression; bounds every list and every chain in it. Nothing in the language nests. */
export const EXPRESSION_CHARACTERS_MAX = 2500
/** Distinct dataset fields in one expression. */
export const FIELDS_MAX = 10
/** The same over all filters of a dataset group. */
export const FIELDS_OF_GROUP_MAX = 20

/** What a request may carry in `filterValues`. */
export const VALUE_ENTRIES_MAX = 25
export const VALUE_NAME_CHARACTERS_MAX = 50
export const VALUE_CHARACTERS_MAX = 1000

/** Characters of the expression shown on each side of a mistake: the line then fits a terminal. */
export const EXCERPT_CHARACTERS = 60

/** Event types in one dataset, in whatever case: an event's type is kept in 16 bits. AWS allows ten. */
export const EVENT_TYPES_MAX = 65_535

/**
 * Masks kept, over all threads of a job: a thousand distinct sets of values for a million items and two threads take
 * 250 MB. One half is for masks that follow from values alone, the other for those that hang on the user or item too.
 */
export const MASK_CACHE_BYTES = 512 * 2 ** 20
/** However small the masks: what is beside a mask (its key, its list entry) has a size too. */
export const MASK_CACHE_ENTRIES_MAX = 100_000

/** Packed events of more bytes stay in their file, which is then read as users come (eventReader.ts). */
export const EVENTS_BYTES_MAX = 2 ** 30
/** Events sorted at once, where users have about as many each: 100 MB. 1.8 billion then take 215 scratch files. */
export const BUCKET_EVENTS_MAX = 2 ** 23
