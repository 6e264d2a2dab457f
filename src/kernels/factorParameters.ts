/**
 * The parameter block of factor models: words in shared memory, like those of parameters.ts; assembly/ reads this file as well.
 */

// Exact top-k of factor models (assembly/screen.ts, bestOf.ts). One block for each thread; "positions" are items by descending norm.
export const FACTOR_ITEM_COUNT = 0
/** Dimensions of an item: the model's, and one for the bias where there is one. */
export const FACTOR_DIMENSION = 1
/** Floats from one row to the next: of items a multiple of 4, of queries and sources of 8. What is beyond the dimensions is 0. */
export const FACTOR_ROW_FLOATS = 2
export const FACTOR_QUERY_FLOATS = 3
export const FACTOR_SOURCE_FLOATS = 4
/** f32[groups · FACTOR_GROUP, ROW_FLOATS]: items by position; 0 beyond the last. */
export const FACTOR_ROWS = 5
/**
 * u8[groups · FACTOR_GROUP / FACTOR_PANEL][ROW_FLOATS / 4][FACTOR_PANEL][4]: their 7-bit form, 64 + round(value · scale of the group); of a panel's items
 * the second four and the third have changed places (scripts/generateKernels.mjs).
 */
export const FACTOR_PANELS = 6
/** f64[groups, 4]: scale, greatest ‖rounding error‖ and ‖rounded row‖ in the group, greatest ‖row‖ from this group on. */
export const FACTOR_GROUPS = 7
export const FACTOR_GROUP_COUNT = 8
/** u32[groups · FACTOR_GROUP + 1]: the item at each position, itemCount beyond the last; u32[itemCount]: the inverse. */
export const FACTOR_ITEM_OF = 9
export const FACTOR_POSITION_OF = 10
/** f32: no query may have a greater component, so that every score is finite. */
export const FACTOR_QUERY_MAX = 11
/** f64[1]: greatest ‖rounded row‖ of all. */
export const FACTOR_ROUNDED_NORM = 12
/** f32[kernels][itemCount][SOURCE_FLOATS], f32[…] one after the other, u32[kernels + 1] where each begins. */
export const FACTOR_SOURCES = 13
export const FACTOR_KERNELS = 14
export const FACTOR_KERNEL_OFFSETS = 15
export const FACTOR_KERNEL_COUNT = 16
/** 1 when the last dimension is the bias, whose query component is 1. */
export const FACTOR_BIAS = 17
/** u32[itemCount], f32[itemCount]: all items by the prior, best first, and their probabilities: for those without a history. */
export const FACTOR_PRIOR_ORDER = 18
export const FACTOR_PRIOR_PROBABILITIES = 19
/** u32[OPEN_WORDS]: a bit for each item, all others 0: what may be chosen where nothing is said. */
export const FACTOR_EVERY_ITEM = 20
/** floor(itemCount / 32) + 1: there is a bit beyond the last item. */
export const FACTOR_OPEN_WORDS = 21
/** Not 0: the tiles for 256-bit vectors. */
export const FACTOR_WIDE = 22
export const FACTOR_SHARPNESS = 23
// The block at hand.
export const FACTOR_QUERY_COUNT = 24
export const FACTOR_WANTED = 25
/** u32[queries] twice, i32[…]: query q's history is EVENTS[STARTS[q] … ENDS[q]), oldest first. */
export const FACTOR_STARTS = 26
export const FACTOR_ENDS = 27
export const FACTOR_EVENTS = 28
/** The same of what must not be chosen; EXCLUDED_STARTS is 0 when nothing is excluded. */
export const FACTOR_EXCLUDED_STARTS = 29
export const FACTOR_EXCLUDED_ENDS = 30
export const FACTOR_EXCLUDED_ITEMS = 31
/** Not 0: the queries have masks; else EVERY_ITEM is allowed to all. */
export const FACTOR_MASKED = 32
/** Out: not 0 when an item is none of the model's, or a query is not finite or too great. */
export const FACTOR_FAULT = 33
// A workplace for it.
/** f32[queries, QUERY_FLOATS] */
export const FACTOR_QUERIES = 34
/** [queries / FACTOR_TILE_ROWS]: FACTOR_TILE_HEADER bytes, then i8[QUERY_FLOATS / 4][FACTOR_TILE_ROWS][4]; 8-bit forms in the order of ORDER. */
export const FACTOR_TILES = 35
export const FACTOR_TILE_BYTES = 36
/** [queries] of QUERY_STATE bytes. */
export const FACTOR_STATES = 37
/** u32[masks, OPEN_WORDS]: sets of what may be chosen, by item. */
export const FACTOR_MASKS = 38
/** i64[queries, CAPACITY]: the best so far, as keys; CAPACITY is capacityOf(WANTED) (factorMemory.ts). */
export const FACTOR_ENTRIES = 39
export const FACTOR_CAPACITY = 40
/** i64[itemCount + FACTOR_ENTRIES_SPARE]: for entries while they are sorted, then for weights. */
export const FACTOR_SORTING = 41
/**
 * f32[FACTOR_TILE_ROWS, START_GROUPS · FACTOR_GROUP]: exact scores of the first groups, and behind them i16[FACTOR_TILE_ROWS, SAMPLE_GROUPS · FACTOR_GROUP]
 * of a sample of others (assembly/sample.ts); then i16[…] of one group after the other.
 */
