/** What the self-test runs the kernels of user segments on: tables, users and lists around the edges of tasks, equal scores, ids of every kind. */
import type { Random } from '../lib/random.ts'
import type { Arena } from './arena.ts'
import { BYTES_SLACK } from './byteParameters.ts'
import type { Case, Step } from './selfTestCases.ts'
import { extremes } from './selfTestCases.ts'
import * as at from './userParameters.ts'

const ITEM_COUNT = 131
/** One that has no weight, and one longer than most histories. */
const KERNEL_LENGTHS = [3, 0, 9]
const DIMENSION = 7
/** One more than a task takes. */
const USER_COUNT = at.USERS_TASK_USERS + 1
const TARGET_COUNTS = [1, 4, 5, 16, 17]
const LIST_LENGTH = 77
const IDS = [
  '1',
  'u-123456',
  'Zoë 🍷',
  'x'.repeat(15),
  'y'.repeat(16),
  'z'.repeat(200),
  'a"b\\',
  '\b\t\n\f\r\0\x0b\x1f',
  ' \x7f"',
]

/** Tables and users for few targets and for many; rows of a table in two windows. */
export function userCase(arena: Arena, random: Random): Case {
  const { ptr: params, view: words } = arena.reserveU32(at.USERS_WORDS)
  const rowCount = KERNEL_LENGTHS.length * ITEM_COUNT
  const most = Math.max(...TARGET_COUNTS)
  const floats = (values: Float32Array): number => {
    const { ptr, view } = arena.reserveF32(values.length)
    view.set(values)
    return ptr
  }
  const integers = (values: readonly number[]): number => {
    const { ptr, view } = arena.reserveU32(values.length)
    view.set(values)
    return ptr
  }
  const sources = floats(extremes(random, rowCount * DIMENSION))
  const offsets = [70]
  for (let user = 0; user < USER_COUNT; user++)
    offsets.push(offsets[user] + (user < 20 ? user : Number(user > USER_COUNT - 3)))
  const eventCount = offsets[USER_COUNT] - offsets[0]
  words[at.USERS_ROW_COUNT] = rowCount
  words[at.USERS_ITEM_COUNT] = ITEM_COUNT
  words[at.USERS_DIMENSION] = DIMENSION
  words[at.USERS_TARGETS] = floats(extremes(random, 32 * DIMENSION))
  words[at.USERS_TABLE] = arena.reserveF32(32 * rowCount).ptr
  words[at.USERS_KERNEL_COUNT] = KERNEL_LENGTHS.length
  words[at.USERS_KERNEL_OFFSETS] = integers([0, 3, 3, 12])
  words[at.USERS_KERNELS] = floats(Float32Array.from({ length: 12 }, random.normal))
  words[at.USERS_HISTORY_LENGTH] = 9
  words[at.USERS_OFFSETS] = integers(offsets)
  words[at.USERS_BASE] = offsets[0]
  words[at.USERS_EVENTS] = integers(Array.from({ length: eventCount }, () => random.below(ITEM_COUNT)))
  words[at.USERS_USER_COUNT] = USER_COUNT
  words[at.USERS_FIRST] = 2
  words[at.USERS_STRIDE] = USER_COUNT + 5
  words[at.USERS_SCORES] = arena.reserveF32(most * words[at.USERS_STRIDE]).ptr
  const steps: Step[] = []
  const set = (word: number, value: number) => steps.push({ params, word, value })
  const table = (first: number, rows: number) => {
    set(at.USERS_WINDOW, sources + 4 * DIMENSION * first)
    set(at.USERS_WINDOW_FIRST, first)
    set(at.USERS_WINDOW_ROWS, rows)
    steps.push({ kernel: 'eventTable', params, tasks: Math.ceil(rows / at.TABLE_TASK_ROWS) })
  }
  for (const count of TARGET_COUNTS) {
    set(at.USERS_TARGET_COUNT, count)
    set(at.USERS_WIDTH, count <= at.TABLE_NARROW ? at.TABLE_NARROW : at.TABLE_WIDE)
    table(0, at.TABLE_TASK_ROWS + 1)
    table(at.TABLE_TASK_ROWS + 1, rowCount - at.TABLE_TASK_ROWS - 1)
    steps.push({ kernel: 'userScores', params, tasks: Math.ceil(USER_COUNT / at.USERS_TASK_USERS) })
  }
  return { steps, scratch: [] }
}

