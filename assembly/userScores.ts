/** What users score for targets: a table of what an event of each item adds, and a user as a sum of its rows. */
import {
  TABLE_NARROW,
  TABLE_TASK_ROWS,
  TABLE_WIDE,
  USERS_BASE,
  USERS_DIMENSION,
  USERS_EVENTS,
  USERS_FIRST,
  USERS_HISTORY_LENGTH,
  USERS_ITEM_COUNT,
  USERS_KERNEL_COUNT,
  USERS_KERNEL_OFFSETS,
  USERS_KERNELS,
  USERS_OFFSETS,
  USERS_ROW_COUNT,
  USERS_SCORES,
  USERS_STRIDE,
  USERS_TABLE,
  USERS_TARGET_COUNT,
  USERS_TARGETS,
  USERS_TASK_USERS,
  USERS_USER_COUNT,
  USERS_WIDTH,
  USERS_WINDOW,
  USERS_WINDOW_FIRST,
  USERS_WINDOW_ROWS,
} from '../src/kernels/userParameters'
import { word } from './words'

/** TABLE of rows [task · TABLE_TASK_ROWS, …) of the window: source · target in f32, numbers ascending, each a multiply-add, from +0. */
export function eventTable(params: usize, task: i32): void {
  const d = <usize>word(params, USERS_DIMENSION)
  const width = <usize>word(params, USERS_WIDTH)
  const first = <usize>task * TABLE_TASK_ROWS
  const end = min(first + TABLE_TASK_ROWS, <usize>word(params, USERS_WINDOW_ROWS))
  const window = <usize>word(params, USERS_WINDOW)
  const panelBytes = (<usize>word(params, USERS_ROW_COUNT) * width) << 2
  const groups = (<usize>word(params, USERS_TARGET_COUNT) + width - 1) / width * (width >>> 2)
  const table = <usize>word(params, USERS_TABLE) + ((<usize>word(params, USERS_WINDOW_FIRST) * width) << 2)
  let target = <usize>word(params, USERS_TARGETS)
  for (let group: usize = 0; group < groups; group++) {
    const panel = (group << 2) / width
    const to = table + panel * panelBytes + (((group << 2) - panel * width) << 2)
    let row = first
    for (; row + 4 <= end; row += 4) multiply4(window + ((row * d) << 2), target, d, to + ((row * width) << 2), width << 2)
    for (; row < end; row++) v128.store(to + ((row * width) << 2), multiply(window + ((row * d) << 2), target, d))
    target += d << 4
  }
}

@inline
function multiply(row: usize, target: usize, d: usize): v128 {
  let sum = f32x4.splat(0)
  for (const end = row + (d << 2); row < end; row += 4, target += 16) {
    sum = f32x4.relaxed_madd(v128.load32_splat(row), v128.load(target), sum)
  }
  return sum
}

/** The same of four rows, which wait for one another less. */
function multiply4(row: usize, target: usize, d: usize, to: usize, bytes: usize): void {
  const row1 = row + (d << 2), row2 = row1 + (d << 2), row3 = row2 + (d << 2)
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
  for (let x: usize = 0; x < d << 2; x += 4, target += 16) {
    const t = v128.load(target)
    s0 = f32x4.relaxed_madd(v128.load32_splat(row + x), t, s0)
    s1 = f32x4.relaxed_madd(v128.load32_splat(row1 + x), t, s1)
    s2 = f32x4.relaxed_madd(v128.load32_splat(row2 + x), t, s2)
    s3 = f32x4.relaxed_madd(v128.load32_splat(row3 + x), t, s3)
  }
  v128.store(to, s0)
  v128.store(to + bytes, s1)
  v128.store(to + 2 * bytes, s2)
  v128.store(to + 3 * bytes, s3)
}

/**
 * SCORES of users [task · USERS_TASK_USERS, …) of the window: with s = Σ_f Σ_k kernels[f][k] · TABLE[f, event k places before the newest], f ascending,
 * then k, in f32 from +0, each a multiply-add, and L the user's events, HISTORY_LENGTH at most: s · √L where s > 0, else s. Events name items below
 * ITEM_COUNT.
 */
