/**
 * L·Lᵀ·X = R for all right-hand sides, in place, a strip of panels at a time: strips know nothing of each other, so they are the
 * tasks. Wide enough that a block of L, read once for a strip, serves block² · STRIP_PANELS · 32 operations.
 */
import {
  SYSTEM_BLOCK,
  SYSTEM_BLOCK_COUNT,
  SYSTEM_LOWER,
  SYSTEM_ORDER,
  SYSTEM_PANEL_COUNT,
  SYSTEM_RIGHT,
  SYSTEM_UPPER,
  TILE_COLUMNS,
} from '../src/kernels/parameters'
import { multiply, scratchOf, slot } from './cholesky'
import { stopped, word } from './words'

const PANEL_ROW_BYTES: usize = TILE_COLUMNS * 4

/** rows of x = a · (rows of x), a one block in strips. In scratch: -x, since multiply subtracts. */
function transform(params: usize, x: usize, xBytes: usize, a: usize, panels: i32, block: i32): void {
  const bytes = <usize>block * PANEL_ROW_BYTES
  const negative = scratchOf(params)
  for (let p = 0; p < panels; p++) {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(negative + at, f32x4.neg(v128.load(x + at)))
    memory.fill(x, 0, bytes)
    multiply(x, xBytes, a, negative, bytes, 1, block)
    x += xBytes
  }
}

/** Panels [task · w, (task + 1) · w), w = block / 16: L·Y = R, then Lᵀ·X = Y. */
export function solveStrip(params: usize, task: i32): void {
  const block = <i32>word(params, SYSTEM_BLOCK)
  const blocks = <i32>word(params, SYSTEM_BLOCK_COUNT)
  const lower = <usize>word(params, SYSTEM_LOWER)
  const upper = <usize>word(params, SYSTEM_UPPER)
  const width = block / TILE_COLUMNS
  const panels = min(width, <i32>word(params, SYSTEM_PANEL_COUNT) - task * width)
  const panelBytes = <usize>blocks * block * PANEL_ROW_BYTES
  const rowsBytes = <usize>block * PANEL_ROW_BYTES
  const strip = <usize>word(params, SYSTEM_RIGHT) + <usize>task * width * panelBytes
  for (let I = 0; I < blocks; I++) {
    const x = strip + <usize>I * rowsBytes
    for (let K = 0; K < I; K++) {
      multiply(x, panelBytes, slot(lower, I, K, block), strip + <usize>K * rowsBytes, panelBytes, panels, block)
    }
    transform(params, x, panelBytes, slot(lower, I, I, block), panels, block)
    if (stopped()) return
  }
  for (let I = blocks - 1; I >= 0; I--) {
    const x = strip + <usize>I * rowsBytes
    for (let K = I + 1; K < blocks; K++) {
      multiply(x, panelBytes, slot(upper, K, I, block), strip + <usize>K * rowsBytes, panelBytes, panels, block)
    }
    transform(params, x, panelBytes, slot(upper, I, I, block), panels, block)
    if (stopped()) return
  }
}

/** Row `task` of the solution to where the factor was, row-major: f32[ORDER, ORDER] from LOWER on. */
export function unpackRow(params: usize, task: i32): void {
  const order = <usize>word(params, SYSTEM_ORDER)
  const panelBytes = <usize>word(params, SYSTEM_BLOCK_COUNT) * word(params, SYSTEM_BLOCK) * PANEL_ROW_BYTES
  let from = <usize>word(params, SYSTEM_RIGHT) + <usize>task * PANEL_ROW_BYTES
  let to = <usize>word(params, SYSTEM_LOWER) + <usize>task * order * 4
  const end = to + order * 4
  while (to < end) {
    memory.copy(to, from, min(PANEL_ROW_BYTES, end - to))
    from += panelBytes
    to += PANEL_ROW_BYTES
  }
}
