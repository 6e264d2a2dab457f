/**
 * What is told of people, as attributes that somebody has or has not: a category of a column, or the eighth of its numbers that a number is in. Texts
 * are no attributes. Only attributes that enough people share can tell anything of the next one.
 */
import type { Metadata } from './metadata.ts'
import { buckets, COARSE_BUCKETS } from './metadataFeatures.ts'

export interface Attributes {
  readonly rowCount: number
  /** One an attribute, such as `AGE 3` for the third eighth, from 0, of the numbers of AGE: for people. */
  readonly names: readonly string[]
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
export function attributesOf({ rowCount, columns }: Metadata): Attributes {
  const found: { name: string; rows: Int32Array }[] = []
  for (const column of columns) {
    if (column.kind === 'words') continue
    const codesOf = rowCodes(column, rowCount)
    const rows = new Map<number, number[]>()
    for (let row = 0; row < rowCount; row++)
      for (const code of codesOf(row)) {
        const list = rows.get(code)
        if (list) list.push(row)
        else rows.set(code, [row])
      }
    const nameOf = (code: number) => (column.kind === 'categories' ? column.categories[code] : String(code))
    for (const [code, list] of [...rows].sort(([a], [b]) => a - b))
      if (list.length >= ROWS_MIN && list.length < rowCount)
        found.push({ name: `${column.name} ${nameOf(code)}`, rows: Int32Array.from(list) })
  }
  // The sort is stable: of equal ones those of the first column stay.
  const most = found.toSorted((a, b) => b.rows.length - a.rows.length).slice(0, ATTRIBUTE_COUNT_MAX)
  const offsets = new Uint32Array(rowCount + 1)
  for (const { rows } of most) for (const row of rows) offsets[row + 1]++
  for (let row = 0; row < rowCount; row++) offsets[row + 1] += offsets[row]
  const [codes, next] = [new Int32Array(offsets[rowCount]), offsets.slice()]
  for (const [code, { rows }] of most.entries()) for (const row of rows) codes[next[row]++] = code
  return { rowCount, names: most.map(({ name }) => name), offsets, codes }
}

function rowCodes(column: Exclude<Metadata['columns'][number], { kind: 'words' }>, rowCount: number) {
  if (column.kind === 'categories')
    return (row: number) => column.codes.subarray(column.offsets[row], column.offsets[row + 1])
  const bucketOf = buckets(column.values.subarray(0, rowCount), COARSE_BUCKETS)
  return (row: number) => (bucketOf[row] < 0 ? [] : [bucketOf[row]])
}

/** Those rows, in that order. */
export function attributeRows({ names, offsets, codes }: Attributes, rows: ArrayLike<number>): Attributes {
  const starts = new Uint32Array(rows.length + 1)
  for (let place = 0; place < rows.length; place++)
    starts[place + 1] = starts[place] + offsets[rows[place] + 1] - offsets[rows[place]]
  const kept = new Int32Array(starts[rows.length])
  for (let place = 0; place < rows.length; place++)
    kept.set(codes.subarray(offsets[rows[place]], offsets[rows[place] + 1]), starts[place])
  return { rowCount: rows.length, names, offsets: starts, codes: kept }
}
