/** Parameter blocks of the votes of nearest sequences (assembly/nearest.ts), as parameters.ts has the others: AssemblyScript reads this file as well. */

/** u16 or u32, as POOL_NEAR says. */
export const NEAREST_EVENTS = 0
/** u32[ITEM_COUNT + 1], u32[…] */
export const NEAREST_STARTS = 1
export const NEAREST_PLACES = 2
/** f32[ITEM_COUNT] */
export const NEAREST_RARITY = 3
/** f32[NEAREST_BEHIND] */
export const NEAREST_DECAYS = 4
export const NEAREST_STEPS = 5
/** u32[TWIN_COUNT]: what the last items are taken for where a history has them. */
export const NEAREST_TWINS = 6
export const NEAREST_TWIN_COUNT = 7
/** u32[TWIN_COUNT + 1], u32[…], f32[…]: what their shares of the votes are made of. */
export const NEAREST_STAND_OFFSETS = 8
export const NEAREST_STAND_INS = 9
export const NEAREST_STAND_WEIGHTS = 10
export const NEAREST_WORDS = 16
/**
 * Places of the newest anchor that are looked at, at most; of the one before it half as many, and so on. ML-1M, NDCG@10 and log-likelihood: all .1976, -5.445; 1024 each
 * .1970, -5.454; 1024, 512 and 256 .1960, -5.458 with a third less to do; 256 each .1939, -5.495.
 */
export const NEAREST_PLACES_MAX = 1024
/** Different items at a history's end whose places elsewhere are looked at: 2, 3 and 4 measured alike, and cost as many places. */
export const NEAREST_ANCHORS = 3
/** Events up to a place, itself among them, that are compared: 8, 16 and 20 measured alike. Three vectors. */
export const NEAREST_BEHIND = 12
/** What marks an item that gets no vote and is stepped over, and one that ends a walk. */
export const NEAREST_SEEN = 1
export const NEAREST_ANCHOR = 2
/** Events after a place that are voted for: three of the next six measured alike. */
export const NEAREST_BEYOND = 4
