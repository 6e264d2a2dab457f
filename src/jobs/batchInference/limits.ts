/** The numbers of a batch inference job that somebody might want to know or change. */

import type { Limits } from '../../resources/limits.ts'

/** What an operator may change (resources/limits.ts has the defaults), as the description of the job carries it. */
export interface BatchLimits {
  readonly inputFiles: number
  /** Over all input files of the job. */
  readonly inputBytes: number
  readonly recordsPerFile: number
}

export const batchLimits = (limits: Limits, themes = false): BatchLimits => ({
  inputFiles: limits.batchInputFiles,
  inputBytes: limits.batchInputBytes,
  recordsPerFile: themes ? limits.themeRecordsPerFile : limits.batchRecordsPerFile,
})

/** A record with 500 items of 256 characters takes 130 KB; twice that. A longer line is a bad line, of which no more is kept in memory. */
export const LINE_BYTES_MAX = 256 * 1024

/** Ids of a record's itemList: the reference's real-time maximum; none is documented for batch. */
export const ITEM_LIST_LENGTH_MAX = 500

/** How much of an over-long line its answer repeats: enough to recognise it. */
export const ECHO_BYTES_MAX = 1024

/**
 * Input bytes of a shard, which end with the line that reaches them, where a shard becomes a part: some 50 000 records. That is what a crash
 * costs per thread; 1 GB of input then makes a thousand parts, each with its checkpoint.
 */
export const PART_SHARD_BYTES = 1024 * 1024

/**
 * The same where a shard becomes a place in a file: some 3 000 records, tens of milliseconds and a megabyte or two of output, which a thread
 * holds until it knows the place; a message to the main thread follows each.
 */
export const FILE_SHARD_BYTES = 64 * 1024

/** The same where records carry values for a filter: a block of them. */
export const FILE_SHARD_BYTES_WITH_VALUES = 1280 * 1024

/** What a crash costs where the output is a file; each checkpoint syncs it. */
export const CHECKPOINT_SECONDS = 1

/** One try and two more: a thread that dies of bad luck is replaced, one that dies of its shard stops the job. */
export const SHARD_TRIES_MAX = 3

/** Records looked up, ranked and written together: what a factor model's kernels like best (design/performance.md §3). */
export const BLOCK_RECORDS = 480

/**
 * The same where records carry values for a filter: those with equal values are ranked together, and of a thousand distinct sets a block of this size has
 * nineteen records each, which share what a view brings into the cache, and fill their tiles of five. 5 MB of lists a thread.
 */
export const BLOCK_RECORDS_WITH_VALUES = 19_200

/** Histories of more bytes are packed into as few bits an event as will do (recipes/packedHistories.ts). */
export const HISTORIES_BYTES_MAX = 2 ** 30

/**
 * Packed histories of more bytes stay in their file: a job takes 4 GB beside the ids of its users, however many those are. 50 million users
 * of 36 events on 20 000 items take 3.4.
 */
export const PACKED_BYTES_MAX = 3.4e9

/**
 * Events of a block, of its histories and of what is struck, that are unpacked at once, unless one record has more: 19 200 records of 109 and as many struck. 16 MB a
 * thread; a block of the longest history over and over would take all there is.
 */
export const GATHERED_ITEMS_MAX = 2 ** 22

/** A gap of so many items (16 KB) between two histories is read along: that is less than another read costs. */
export const HISTORY_GAP_ITEMS = 4096

/** Items that are read from the file at once, at most, unless one history is longer: 4 MB a thread. */
export const HISTORY_READ_ITEMS = 2 ** 20

/** Input that a thread sees at once: the longest line fits, and one that is too long shows it. */
export const INPUT_WINDOW_BYTES = 2 * LINE_BYTES_MAX

/** The same where records carry values for a filter: a shard, so that nothing but its lines ends a block. */
export const INPUT_WINDOW_BYTES_WITH_VALUES = FILE_SHARD_BYTES_WITH_VALUES + LINE_BYTES_MAX

/** Output that a thread holds: a shard's worth as a rule, and in half of it any line, with its input repeated six times over as JSON. */
export const OUTPUT_BYTES = 16 * LINE_BYTES_MAX

/**
 * Of a file that is written at once. For larger writes Linux takes memory in longer rows, which on a virtual machine is memory that its host has yet to give:
 * 1.1 to 1.8 µs of CPU for 600 bytes instead of .13 to .2 (docs/decisions/0022-bytes-of-a-batch-job.md). Where all was used before they cost the same.
 */
export const WRITE_BYTES_MAX = 512 * 1024

/** Outputs that many records share, one for each distinct set of what a filter allows: some 1 500 of 25 items. */
export const COPIED_BYTES = 1024 * 1024

/** Best items of all whose texts are made once: what users have seen seldom reaches further down. 200 KB. */
export const PLACES_MAX = 4096

/** A thread tells how far it is this often. */
export const REPORT_SECONDS = 0.1

/** A thread needs some 30 MB; one that wants this much is beyond hope and dies alone instead of taking the process along. */
export const THREAD_HEAP_MB_MAX = 512

/** Inputs surveyed at once: on S3 most of the time is waiting. */
export const SURVEYS_AT_ONCE = 8

/** Of a thread beside its share of the model: V8's heap and code, windows for input and output. Estimated, generously. */
export const THREAD_BYTES = 100e6

/** Of the process without any model. Estimated, generously. */
export const PROCESS_BYTES = 150e6

/** What a record costs beside its ranking, for the expected time. On a loaded machine bench/fifty-million finds 2 to 3 µs. */
export const BYTE_PATH_MICROS = 1.5

/** Of the catalogue, items whose texts a theme is told apart from: a second at most, and a term of one in a thousand is met twenty times. */
export const THEME_SAMPLE_ITEMS = 20_000