export function userScores(params: usize, task: i32): void {
  const first = <usize>task * USERS_TASK_USERS
  const end = min(first + USERS_TASK_USERS, <usize>word(params, USERS_USER_COUNT))
  const width = word(params, USERS_WIDTH)
  const strideBytes = <usize>word(params, USERS_STRIDE) << 2
  const to = <usize>word(params, USERS_SCORES) + (<usize>word(params, USERS_FIRST) << 2)
  const panelBytes = <usize>(word(params, USERS_ROW_COUNT) * width) << 2
  let table = <usize>word(params, USERS_TABLE)
  const targets = word(params, USERS_TARGET_COUNT)
  for (let target: u32 = 0; target < targets; target += width, table += panelBytes) {
    const row = to + <usize>target * strideBytes
    if (width == TABLE_WIDE) add(params, table, first, end, row, strideBytes, targets - target, true)
    else add(params, table, first, end, row, strideBytes, targets - target, false)
  }
}

/** Of users [first, end): TABLE_WIDE targets or TABLE_NARROW, `lanes` of which are wanted. */
@inline
function add(
  params: usize, table: usize, first: usize, end: usize, to: usize, stride: usize, lanes: u32, wide: bool,
): void {
  const offsets = <usize>word(params, USERS_OFFSETS)
  const base = word(params, USERS_BASE)
  const events = <usize>word(params, USERS_EVENTS)
  const kernels = <usize>word(params, USERS_KERNELS)
  const kernelOffsets = <usize>word(params, USERS_KERNEL_OFFSETS)
  const kernelCount = word(params, USERS_KERNEL_COUNT)
  const rowBytes: usize = (wide ? TABLE_WIDE : TABLE_NARROW) << 2
  const tableBytes = <usize>word(params, USERS_ITEM_COUNT) * rowBytes
  const historyLength = word(params, USERS_HISTORY_LENGTH)
  for (let user = first; user < end; user++) {
    const start = load<u32>(offsets + (user << 2)) - base
    const stop = load<u32>(offsets + (user << 2), 4) - base
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
    let rows = table
    for (let f: u32 = 0; f < kernelCount; f++) {
      const from = load<u32>(kernelOffsets + (<usize>f << 2))
      const length = min(load<u32>(kernelOffsets + (<usize>f << 2), 4) - from, stop - start)
      let kernel = kernels + (<usize>from << 2)
      let event = events + (<usize>stop << 2)
      const oldest = event - (<usize>length << 2)
      while (event > oldest) {
        event -= 4
        const row = rows + <usize>load<u32>(event) * rowBytes
        const weight = v128.load32_splat(kernel)
        s0 = f32x4.relaxed_madd(weight, v128.load(row), s0)
        if (wide) {
          s1 = f32x4.relaxed_madd(weight, v128.load(row, 16), s1)
          s2 = f32x4.relaxed_madd(weight, v128.load(row, 32), s2)
          s3 = f32x4.relaxed_madd(weight, v128.load(row, 48), s3)
        }
        kernel += 4
      }
      rows += tableBytes
    }
    const root = f32x4.splat(f32(Math.sqrt(<f64>min(stop - start, historyLength))))
    const at = to + (user << 2)
    store4(at, stride, affinity(s0, root), lanes)
    if (!wide) continue
    if (lanes > 4) store4(at + 4 * stride, stride, affinity(s1, root), lanes - 4)
    if (lanes > 8) store4(at + 8 * stride, stride, affinity(s2, root), lanes - 8)
    if (lanes > 12) store4(at + 12 * stride, stride, affinity(s3, root), lanes - 12)
  }
}

@inline
function affinity(sum: v128, root: v128): v128 {
  return v128.bitselect(f32x4.mul(sum, root), sum, f32x4.gt(sum, f32x4.splat(0)))
}

/** Lane after lane, rows `stride` bytes apart; `lanes` of them, four at most. */
@inline
function store4(to: usize, stride: usize, values: v128, lanes: u32): void {
  store<f32>(to, f32x4.extract_lane(values, 0))
  if (lanes > 1) store<f32>(to + stride, f32x4.extract_lane(values, 1))
  if (lanes > 2) store<f32>(to + 2 * stride, f32x4.extract_lane(values, 2))
  if (lanes > 3) store<f32>(to + 3 * stride, f32x4.extract_lane(values, 3))
}
