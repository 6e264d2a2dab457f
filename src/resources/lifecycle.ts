/**
 * Which status may follow which (spec: lifecycle.md §1). `begin` and `end` are the arrows the engine follows when it takes up a
 * resource's work and when it finishes; a request follows the others. Nothing else changes a status.
 *
 *   CREATE PENDING ─begin─► CREATE IN_PROGRESS ─end─► ACTIVE | CREATE FAILED ──► DELETE PENDING ─begin─► DELETE IN_PROGRESS ─end─► gone
 *
 * A solution version can be stopped on the way: CREATE PENDING ──► CREATE STOPPED, CREATE IN_PROGRESS ──► CREATE STOPPING ─end─► CREATE STOPPED.
 */
export type Status =
  | 'CREATE PENDING'
  | 'CREATE IN_PROGRESS'
  | 'CREATE FAILED'
  | 'CREATE STOPPING'
  | 'CREATE STOPPED'
  | 'ACTIVE'
  | 'DELETE PENDING'
  | 'DELETE IN_PROGRESS'

export type Lifecycle = { readonly [from in Status]?: readonly Status[] }

const creation: Lifecycle = {
  'CREATE PENDING': ['CREATE IN_PROGRESS'],
  'CREATE IN_PROGRESS': ['ACTIVE', 'CREATE FAILED'],
}

/** Jobs: done or failed, and there for good. */
export const permanent: Lifecycle = creation

/** What can be deleted once it is no longer being made. */
export const deletable: Lifecycle = {
  ...creation,
  ACTIVE: ['DELETE PENDING'],
  'CREATE FAILED': ['DELETE PENDING'],
  'DELETE PENDING': ['DELETE IN_PROGRESS'],
}

/** Solution versions: they can be stopped, and go with their solution. */
export const stoppable: Lifecycle = {
  'CREATE PENDING': ['CREATE IN_PROGRESS', 'CREATE STOPPED'],
  'CREATE IN_PROGRESS': ['ACTIVE', 'CREATE FAILED', 'CREATE STOPPING'],
  'CREATE STOPPING': ['CREATE STOPPED'],
}

/** Taking up the work that a pending status stands for. */
export const begun: { readonly [from in Status]?: Status } = {
  'CREATE PENDING': 'CREATE IN_PROGRESS',
  'DELETE PENDING': 'DELETE IN_PROGRESS',
}

export const isUnderWay = (status: Status | undefined): boolean =>
  status === 'CREATE PENDING' || status === 'CREATE IN_PROGRESS' || status === 'CREATE STOPPING'
