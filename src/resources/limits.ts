/**
 * How many there may be at once, and how much one job may take (spec: quotas.md §5-6; the numbers are the reference's own). Declared once
 * each: `--limits name=value` changes one and `--limits name=off` switches it off. Of counts the resource type names its limit, and
 * Resources.create holds it; of sizes the job's description carries it.
 */
import type { Status } from './lifecycle.ts'

export interface Limit {
  readonly name: LimitName
  readonly default: number
  /** What is counted together: all of an account and region, or those of one dataset group. */
  readonly within: 'region' | 'dataset group'
  /** For a person: 'dataset groups'. */
  readonly counted: string
  /** Only resources in one of these count; absent: all. */
  readonly statuses?: readonly Status[]
  readonly message: (max: number) => string
}

/** Ready, on the way there, or stopped for a while; what has failed or goes away leaves room. */
const present: readonly Status[] = [
  'CREATE PENDING',
  'CREATE IN_PROGRESS',
  'UPDATE PENDING',
  'UPDATE IN_PROGRESS',
  'START PENDING',
  'START IN_PROGRESS',
  'STOP PENDING',
  'STOP IN_PROGRESS',
  'ACTIVE',
  'INACTIVE',
]

interface Declared extends Pick<Limit, 'default' | 'within' | 'counted'> {
  readonly statuses?: readonly Status[]
}

/** Things that stay until they are deleted. Wording of the reference's message for campaigns, without the console's first sentence. */
const things = (declared: Declared) => ({
  statuses: present,
  ...declared,
  message: (max: number) => `More than ${max} resources in ACTIVE state. Please delete some and try again.`,
})

/** Jobs: the number that wait or run. Wording as documented for import jobs. */
const jobs = (declared: Declared) => ({
  statuses: ['CREATE PENDING', 'CREATE IN_PROGRESS'] as const,
  ...declared,
  message: (max: number) => `More than ${max} resources with PENDING or IN_PROGRESS status.`,
})

const declared = {
  // A schema has no status: all of them count.
  schemas: things({ default: 500, within: 'region', counted: 'schemas', statuses: [] }),
  datasetGroups: things({ default: 5, within: 'region', counted: 'dataset groups' }),
  solutions: things({ default: 10, within: 'dataset group', counted: 'solutions' }),
  campaigns: {
    ...things({ default: 5, within: 'dataset group', counted: 'campaigns' }),
    // The one message that is documented whole (lifecycle.md §3).
    message: (max: number) =>
      `Cannot create a campaign. More than ${max} resources in ACTIVE state. Please delete some and try again.`,
  },
  recommenders: things({ default: 5, within: 'dataset group', counted: 'recommenders' }),
  filters: things({ default: 30, within: 'dataset group', counted: 'filters' }),
  eventTrackers: things({ default: 1, within: 'dataset group', counted: 'event trackers' }),
  metricAttributions: things({ default: 1, within: 'dataset group', counted: 'metric attributions' }),
  pendingImportJobs: jobs({ default: 5, within: 'region', counted: 'dataset import jobs' }),
  // Not documented: as for imports, since CreateDatasetExportJob knows LimitExceededException.
  pendingExportJobs: jobs({ default: 5, within: 'region', counted: 'dataset export jobs' }),
  pendingDataDeletionJobs: {
    ...jobs({ default: 5, within: 'dataset group', counted: 'data deletion jobs', statuses: ['PENDING'] }),
    message: (max: number) => `More than ${max} resources with PENDING status.`,
  },
  pendingSolutionVersions: jobs({ default: 20, within: 'region', counted: 'solution versions' }),
  pendingBatchInferenceJobs: jobs({ default: 5, within: 'region', counted: 'batch inference jobs' }),
  pendingBatchSegmentJobs: jobs({ default: 5, within: 'region', counted: 'batch segment jobs' }),
}

/** How much one job may have before it: its owner reads in the failureReason what was too much (quotas.md §5). */
const sizes = {
  importBytes: 100e9,
  incrementalImportBytes: 1e9,
  batchInputFiles: 1_000,
  // The guide says 1 GB; the more generous reading of it.
  batchInputBytes: 2 ** 30,
  batchRecordsPerFile: 50_000_000,
  themeRecordsPerFile: 100,
  segmentRecordsPerFile: 500,
  segmentAttributeRecordsPerFile: 10,
  deletionInputBytes: 100e6,
}

export type LimitName = keyof typeof declared
/** Infinity: switched off. */
export type Limits = Readonly<Record<LimitName | keyof typeof sizes, number>>

export const limits = Object.fromEntries(
  Object.entries(declared).map(([name, limit]) => [name, { name, ...limit }]),
) as Readonly<Record<LimitName, Limit>>

export const defaultLimits = {
  ...Object.fromEntries(Object.values(limits).map(limit => [limit.name, limit.default])),
  ...sizes,
} as Limits
