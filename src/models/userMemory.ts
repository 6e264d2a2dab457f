/** What ranking users (userRanking.ts) holds in its team's memory: how much it is, and laying it out. */
import type { Arena, Reserved } from '../kernels/arena.ts'
import { aligned } from '../kernels/arena.ts'
import * as at from '../kernels/userParameters.ts'

/** Of the table: 750 000 items and 80 targets; more targets are asked about one group after another. */
const TABLE_BYTES_MAX = 256 * 2 ** 20
/** Scores held at once: of 25 targets and five million users, or of one target and however many users there are. */
const SCORE_BYTES_MAX = 512 * 2 ** 20
/** What sorts at once: three lists of five million users, or one of however many there are. */
const SCRATCH_BYTES_MAX = 256 * 2 ** 20
/** Histories, and before them rows of sources, pass through two windows: of so much each, some ten milliseconds of two threads. */
const WINDOW_BYTES_MAX = 32 * 2 ** 20
/** Of a window, for those who did next to nothing. */
const WINDOW_USERS_MAX = 2 ** 20
/** Cache lines of f32. */
const LINE_FLOATS = 16

/** What may be held at once; for tests, less. */
export interface UserRoom {
  readonly tableBytes: number
  readonly scoreBytes: number
  readonly scratchBytes: number
  readonly windowBytes: number
  readonly windowUsers: number
}

export const USER_ROOM: UserRoom = {
  tableBytes: TABLE_BYTES_MAX,
  scoreBytes: SCORE_BYTES_MAX,
  scratchBytes: SCRATCH_BYTES_MAX,
  windowBytes: WINDOW_BYTES_MAX,
  windowUsers: WINDOW_USERS_MAX,
}

export interface UserSize {
  readonly userCount: number
  readonly eventCount: number
  readonly itemCount: number
  /** 0 where the model has no factors. */
  readonly dimension: number
  readonly kernels: readonly Float32Array[]
  /** Targets that will be asked about, and users wanted for each, at most. */
  readonly targetCount: number
  readonly k: number
  readonly room: UserRoom
}

/** What a thread works on while the next is filled: one after the other rows of sources, then users. */
export interface UserWindow {
  readonly params: number
  readonly words: Uint32Array
  /** The same bytes. */
  readonly rows: Float32Array
  readonly events: Int32Array
  readonly offsets: Uint32Array
}

export interface UserMemory {
  /** Targets that are scored at once. */
  readonly targetsMax: number
  /** Lists that are sorted at once. */
  readonly slots: number
  readonly stride: number
  readonly windows: readonly UserWindow[]
  readonly targets: Float32Array
  readonly scores: Reserved<Float32Array>
  readonly best: { readonly params: number; readonly words: Uint32Array }
  readonly allowed: Reserved<Uint32Array>
  readonly chosen: Uint32Array
}

const historyLengthOf = (kernels: readonly Float32Array[]): number =>
  Math.max(0, ...kernels.map(({ length }) => length))

/** In the table as wide as it is. */
const widthOf = (targetCount: number): number => (targetCount <= at.TABLE_NARROW ? at.TABLE_NARROW : at.TABLE_WIDE)
export const paddedTargets = (targetCount: number): number =>
  Math.ceil(targetCount / widthOf(targetCount)) * widthOf(targetCount)

/** Whole panels of the table where there are several, so that none is half empty for nothing. */
function targetsAtOnce({ userCount, itemCount, kernels, targetCount, room }: UserSize): number {
  const whole = (count: number) => (count < at.TABLE_WIDE ? count : count - (count % at.TABLE_WIDE))
  const byScores = Math.max(1, whole(Math.floor(room.scoreBytes / (4 * Math.max(1, userCount)))))
  const rowBytes = 4 * Math.max(1, kernels.length * itemCount)
  const byTable = whole(Math.floor(room.tableBytes / rowBytes))
  return Math.max(1, Math.min(targetCount, byScores, byTable < at.TABLE_WIDE ? at.TABLE_NARROW : byTable))
}

