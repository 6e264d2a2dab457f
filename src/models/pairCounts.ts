/**
 * Weighted counts of which items follow which, as the system of a directional ridge needs them: what `pairRow` (assembly/pairs.ts) reads.
 *
 *   C[a][b] = Σ w(k)            over all places of a and b in one history with b k + 1 places after a, k < K
 *   G[a][b] = Σ W[d][m(j)]      over all places i of a and j of b in one history, d = |i - j| < K
 *
 * A source x_t = Σ_k w(k)·e[q_{t-1-k}] contains the places i and j = i + d of a history of L events for t = j + 1 … L, so they add
 *
 *   W[d][m] = Σ_{k=0}^{m} w(k)·w(k + d),   m = min(L - 1 - j, K - 1 - d)        (design/recommenders.md §5.1)
 *
 * to G = Σ x_t x_tᵀ on both sides of the diagonal. With e = min(L - i, K) events after place i, that is `ahead[e-1][d] = W[d][e-1-d]`
 * seen from i; with e events after place j it is `behind[e-1][d] = W[d][min(e-1, K-1-d)]` seen from there. Each place adds to the row
 * of its own item both what lies ahead and what lies behind, so a repeated item puts both on the diagonal by itself; counted once, G
 * would not be positive definite. The tables and the sums of a row are f64, and rounded to f32 once.
 *
 * Where events have weights v, C counts an event by its own, C[a][b] = Σ w(k)·v(b), and G is as it was: the same sources, and as targets
 * v(t)·e[q_t] instead of e[q_t], so that a score is the expected weight of the item's coming next, which is what event-weighted metrics reward.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ALIGNMENT_BYTES, type Reserved } from '../kernels/arena.ts'
import {
  PAIRS_AHEAD,
  PAIRS_BEHIND,
  PAIRS_EVENTS,
  PAIRS_ITEM_COUNT,
  PAIRS_KERNEL,
  PAIRS_KERNEL_LENGTH,
  PAIRS_OFFSETS,
  PAIRS_POSITIONS,
  PAIRS_REACH,
  PAIRS_RIDGE,
  PAIRS_SYSTEM,
  PAIRS_WEIGHTS,
  PAIRS_WORDS,
} from '../kernels/parameters.ts'
import type { Team } from '../kernels/team.ts'
import { assert } from '../lib/assert.ts'
import type { Interactions } from './interactions.ts'

/** Events between two turns of the event loop: some milliseconds. */
const EVENTS_PER_TURN = 1 << 20

/** The kernel's length where there is none: everything of a user counts, and a reach is half a word. */
const REACH_MAX = 65_535

/** Histories without their times. */
export type Sequences = Pick<Interactions, 'userCount' | 'itemCount' | 'offsets' | 'items' | 'weights'>

export interface PairOptions {
  /** f32[K]: w. Empty: G[a][b] counts the users who have both; every user has an item once, and REACH_MAX of them at most. */
  readonly kernel: Float32Array
  /** λ and δ: what is added to G is λ·I + δ·diag G. */
  readonly regularization: number
  readonly diagonal: number
}

/** Bytes of the team's memory that `placePairs` takes, with or without weights. */
export function pairBytes(itemCount: number, eventCount: number, K: number): number {
  const events = 4 * 4 * eventCount + 4 * (itemCount + 1)
  const tables = 8 * (2 * K ** 2 + K + 2) + 4 * PAIRS_WORDS
  return events + tables + 10 * ALIGNMENT_BYTES
}

/**
 * The events and tables in the team's memory; answers with the address of the parameter block of `pairRow` and `togetherRow`, whose task
 * is a row of `system`, padding included, and which other kernels read without one. Rejects with `signal.reason` when aborted.
 */
