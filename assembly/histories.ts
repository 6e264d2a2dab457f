/**
 * Decayed histories as a linear map (models/lowRankRidge.ts): row t of X is the history before event t, seen through geometric kernels, and
 * both X and Xᵀ are recursions along each history. An event costs a row read and a row written, and no pair of items is ever held.
 *
 *   forward    u_t = Σ_f h_f,   h_f ← decay_f · h_f + z_f[q_{t-1}] - decay_f^K · z_f[q_{t-1-K}]            u = X·z
 *   backward   y_f[q_j] += b_f, b_f ← decay_f · b_f + u_{j+1} - decay_f^K · u_{j+1+K}                       y += Xᵀ·u
 */
import {
  LOW_DECAYS,
  LOW_EVENTS,
  LOW_ITEM_COUNT,
  LOW_KERNEL_COUNT,
  LOW_LOSSES,
  LOW_OFFSETS,
  LOW_SCALES,
  LOW_USER_COUNT,
  LOW_WINDOWS,
} from '../src/kernels/parameters'
import { ROW_BYTES, addRow, scaleRow, storeRow } from './rows'
import { stopped, word } from './words'

/** u[1 … count) (+)= X·z for kernel f: the first one stores, the others add. */
function forward(params: usize, f: i32, z: usize, u: usize, event: usize, count: i32): void {
  const decay = v128.load32_splat(<usize>word(params, LOW_DECAYS) + (<usize>f << 2))
  const loss = v128.load32_splat(<usize>word(params, LOW_LOSSES) + (<usize>f << 2))
  const window = load<i32>(<usize>word(params, LOW_WINDOWS) + (<usize>f << 2))
  const zero = f32x4.splat(0)
  let h0 = zero, h1 = zero, h2 = zero, h3 = zero
  const end = u + <usize>count * ROW_BYTES
  const full = u + <usize>(min(window, count) + 1) * ROW_BYTES
  for (let to = u + ROW_BYTES; to < end; to += ROW_BYTES) {
    const row = z + <usize>load<u32>(event) * ROW_BYTES
    h0 = f32x4.relaxed_madd(decay, h0, v128.load(row))
    h1 = f32x4.relaxed_madd(decay, h1, v128.load(row, 16))
    h2 = f32x4.relaxed_madd(decay, h2, v128.load(row, 32))
    h3 = f32x4.relaxed_madd(decay, h3, v128.load(row, 48))
    if (to >= full) {
      const gone = z + <usize>load<u32>(event - (<usize>window << 2)) * ROW_BYTES
      h0 = f32x4.relaxed_madd(loss, v128.load(gone), h0)
      h1 = f32x4.relaxed_madd(loss, v128.load(gone, 16), h1)
      h2 = f32x4.relaxed_madd(loss, v128.load(gone, 32), h2)
      h3 = f32x4.relaxed_madd(loss, v128.load(gone, 48), h3)
    }
    if (f == 0) storeRow(to, h0, h1, h2, h3)
    else addRow(to, h0, h1, h2, h3)
    event += 4
  }
}

