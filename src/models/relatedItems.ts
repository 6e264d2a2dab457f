/**
 * A model that is asked about one item: the newest event of a history, and nothing before it, votes by its row of each expert. An item
 * without a row gets what is popular, as does the end of a list that is longer than the row: of equal scores the lower index comes first, and
 * items are indexed by descending number of events.
 */
import type { HistoryModel } from './historyModel.ts'
import type { SparseRows } from './sparseRows.ts'

/** Beyond it what is related is hardly so, and a list that asks for more ends in popular items; an entry takes 8 bytes. */
export const RELATED_ROW_LENGTH = 200

/** Only the newest event counts. */
const NEWEST = Float32Array.of(1)

export interface RelatedExpert {
  readonly name: string
  readonly rows: SparseRows
  /** ≥ 0, of the expert's values. */
  readonly weight: number
}

/** Without an expert everybody gets the prior. */
export function relatedItemsModel(experts: readonly RelatedExpert[], prior: Float32Array): HistoryModel {
  const common = { itemCount: prior.length, prior, sharpness: 1 }
  if (experts.length === 0) return { form: 'dense', ...common, kernel: new Float32Array(0), rows: undefined }
  return {
    form: 'pool',
    ...common,
    combination: 'linear',
    // A linear pool has no logarithm: any positive number will do.
    epsilon: 1,
    experts: experts.map(({ name, rows, weight }) => ({ name, kernel: NEWEST, weight, scale: 1, ...rows })),
    bias: undefined,
  }
}
