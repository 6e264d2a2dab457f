/**
 * The parameter blocks of user segments (assembly/userScores.ts, bestRows.ts, idTexts.ts), words as in parameters.ts. AssemblyScript reads this file
 * too.
 */

// What users score (assembly/userScores.ts). Two blocks, so that one can be filled while threads work on the other.
/** F·n: rows of sources, kernel after kernel. */
export const USERS_ROW_COUNT = 0
export const USERS_ITEM_COUNT = 1
/** d */
export const USERS_DIMENSION = 2
export const USERS_TARGET_COUNT = 3
/** Targets side by side in the table: TABLE_NARROW or TABLE_WIDE. */
export const USERS_WIDTH = 4
/** f32[⌈TARGET_COUNT / WIDTH⌉ · WIDTH / 4][d][4]; targets beyond the last are 0. */
export const USERS_TARGETS = 5
/** f32[⌈TARGET_COUNT / WIDTH⌉][ROW_COUNT][WIDTH]: what an event of each item, with weight 1 in each kernel, adds to the score of each target. */
export const USERS_TABLE = 6
/** f32[WINDOW_ROWS][d]: rows [WINDOW_FIRST, WINDOW_FIRST + WINDOW_ROWS) of the sources. */
export const USERS_WINDOW = 7
export const USERS_WINDOW_FIRST = 8
export const USERS_WINDOW_ROWS = 9
/** F; u32[F + 1], f32[…]: where each kernel begins, and its weights, that of the newest event first; the length of the longest. */
export const USERS_KERNEL_COUNT = 10
export const USERS_KERNEL_OFFSETS = 11
export const USERS_KERNELS = 12
export const USERS_HISTORY_LENGTH = 13
/** u32[USER_COUNT + 1]: events [offsets[u] - BASE, offsets[u + 1] - BASE) of EVENTS are those of user FIRST + u, oldest first. */
export const USERS_OFFSETS = 14
export const USERS_BASE = 15
/** i32[…]: items. */
export const USERS_EVENTS = 16
export const USERS_USER_COUNT = 17
export const USERS_FIRST = 18
/** Out: f32[TARGET_COUNT][STRIDE], by user. */
export const USERS_SCORES = 19
export const USERS_STRIDE = 20
export const USERS_WORDS = 32

export const TABLE_NARROW = 4
/** Then a row is a cache line. */
export const TABLE_WIDE = 16
/** Rows of the window that a task takes. */
export const TABLE_TASK_ROWS = 256
/** Users that a task takes: 64 KB of events at eight each, some hundred microseconds. */
export const USERS_TASK_USERS = 2048

// The best of many (assembly/bestRows.ts).
/** f32[…][STRIDE], the stride a multiple of four; out: u32, the rows. */
export const BEST_SCORES = 0
export const BEST_STRIDE = 1
/** Scores of a list. */
export const BEST_COUNT = 2
/** Rows wanted of each. */
export const BEST_WANTED = 3
/** The list of task 0. */
export const BEST_FIRST = 4
/** u32[tasks][ALLOWED_WORDS]: row i may be chosen where bit i mod 32 of word i / 32 is set; 0: all may. */
export const BEST_ALLOWED = 5
export const BEST_ALLOWED_WORDS = 6
/** Out, u32[tasks]: how many rows were chosen. */
export const BEST_CHOSEN = 7
/** A scratch area of SCRATCH_BYTES for each task: u32[BEST_DIGITS], then u64[2][WANTED + 4]. */
export const BEST_SCRATCH = 8
export const BEST_SCRATCH_BYTES = 9
export const BEST_WORDS = 16

/** Of the 32 bits of a key the upper 11, the middle 11 and the lower 10 are a digit each. */
export const BEST_DIGIT_COUNT = 2048
/** Counts of all three. */
export const BEST_DIGITS = 3 * BEST_DIGIT_COUNT

// Ids as JSON (assembly/idTexts.ts).
/** A vocabulary (datasets/vocabulary.ts): u8[…] and u32[…]. */
export const IDS_TEXTS = 0
export const IDS_OFFSETS = 1
/** u32[…]: whose ids. */
export const IDS_ROWS = 2
/** Rows [FROM, TO) are written. Out: FROM is the first that was not. */
export const IDS_FROM = 3
export const IDS_TO = 4
/** u8[OUTPUT_SIZE], with BYTES_SLACK behind; out: how much is written. */
export const IDS_OUTPUT = 5
export const IDS_OUTPUT_SIZE = 6
export const IDS_WRITTEN = 7
/** Scratch. */
export const IDS_TOUCHED = 8
export const IDS_WORDS = 16

/** A comma, two quotes. */
export const ID_FRAME_BYTES = 3
/** A byte takes six as \u00xx. */
export const ID_ESCAPE_BYTES = 6
