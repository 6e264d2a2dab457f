/** What the self-test runs the kernels on: the ordinary, the edges of blocks and panels, and numbers chosen to hurt. */
import type { Random } from '../lib/random.ts'
import { ARENA_START_BYTES, type Arena } from './arena.ts'
import { reserveSystem, systemBytes } from './linearSystem.ts'
import type { KernelName } from './load.ts'
import * as at from './parameters.ts'

/** Two blocks a side, the last one padded, and a panel that is not full: everything that can go wrong at an edge does so here. */
export const BLOCK_ROWS = 48
export const ORDER = 83
/** Room for any case. */
export const CASE_BYTES = ARENA_START_BYTES + systemBytes(ORDER, 1, BLOCK_ROWS) + 2 ** 19

/** A kernel, its parameters and its number of tasks; or words of a parameter block to set in between. */
export type Step =
  | { kernel: KernelName; params: number; tasks: number }
  | { params: number; word: number; value: number }

export interface Case {
  readonly steps: readonly Step[]
  /** Bytes [from, to) that kernels may leave as they like. */
  readonly scratch: readonly { from: number; to: number }[]
}

/**
 * f32 with exponents from the subnormal to 2⁵⁰, zeros of both signs, and 13-bit mantissas, whose products with others like them fall
 * exactly between two f32. Sums of products stay finite.
 */
export function extremes(random: Random, length: number): Float32Array {
  const value = () => {
    if (random.below(16) === 0) return random.below(2) === 0 ? 0 : -0
    const mantissa = 1 + random.below(4096) / 4096
    const exponent = random.below(2) === 0 ? random.below(8) - 4 : random.below(200) - 150
    return (random.below(2) === 0 ? mantissa : -mantissa) * 2 ** exponent
  }
  return Float32Array.from({ length }, value)
}

/** The matrix product and multiply-add on extreme values, and a matrix that is not positive definite. */
export function extremeCase(arena: Arena, random: Random): Case {
  const system = reserveSystem({ arena, threads: 1 }, ORDER, BLOCK_ROWS)
  const probe = arena.reserveF32(32)
  probe.view.set(extremes(random, 32))
  system.lower.set(extremes(random, system.lower.length))
  system.upper.set(extremes(random, system.upper.length))
  const { params } = system
  return {
    steps: [
      { kernel: 'probeMadd', params: probe.ptr, tasks: 1 },
      { params, word: at.SYSTEM_COLUMN, value: 1 },
      { kernel: 'updateBlock', params, tasks: 1 },
      { kernel: 'flipBlock', params, tasks: 3 },
    ],
    scratch: [system.scratch],
  }
}

/** One row of `rankCase`'s model. */
function rankRow(row: number, length: number, random: Random): Float32Array {
  if (row === 5) return new Float32Array(length).fill(0.25)
  if (row === 20) return Float32Array.from({ length }, (_, j) => (j % 2 === 0 ? 0 : -0))
  if (row === 30) return Float32Array.from({ length }, (_, j) => -0.32 * j) // to where exp goes over into 0
  if (row === 76) return extremes(random, length).map(value => value * 1e20) // one item has all the probability
  if (row % 2 === 0) return Float32Array.from({ length }, random.normal)
  return extremes(random, length).map(value => value * 2e-10)
}

