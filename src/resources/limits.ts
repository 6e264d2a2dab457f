/**
 * How many there may be at once (spec: quotas.md §6, the reference's own numbers). The operator can raise each with `--limit name=value`.
 */
import type { Status } from './lifecycle.ts'

export interface Limit {
  readonly name: LimitName
  /** Only resources in one of these count. */
  readonly statuses: readonly Status[]
  readonly message: (max: number) => string
}

export const defaultLimits = {
  pendingImportJobs: 5,
  pendingSolutionVersions: 20,
  pendingBatchInferenceJobs: 5,
}
export type LimitName = keyof typeof defaultLimits
export type Limits = Readonly<Record<LimitName, number>>

const pending = (name: LimitName): Limit => ({
  name,
  statuses: ['CREATE PENDING', 'CREATE IN_PROGRESS'],
  message: max => `More than ${max} resources with PENDING or IN_PROGRESS status.`,
})

export const limits = {
  pendingImportJobs: pending('pendingImportJobs'),
  pendingSolutionVersions: pending('pendingSolutionVersions'),
  pendingBatchInferenceJobs: pending('pendingBatchInferenceJobs'),
} as const
