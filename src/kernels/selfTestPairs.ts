/** What the self-test runs the kernels of pair counts on: dense systems of equations, and neighbourhoods. */
import type { Random } from '../lib/random.ts'
import type { Arena } from './arena.ts'
import { reserveSystem, stripCount } from './linearSystem.ts'
import * as at from './parameters.ts'
import { BLOCK_ROWS, type Case, ORDER, type Step } from './selfTestCases.ts'

const place = (
  { ptr, view }: { ptr: number; view: { set(values: ArrayLike<number>): void } },
  values: ArrayLike<number>,
) => {
  view.set(values)
  return ptr
}

/** Events with many repeats, of users of 1, 2, 3, … events: the block of pair counts into `system`, if one is given. */
function pairWords(
  arena: Arena,
  random: Random,
  system: number,
): Uint32Array & { readonly params: number; readonly weights: number } {
  const eventCount = 600
  const K = 7
  const { ptr, view: words } = arena.reserveU32(at.PAIRS_WORDS)
  const events = Int32Array.from({ length: eventCount }, () => Math.floor(ORDER * random.uniform() ** 3))
  const reach: number[] = []
  for (let length = 1; reach.length < eventCount; length++) {
    const size = Math.min(length, eventCount - reach.length)
    for (let i = 0; i < size; i++) reach.push(Math.min(i, K) | (Math.min(size - 1 - i, K) << 16))
  }
  const positions = Array.from(events.keys()).sort((a, b) => events[a] - events[b] || a - b)
  const offsets = Array.from({ length: ORDER + 1 }, (_, item) => events.filter(event => event < item).length)
  const table = (length: number) => Float64Array.from({ length }, () => 0.01 + random.uniform())
  words[at.PAIRS_ITEM_COUNT] = ORDER
  words[at.PAIRS_KERNEL_LENGTH] = K
  words[at.PAIRS_EVENTS] = place(arena.reserveI32(eventCount), events)
  words[at.PAIRS_REACH] = place(arena.reserveU32(eventCount), reach)
  words[at.PAIRS_OFFSETS] = place(arena.reserveU32(ORDER + 1), offsets)
  words[at.PAIRS_POSITIONS] = place(arena.reserveU32(eventCount), positions)
  words[at.PAIRS_KERNEL] = place(arena.reserveF64(K), table(K))
  words[at.PAIRS_AHEAD] = place(arena.reserveF64(K * K), table(K * K))
  words[at.PAIRS_BEHIND] = place(arena.reserveF64(K * K), table(K * K))
  // The tables are no kernel's, so the matrix need not be positive definite by itself; this much makes it so.
  words[at.PAIRS_RIDGE] = place(arena.reserveF64(2), [eventCount, 0.5])
  words[at.PAIRS_SYSTEM] = system
  // Not all alike, and some 0.
  const weights = place(
    arena.reserveF32(eventCount),
    events.map(() => Math.floor(4 * random.uniform())),
  )
  return Object.assign(words, { params: ptr, weights })
}

/** Pairs counted, factored and solved: pairRow to unpackRow. Then the inverse that EASE is made of, as far as it is filled in. */
export function systemCase(arena: Arena, random: Random): Case {
  const system = reserveSystem({ arena, threads: 1 }, ORDER, BLOCK_ROWS)
  const { params, weights } = pairWords(arena, random, system.params)
  const { blockCount, block } = system.shape
  const steps: Step[] = [{ kernel: 'pairRow', params, tasks: blockCount * block }]
  for (let J = 0; J < blockCount; J++) {
    steps.push(
      { params: system.params, word: at.SYSTEM_COLUMN, value: J },
      { kernel: 'updateBlock', params: system.params, tasks: blockCount - J },
      { kernel: 'panelBlock', params: system.params, tasks: blockCount - J - 1 },
    )
  }
  steps.push(
    { kernel: 'flipBlock', params: system.params, tasks: (blockCount * (blockCount + 1)) / 2 },
    { kernel: 'solveStrip', params: system.params, tasks: stripCount(system) },
    { kernel: 'unpackRow', params: system.params, tasks: ORDER },
    { kernel: 'togetherRow', params, tasks: blockCount * block },
    { params, word: at.PAIRS_WEIGHTS, value: weights },
    { kernel: 'pairRow', params, tasks: blockCount * block },
    { kernel: 'togetherRow', params, tasks: blockCount * block },
  )
  return { steps, scratch: [system.scratch] }
}