/** Queries without and with repeated events, equal scores, one huge row, every exclusion from none to all but one. */
export function rankCase(arena: Arena, random: Random): Case {
  const itemCount = 77
  const columnCount = Math.ceil(itemCount / at.RANK_PANEL) * at.RANK_PANEL
  const K = 9
  const histories = [
    [],
    [3],
    [5, 5, 5, 5],
    [76, 0, 1, 2, 3, 4, 5, 6, 7],
    [10, 11, 10, 12],
    [20],
    [21, 20],
    [30],
    [10, 12],
  ]
  const { ptr: params, view: words } = arena.reserveU32(at.RANK_WORDS)
  const rows = arena.reserveF32(columnCount * itemCount)
  for (let row = 0; row < itemCount; row++) {
    const values = rankRow(row, itemCount, random)
    for (let j = 0; j < itemCount; j++)
      rows.view[(Math.floor(j / at.RANK_PANEL) * itemCount + row) * at.RANK_PANEL + (j % at.RANK_PANEL)] = values[j]
  }
  const kernel = arena.reserveF32(K)
  kernel.view.set(Float32Array.from({ length: K }, (_, k) => (k + 1) ** -0.7))
  const prior = arena.reserveF32(columnCount)
  for (let j = 0; j < itemCount; j++) prior.view[j] = -Math.log(1 + Math.floor(j / 3))
  const offsets = arena.reserveU32(histories.length + 1)
  const events = arena.reserveU32(histories.length * K)
  let top = 0
  for (const [q, history] of histories.entries()) {
    events.view.set(history, top)
    top = offsets.view[q + 1] = top + history.length
  }
  words[at.RANK_ITEM_COUNT] = itemCount
  words[at.RANK_COLUMN_COUNT] = columnCount
  words[at.RANK_ROWS] = rows.ptr
  words[at.RANK_KERNEL] = kernel.ptr
  words[at.RANK_PRIOR] = prior.ptr
  words[at.RANK_QUERY_COUNT] = histories.length
  words[at.RANK_OFFSETS] = offsets.ptr
  words[at.RANK_EVENTS] = events.ptr
  words[at.RANK_SCORES] = arena.reserveF32(columnCount * histories.length).ptr
  words[at.RANK_WEIGHTS] = arena.reserveF32(columnCount).ptr
  words[at.RANK_KEYS] = arena.reserveI32(columnCount).ptr
  words[at.RANK_TOTAL] = arena.reserveF64(1).ptr
  new Float32Array(words.buffer, params)[at.RANK_SHARPNESS] = 3.7
  const candidates = arena.reserveF64(columnCount)
  words[at.RANK_CANDIDATES] = candidates.ptr
  words[at.RANK_ITEMS] = arena.reserveI32(columnCount).ptr
  words[at.RANK_PROBABILITIES] = arena.reserveF32(columnCount).ptr
  words[at.RANK_ALLOWED] = arena.reserveU32(columnCount / 32).ptr

  const steps: Step[] = [{ kernel: 'scorePanel', params, tasks: columnCount / at.RANK_PANEL }]
  for (let q = 0; q < histories.length; q++) {
    steps.push({ kernel: 'weigh', params, tasks: q + 1 })
    for (const wanted of [1, 2, 25, itemCount - 1, itemCount]) {
      steps.push({ params, word: at.RANK_WANTED, value: wanted }, { kernel: 'choose', params, tasks: 1 })
    }
    const open = allowSome(words[at.RANK_ALLOWED], itemCount, q, random)
    steps.push(...open.steps, { kernel: 'restrict', params, tasks: 1 })
    if (open.count > 0)
      steps.push({ params, word: at.RANK_WANTED, value: open.count }, { kernel: 'choose', params, tasks: 1 })
    steps.push({ kernel: 'weigh', params, tasks: q + 1 })
    for (let item = 0; item < itemCount - 1; item += 1 + random.below(3))
      steps.push({ params: words[at.RANK_KEYS], word: item, value: at.RANK_EXCLUDED })
    steps.push({ params, word: at.RANK_WANTED, value: 1 }, { kernel: 'choose', params, tasks: 1 })
  }
  return { steps, scratch: [{ from: candidates.ptr, to: candidates.ptr + columnCount * 8 }] }
}

/** Words of RANK_ALLOWED: full, empty and random ones; of the first query none, of the second all. Padding stays 0. */
function allowSome(ptr: number, itemCount: number, query: number, random: Random): { steps: Step[]; count: number } {
  const steps: Step[] = []
  let count = 0
  for (let word = 0; word < Math.ceil(itemCount / 32); word++) {
    const kind = query < 2 ? query : random.below(3)
    const bits = kind === 0 ? 0 : kind === 1 ? 0xffffffff : random.uint32()
    const value = (32 * (word + 1) <= itemCount ? bits : bits & (2 ** (itemCount % 32) - 1)) | 0
    for (let rest = value; rest !== 0; rest &= rest - 1) count++
    steps.push({ params: ptr, word, value })
  }
  return { steps, count }
}
