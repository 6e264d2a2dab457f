/**
 * Which status may follow which, and who follows the arrow (spec: lifecycle.md §1). Nothing else changes a status.
 *
 *   asked    a request: DeleteDataset, StopRecommender
 *   begin    the engine takes up the work that a pending status stands for
 *   done     the engine has finished the work
 *   failed   the engine has given the work up
 *   stopped  the work ends, in whatever way, after its owner has asked to stop it
 *
 *   CREATE PENDING ─begin─► CREATE IN_PROGRESS ─done─► ACTIVE ─asked─► DELETE PENDING ─begin─► DELETE IN_PROGRESS ─► gone
 *                                              └failed► CREATE FAILED ─asked─┘
 */
export type Status =
  | `${'CREATE' | 'UPDATE' | 'DELETE' | 'START' | 'STOP'} ${'PENDING' | 'IN_PROGRESS'}`
  | 'CREATE FAILED'
  | 'UPDATE FAILED'
  | 'CREATE STOPPING'
  | 'CREATE STOPPED'
  | 'ACTIVE'
  | 'INACTIVE'
  // Data deletion jobs alone have words without a verb.
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'COMPLETED'
  | 'FAILED'

export interface Arrows {
  readonly asked?: readonly Status[]
  readonly begin?: Status
  readonly done?: Status
  readonly failed?: Status
  readonly stopped?: Status
}
/** The arrows that the engine follows. */
export type EngineArrow = Exclude<keyof Arrows, 'asked'>

export interface Lifecycle {
  /** The status of what was just asked for. */
  readonly first: Status
  readonly arrows: { readonly [from in Status]?: Arrows }
}

const creation = {
  'CREATE PENDING': { begin: 'CREATE IN_PROGRESS' },
  'CREATE IN_PROGRESS': { done: 'ACTIVE', failed: 'CREATE FAILED' },
} as const

const deletion = {
  'CREATE FAILED': { asked: ['DELETE PENDING'] },
  'DELETE PENDING': { begin: 'DELETE IN_PROGRESS' },
} as const

/** Jobs: done or failed, and there for good. */
export const permanent: Lifecycle = { first: 'CREATE PENDING', arrows: creation }

/** What can be deleted once it is no longer being made. */
export const deletable: Lifecycle = {
  first: 'CREATE PENDING',
  arrows: { ...creation, ...deletion, ACTIVE: { asked: ['DELETE PENDING'] } },
}

/** Datasets, metric attributions: an update shows in their own status, and a failed one leaves them as they were. */
export const updatable: Lifecycle = {
  first: 'CREATE PENDING',
  arrows: {
    ...deletable.arrows,
    ACTIVE: { asked: ['DELETE PENDING', 'UPDATE PENDING'] },
    'UPDATE PENDING': { begin: 'UPDATE IN_PROGRESS' },
    'UPDATE IN_PROGRESS': { done: 'ACTIVE', failed: 'ACTIVE' },
  },
}

/** Campaigns: an update shows in a member of its own, and mends one whose creation failed. */
export const redeployable: Lifecycle = {
  first: 'CREATE PENDING',
  arrows: { ...deletable.arrows, 'CREATE FAILED': { asked: ['DELETE PENDING'], done: 'ACTIVE' } },
}

/** Recommenders: they can be stopped, which frees what they hold, and started again. */
export const startable: Lifecycle = {
  first: 'CREATE PENDING',
  arrows: {
    ...deletable.arrows,
    ACTIVE: { asked: ['DELETE PENDING', 'STOP PENDING'] },
    'STOP PENDING': { begin: 'STOP IN_PROGRESS' },
    'STOP IN_PROGRESS': { done: 'INACTIVE', failed: 'ACTIVE' },
    INACTIVE: { asked: ['DELETE PENDING', 'START PENDING'] },
    'START PENDING': { begin: 'START IN_PROGRESS' },
    'START IN_PROGRESS': { done: 'ACTIVE', failed: 'INACTIVE' },
  },
}

/** Solution versions: their creation can be stopped, and they go with their solution. */
export const stoppable: Lifecycle = {
  first: 'CREATE PENDING',
  arrows: {
    'CREATE PENDING': { begin: 'CREATE IN_PROGRESS', asked: ['CREATE STOPPED'] },
    'CREATE IN_PROGRESS': { done: 'ACTIVE', failed: 'CREATE FAILED', asked: ['CREATE STOPPING'] },
    'CREATE STOPPING': { stopped: 'CREATE STOPPED' },
  },
}

/** Data deletion jobs. */
export const deletionJob: Lifecycle = {
  first: 'PENDING',
  arrows: {
    PENDING: { begin: 'IN_PROGRESS' },
    IN_PROGRESS: { done: 'COMPLETED', failed: 'FAILED' },
  },
}

/** `latestDatasetUpdate.status`. Those of solutions, campaigns and recommenders have the words of `permanent`. */
export const datasetUpdate: Lifecycle = {
  first: 'UPDATE PENDING',
  arrows: {
    'UPDATE PENDING': { begin: 'UPDATE IN_PROGRESS' },
    'UPDATE IN_PROGRESS': { done: 'ACTIVE', failed: 'UPDATE FAILED' },
  },
}

/** What every `latest…Update` member carries, beside what was asked for. Dates in epoch seconds, as on the wire. */
export interface UpdateSummary {
  readonly status: Status
  readonly creationDateTime: number
  readonly lastUpdatedDateTime: number
  readonly failureReason?: string | undefined
}

export function mayMove(lifecycle: Lifecycle | undefined, from: Status | undefined, to: Status): boolean {
  const { asked = [], ...others } = (from && lifecycle?.arrows[from]) ?? {}
  return asked.includes(to) || Object.values(others).includes(to)
}

/** Something is being done or waits to be, other than going away. */
export const isUnderWay = (status: Status | undefined): boolean =>
  status !== undefined && !status.startsWith('DELETE') && /(PENDING|IN_PROGRESS|STOPPING)$/.test(status)