/** Lists of scores of every kind, all rows allowed and some; ids. */
export function bestRowsCase(arena: Arena, random: Random): Case {
  const draws: ((place: number) => number)[] = [
    () => random.normal(),
    () => random.below(3) - 1,
    () => (random.below(2) === 0 ? -0 : 0),
    () => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, -1e-45, 0][random.below(5)],
    place => 1 + place * 2 ** -23, // alike in all but the last digit
  ]
  const wanted = [0, 1, 5, LIST_LENGTH - 1, LIST_LENGTH, LIST_LENGTH + 3]
  const { ptr: params, view: words } = arena.reserveU32(at.BEST_WORDS)
  const stride = LIST_LENGTH + 3
  const scores = arena.reserveF32((draws.length + 1) * stride)
  const allowedWords = Math.ceil(LIST_LENGTH / 32)
  const allowed = arena.reserveU32(draws.length * allowedWords)
  for (const [i] of allowed.view.entries()) allowed.view[i] = i < allowedWords ? 0 : random.uint32()
  words[at.BEST_SCORES] = scores.ptr
  words[at.BEST_STRIDE] = stride
  words[at.BEST_COUNT] = LIST_LENGTH
  words[at.BEST_FIRST] = 1
  words[at.BEST_ALLOWED_WORDS] = allowedWords
  words[at.BEST_CHOSEN] = arena.reserveU32(draws.length).ptr
  words[at.BEST_SCRATCH_BYTES] = 4 * at.BEST_DIGITS + 16 * (LIST_LENGTH + 4)
  const scratch = arena.reserveU8(draws.length * words[at.BEST_SCRATCH_BYTES])
  words[at.BEST_SCRATCH] = scratch.ptr
  const steps: Step[] = []
  for (const k of wanted) {
    for (const mask of [0, allowed.ptr]) {
      // Rows took their places.
      const values = Float32Array.from({ length: draws.length * LIST_LENGTH }, (_, i) =>
        draws[Math.floor(i / LIST_LENGTH)](i % LIST_LENGTH),
      )
      const bits = new Int32Array(values.buffer)
      for (const [i, value] of bits.entries())
        steps.push({ params: scores.ptr, word: (1 + Math.floor(i / LIST_LENGTH)) * stride + (i % LIST_LENGTH), value })
      steps.push({ params, word: at.BEST_WANTED, value: k }, { params, word: at.BEST_ALLOWED, value: mask })
      steps.push({ kernel: 'bestRows', params, tasks: draws.length })
    }
  }
  const ids = idCase(arena)
  return {
    steps: [...steps, ...ids.steps],
    scratch: [{ from: scratch.ptr, to: scratch.ptr + scratch.view.length }, ...ids.scratch],
  }
}

/** Everybody twice, into room for some. */
function idCase(arena: Arena): Case {
  const { ptr: params, view: words } = arena.reserveU32(at.IDS_WORDS)
  const ids = IDS.map(id => Buffer.concat([Buffer.from(id), Buffer.of(0xff)]))
  const bytes = arena.reserveU8(ids.reduce((sum, id) => sum + id.length, BYTES_SLACK))
  bytes.view.set(Buffer.concat(ids))
  const offsets = arena.reserveU32(IDS.length + 1)
  for (const [i, id] of ids.entries()) offsets.view[i + 1] = offsets.view[i] + id.length
  const rows = arena.reserveU32(2 * IDS.length)
  for (const [place] of rows.view.entries()) rows.view[place] = place % IDS.length
  words[at.IDS_TEXTS] = bytes.ptr
  words[at.IDS_OFFSETS] = offsets.ptr
  words[at.IDS_ROWS] = rows.ptr
  words[at.IDS_OUTPUT_SIZE] = at.ID_FRAME_BYTES + at.ID_ESCAPE_BYTES * 200
  words[at.IDS_OUTPUT] = arena.reserveU8(words[at.IDS_OUTPUT_SIZE] + BYTES_SLACK).ptr
  words[at.IDS_TO] = 2 * IDS.length
  const touched = params + 4 * at.IDS_TOUCHED
  return {
    steps: Array.from({ length: 5 }, () => ({ kernel: 'writeIds', params, tasks: 1 })),
    scratch: [{ from: touched, to: touched + 4 }],
  }
}
