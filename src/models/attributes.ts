/**
 * What is told of people, as attributes that somebody has or has not: a category of a column, or the eighth of its numbers that a number is in. Texts
 * are no attributes. Only attributes that enough people share can tell anything of the next one.
 */
import type { Metadata, MetadataColumn } from './metadata.ts'
import { bordersOf, bucketOf, COARSE_BUCKETS } from './metadataFeatures.ts'

/** Those of a category of a column, or, without one, those whose number is at least `from` and less than `below`, where they are given. */
export interface AttributeRule {
  readonly column: string
  readonly category?: string
  readonly from?: number
  readonly below?: number
}

export interface Attributes {
  readonly rowCount: number
  /** One an attribute, such as `AGE 3` for the third eighth, from 0, of the numbers of AGE: for people. */
  readonly names: readonly string[]
  /** One an attribute: who has it, also of people who come later. */
  readonly rules: readonly AttributeRule[]
  /** u32[rowCount + 1]: row r has codes[offsets[r] … offsets[r + 1]). */
  readonly offsets: Uint32Array
  /** i32: indexes of names, ascending within a row, each once. */
  readonly codes: Int32Array
}

/** Those that the most rows have: a list of items is kept for each. */
const ATTRIBUTE_COUNT_MAX = 256
/** The reference's own minimum of people to learn from (spec/recipes.md §3). */
const ROWS_MIN = 25

/** The same for the same metadata, however they were read. */
export function attributesOf(metadata: Metadata): Attributes {
  const { rowCount, columns } = metadata
  const shared = columns
    .flatMap(column => candidatesOf(column, rowCount))
    .filter(({ count }) => count >= ROWS_MIN && count < rowCount)
  // The sort is stable: of equal ones those of the first column stay.
  const most = shared.sort((a, b) => b.count - a.count).slice(0, ATTRIBUTE_COUNT_MAX)
  const names = most.map(({ name }) => name)
  const rules = most.map(({ rule }) => rule)
  return attributesBy({ names, rules }, metadata)
}

interface Candidate {
  readonly name: string
  readonly rule: AttributeRule
  readonly count: number
}

function candidatesOf(column: MetadataColumn, rowCount: number): Candidate[] {
  if (column.kind === 'words') return []
  const { name } = column
  if (column.kind === 'categories') {
    const counts = new Uint32Array(column.categories.length)
    for (let at = 0; at < column.offsets[rowCount]; at++) counts[column.codes[at]]++
    return column.categories.map((category, code) => ({
      name: `${name} ${category}`,
      rule: { column: name, category },
      count: counts[code],
    }))
  }
  const values = column.values.subarray(0, rowCount)
  const borders = bordersOf(values, COARSE_BUCKETS)
  const counts = new Uint32Array(borders.length + 1)
  for (const value of values) if (!Number.isNaN(value)) counts[bucketOf(borders, value)]++
  return Array.from(counts, (count, bucket) => ({
    name: `${name} ${bucket}`,
    rule: {
      column: name,
      ...(bucket > 0 && { from: borders[bucket - 1] }),
      ...(bucket < borders.length && { below: borders[bucket] }),
    },
    count,
  }))
}

/** Who of these rows has which attributes, by rules found before, perhaps in other rows. */
export function attributesBy(known: Pick<Attributes, 'names' | 'rules'>, { rowCount, columns }: Metadata): Attributes {
  const rowsOf: number[][] = known.rules.map(() => [])
  for (const column of columns) {
    const attributes = [...known.rules.keys()].filter(attribute => known.rules[attribute].column === column.name)
    const attributesAt = rulesOn(column, attributes, known.rules)
    for (let row = 0; row < rowCount; row++) for (const attribute of attributesAt(row)) rowsOf[attribute].push(row)
  }
  const offsets = new Uint32Array(rowCount + 1)
  for (const rows of rowsOf) for (const row of rows) offsets[row + 1]++
  for (let row = 0; row < rowCount; row++) offsets[row + 1] += offsets[row]
  const [codes, next] = [new Int32Array(offsets[rowCount]), offsets.slice()]
  for (const [code, rows] of rowsOf.entries()) for (const row of rows) codes[next[row]++] = code
  return { ...known, rowCount, offsets, codes }
}

/** Of `attributes`, which are all of this column, those that a row has. */
function rulesOn(
  column: MetadataColumn,
  attributes: readonly number[],
  rules: readonly AttributeRule[],
): (row: number) => Iterable<number> {
  if (column.kind === 'words' || attributes.length === 0) return () => []
  if (column.kind === 'categories') {
    const byCategory = new Map(attributes.map(attribute => [rules[attribute].category, attribute]))
    const byCode = column.categories.map(category => byCategory.get(category))
    return row =>
      Array.from(column.codes.subarray(column.offsets[row], column.offsets[row + 1]), code => byCode[code]).filter(
        attribute => attribute !== undefined,
      )
  }
  const ranges = attributes.filter(attribute => rules[attribute].category === undefined)
  // NaN, no number, is in no range.
  return row =>
    ranges.filter(attribute => {
      const { from = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY } = rules[attribute]
      return column.values[row] >= from && column.values[row] < below
    })
}

/** Those rows, in that order. */
export function attributeRows({ names, rules, offsets, codes }: Attributes, rows: ArrayLike<number>): Attributes {
  const starts = new Uint32Array(rows.length + 1)
  for (let place = 0; place < rows.length; place++)
    starts[place + 1] = starts[place] + offsets[rows[place] + 1] - offsets[rows[place]]
  const kept = new Int32Array(starts[rows.length])
  for (let place = 0; place < rows.length; place++)
    kept.set(codes.subarray(offsets[rows[place]], offsets[rows[place] + 1]), starts[place])
  return { rowCount: rows.length, names, rules, offsets: starts, codes: kept }
}
