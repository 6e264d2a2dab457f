/** What a filter is carried out on: columns and histories, in typed arrays on shared memory. Made by read.ts, used by masks.ts. */
import type { DatasetType } from '../datasets/schema.ts'
import type { VocabularyTensors } from '../datasets/vocabulary.ts'
import type { ByRow, ByValue } from './columns.ts'

export interface FilterData {
  /** The rows that pass or do not: of the model's items, or of all items, users or actions. */
  readonly rowCount: number
  /** By `columnKey`. Event types of a filter about users are a column like others. */
  readonly candidates: Readonly<Record<string, ByValue>>
  /** The same rows, for CurrentItem. */
  readonly currentItem: Readonly<Record<string, ByRow>>
  /** Who may ask: absent when the filter does not care. */
  readonly users: VocabularyTensors | undefined
  /** Of those users, for IF CurrentUser. */
  readonly currentUser: Readonly<Record<string, ByRow>>
  /** What those users did. */
  readonly events: UserEvents | undefined
}

/** Of each user the distinct pairs of row and event type, by row and type. 6 bytes a pair. */
export interface UserEvents {
  /** Folded. Empty where nothing asks for types: then every event counts. */
  readonly types: readonly string[]
  /** u32[users + 1] */
  readonly offsets: Uint32Array
  /** u32[pairs], u16[pairs]: an index of `types`; empty with it. */
  readonly rows: Uint32Array
  readonly typeOf: Uint16Array
}

export const columnKey = (dataset: DatasetType, column: string): string => `${dataset}.${column}`

/** By the word of the statement. */
export const DATASET_OF = { ItemID: 'ITEMS', UserID: 'USERS', ActionID: 'ACTIONS' } as const