/** The same places for an arena that only counts (arena.ts). */
export function reserveUsers(arena: Arena, size: UserSize): UserMemory {
  const { userCount, eventCount, itemCount, dimension, kernels, room } = size
  const targetsMax = targetsAtOnce(size)
  const rowCount = kernels.length * itemCount
  const historyLength = historyLengthOf(kernels)
  const table = arena.reserveF32(paddedTargets(targetsMax) * rowCount)
  const targets = arena.reserveF32(paddedTargets(targetsMax) * dimension)
  const kernelOffsets = arena.reserveU32(kernels.length + 1)
  const weights = arena.reserveF32(kernels.reduce((sum, { length }) => sum + length, 0))
  let top = 0
  for (const [f, kernel] of kernels.entries()) {
    if (weights.view.length > 0) weights.view.set(kernel, top)
    top += kernel.length
    if (kernelOffsets.view.length > 0) kernelOffsets.view[f + 1] = top
  }
  // An odd number of cache lines: those of sixteen targets then lie in sets of their own.
  const stride = LINE_FLOATS * (Math.ceil(userCount / LINE_FLOATS) | 1)
  const scores = arena.reserveF32(targetsMax * stride)

  const windowFloats = Math.max(
    historyLength,
    dimension,
    Math.min(room.windowBytes / 4, Math.max(eventCount, rowCount * dimension)),
  )
  const windowUsers = Math.min(room.windowUsers, userCount)
  const reserveWindow = (): UserWindow => {
    const { ptr: params, view: words } = arena.reserveU32(at.USERS_WORDS)
    const rows = arena.reserveF32(windowFloats)
    const offsets = arena.reserveU32(windowUsers + 1)
    words[at.USERS_ROW_COUNT] = rowCount
    words[at.USERS_ITEM_COUNT] = itemCount
    words[at.USERS_DIMENSION] = dimension
    words[at.USERS_TARGETS] = targets.ptr
    words[at.USERS_TABLE] = table.ptr
    words[at.USERS_WINDOW] = words[at.USERS_EVENTS] = rows.ptr
    words[at.USERS_KERNEL_COUNT] = kernels.length
    words[at.USERS_KERNEL_OFFSETS] = kernelOffsets.ptr
    words[at.USERS_KERNELS] = weights.ptr
    words[at.USERS_HISTORY_LENGTH] = historyLength
    words[at.USERS_OFFSETS] = offsets.ptr
    words[at.USERS_SCORES] = scores.ptr
    words[at.USERS_STRIDE] = stride
    const events = new Int32Array(rows.view.buffer, rows.view.byteOffset, rows.view.length)
    return { params, words, rows: rows.view, events, offsets: offsets.view }
  }
  const windows = [reserveWindow(), reserveWindow()]

  const wanted = Math.min(size.k, userCount)
  const scratchBytes = aligned(4 * at.BEST_DIGITS + 16 * (wanted + 4))
  const allowedWords = Math.ceil(userCount / 32)
  const slots = Math.max(1, Math.min(targetsMax, Math.floor(room.scratchBytes / (scratchBytes + 4 * allowedWords))))
  const best = arena.reserveU32(at.BEST_WORDS)
  const allowed = arena.reserveU32(slots * allowedWords)
  const chosen = arena.reserveU32(slots)
  best.view[at.BEST_SCORES] = scores.ptr
  best.view[at.BEST_STRIDE] = stride
  best.view[at.BEST_COUNT] = userCount
  best.view[at.BEST_WANTED] = wanted
  best.view[at.BEST_ALLOWED_WORDS] = allowedWords
  best.view[at.BEST_CHOSEN] = chosen.ptr
  best.view[at.BEST_SCRATCH] = arena.reserveU8(slots * scratchBytes).ptr
  best.view[at.BEST_SCRATCH_BYTES] = scratchBytes
  return {
    ...{ targetsMax, slots, stride, windows, scores, allowed },
    targets: targets.view,
    best: { params: best.ptr, words: best.view },
    chosen: chosen.view,
  }
}

/** The words that say how many targets the table is of. */
export function setTargetCount(window: UserWindow, targetCount: number): void {
  window.words[at.USERS_TARGET_COUNT] = targetCount
  window.words[at.USERS_WIDTH] = widthOf(targetCount)
}
