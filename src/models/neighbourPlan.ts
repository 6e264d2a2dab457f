/** What a neighbourhood ridge gets of memory and time, and where it lies in the team's memory (neighbourhoodRidge.ts). */
import { ALIGNMENT_BYTES, ARENA_START_BYTES, aligned } from '../kernels/arena.ts'
import { MEMORY_BYTES_MAX } from '../kernels/load.ts'
import {
  NEAR_DIAGONAL,
  NEAR_GRAM_ITEMS,
  NEAR_GRAM_LENGTHS,
  NEAR_GRAM_OFFSETS,
  NEAR_GRAM_VALUES,
  NEAR_LENGTHS,
  NEAR_MARKS,
  NEAR_OFFSETS,
  NEAR_PAIRS,
  NEAR_SCRATCH,
  NEAR_SCRATCH_BYTES,
  NEAR_SOURCES,
  NEAR_SYSTEM,
  NEAR_VALUES,
  NEAR_WORDS,
} from '../kernels/parameters.ts'
import type { Team } from '../kernels/team.ts'
import { type PairOptions, pairBytes, placePairs, type Sequences } from './pairCounts.ts'

/** On shop data more than 300 sources a target gained nothing (design/recommenders.md §3.12). */
const NEIGHBOUR_COUNT_MAX = 300

/**
 * Operations for the equations of all targets where every one has its m sources: half a minute on two cores at some 4 Gflop/s each. A
 * million items get 84 sources, a hundred thousand 181; on Amazon Beauty 100 measured as 300 (NDCG@10 .0484 and .0486).
 */
const OPERATIONS_MAX = 2e11

/**
 * Entries of G looked through for all targets, m rows each: half a minute on two cores. Where rows are longer than it allows (828 entries at
 * a hundred thousand items, 178 at a million), the couplings that are small beside the items' frequencies are left out.
 */
const ENTRIES_LOOKED_AT_MAX = 1.5e10

/** Sources of a piece of targets: 256 MiB with their weights. */
const PIECE_ENTRIES_MAX = 1 << 25

export interface NeighbourPlan {
  /** m: the most sources a target asks. */
  readonly neighbourCount: number
  /** The most entries of one row of G: where it is not reached, every pair that occurs together is kept. */
  readonly gramRow: number
  /** Entries of G: all pairs of items that occur together, or the most there is room for. */
  readonly gramEntries: number
  /** u32[itemCount + 1]: each row's room among them. */
  readonly gramOffsets: Uint32Array
  /** Of each target: m, or the most sources it can have. */
  readonly listRooms: Uint32Array
  /** Targets [first, end) that are solved before their lists are fetched. */
  readonly pieces: readonly { readonly first: number; readonly end: number }[]
  readonly scratchBytes: number
  readonly systemBytes: number
  /** Of the team's memory. */
  readonly bytes: number
}

interface PlanOptions extends PairOptions {
  readonly neighbourCount?: number
}

/** `sequences` name items by descending frequency. */
export function planNeighbours(sequences: Sequences, options: PlanOptions, threads: number): NeighbourPlan {
  const { itemCount, items } = sequences
  const neighbourCount = options.neighbourCount ?? affordableNeighbours(itemCount)
  const { neighbours, predecessors } = reaches(sequences, options.kernel.length)
  const listRooms = predecessors.map(count => Math.min(count, neighbourCount))
  const pieces = piecesOf(listRooms)
  const pieceTargets = Math.max(...pieces.map(({ first, end }) => end - first))
  const pieceEntries = Math.max(...pieces.map(({ first, end }) => sum(listRooms.subarray(first, end))))

  const fixed =
    ARENA_START_BYTES +
    pairBytes(itemCount, items.length, options.kernel.length) +
    4 * NEAR_WORDS +
    (4 * 2 + 8) * (itemCount + 1) +
    4 * 2 * (pieceTargets + 1) +
    8 * pieceEntries +
    10 * ALIGNMENT_BYTES
  const rowBytes = 4 * Math.ceil((neighbourCount + 8) / 8) * 8
  /** f64 sums, u32 met, u32 places, a heap that either kernel fills, marks, the equations. */
  const scratch = (gramRow: number) => {
    const systemBytes = aligned(16 * itemCount + 8 * Math.max(neighbourCount, gramRow))
    return { systemBytes, scratchBytes: aligned(systemBytes + NEAR_MARKS + neighbourCount * rowBytes) }
  }
  const bytesWith = (gramRow: number) =>
    fixed + threads * scratch(gramRow).scratchBytes + 8 * sum(neighbours.map(count => Math.min(count, gramRow)))
  const longest = Math.min(itemCount, Math.floor(ENTRIES_LOOKED_AT_MAX / itemCount / Math.max(1, neighbourCount)))
  const gramRow = greatest(longest, length => bytesWith(length) <= MEMORY_BYTES_MAX)
  const gramOffsets = new Uint32Array(itemCount + 1)
  for (let item = 0; item < itemCount; item++)
    gramOffsets[item + 1] = gramOffsets[item] + Math.min(neighbours[item], gramRow)
  return {
    neighbourCount,
    gramRow,
    gramEntries: gramOffsets[itemCount],
    gramOffsets,
    listRooms,
    pieces,
    ...scratch(gramRow),
    bytes: bytesWith(gramRow),
  }
}

