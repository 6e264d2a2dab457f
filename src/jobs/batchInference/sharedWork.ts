/**
 * Who answers what, in memory that all threads see. Threads take the next shard by a counter, so nobody waits for orders; where objects are
 * files, a shard's output begins where the one before it ends, which is known as soon as that one is formatted:
 *
 *   position[s + 1] = position[s] + bytes(s)
 *
 * Shards are taken in order, so whoever waits for a position waits for a thread that is at work on it, or for one that takes its place.
 */
import type { Shard } from './lines.ts'

export interface SharedWork {
  /** f64[shards][4]: start, end, firstLine, input. */
  readonly table: Float64Array
  /** u8[shards]: 1 when nobody needs to answer it any more. */
  readonly done: Uint8Array
  /** i32[1 + threads]: the next shard; of each thread the one it is at, or NOTHING. */
  readonly control: Int32Array
  /** i64[shards]: where in its output file each begins, UNKNOWN at first. */
  readonly positions: BigInt64Array
}

const TABLE_COLUMNS = 4
const NEXT = 0
const FIRST_SLOT = 1
export const NOTHING = -1
const UNKNOWN = -1n
/** A waiting thread looks again after so long, whatever happened to the one that should have woken it. */
const WAIT_MS = 1000

export interface WorkShard extends Pick<Shard, 'start' | 'end' | 'firstLine'> {
  /** Index of its input among those of the work. */
  readonly input: number
}

export function shareWork(shards: readonly WorkShard[], threads: number): SharedWork {
  const work: SharedWork = {
    table: new Float64Array(new SharedArrayBuffer(8 * TABLE_COLUMNS * shards.length)),
    done: new Uint8Array(new SharedArrayBuffer(shards.length)),
    control: new Int32Array(new SharedArrayBuffer(4 * (FIRST_SLOT + threads))).fill(NOTHING),
    positions: new BigInt64Array(new SharedArrayBuffer(8 * shards.length)).fill(UNKNOWN),
  }
  for (const [s, { start, end, firstLine, input }] of shards.entries())
    work.table.set([start, end, firstLine, input], s * TABLE_COLUMNS)
  work.control[NEXT] = 0
  return work
}

export function shardAt({ table }: SharedWork, s: number): WorkShard {
  const [start, end, firstLine, input] = table.subarray(s * TABLE_COLUMNS, (s + 1) * TABLE_COLUMNS)
  return { start, end, firstLine, input }
}

/** The next shard for the thread in `slot`, or NOTHING. It is written down as that thread's before it is taken, lest it be lost with it. */
export function takeShard({ control, done }: SharedWork, slot: number): number {
  for (;;) {
    const next = Atomics.load(control, NEXT)
    if (next >= done.length) {
      holdShard({ control }, slot, NOTHING)
      return NOTHING
    }
    holdShard({ control }, slot, next)
    if (Atomics.compareExchange(control, NEXT, next, next + 1) === next && done[next] === 0) return next
  }
}

export const holdShard = ({ control }: Pick<SharedWork, 'control'>, slot: number, s: number): void => {
  Atomics.store(control, FIRST_SLOT + slot, s)
}

/** The shard that the thread in `slot` is at, or died at. */
export const heldShard = ({ control }: SharedWork, slot: number): number => Atomics.load(control, FIRST_SLOT + slot)

/** Where shard s begins; waits, blocking the thread, until that is known. */
export function positionOf({ positions }: SharedWork, s: number): number {
  for (;;) {
    const position = Atomics.load(positions, s)
    if (position !== UNKNOWN) return Number(position)
    Atomics.wait(positions, s, UNKNOWN, WAIT_MS)
  }
}

export function setPosition({ positions }: SharedWork, s: number, position: number): void {
  Atomics.store(positions, s, BigInt(position))
  Atomics.notify(positions, s)
}

/** Shard s ends there: so the next of the same input begins there. */
export function setEnd(work: SharedWork, s: number, end: number): void {
  if (s + 1 < work.done.length && shardAt(work, s + 1).input === shardAt(work, s).input) setPosition(work, s + 1, end)
}
