/** What a filter is carried out on: columns and histories, in typed arrays on shared memory. Made by read.ts, used by masks.ts. */
import type { DatasetType } from '../datasets/schema.ts'
import type { VocabularyTensors } from '../datasets/vocabulary.ts'
import { bitsFor } from '../lib/packedBits.ts'
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

/**
 * What each user did, as codes in `bits` bits (lib/packedBits.ts): item << typeBits | type. Repeats do no harm. Read by eventReader.ts.
 */
export interface UserEvents {
  /** Folded. Empty where nothing tells types: then every event counts. */
  readonly types: readonly string[]
  /** u32[users + 1]: the events of user u are codes [offsets[u], offsets[u + 1]). Users beyond have done nothing. */
  readonly offsets: Uint32Array
  readonly bits: number
  readonly typeBits: number
  readonly codes: Uint32Array | CodeFile
  /** The row of each item, -1 for one that is none; absent: items are rows. */
  readonly rowOf?: Int32Array | undefined
}

/** Types of events that count: flags by index of `types`. */
export type Wanted = Uint8Array | 'any'

/** Codes that are too many for memory: `words` u32 of a file from byte `start` on. */
export interface CodeFile {
  readonly path: string
  readonly start: number
  readonly words: number
}

/** None where there is nothing to tell apart. */
export const typeBitsFor = (typeCount: number): number => (typeCount > 1 ? bitsFor(typeCount) : 0)

export const columnKey = (dataset: DatasetType, column: string): string => `${dataset}.${column}`

/** By the word of the statement. */
export const DATASET_OF = { ItemID: 'ITEMS', UserID: 'USERS', ActionID: 'ACTIONS' } as const
