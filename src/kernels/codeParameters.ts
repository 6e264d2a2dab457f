/** The parameter block of assembly/codes.ts, words as in parameters.ts. AssemblyScript reads this file too. */

/** u32[…]: numbers in BITS bits each (lib/packedBits.ts), with a word more than they take. */
export const CODES_WORDS = 0
/** The bit of the first of those at which the first number begins; how many there are. */
export const CODES_BIT = 1
export const CODES_COUNT = 2
/** Of a number, and how many of these, the lowest, say of which type it is. */
export const CODES_BITS = 3
export const CODES_TYPE_BITS = 4
/** u8[2 ** TYPE_BITS]: 1 for types that are wanted. */
export const CODES_WANTED = 5
/** i32[ROW_OF_COUNT + 1]: the row of what a number names, -1 for none, which the last one is; 0: a number names a row. */
export const CODES_ROW_OF = 6
export const CODES_ROW_OF_COUNT = 7
/** Out: i32[COUNT], of which the first KEPT are the rows of those that are wanted. */
export const CODES_ROWS = 8
export const CODES_KEPT = 9
export const CODES_PARAMETERS = 10