/** For a person: '100 sources for each of 12101 items from 153776 events, rows of up to 828: 0.2 GB'. */
export function neighbourPlanText(
  { neighbourCount, gramRow, bytes }: NeighbourPlan,
  { itemCount, items }: Sequences,
): string {
  const of = `${neighbourCount} sources for each of ${itemCount} items from ${items.length} events`
  return `${of}, rows of up to ${gramRow}: ${(bytes / 1e9).toFixed(1)} GB`
}

function affordableNeighbours(itemCount: number): number {
  const affordable = Math.floor(Math.cbrt((3 * OPERATIONS_MAX) / itemCount))
  return Math.min(NEIGHBOUR_COUNT_MAX, affordable, itemCount)
}

/**
 * About how long a thread takes for all: the equations at 8 Gflop/s, a nanosecond for an entry looked at, and for each of three pairs of events
 * the longer the larger the catalogue is (npm run bench:scale; another machine differs). A history reaches as far as the kernel does or it is long.
 */
export function neighbourSeconds(
  { userCount, itemCount, items }: Pick<Sequences, 'userCount' | 'itemCount' | 'items'>,
  kernelLength: number,
): number {
  const length = items.length / Math.max(1, userCount)
  const pairs = items.length * (kernelLength === 0 ? length : Math.min(kernelLength, length))
  const neighbours = Math.min(affordableNeighbours(itemCount), pairs / itemCount)
  const pairSeconds = 1e-9 * (1 + Math.log2(1 + itemCount / 10_000))
  const lookedAt = Math.min(ENTRIES_LOOKED_AT_MAX, neighbours * Math.min(3 * pairs, itemCount ** 2))
  return (itemCount * neighbours ** 3) / 3 / 8e9 + lookedAt / 1e9 + 3 * pairs * pairSeconds
}

/** Of each item at most how many more frequent ones occur around it, and how many items before it (around it without a kernel). */
function reaches({ userCount, itemCount, offsets, items }: Sequences, K: number) {
  const around = new Float64Array(itemCount)
  const before = new Float64Array(itemCount)
  for (let user = 0; user < userCount; user++) {
    for (let at = offsets[user]; at < offsets[user + 1]; at++) {
      const [behind, ahead] = [at - offsets[user], offsets[user + 1] - 1 - at]
      before[items[at]] += K === 0 ? behind + ahead : Math.min(behind, K)
      around[items[at]] += K === 0 ? behind + ahead : Math.min(behind, K - 1) + Math.min(ahead, K - 1)
    }
  }
  return {
    neighbours: Uint32Array.from(around, (count, item) => Math.min(count, item)),
    predecessors: Uint32Array.from(before, count => Math.min(count, itemCount)),
  }
}

function piecesOf(rooms: Uint32Array): { first: number; end: number }[] {
  const pieces: { first: number; end: number }[] = []
  let first = 0
  let entries = 0
  for (let target = 0; target < rooms.length; target++) {
    if (entries + rooms[target] > PIECE_ENTRIES_MAX) {
      pieces.push({ first, end: target })
      first = target
      entries = 0
    }
    entries += rooms[target]
  }
  return [...pieces, { first, end: rooms.length }]
}

const sum = (values: Uint32Array): number => {
  let total = 0
  for (const value of values) total += value
  return total
}

/** The greatest value of [0, most] that does, all below it doing as well; 0 where none does. */
function greatest(most: number, does: (value: number) => boolean): number {
  let [low, high] = [0, most]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (does(middle)) low = middle
    else high = middle - 1
  }
  return low
}

/** The parameter block of gramRow and neighbourRow, and what passes through it. */
export async function placeNeighbours(
  team: Team,
  sequences: Sequences,
  options: PairOptions,
  plan: NeighbourPlan,
  signal: AbortSignal,
) {
  const { arena, threads } = team
  const { itemCount } = sequences
  const { ptr: params, view: words } = arena.reserveU32(NEAR_WORDS)
  words[NEAR_PAIRS] = await placePairs(team, sequences, options, undefined, signal)
  const gramOffsets = arena.reserveU32(itemCount + 1)
  gramOffsets.view.set(plan.gramOffsets)
  words[NEAR_GRAM_OFFSETS] = gramOffsets.ptr
  words[NEAR_GRAM_LENGTHS] = arena.reserveU32(itemCount).ptr
  words[NEAR_GRAM_ITEMS] = arena.reserveU32(plan.gramEntries).ptr
  words[NEAR_GRAM_VALUES] = arena.reserveF32(plan.gramEntries).ptr
  words[NEAR_DIAGONAL] = arena.reserveF64(itemCount).ptr
  const pieceTargets = Math.max(...plan.pieces.map(({ first, end }) => end - first))
  const pieceEntries = Math.max(...plan.pieces.map(({ first, end }) => sum(plan.listRooms.subarray(first, end))))
  const offsets = arena.reserveU32(pieceTargets + 1)
  const lengths = arena.reserveU32(pieceTargets)
  const sources = arena.reserveU32(pieceEntries)
  const values = arena.reserveF32(pieceEntries)
  words[NEAR_OFFSETS] = offsets.ptr
  words[NEAR_LENGTHS] = lengths.ptr
  words[NEAR_SOURCES] = sources.ptr
  words[NEAR_VALUES] = values.ptr
  words[NEAR_SCRATCH] = arena.reserveU8(threads * plan.scratchBytes).ptr
  words[NEAR_SCRATCH_BYTES] = plan.scratchBytes
  words[NEAR_SYSTEM] = plan.systemBytes
  return { params, words, offsets: offsets.view, lengths: lengths.view, sources: sources.view, values: values.view }
}
