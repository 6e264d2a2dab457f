/**
 * What is known of items, or of users, beside what was done: columns over the rows of a vocabulary. Read by datasets/metadata.ts; a row of
 * which nothing is known has no categories, no words and NaN.
 */
export interface Metadata {
  readonly rowCount: number
  readonly columns: readonly MetadataColumn[]
}

export type MetadataColumn = CategoryColumn | NumberColumn | WordColumn

/** Any number of categories a row: row r has codes[offsets[r] … offsets[r + 1]), ascending, each once. */
export interface CategoryColumn {
  readonly kind: 'categories'
  readonly name: string
  /** By code. */
  readonly categories: readonly string[]
  /** u32[rowCount + 1] */
  readonly offsets: Uint32Array
  /** u32[…] < categories.length */
  readonly codes: Uint32Array
}

export interface NumberColumn {
  readonly kind: 'numbers'
  readonly name: string
  /** f64[rowCount] */
  readonly values: Float64Array
}

/** A text as the set of its words: 32-bit hashes, ascending, each once, laid out as categories are. */
export interface WordColumn {
  readonly kind: 'words'
  readonly name: string
  readonly offsets: Uint32Array
  readonly hashes: Uint32Array
}