export const FACTOR_START_ROWS = 42
export const FACTOR_START_GROUPS = 43
/** f32[START_GROUPS · FACTOR_GROUP / 4]: the greatest of each four of a row. */
export const FACTOR_CHUNKS = 44
/** FACTOR_SMALL_BYTES of it. */
export const FACTOR_SMALL = 45
// Scores in f32 and the exact sums (assembly/sumWeights.ts).
/** f32[FACTOR_GROUP / TILE_COLUMNS][DIMENSION][TILE_COLUMNS], f32[queries / FACTOR_TILE_ROWS][DIMENSION][FACTOR_TILE_ROWS] */
export const FACTOR_SCORE_PANELS = 46
export const FACTOR_SCORE_TILES = 47
/** f32[FACTOR_TILE_ROWS, FACTOR_GROUP]; or of FACTOR_TILES_AT_ONCE tiles what their queries make of the moments (assembly/estimate.ts). */
export const FACTOR_SCORE_ROWS = 48
/**
 * [queries] of FACTOR_TOTAL_BYTES: f64 the greatest score s of those added up, f64 Σ exp(sharpness · (score - s)) over them; f64 the logarithm of
 * the sum of exp(sharpness · score) over the others, as estimated, -Infinity when there are none.
 */
export const FACTOR_TOTALS = 49
// Out.
/** u32[queries], i32[queries, WANTED], f32[queries, WANTED] twice: best first. */
export const FACTOR_COUNTS = 50
export const FACTOR_ITEMS = 51
export const FACTOR_SCORES = 52
export const FACTOR_PROBABILITIES = 53
/** f32[itemCount] */
export const FACTOR_EVERY_SCORE = 54
/** Not 0: the screen's tiles add up in 32 bits (scripts/generateKernels.mjs). */
export const FACTOR_LONG = 55
/** f32[itemCount] */
export const FACTOR_PRIOR = 56
/** Of each of the groups that a threshold may start from what SCORE_PANELS is of one. */
export const FACTOR_START_PANELS = 57
/** f32[…][DIMENSION][TILE_COLUMNS], like SCORE_PANELS: the covariance of the items beyond the first group, row by row, then their mean. */
export const FACTOR_MOMENT_PANELS = 58
/** f64[1]: the logarithm of how many those are. */
export const FACTOR_LOG_REST = 59
/** Not 0: probabilities are shares of the exact sum over the catalogue; else of an estimate (assembly/estimate.ts). */
export const FACTOR_EXACT_TOTALS = 60
/** u32[masks]: how many items are in each; u32[queries]: which of them is a query's. */
export const FACTOR_MASK_SIZES = 61
export const FACTOR_MASK_OF = 62
/** u32[…]: filters of what is struck from each query, one after the other (assembly/strike.ts). */
export const FACTOR_STRUCK = 63
// The view at hand: the items that are searched, by descending norm, all of them or what a set allows (factorView.ts).
/** Items, and groups of them. PANELS, GROUPS and ROUNDED_NORM are the view's. */
export const FACTOR_VIEW_COUNT = 64
export const FACTOR_VIEW_GROUPS = 65
/** u32[VIEW_GROUPS · FACTOR_GROUP]: the position at each place, ascending; groups · FACTOR_GROUP beyond the last. */
export const FACTOR_VIEW_POSITIONS = 66
/** What START_PANELS is of the catalogue. */
export const FACTOR_VIEW_START_PANELS = 67
/** Not 0: there are more allowed items than the view has; GROUPS has one more row, with the greatest ‖row‖ of those. */
export const FACTOR_VIEW_CUT = 68
/** i64[1 + queries]: how many are screened, and those, in the low half of each; who is likely to look at most items comes first. */
export const FACTOR_ORDER = 69
/** u32[OPEN_WORDS]: a bit an item, all 0 between queries: which are known already (assembly/estimate.ts). */
export const FACTOR_KNOWN = 70
// What follows a view that is cut (assembly/rest.ts).
/** The position of the next allowed item; address of what may be chosen, a bit an item. */
export const FACTOR_REST_FROM = 71
export const FACTOR_REST_MASK = 72
/** How many of ITEMS are a list whose scores are wanted (assembly/listed.ts). */
export const FACTOR_LISTED_COUNT = 73
export const FACTOR_WORDS = 74

