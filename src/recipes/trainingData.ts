/** What a recipe learns from: what users did, and what the dataset group tells about items and users. */
import type { WorkControl } from '../lib/work.ts'
import { type Attributes, attributeRows } from '../models/attributes.ts'
import type { ContextColumn } from '../models/contextLifts.ts'
import type { Features } from '../models/features.ts'
import type { Interactions } from '../models/interactions.ts'
import type { Objective } from '../models/objective.ts'
import { ofUsers } from '../models/splits.ts'

export interface TrainingControl extends WorkControl {
  readonly threads: number
}

export interface TrainingData {
  /** Filtered by event type and value already, with the weights of the types, if any were given. */
  readonly interactions: Interactions
  /** Distinct items in Interactions and Items. */
  readonly catalogueItemCount: number
  /** What may be learnt about each item, one row an item of `interactions`; absent: nothing is known of any. */
  readonly itemFeatures?: Features
  /** The same of items without interactions, which have the indexes after those of `interactions`. */
  readonly newItemFeatures?: Features
  /** What each item is worth, those without interactions too. */
  readonly objective?: Objective
  /** What may be learnt of each user, one row a user of `interactions`, and then of those who have done nothing. */
  readonly userAttributes?: Attributes
  /** Of each of `interactions.contexts` what its codes mean. */
  readonly contextColumns?: readonly ContextColumn[]
  /** Then `interactions` are joined with what users did with so many actions (models/actionEvents.ts). */
  readonly actions?: { readonly count: number }
}

/** The same with these users alone, in the order given. */
export const withUsers = (data: TrainingData, users: Uint32Array): TrainingData => ({
  ...data,
  interactions: ofUsers(data.interactions, users),
  ...(data.userAttributes && { userAttributes: attributeRows(data.userAttributes, users) }),
})
