/** What the self-test runs the kernels of assembly/lowRank.ts and assembly/tall.ts on. */
import type { Random } from '../lib/random.ts'
import type { Arena } from './arena.ts'
import * as at from './parameters.ts'
import type { Case, Step } from './selfTestCases.ts'

/** More rows than are summed in one, and a group of rows that is not full. */
const ITEM_COUNT = 131
const KERNELS = [
  { decay: 0.4, window: 3 },
  { decay: 1, window: 5 },
  { decay: 0.9, window: 2 ** 31 - 1 },
]
const BLOCK_COUNT = 2
const STEPS = 3
/** Lengths of histories: none, without successor, shorter and longer than the windows. */
const HISTORIES = [0, 1, 2, 3, 4, 5, 6, 7, 40, 23, 1, 0]

/** Items of every place in the catalogue, many repeated, two blocks of directions with a column of zeros; then both products. */
export function lowRankCase(arena: Arena, random: Random): Case {
  const F = KERNELS.length
  const rows = F * ITEM_COUNT
  const order = at.LANES * BLOCK_COUNT
  const { ptr: params, view: words } = arena.reserveU32(at.LOW_WORDS)
  const floats = (length: number, value: (index: number) => number): number => {
    const { ptr, view } = arena.reserveF32(length)
    for (let i = 0; i < length; i++) view[i] = value(i)
    return ptr
  }
  const integers = (values: readonly number[]): number => {
    const { ptr, view } = arena.reserveU32(values.length)
    view.set(values)
    return ptr
  }
  const offsets = [0]
  for (const length of HISTORIES) offsets.push(offsets[offsets.length - 1] + length)
  const eventCount = offsets[HISTORIES.length]
  const ends = [0, ITEM_COUNT - 1]
  words[at.LOW_ITEM_COUNT] = ITEM_COUNT
  words[at.LOW_KERNEL_COUNT] = F
  words[at.LOW_DECAYS] = floats(F, f => KERNELS[f].decay)
  words[at.LOW_LOSSES] = floats(F, f => -(KERNELS[f].decay ** KERNELS[f].window))
  words[at.LOW_WINDOWS] = integers(KERNELS.map(({ window }) => window))
  words[at.LOW_USER_COUNT] = HISTORIES.length
  words[at.LOW_OFFSETS] = integers(offsets)
  words[at.LOW_EVENTS] = integers(
    Array.from({ length: eventCount }, (_, i) => ends[i] ?? Math.floor(ITEM_COUNT * random.uniform() ** 2)),
  )
  words[at.LOW_SCALES] = floats(ITEM_COUNT, () => random.uniform() + 0.1)
  words[at.LOW_RIDGE] = floats(rows, () => random.uniform() + 0.5)
  words[at.LOW_INVERSES] = floats(rows, () => random.uniform() + 0.1)
  words[at.LOW_STEPS] = STEPS
  words[at.LOW_DIRECTIONS] = floats(order * ITEM_COUNT, i => (i % at.LANES === 5 ? 0 : random.normal()))
  words[at.LOW_IMAGES] = floats(order * ITEM_COUNT, random.normal)
  words[at.LOW_SOURCES] = floats(order * rows, random.normal)
  const longest = Math.max(...HISTORIES)
  const scratchBytes = 4 * at.LANES * (3 * rows + 4 + longest)
  const scratch = arena.reserveU8(scratchBytes)
  words[at.LOW_SCRATCH] = scratch.ptr
  words[at.LOW_SCRATCH_BYTES] = scratchBytes

  const { ptr: tall, view: tallWords } = arena.reserveU32(at.TALL_WORDS)
  const tallBytes = 4 * at.LANES * BLOCK_COUNT * at.TALL_GROUP
  const tallScratch = arena.reserveU8(tallBytes)
  tallWords[at.TALL_BLOCK_COUNT] = BLOCK_COUNT
  tallWords[at.TALL_ROW_COUNT] = ITEM_COUNT
  tallWords[at.TALL_LEFT] = words[at.LOW_DIRECTIONS]
  tallWords[at.TALL_RIGHT] = words[at.LOW_IMAGES]
  tallWords[at.TALL_GRAM] = arena.reserveF64(at.TALL_PARTS * order * order).ptr
  tallWords[at.TALL_FACTOR] = floats(order * order, random.normal)
  tallWords[at.TALL_SCRATCH] = tallScratch.ptr
  tallWords[at.TALL_SCRATCH_BYTES] = tallBytes
  const turn = (rowCount: number): Step[] => [
    { params: tall, word: at.TALL_ROW_COUNT, value: rowCount },
    { kernel: 'innerProducts', params: tall, tasks: at.TALL_PARTS },
    { kernel: 'turnRows', params: tall, tasks: Math.ceil(rowCount / at.TALL_TASK_ROWS) },
  ]
  return {
    steps: [
      { kernel: 'solveDirections', params, tasks: BLOCK_COUNT },
      ...turn(ITEM_COUNT),
      { params: tall, word: at.TALL_LEFT, value: words[at.LOW_SOURCES] },
      { params: tall, word: at.TALL_RIGHT, value: words[at.LOW_SOURCES] },
      ...turn(rows),
    ],
    scratch: [scratch, tallScratch].map(({ ptr, view }) => ({ from: ptr, to: ptr + view.length })),
  }
}
