/**
 * Parameter blocks: what a kernel reads instead of arguments, as 32-bit words in shared memory. Kernels take (params, task), because
 * functions of more than six arguments spill (design/performance.md §10), and because a team can then run any of them.
 * AssemblyScript reads this file as well, so it holds plain constants only: each is a word's place in its block.
 */

// The team's own block, at address 0: counters by which its threads share out tasks.
export const TEAM_NEXT_TASK = 0
export const TEAM_FINISHED = 1
/** Not 0 when the work is no longer wanted: kernels with tasks of more than some 20 ms look at it. */
export const TEAM_STOPPED = 2
export const TEAM_WORDS = 16

// Pair counts of event sequences (assembly/pairs.ts).
export const PAIRS_ITEM_COUNT = 0
export const PAIRS_KERNEL_LENGTH = 1
/** i32[eventCount]: items, user after user, oldest first. */
export const PAIRS_EVENTS = 2
/** u32[eventCount]: low half min(events of the user before this one, K), high half min(events after it, K). */
export const PAIRS_REACH = 3
/** u32[itemCount + 1], u32[eventCount]: where in the events each item occurs, ascending. */
export const PAIRS_OFFSETS = 4
export const PAIRS_POSITIONS = 5
/** f64[K], f64[K, K], f64[K, K]: the kernel and its two tables of sums (models/directionalRidge.ts). */
export const PAIRS_KERNEL = 6
export const PAIRS_AHEAD = 7
export const PAIRS_BEHIND = 8
/** f64[2]: what is added to a diagonal element g: regularization + diagonal · g. */
export const PAIRS_RIDGE = 9
/** The parameter block of the linear system that is filled. */
export const PAIRS_SYSTEM = 10
/** f32[eventCount]: how much each event counts as the one that came next; 0: all alike. */
export const PAIRS_WEIGHTS = 11
export const PAIRS_WORDS = 16

// A ridge of each target on its nearest sources (assembly/neighbours.ts).
/** The parameter block of the pair counts: everything but PAIRS_SYSTEM. A kernel of length 0 counts users who have both items. */
export const NEAR_PAIRS = 0
/** u32[n + 1]: where each list of G begins; u32[n]: how much of its room it uses. */
export const NEAR_GRAM_OFFSETS = 1
export const NEAR_GRAM_LENGTHS = 2
/** u32[…], f32[…] */
export const NEAR_GRAM_ITEMS = 3
export const NEAR_GRAM_VALUES = 4
/** f64[n] */
export const NEAR_DIAGONAL = 5
/** The target of task 0. */
export const NEAR_FIRST = 6
/** u32[tasks + 1], u32[tasks]: the room of each target's list, and how much of it is used. */
export const NEAR_OFFSETS = 7
export const NEAR_LENGTHS = 8
/** u32[…], f32[…] */
export const NEAR_SOURCES = 9
export const NEAR_VALUES = 10
/** One scratch area of SCRATCH_BYTES for each thread, in it from SYSTEM bytes on u8[NEAR_MARKS] and the equations. */
export const NEAR_SCRATCH = 11
export const NEAR_SCRATCH_BYTES = 12
export const NEAR_SYSTEM = 13
export const NEAR_WORDS = 16
/** Items by their last 13 bits, of which a source marks one: 1 % of the others share it with one of 84 sources, and all marks stay in the first level cache. */
export const NEAR_MARKS = 8192

// A symmetric positive definite system with many right-hand sides (assembly/cholesky.ts, kernels/linearSystem.ts).
/** Rows of a square block: a multiple of TILE_ROWS and TILE_COLUMNS. */
export const SYSTEM_BLOCK = 0
export const SYSTEM_BLOCK_COUNT = 1
/** Rows that are not padding. */
export const SYSTEM_ORDER = 2
export const SYSTEM_LOWER = 3
export const SYSTEM_UPPER = 4
/** f32[PANEL_COUNT][BLOCK · BLOCK_COUNT][16] */
export const SYSTEM_RIGHT = 5
export const SYSTEM_PANEL_COUNT = 6
/** The block column being factored. */
export const SYSTEM_COLUMN = 7
/** Out: the first row whose pivot was not positive, else SYSTEM_SOUND. */
export const SYSTEM_FAILED_ROW = 8
/** Out: that pivot, as f32. */
export const SYSTEM_FAILED_PIVOT = 9
/** One scratch area of SCRATCH_BYTES for each thread. */
export const SYSTEM_SCRATCH = 10
export const SYSTEM_SCRATCH_BYTES = 11
export const SYSTEM_WORDS = 16
export const SYSTEM_SOUND = -1

