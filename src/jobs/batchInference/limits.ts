/** The numbers of a batch inference job that somebody might want to know or change. */

/** What an operator may raise, by the description of the job. The defaults are the guide's ("Amazon Personalize endpoints and quotas"). */
export interface BatchLimits {
  readonly inputFiles: number
  /** Over all input files of the job. The guide says 1 GB; the more generous reading of it. */
  readonly inputBytes: number
  readonly recordsPerFile: number
}

export const BATCH_LIMITS: BatchLimits = { inputFiles: 1000, inputBytes: 2 ** 30, recordsPerFile: 50_000_000 }

/** A record with 500 items of 256 characters takes 130 KB; twice that. A longer line is a bad line, of which no more is kept in memory. */
export const LINE_BYTES_MAX = 256 * 1024

/** How much of an over-long line its answer repeats: enough to recognise it. */
export const ECHO_BYTES_MAX = 1024

/**
 * Input bytes of a shard, which end with the line that reaches them: some 50 000 records, seconds of work. That is what a crash costs per
 * thread; 1 GB of input then makes a thousand shards, each a checkpoint and a part.
 */
export const SHARD_BYTES = 1024 * 1024

/** One try and two more: a thread that dies of bad luck is replaced, one that dies of its shard stops the job. */
export const SHARD_TRIES_MAX = 3

/** Records ranked at once; a message and a chunk of output (some 100 KB) follow each block. */
export const BLOCK_RECORDS = 256

/** A thread needs some 30 MB; one that wants this much is beyond hope and dies alone instead of taking the process along. */
export const THREAD_HEAP_MB_MAX = 512

/** Inputs surveyed at once: on S3 most of the time is waiting. */
export const SURVEYS_AT_ONCE = 8