/** y += Xᵀ·u for kernel f. */
function backward(params: usize, f: i32, y: usize, u: usize, event: usize, count: i32): void {
  const decay = v128.load32_splat(<usize>word(params, LOW_DECAYS) + (<usize>f << 2))
  const loss = v128.load32_splat(<usize>word(params, LOW_LOSSES) + (<usize>f << 2))
  const window = load<i32>(<usize>word(params, LOW_WINDOWS) + (<usize>f << 2))
  const zero = f32x4.splat(0)
  let b0 = zero, b1 = zero, b2 = zero, b3 = zero
  const full = u + <usize>(count - 1 - min(window, count - 1)) * ROW_BYTES
  let at = event + (<usize>(count - 2) << 2)
  for (let from = u + <usize>(count - 1) * ROW_BYTES; from > u; from -= ROW_BYTES) {
    b0 = f32x4.relaxed_madd(decay, b0, v128.load(from))
    b1 = f32x4.relaxed_madd(decay, b1, v128.load(from, 16))
    b2 = f32x4.relaxed_madd(decay, b2, v128.load(from, 32))
    b3 = f32x4.relaxed_madd(decay, b3, v128.load(from, 48))
    if (from <= full) {
      const gone = from + <usize>window * ROW_BYTES
      b0 = f32x4.relaxed_madd(loss, v128.load(gone), b0)
      b1 = f32x4.relaxed_madd(loss, v128.load(gone, 16), b1)
      b2 = f32x4.relaxed_madd(loss, v128.load(gone, 32), b2)
      b3 = f32x4.relaxed_madd(loss, v128.load(gone, 48), b3)
    }
    addRow(y + <usize>load<u32>(at) * ROW_BYTES, b0, b1, b2, b3)
    at -= 4
  }
}

/** u[1 … count) of a user = the weighted directions of what came then. */
function targetsOf(params: usize, directions: usize, u: usize, event: usize, count: i32): void {
  const scales = <usize>word(params, LOW_SCALES)
  for (let t = 1; t < count; t++) {
    const item = <usize>load<u32>(event + (<usize>t << 2))
    scaleRow(u + <usize>t * ROW_BYTES, v128.load32_splat(scales + (item << 2)), directions + item * ROW_BYTES)
  }
}

@inline
export function sourceBytes(params: usize): usize {
  return <usize>word(params, LOW_KERNEL_COUNT) * word(params, LOW_ITEM_COUNT) * ROW_BYTES
}

/** y += Xᵀ·u over all kernels. */
function toSources(params: usize, y: usize, u: usize, event: usize, count: i32): void {
  const kernelBytes = <usize>word(params, LOW_ITEM_COUNT) * ROW_BYTES
  const kernels = <i32>word(params, LOW_KERNEL_COUNT)
  for (let f = 0; f < kernels; f++) backward(params, f, y + <usize>f * kernelBytes, u, event, count)
}

/** y[q_t] += u_t. */
function toTargets(y: usize, u: usize, event: usize, count: i32): void {
  for (let t = 1; t < count; t++) {
    const from = u + <usize>t * ROW_BYTES
    const to = y + <usize>load<u32>(event + (<usize>t << 2)) * ROW_BYTES
    addRow(to, v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48))
  }
}

/** Where u comes from and where it goes. Sources z, y are f32[F, itemCount, 16], targets f32[itemCount, 16]. */
export const TARGETS_TO_SOURCES = 0 // u = S·z[q_t],  y += Xᵀ·u
export const SOURCES_TO_SOURCES = 1 // u = X·z,       y += Xᵀ·u
export const SOURCES_TO_TARGETS = 2 // u = X·z,       y[q_t] += u_t

/** Along every history; `u` has room for the longest. */
export function walk(params: usize, z: usize, y: usize, u: usize, way: i32): void {
  const kernels = <i32>word(params, LOW_KERNEL_COUNT)
  const kernelBytes = <usize>word(params, LOW_ITEM_COUNT) * ROW_BYTES
  const users = word(params, LOW_USER_COUNT)
  const offsets = <usize>word(params, LOW_OFFSETS)
  const events = <usize>word(params, LOW_EVENTS)
  for (let user: u32 = 0; user < users; user++) {
    const start = load<u32>(offsets + (<usize>user << 2))
    const count = <i32>(load<u32>(offsets + (<usize>user << 2), 4) - start)
    if (count < 2) continue
    const event = events + (<usize>start << 2)
    if (way == TARGETS_TO_SOURCES) targetsOf(params, z, u, event, count)
    else for (let f = 0; f < kernels; f++) forward(params, f, z + <usize>f * kernelBytes, u, event, count)
    if (way == SOURCES_TO_TARGETS) toTargets(y, u, event, count)
    else toSources(params, y, u, event, count)
    if (stopped()) return
  }
}
