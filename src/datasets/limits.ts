/** What data may look like: AWS's quotas (spec/quotas.md §1) first, then our own bounds, each with its reason. */

/** USER_ID, ITEM_ID, ACTION_ID, in characters (Unicode code points). */
export const ID_CHARACTERS_MAX = 256
/** Every other string, categorical or not, separators included. */
export const STRING_CHARACTERS_MAX = 1000
/** Textual values are cut to this length, not refused. AWS cuts Chinese and Japanese at 7 000: left to the model that reads the text. */
export const TEXTUAL_CHARACTERS_MAX = 20_000
export const COLUMN_NAME_CHARACTERS_MAX = 150
/** In one import job of either mode, duplicates included. */
export const INTERACTION_ROWS_MIN = 1000

/** Seconds of this size lie in the year 5138; milliseconds of this size lie in 1973. So it is milliseconds, or a mistake. */
export const EPOCH_SECONDS_MAX = 1e11
/** DuckDB's own default is 2 MiB; twenty textual columns of the longest kind fit. A longer line is an unclosed quote or no CSV. */
export const LINE_BYTES_MAX = 2_000_000
/** 126 columns with names of 150 characters take 19 kB. */
export const HEADER_BYTES_MAX = 64 * 1024
/** A folder of more objects is a wrong path. AWS documents no number; its batch jobs take 1000. */
export const IMPORT_OBJECTS_MAX = 10_000
/** Objects are read together until they have this size, and become one Parquet part: bounds what lies in the scratch folder at a time. */
export const PART_INPUT_BYTES = 4 * 2 ** 30
/** DuckDB's longest string of bits, which marks the duplicates of a part. Objects that are read together stay far below it. */
export const PART_ROWS_MAX = 1_000_000_000
/** AWS's cap for all but the v2 recipes. Positions stay below 2³¹, and the arrays of a training (36 bytes a row at the peak) below 18 GB. */
export const TRAINING_ROWS_MAX = 500_000_000

/** How many bad rows a failureReason lists: enough to see a pattern, short enough to read. */
export const BAD_ROWS_SHOWN = 5
/** How much of a bad value it quotes. */
export const VALUE_CHARACTERS_SHOWN = 60

/**
 * DuckDB's buffer pool; beyond it work goes to the scratch folder. The process takes about 400 MB more (CSV buffers, Parquet writers,
 * Node itself): measured in bench/import.ts.
 */
export const DUCKDB_MEMORY_BYTES = 512 * 2 ** 20
