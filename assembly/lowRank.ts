/**
 * One block of columns of a reduced-rank ridge (models/lowRankRidge.ts): from directions V to solutions B of (G + R)·B = C·S·V and images
 * S·Cᵀ·B, all without the matrices G = XᵀX and C = XᵀY, which would hold every pair of items (histories.ts).
 *
 * The system is solved by conjugate gradients (Hestenes and Stiefel 1952) with the diagonal as preconditioner; the columns of a block walk
 * side by side, each with its own step length. One task does a block from beginning to end, so sums do not depend on threads.
 */
import {
  LANES,
  LOW_DIRECTIONS,
  LOW_IMAGES,
  LOW_INVERSES,
  LOW_ITEM_COUNT,
  LOW_RIDGE,
  LOW_SCALES,
  LOW_SCRATCH,
  LOW_SCRATCH_BYTES,
  LOW_SOURCES,
  LOW_STEPS,
  SUM_ROWS,
} from '../src/kernels/parameters'
import { SOURCES_TO_SOURCES, SOURCES_TO_TARGETS, TARGETS_TO_SOURCES, sourceBytes, walk } from './histories'
import { ROW_BYTES, addRow, addScaled, scaleRow, storeRow } from './rows'
import { stopped, thread, word } from './words'

/** sums[0] += sums[1], which becomes 0. */
@inline
function carry(sums: usize): void {
  const part = sums + ROW_BYTES
  addRow(sums, v128.load(part), v128.load(part, 16), v128.load(part, 32), v128.load(part, 48))
  memory.fill(part, 0, ROW_BYTES)
}

/** part += factor · a · b, a row. */
@inline
function addProduct(part: usize, factor: v128, a: usize, b: usize): void {
  const p0 = v128.load(part)
  const p1 = v128.load(part, 16)
  const p2 = v128.load(part, 32)
  const p3 = v128.load(part, 48)
  storeRow(
    part,
    f32x4.relaxed_madd(f32x4.mul(factor, v128.load(a)), v128.load(b), p0),
    f32x4.relaxed_madd(f32x4.mul(factor, v128.load(a, 16)), v128.load(b, 16), p1),
    f32x4.relaxed_madd(f32x4.mul(factor, v128.load(a, 32)), v128.load(b, 32), p2),
    f32x4.relaxed_madd(f32x4.mul(factor, v128.load(a, 48)), v128.load(b, 48), p3),
  )
}

/** sums[0] = Σ_rows factor[row] · a · b, a lane a column; factors 0 stands for ones. */
function dot(rows: i32, factors: usize, a: usize, b: usize, sums: usize): void {
  memory.fill(sums, 0, 2 * ROW_BYTES)
  for (let row = 0; row < rows; row++) {
    const at = <usize>row * ROW_BYTES
    const factor = factors == 0 ? f32x4.splat(1) : v128.load32_splat(factors + (<usize>row << 2))
    addProduct(sums + ROW_BYTES, factor, a + at, b + at)
    if (row % SUM_ROWS == SUM_ROWS - 1) carry(sums)
  }
  carry(sums)
}

/** to = sign · over / under where under > 0, else 0: a lane whose residual is gone stands still. */
function quotients(over: usize, under: usize, sign: f32, to: usize): void {
  for (let lane = 0; lane < LANES; lane++) {
    const at = <usize>lane << 2
    const divisor = load<f32>(under + at)
    store<f32>(to + at, divisor > 0 ? (sign * load<f32>(over + at)) / divisor : 0)
  }
}

/** y = x · factor[row] + y. */
function addDiagonal(rows: i32, y: usize, factors: usize, x: usize): void {
  for (let row = 0; row < rows; row++) {
    const f = v128.load32_splat(factors + (<usize>row << 2))
    const at = y + <usize>row * ROW_BYTES
    const from = x + <usize>row * ROW_BYTES
    const y0 = v128.load(at)
    const y1 = v128.load(at, 16)
    const y2 = v128.load(at, 32)
    const y3 = v128.load(at, 48)
    storeRow(
      at,
      f32x4.relaxed_madd(f, v128.load(from), y0),
      f32x4.relaxed_madd(f, v128.load(from, 16), y1),
      f32x4.relaxed_madd(f, v128.load(from, 32), y2),
      f32x4.relaxed_madd(f, v128.load(from, 48), y3),
    )
  }
}

