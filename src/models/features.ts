/** What is known about users or items beside what was done: a sparse matrix, one row each, as models that use metadata read it. */

export interface Features {
  readonly rowCount: number
  readonly featureCount: number
  /** u32[rowCount + 1]: row r's entries are [offsets[r], offsets[r + 1]). */
  readonly offsets: Uint32Array
  /** i32[entries]: ascending within a row, each once. */
  readonly features: Int32Array
  /** f32[entries] */
  readonly values: Float32Array
}

/** Those rows, in that order. */
export function featureRows({ featureCount, offsets, features, values }: Features, rows: Uint32Array): Features {
  const starts = new Uint32Array(rows.length + 1)
  for (const [place, row] of rows.entries()) starts[place + 1] = starts[place] + offsets[row + 1] - offsets[row]
  const kept = { features: new Int32Array(starts[rows.length]), values: new Float32Array(starts[rows.length]) }
  for (const [place, row] of rows.entries()) {
    kept.features.set(features.subarray(offsets[row], offsets[row + 1]), starts[place])
    kept.values.set(values.subarray(offsets[row], offsets[row + 1]), starts[place])
  }
  return { rowCount: rows.length, featureCount, offsets: starts, ...kept }
}