// Scores and the best k (assembly/rank.ts, assembly/choose.ts). One block for each thread.
export const RANK_ITEM_COUNT = 0
/** itemCount rounded up to a multiple of RANK_PANEL. */
export const RANK_COLUMN_COUNT = 1
/** f32[COLUMN_COUNT / RANK_PANEL][itemCount][RANK_PANEL] */
export const RANK_ROWS = 2
/** f32[K] */
export const RANK_KERNEL = 3
/** f32[COLUMN_COUNT] */
export const RANK_PRIOR = 4
export const RANK_QUERY_COUNT = 5
/** u32[queries + 1], u32[…]: the newest events of each query, newest first, at most K of them. */
export const RANK_OFFSETS = 6
export const RANK_EVENTS = 7
/** f32[queries, COLUMN_COUNT] */
export const RANK_SCORES = 8
/** f32[COLUMN_COUNT]: exp(sharpness · (score - greatest score)) of the query at hand. */
export const RANK_WEIGHTS = 9
/** i32[COLUMN_COUNT]: its scores as integers of the same order; RANK_EXCLUDED where an item may not be chosen. */
export const RANK_KEYS = 10
/** f64[1]: the sum of its weights. */
export const RANK_TOTAL = 11
/** f32 */
export const RANK_SHARPNESS = 12
/** How many items to choose: at most those that are not excluded. */
export const RANK_WANTED = 13
/** i64[COLUMN_COUNT] */
export const RANK_CANDIDATES = 14
/** More candidates than four times what is wanted and so many are not sorted (a start bound that many equal keys reach). */
export const RANK_CANDIDATES_SPARE = 64
/** i32[COLUMN_COUNT], f32[COLUMN_COUNT]: the chosen, best first. */
export const RANK_ITEMS = 15
export const RANK_PROBABILITIES = 16
/** u32[COLUMN_COUNT / 32]: the items that may be chosen, item i being bit i mod 32 of word i / 32. */
export const RANK_ALLOWED = 17
/** Out: how many those are. */
export const RANK_OPEN = 18
/** Models of sparse experts only: the POOL block, which all threads share. */
export const RANK_POOL = 19
/** f32[EXPERT_COUNT][COLUMN_COUNT + POOL_GROUP]: what each expert of a pool adds up; those after COLUMN_COUNT are zeros of either sign. */
export const RANK_SUMS = 20
/** Pools: u32[K], u32[K], f32[K]: the different items of a history, each event's place among them, what they weigh to the expert at hand. */
export const RANK_SOURCES = 21
export const RANK_PLACES = 22
export const RANK_SUMS_OF_WEIGHTS = 23
/** Pools: f32, f32: how far scores of equal estimates may lie apart, 0 where they are no estimates; what no score is above. */
export const RANK_MARGIN = 24
export const RANK_GREATEST = 25
/** How many of ITEMS are a list whose scores are wanted (assembly/listed.ts): at most ITEM_COUNT. */
export const RANK_LISTED_COUNT = 26
/**
 * Pools with nearest sequences: f32[COLUMN_COUNT + POOL_GROUP], u8[COLUMN_COUNT + POOL_GROUP]: what an item of the history is worth, and how it is walked by.
 * Between queries zeros, but for the number of items, which no item has: it is marked as an anchor.
 */
export const RANK_WORTH = 27
export const RANK_MARKS = 28
export const RANK_WORDS = 32

/** Columns whose scores are kept in registers while a history is added up: 8 vectors, 4 at 256 bits. */
export const RANK_PANEL = 32
/** Below every key of a finite score. */
export const RANK_EXCLUDED = -0x80000000

// Pools of sparse experts (assembly/pool.ts).
export const POOL_COMBINATION = 0
export const POOL_EXPERT_COUNT = 1
/** EXPERT_COUNT blocks of EXPERT_WORDS. */
export const POOL_EXPERTS = 2
/** f32[COLUMN_COUNT] */
export const POOL_BIAS = 3
/** f32 */
export const POOL_EPSILON = 4
/** Whether entries name their item by 16 bits or by 32. */
export const POOL_NEAR = 5
/** f32: RANK_MARGIN of those who have a history; 0 where scores are not estimated, as those of linear pools. */
export const POOL_MARGIN = 6
export const POOL_WORDS = 16
/** POOL_COMBINATION */
export const POOL_LINEAR = 0
export const POOL_LOG = 1
/** What an estimated logarithm is off by at most, but for rounding (assembly/poolEstimate.ts): 0.00493977 · ln 2. */
export const POOL_LOG_ERROR = 0.003424

