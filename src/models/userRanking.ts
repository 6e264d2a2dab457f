/**
 * Users ranked for targets (userAffinity.ts says by what), by a team of threads:
 *
 *   table     what an event of each item adds to the score of each target, f32: sources · targets, numbers ascending (assembly/userScores.ts)
 *   scores    a user is as many rows of the table as there are events: d times less to do than folding everybody's history in, at n·d·T
 *             operations before for T targets. Kernel after kernel from the newest event on, f32
 *   order     by affinity descending, equal ones by user ascending (assembly/bestRows.ts)
 *
 * Each sum has one order (docs/decisions/0004), so the bytes are the same for any number of threads. Histories may lie anywhere: they pass through two
 * windows, of which one is filled while the threads are at the other.
 */
import { bytesReserved } from '../kernels/arena.ts'
import type { KernelName } from '../kernels/load.ts'
import { startTeam, type Team } from '../kernels/team.ts'
import * as at from '../kernels/userParameters.ts'
import { assert } from '../lib/assert.ts'
import type { WorkControl } from '../lib/work.ts'
import type { HistoryModel } from './historyModel.ts'
import type { ItemLists } from './splits.ts'
import { factorsOf } from './userAffinity.ts'
import {
  paddedTargets,
  reserveUsers,
  setTargetCount,
  USER_ROOM,
  type UserMemory,
  type UserRoom,
  type UserSize,
  type UserWindow,
} from './userMemory.ts'

export interface UserRankingOptions extends Pick<WorkControl, 'signal'> {
  readonly threads: number
  /** Targets that will be asked about, all in all, and users wanted for each, at most. */
  readonly targetCount: number
  readonly k: number
  /** For tests: less than USER_ROOM. */
  readonly sizes?: Partial<UserRoom>
}

/** Close it in the end. `histories` have a row a user. Of a model that gives everybody the same every score is 1. */
export async function openUserRanking(
  model: HistoryModel,
  histories: ItemLists,
  { threads, signal, targetCount, k, sizes }: UserRankingOptions,
): Promise<UserRanking> {
  assert(targetCount >= 1 && k >= 1)
  const factors = factorsOf(model)
  const size: UserSize = {
    userCount: histories.offsets.length - 1,
    eventCount: histories.items.length,
    itemCount: model.itemCount,
    dimension: factors?.dimension ?? 0,
    kernels: factors?.kernels ?? [],
    ...{ targetCount, k, room: { ...USER_ROOM, ...sizes } },
  }
  const team = await startTeam({ threads, bytes: bytesReserved(arena => reserveUsers(arena, size)) })
  return new UserRanking(team, size, reserveUsers(team.arena, size), histories, factors?.sources, signal)
}

export class UserRanking {
  readonly #team: Team
  readonly #size: UserSize
  readonly #memory: UserMemory
  readonly #histories: ItemLists
  readonly #sources: Float32Array | undefined
  readonly #signal: AbortSignal

  constructor(
    team: Team,
    size: UserSize,
    memory: UserMemory,
    histories: ItemLists,
    sources: Float32Array | undefined,
    signal: AbortSignal,
  ) {
    this.#team = team
    this.#size = size
    this.#memory = memory
    this.#histories = histories
    this.#sources = sources
    this.#signal = signal
  }

  /** Targets that may be asked about at once, at least 1. */
  get targetsMax(): number {
    return this.#memory.targetsMax
  }

  /**
   * For each of `targets`, f32[d] each (targetOf, meanTarget), the k users who are drawn to it most, best first, of those in its set of `allowed`, where
   * sets are given. Valid until something is asked again. Rejects with the signal's reason when aborted.
   */
  async best(targets: readonly Float32Array[], allowed?: readonly Uint32Array[]): Promise<Uint32Array[]> {
    const { slots, stride, scores, best, chosen } = this.#memory
    await this.affinities(targets)
    const rows: Uint32Array[] = []
    for (let first = 0; first < targets.length; first += slots) {
      const count = Math.min(slots, targets.length - first)
      best.words[at.BEST_FIRST] = first
      best.words[at.BEST_ALLOWED] = allowed ? this.#allow(allowed.slice(first, first + count)) : 0
      await this.#team.run('bestRows', best.params, count, { signal: this.#signal })
      for (let i = 0; i < count; i++)
        rows.push(new Uint32Array(scores.view.buffer, scores.ptr + 4 * stride * (first + i), chosen[i]))
    }
    return rows
  }