/** Queries in a register tile: 10 accumulators of 256 bits for 16 items (5 × 16), or of 128 bits for 8. */
export const FACTOR_TILE_ROWS = 5
/** Tiles that share the f32 panels of the first groups, 64 KB at 64 dimensions: their rows take 20 KB of the first level cache. */
export const FACTOR_TILES_AT_ONCE = 4
/** Groups from whose scores a threshold starts, at most: for k up to 8 192; with more, scoring items is most of the work anyway. */
export const FACTOR_START_GROUPS_MAX = 64
/** Groups of a sample at most: with the first of k = 500, what the thresholds of a tile are guessed from takes 100 KB. */
export const FACTOR_SAMPLE_GROUPS = 32
/** Bytes before a tile's dimensions: where sums start, i32 for each query, then two i16 for each. */
export const FACTOR_TILE_HEADER = 40
/** Items in a panel of the 7-bit form. */
export const FACTOR_PANEL = 16
/** Items whose 7-bit form has one scale, and after which a query may stop: 16 panels; 16 KB at 64 dimensions, half the first level cache. */
export const FACTOR_GROUP = 256
/** Up to here the best are kept sorted, so that the k-th is known after every change; above they are collected and cut down. */
export const FACTOR_SORTED_MAX = 64
/** Room for entries that are stored before anybody looks whether there is room for more. */
export const FACTOR_ENTRIES_SPARE = 64
export const FACTOR_TOTAL_BYTES = 32
/** Bits of the smallest filter of what is struck from a query; larger ones have eight for each that is listed, or more. */
export const FACTOR_STRUCK_BITS_MIN = 512
/** Bytes of a query's state (assembly/queryState.ts). */
export const QUERY_STATE = 128
/** Where in it is what the query has come to, and what that is when its best are found. */
export const STATE_MODE = 36
export const MODE_SETTLED = 1
/**
 * The greatest of the columns of a tile, survivors of one group and those left over, entries while they are placed or a histogram of a digit, limits of a tile;
 * which items are in the first groups.
 */
export const FACTOR_SMALL_BYTES = 9216
/** Where in it the last of these lies: a filter of 8192 bits (assembly/strike.ts). */
export const FACTOR_SMALL_NEAR = 8192
/** What is added up as it is for an estimated sum, beside the first group: items of the newest events, and the best (assembly/estimate.ts). */
export const FACTOR_KNOWN_EVENTS = 32
export const FACTOR_KNOWN_BEST = 25
