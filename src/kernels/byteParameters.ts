/**
 * The parameter block of the byte path (assembly/lines.ts, ids.ts, answers.ts): one for each thread, words as in parameters.ts. One block
 * of records passes through it: bytes of JSON Lines → records → users → answers → bytes. AssemblyScript reads this file too.
 */

// Lines (assembly/lines.ts).
/** u8[…]: whole lines and the beginning of one; BYTES_SLACK bytes behind what is filled belong to it. */
export const BYTES_INPUT = 0
/** In: where in INPUT the next line begins. Out: where the first line begins that was not taken. */
export const BYTES_AT = 1
/** How much of INPUT is filled. */
export const BYTES_FILLED = 2
/** 1 when nothing follows what is filled: its last line may lack an end. */
export const BYTES_LAST = 3
/** In and out: the number of the line at AT. */
export const BYTES_LINE = 4
/** Records wanted at most. */
export const BYTES_RECORDS_MAX = 5
/** Out: how many there are. */
export const BYTES_RECORD_COUNT = 6
/** u32[RECORDS_MAX][RECORD_WORDS] */
export const BYTES_RECORDS = 7
/** A longer line keeps its white space: it is a record whatever is in it. */
export const BYTES_LINE_MAX = 8

// Ids (assembly/ids.ts): a vocabulary (datasets/vocabulary.ts).
/** u8[…], u32[SLOT_COUNT][2] */
export const BYTES_IDS = 9
export const BYTES_SLOTS = 10
export const BYTES_SLOT_COUNT = 11
/** The low bits of a slot's first word that hold index + 1. */
export const BYTES_INDEX_BITS = 12
/** u32[RECORDS_MAX + 1]: scratch. */
export const BYTES_HASHES = 13
/** Out: i32[RECORDS_MAX]: the index of each plain record's id, -1 for one that is not in the vocabulary. Others keep what they have. */
export const BYTES_FOUND = 32

// Answers (assembly/answers.ts).
/** i32[…], f32[…]: items and scores by list; or places of the prior order, whose texts are in PLACES. */
export const BYTES_ITEMS = 14
export const BYTES_SCORES = 15
/** u8[items][16]: an item's id as JSON and a comma, its length in the last byte; LONG_TEXT there: u32 place and length in LONG_TEXTS. */
export const BYTES_ITEM_TEXTS = 16
export const BYTES_LONG_TEXTS = 17
/** u8[places][PLACE_BYTES]: the item's text as above, the score and a comma in 31 bytes, and the length of that. */
export const BYTES_PLACES = 18
/** u8[FRAME_PIECES][FRAME_PIECE_BYTES]: what stands between the variable parts of a line, each with its length in its last byte. */
export const BYTES_FRAME = 19
/** u32[BINADES] and u8[BINADES][2][16] of floats: kernels/plain/float32Text.ts. */
export const BYTES_TENS = 20
export const BYTES_SCALES = 21
/** 1: lines have scores; reasons. */
export const BYTES_HAS_SCORES = 23
export const BYTES_HAS_REASONS = 24
/** What an item may take in a line, at most. */
export const BYTES_ITEM_ROOM = 25
/** u8[OUTPUT_SIZE]; in and out: how much is written. */
export const BYTES_OUTPUT = 26
export const BYTES_OUTPUT_SIZE = 27
export const BYTES_WRITTEN = 28
/** Records [FROM, TO) are written. Out: FROM is the first that was not. */
export const BYTES_FROM = 29
export const BYTES_TO = 30
/** Out: 1 when that record has a score whose text takes more than f64 to decide. */
export const BYTES_STUCK = 31
/** The first eight bytes of a plain line: `{"userId` or `{"itemId`; 0 where no line is plain. */
export const BYTES_OPENING = 34
export const BYTES_WORDS = 48

/** Kernels load and store whole vectors: so much behind an area is theirs. */
export const BYTES_SLACK = 64

// A record: the words of its row in RECORDS.
/** Bytes [START, END) of INPUT, without line end or white space around. */
export const RECORD_START = 0
export const RECORD_END = 1
export const RECORD_LINE = 2
/** 1: the line is exactly {"userId":"…"} (or itemId), the id being what stands between PLAIN_OPENING and PLAIN_CLOSING bytes. */
export const RECORD_PLAIN = 3
/** One of the ANSWER_ constants. */
export const RECORD_ANSWER = 4
/** The list is [FROM, FROM + COUNT) of ITEMS; or the output's address and length. */
export const RECORD_FROM = 5
export const RECORD_COUNT = 6
export const RECORD_WORDS = 8

/** Not the kernel's business. */
export const ANSWER_NONE = 0
/** Items and scores. */
export const ANSWER_LIST = 1
/** Places of the prior order. */
export const ANSWER_PLACES = 2
/** An output that is already there as bytes, from `,"output":` to the line end. */
export const ANSWER_COPY = 3

/** `{"userId":"` and `"}`. */
export const PLAIN_OPENING_BYTES = 11
export const PLAIN_CLOSING_BYTES = 2
/** An id of so many bytes has no more characters than ids may have. */
export const PLAIN_ID_BYTES_MAX = 256

export const ITEM_TEXT_BYTES = 16
/** In place of a length: the text is longer than 15 bytes. */
export const LONG_TEXT = 255
export const PLACE_BYTES = 48
export const PLACE_SCORE = 16

export const FRAME_PIECE_BYTES = 48
export const FRAME_INPUT = 0
export const FRAME_OUTPUT = 1
export const FRAME_SCORES = 2
export const FRAME_REASONS = 3
export const FRAME_END = 4
export const FRAME_PIECES = 5
/** What a line takes beside its input and its items, at most. */
export const FRAME_BYTES = 128

/** Of floats from 0 to 1: each is the floats of one biased exponent. */
export const BINADES = 128