export async function placePairs(
  { arena }: Team,
  interactions: Sequences,
  { kernel, regularization, diagonal }: PairOptions,
  system: { readonly params: number } | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { itemCount, items } = interactions
  const K = kernel.length
  assert(interactions.offsets[interactions.userCount] === items.length, 'offsets end where the events do')
  const place = ({ ptr, view }: Reserved<Float64Array>, values: ArrayLike<number>) => {
    view.set(values)
    return ptr
  }
  const { ptr: params, view: words } = arena.reserveU32(PAIRS_WORDS)
  const events = arena.reserveI32(items.length)
  const reach = arena.reserveU32(items.length)
  const offsets = arena.reserveU32(itemCount + 1)
  const positions = arena.reserveU32(items.length)
  words[PAIRS_ITEM_COUNT] = itemCount
  words[PAIRS_KERNEL_LENGTH] = K
  words[PAIRS_EVENTS] = events.ptr
  words[PAIRS_REACH] = reach.ptr
  words[PAIRS_OFFSETS] = offsets.ptr
  words[PAIRS_POSITIONS] = positions.ptr
  words[PAIRS_KERNEL] = place(arena.reserveF64(K), kernel)
  const { ahead, behind } = pairTables(kernel)
  words[PAIRS_AHEAD] = place(arena.reserveF64(K * K), ahead)
  words[PAIRS_BEHIND] = place(arena.reserveF64(K * K), behind)
  words[PAIRS_RIDGE] = place(arena.reserveF64(2), [regularization, diagonal])
  words[PAIRS_SYSTEM] = system?.params ?? 0

  await inTurns(items.length, EVENTS_PER_TURN, signal, (from, to) => events.view.set(items.subarray(from, to), from))
  const { weights } = interactions
  if (weights) {
    const placed = arena.reserveF32(items.length)
    words[PAIRS_WEIGHTS] = placed.ptr
    await inTurns(items.length, EVENTS_PER_TURN, signal, (from, to) =>
      placed.view.set(weights.subarray(from, to), from),
    )
  }
  await fillReach(interactions, K || REACH_MAX, reach.view, signal)
  await fillPositions(items, itemCount, offsets.view, positions.view, signal)
  return params
}

/** ahead, behind: f64[K, K], as told on top. */
function pairTables(kernel: Float32Array): { ahead: Float64Array; behind: Float64Array } {
  const K = kernel.length
  const ahead = new Float64Array(K * K)
  const behind = new Float64Array(K * K)
  for (let d = 0; d < K; d++) {
    let sum = 0 // W[d][m]
    for (let m = 0; m < K - d; m++) {
      sum += kernel[m] * kernel[m + d]
      ahead[(m + d) * K + d] = sum
      behind[m * K + d] = sum
    }
    for (let m = K - d; m < K; m++) behind[m * K + d] = sum
  }
  return { ahead, behind }
}

/** For each event min(events before it, K) and min(events after it, K) of its user, in the halves of a word. */
async function fillReach(interactions: Sequences, K: number, reach: Uint32Array, signal: AbortSignal): Promise<void> {
  const { userCount, offsets } = interactions
  let sinceTurn = 0
  for (let user = 0; user < userCount; user++) {
    const start = offsets[user]
    const end = offsets[user + 1]
    for (let at = start; at < end; at++) reach[at] = Math.min(at - start, K) | (Math.min(end - 1 - at, K) << 16)
    sinceTurn += end - start
    if (sinceTurn < EVENTS_PER_TURN) continue
    sinceTurn = 0
    await nextTurn()
    signal.throwIfAborted()
  }
}

/** Where each item occurs, ascending: a counting sort of the positions by item. */
async function fillPositions(
  items: Int32Array,
  itemCount: number,
  offsets: Uint32Array,
  positions: Uint32Array,
  signal: AbortSignal,
): Promise<void> {
  await inTurns(items.length, EVENTS_PER_TURN, signal, (from, to) => {
    for (let at = from; at < to; at++) {
      const item = items[at]
      assert(item >= 0 && item < itemCount, 'an item index lies outside the catalogue')
      offsets[item + 1]++
    }
  })
  for (let item = 0; item < itemCount; item++) offsets[item + 1] += offsets[item]
  const next = offsets.slice()
  await inTurns(items.length, EVENTS_PER_TURN, signal, (from, to) => {
    for (let at = from; at < to; at++) positions[next[items[at]]++] = at
  })
}

/** body(from, to) over [0, length) in pieces, between which the event loop and the signal have their turn. */
export async function inTurns(
  length: number,
  piece: number,
  signal: AbortSignal,
  body: (from: number, to: number) => void,
): Promise<void> {
  for (let from = 0; from < length; from += piece) {
    signal.throwIfAborted()
    body(from, Math.min(length, from + piece))
    await nextTurn()
  }
}
