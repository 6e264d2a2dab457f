/**
 * Which of the queued work may begin now, oldest first:
 *
 *   - work without a body begins at once;
 *   - at most COMPUTE_PROCESSES_MAX bodies run;
 *   - work of a kind that is `alone` (data deletion) runs when nothing else does in its dataset group, and nothing that was asked for after
 *     it begins before it has ended: within a group, the order of requests is the order of effects;
 *   - work of a kind that is `ordered` (imports) waits for earlier work of such a kind on the same parent: a FULL import that takes long
 *     must not wipe out the INCREMENTAL one that was asked for after it;
 *   - work of a kind in the `background` (automatic training) runs while nobody's work waits or runs, and gives way to it.
 */
import type { StoredWork } from '../resources/stateStore.ts'
import { PAUSE_MS_MAX } from './endings.ts'
import type { AnyWorkKind } from './workKind.ts'

/** An import need not wait for a long training to end; more would fight over two cores and the memory. */
const COMPUTE_PROCESSES_MAX = 2

export interface Scheduled {
  readonly work: StoredWork
  readonly kind: Pick<AnyWorkKind, 'run' | 'alone' | 'ordered' | 'background'>
  /** The dataset group that the work is in, and what its resource hangs on; may be absent while no work is `alone` or `ordered`. */
  readonly group: string | undefined
  readonly parent: string | undefined
}

export interface Schedule {
  readonly begin: readonly StoredWork[]
  /** Ids of running work that gives way. */
  readonly giveWay: readonly number[]
  /** Nothing that computes waits or runs. */
  readonly idle: boolean
}

/** How long the work has yet to wait before another try. Longer than any pause is: the clock was set back, and it has waited enough. */
export function pauseMs({ notBeforeMs }: StoredWork, nowMs: number): number {
  const leftMs = notBeforeMs - nowMs
  return leftMs > PAUSE_MS_MAX ? 0 : Math.max(0, leftMs)
}

/** `queued` in order of age. */
export function schedule(queued: readonly Scheduled[], running: readonly Scheduled[], nowMs: number): Schedule {
  const computing = running.filter(({ kind }) => kind.run)
  const computes = queued.filter(({ kind }) => kind.run)
  const someonesWaits = computes.some(({ kind }) => !kind.background)
  const someonesRuns = computing.some(({ kind }) => !kind.background)
  const begin: StoredWork[] = []
  const waiting: Scheduled[] = []
  for (const each of queued) {
    if (each.kind.run) {
      const held =
        computing.length >= COMPUTE_PROCESSES_MAX ||
        (each.kind.background ? someonesWaits || someonesRuns : isHeld(each, computing, waiting))
      if (held || pauseMs(each.work, nowMs) > 0) {
        waiting.push(each)
        continue
      }
      computing.push(each)
    }
    if (pauseMs(each.work, nowMs) === 0) begin.push(each.work)
  }
  const background = running.filter(({ kind }) => kind.background)
  return {
    begin,
    giveWay: someonesWaits ? background.map(({ work }) => work.id) : [],
    idle: computes.length + computing.length === 0,
  }
}

function isHeld(it: Scheduled, computing: readonly Scheduled[], waiting: readonly Scheduled[]): boolean {
  const { kind, group, parent } = it
  const before = [...computing, ...waiting.filter(each => !each.kind.background)]
  if (kind.ordered && before.some(each => each.kind.ordered && each.parent === parent)) return true
  if (group === undefined) return false
  const inGroup = before.filter(each => each.group === group)
  return kind.alone ? inGroup.length > 0 : inGroup.some(each => each.kind.alone)
}