  /** f32[users] for each of `targets`: how much each user is drawn to it. Valid until something is asked again. */
  async affinities(targets: readonly Float32Array[]): Promise<Float32Array[]> {
    const { stride, scores, windows } = this.#memory
    const { userCount, dimension } = this.#size
    assert(targets.length <= this.targetsMax, 'no more targets at once than there is room for')
    for (const target of targets) assert(target.length === dimension, 'a target has as many numbers as a query')
    const rows = targets.map((_, t) => scores.view.subarray(t * stride, t * stride + userCount))
    if (targets.length === 0) return rows
    if (this.#sources) {
      for (const window of windows) setTargetCount(window, targets.length)
      this.#placeTargets(targets)
      await this.#multiply(this.#sources)
      await this.#addUp()
    } else {
      const activity = roots(this.#histories)
      for (const row of rows) row.set(activity)
    }
    this.#signal.throwIfAborted()
    return rows
  }

  close(): Promise<void> {
    return this.#team.close()
  }

  /** Four targets side by side, as the table has them. */
  #placeTargets(targets: readonly Float32Array[]): void {
    const { dimension } = this.#size
    const places = this.#memory.targets
    places.fill(0, 0, paddedTargets(targets.length) * dimension)
    for (const [t, target] of targets.entries())
      for (let x = 0; x < dimension; x++) places[(Math.floor(t / 4) * dimension + x) * 4 + (t % 4)] = target[x]
  }

  /** The table. */
  #multiply(sources: Float32Array): Promise<void> {
    const { dimension, kernels, itemCount } = this.#size
    const rowCount = kernels.length * itemCount
    let from = 0
    return this.#stream('eventTable', ({ words, rows }) => {
      const count = Math.min(rowCount - from, Math.floor(rows.length / dimension))
      rows.set(sources.subarray(from * dimension, (from + count) * dimension))
      words[at.USERS_WINDOW_FIRST] = from
      words[at.USERS_WINDOW_ROWS] = count
      from += count
      return Math.ceil(count / at.TABLE_TASK_ROWS)
    })
  }

  #addUp(): Promise<void> {
    const { offsets, items } = this.#histories
    const { userCount } = this.#size
    let from = 0
    return this.#stream('userScores', window => {
      const { words, events } = window
      const most = Math.min(userCount, from + window.offsets.length - 1)
      const to = Math.min(most, Math.max(from + 1, lastWithin(offsets, from, most, offsets[from] + events.length)))
      // Of somebody who did more than a window holds, the newest; a window holds a history.
      const start = to > from ? Math.max(offsets[from], offsets[to] - events.length) : offsets[from]
      events.set(items.subarray(start, offsets[to]))
      window.offsets.set(offsets.subarray(from, to + 1))
      window.offsets[0] = start
      words[at.USERS_BASE] = start
      words[at.USERS_FIRST] = from
      words[at.USERS_USER_COUNT] = to - from
      const tasks = Math.ceil((to - from) / at.USERS_TASK_USERS)
      from = to
      return tasks
    })
  }

  /** `fill` fills a window and answers how many tasks that is, 0 when nothing is left. */
  async #stream(kernel: KernelName, fill: (window: UserWindow) => number): Promise<void> {
    let running: Promise<void> = Promise.resolve()
    for (let turn = 0; ; turn++) {
      const window = this.#memory.windows[turn % 2]
      const tasks = fill(window)
      await running
      if (tasks === 0) return
      running = this.#team.run(kernel, window.params, tasks, { signal: this.#signal })
    }
  }

  #allow(sets: readonly Uint32Array[]): number {
    const { allowed, best } = this.#memory
    const length = best.words[at.BEST_ALLOWED_WORDS]
    for (const [slot, set] of sets.entries()) allowed.view.set(set.subarray(0, length), slot * length)
    return allowed.ptr
  }
}

/** The last user in [from, to] whose events begin at `end` or before it. */
function lastWithin(offsets: Uint32Array, from: number, to: number, end: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (offsets[middle] <= end) low = middle
    else high = middle - 1
  }
  return low
}

/** What the affinity of a score of 1 is, of all that somebody did. */
function roots({ offsets }: ItemLists): Float32Array {
  const values = new Float32Array(offsets.length - 1)
  for (let user = 0; user < values.length; user++) values[user] = Math.sqrt(offsets[user + 1] - offsets[user])
  return values
}