/**
 * Sparse rows of G and neighbourhoods, with room for everything and with too little, with a kernel and without; a ridge of next to
 * nothing, so that pivots fail; a target that nothing comes before.
 */
export function neighbourCase(arena: Arena, random: Random): Case {
  const pairs = pairWords(arena, random, 0)
  const { ptr: params, view: words } = arena.reserveU32(at.NEAR_WORDS)
  const gramOffsets = arena.reserveU32(ORDER + 1)
  const offsets = arena.reserveU32(ORDER + 1)
  const ridge = new Int32Array(new Float32Array([1e-30]).buffer)[0]
  words[at.NEAR_PAIRS] = pairs.params
  words[at.NEAR_GRAM_OFFSETS] = gramOffsets.ptr
  words[at.NEAR_GRAM_LENGTHS] = arena.reserveU32(ORDER).ptr
  words[at.NEAR_GRAM_ITEMS] = arena.reserveU32(ORDER * ORDER).ptr
  words[at.NEAR_GRAM_VALUES] = arena.reserveF32(ORDER * ORDER).ptr
  words[at.NEAR_DIAGONAL] = arena.reserveF64(ORDER).ptr
  words[at.NEAR_OFFSETS] = offsets.ptr
  words[at.NEAR_LENGTHS] = arena.reserveU32(ORDER).ptr
  words[at.NEAR_SOURCES] = arena.reserveU32(ORDER * ORDER).ptr
  words[at.NEAR_VALUES] = arena.reserveF32(ORDER * ORDER).ptr
  words[at.NEAR_SYSTEM] = 24 * ORDER
  words[at.NEAR_SCRATCH_BYTES] = 24 * ORDER + at.NEAR_MARKS + 4 * ORDER * (ORDER + 16)
  const { ptr: scratch } = arena.reserveU8(words[at.NEAR_SCRATCH_BYTES])
  words[at.NEAR_SCRATCH] = scratch

  const rooms = (ptr: number, roomOf: (item: number) => number): Step[] => {
    let top = 0
    const ends = Array.from({ length: ORDER }, (_, item) => (top += roomOf(item)))
    return ends.map((value, item) => ({ params: ptr, word: item + 1, value }))
  }
  const steps: Step[] = []
  for (const K of [7, 0]) {
    steps.push({ params: pairs.params, word: at.PAIRS_KERNEL_LENGTH, value: K })
    for (const [gramRoom, listRoom] of [
      [ORDER, ORDER],
      [9, 13],
      [0, 1],
    ]) {
      steps.push({ params: pairs.params, word: at.PAIRS_WEIGHTS, value: gramRoom === 9 ? 0 : pairs.weights })
      steps.push(...rooms(gramOffsets.ptr, () => gramRoom), ...rooms(offsets.ptr, item => (item === 3 ? 0 : listRoom)))
      steps.push({ kernel: 'gramRow', params, tasks: ORDER }, { params, word: at.NEAR_FIRST, value: 0 })
      steps.push({ kernel: 'neighbourRow', params, tasks: ORDER }, { params, word: at.NEAR_FIRST, value: 40 })
      steps.push({ kernel: 'neighbourRow', params, tasks: ORDER - 40 })
    }
    // The upper half of λ's f64: a number near 1e-300, or less.
    steps.push({ params: pairs[at.PAIRS_RIDGE], word: 1, value: ridge >> 8 })
  }
  return { steps, scratch: [{ from: scratch, to: scratch + words[at.NEAR_SCRATCH_BYTES] }] }
}