function scaleRows(rows: i32, to: usize, factors: usize, from: usize): void {
  for (let row = 0; row < rows; row++) {
    const at = <usize>row * ROW_BYTES
    scaleRow(to + at, v128.load32_splat(factors + (<usize>row << 2)), from + at)
  }
}

/** Block `task`: the right-hand side, STEPS of conjugate gradients from zero, and the images of the solution. */
export function solveDirections(params: usize, task: i32): void {
  const bytes = sourceBytes(params)
  const rows = <i32>(bytes / ROW_BYTES)
  const items = <i32>word(params, LOW_ITEM_COUNT)
  const itemBytes = <usize>items * ROW_BYTES
  const inverses = <usize>word(params, LOW_INVERSES)
  const x = <usize>word(params, LOW_SOURCES) + <usize>task * bytes
  const residual = <usize>word(params, LOW_SCRATCH) + <usize>thread * word(params, LOW_SCRATCH_BYTES)
  const search = residual + bytes
  const image = search + bytes
  const sums = image + bytes // the second row of them is not yet carried
  const energy = sums + 2 * ROW_BYTES
  const length = energy + ROW_BYTES
  const u = length + ROW_BYTES

  memory.fill(x, 0, bytes)
  memory.fill(residual, 0, bytes)
  walk(params, <usize>word(params, LOW_DIRECTIONS) + <usize>task * itemBytes, residual, u, TARGETS_TO_SOURCES)
  scaleRows(rows, search, inverses, residual)
  dot(rows, inverses, residual, residual, energy)
  const steps = <i32>word(params, LOW_STEPS)
  for (let step = 1; step <= steps; step++) {
    memory.fill(image, 0, bytes)
    walk(params, search, image, u, SOURCES_TO_SOURCES)
    if (stopped()) return
    addDiagonal(rows, image, <usize>word(params, LOW_RIDGE), search)
    dot(rows, 0, search, image, sums)
    quotients(energy, sums, 1, length)
    for (let row = 0; row < rows; row++) addScaled(x + <usize>row * ROW_BYTES, length, search + <usize>row * ROW_BYTES)
    if (step == steps) break
    quotients(energy, sums, -1, length)
    for (let row = 0; row < rows; row++) addScaled(residual + <usize>row * ROW_BYTES, length, image + <usize>row * ROW_BYTES)
    dot(rows, inverses, residual, residual, sums)
    quotients(sums, energy, 1, length)
    memory.copy(energy, sums, ROW_BYTES)
    for (let row = 0; row < rows; row++) {
      const at = <usize>row * ROW_BYTES
      turnSearch(search + at, length, v128.load32_splat(inverses + (<usize>row << 2)), residual + at)
    }
  }

  const y = <usize>word(params, LOW_IMAGES) + <usize>task * itemBytes
  memory.fill(y, 0, itemBytes)
  walk(params, x, y, u, SOURCES_TO_TARGETS)
  scaleRows(items, y, <usize>word(params, LOW_SCALES), y)
}

/** search = factors · search + inverse · residual, a row. */
@inline
function turnSearch(search: usize, factors: usize, inverse: v128, residual: usize): void {
  const p0 = f32x4.mul(inverse, v128.load(residual))
  const p1 = f32x4.mul(inverse, v128.load(residual, 16))
  const p2 = f32x4.mul(inverse, v128.load(residual, 32))
  const p3 = f32x4.mul(inverse, v128.load(residual, 48))
  storeRow(
    search,
    f32x4.relaxed_madd(v128.load(factors), v128.load(search), p0),
    f32x4.relaxed_madd(v128.load(factors, 16), v128.load(search, 16), p1),
    f32x4.relaxed_madd(v128.load(factors, 32), v128.load(search, 32), p2),
    f32x4.relaxed_madd(v128.load(factors, 48), v128.load(search, 48), p3),
  )
}