/** One after the other for all source items: groups of POOL_GROUP entries, the items of all first (u16 or u32), then the values (f32). */
export const EXPERT_ROWS = 0
/** u32[ITEM_COUNT + 1], in groups. */
export const EXPERT_OFFSETS = 1
/** f32[K], K */
export const EXPERT_KERNEL = 2
export const EXPERT_KERNEL_LENGTH = 3
/** f32 */
export const EXPERT_WEIGHT = 4
/** f32: 1 / scale. */
export const EXPERT_INVERSE_SCALE = 5
/** Not 0: an expert of nearest sequences (assembly/nearest.ts), its NEAREST block; of the others only KERNEL and those above are read then. */
export const EXPERT_NEAREST = 6
export const EXPERT_WORDS = 16
/**
 * Entries read together: two vectors of values. What is missing to a full group has the value 0 and the columns after COLUMN_COUNT, each
 * another, since adding to one place again and again waits for each sum before the next.
 */
export const POOL_GROUP = 8

/** The matrix product's register tile: 12 accumulators of 256 bits, 2 of B, 1 of A (design/performance.md §1). */
export const TILE_ROWS = 6
export const TILE_COLUMNS = 16

// Reduced-rank ridge without its matrix (assembly/lowRank.ts). A block is a matrix of 16 columns, its rows of one cache line below each other.
export const LOW_ITEM_COUNT = 0
/** F: how many geometric kernels a history is seen through. */
export const LOW_KERNEL_COUNT = 1
/** f32[F], f32[F], u32[F]: an event k places back weighs decay^k for k < window; loss = -decay^window is what leaves at its end. */
export const LOW_DECAYS = 2
export const LOW_LOSSES = 3
export const LOW_WINDOWS = 4
export const LOW_USER_COUNT = 5
/** u32[USER_COUNT + 1], u32[events]: items, user after user, oldest first. */
export const LOW_OFFSETS = 6
export const LOW_EVENTS = 7
/** f32[itemCount]: what weighs a target. */
export const LOW_SCALES = 8
/** f32[F, itemCount], f32[F, itemCount]: what is added to the diagonal; the inverse of the whole diagonal. */
export const LOW_RIDGE = 9
export const LOW_INVERSES = 10
/** Steps of the conjugate gradients. */
export const LOW_STEPS = 11
/** f32[blocks][itemCount][16]: the directions, and what becomes of them. */
export const LOW_DIRECTIONS = 12
export const LOW_IMAGES = 13
/** f32[blocks][F, itemCount][16] */
export const LOW_SOURCES = 14
/** One scratch area of SCRATCH_BYTES for each thread: three blocks of sources and the longest history, 16 numbers an event. */
export const LOW_SCRATCH = 15
export const LOW_SCRATCH_BYTES = 16
export const LOW_WORDS = 32

// Products of tall matrices that lie in blocks of 16 columns (assembly/tall.ts).
export const TALL_BLOCK_COUNT = 0
/** Rows of every block. */
export const TALL_ROW_COUNT = 1
/** f32[blocks][rows][16] */
export const TALL_LEFT = 2
export const TALL_RIGHT = 3
/** f64[TALL_PARTS][16 · blocks, 16 · blocks]: leftᵀ · right is their sum, but for the blocks below the diagonal, which are not computed. */
export const TALL_GRAM = 4
/** f32[16 · blocks, 16 · blocks]: what LEFT is multiplied with, in place. */
export const TALL_FACTOR = 5
/** One scratch area of SCRATCH_BYTES for each thread: TALL_GROUP rows. */
export const TALL_SCRATCH = 6
export const TALL_SCRATCH_BYTES = 7
export const TALL_WORDS = 16
/** Tasks of `innerProducts`: shares of the rows, so that many threads can work on them, and each is read once. */
export const TALL_PARTS = 8
/** Rows that one task of `turnRows` takes, and rows that go through the matrix together. */
export const TALL_TASK_ROWS = 256
export const TALL_GROUP = 4

/** Columns of a block: one cache line of f32. */
export const LANES = 16
/** Rows whose products are summed in one before they join the total: it keeps the rounding of long sums small. */
export const SUM_ROWS = 256
