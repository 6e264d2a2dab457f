/**
 * One row of the two matrices of a directional ridge (models/directionalRidge.ts): how often, weighted, other items came before and
 * after this one. A row belongs to one task, whose sums run over the item's positions in ascending order, so the result does not
 * depend on threads; the row stays in the first or second level cache while the events around each position are read in sequence.
 */
import {
  PAIRS_AHEAD,
  PAIRS_BEHIND,
  PAIRS_EVENTS,
  PAIRS_ITEM_COUNT,
  PAIRS_KERNEL,
  PAIRS_KERNEL_LENGTH,
  PAIRS_OFFSETS,
  PAIRS_POSITIONS,
  PAIRS_REACH,
  PAIRS_RIDGE,
  PAIRS_SYSTEM,
  SYSTEM_BLOCK,
  SYSTEM_BLOCK_COUNT,
  SYSTEM_LOWER,
  SYSTEM_PANEL_COUNT,
  SYSTEM_RIGHT,
  SYSTEM_SCRATCH,
  SYSTEM_SCRATCH_BYTES,
  TILE_COLUMNS,
} from '../src/kernels/parameters'
import { stopped, thread, word } from './words'

/** sums[items[i]] += weights[i], i < count. */
@inline
function scatter(sums: usize, items: usize, weights: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = sums + (<usize>load<u32>(items + (<usize>i << 2)) << 3)
    store<f64>(at, load<f64>(at) + load<f64>(weights + (<usize>i << 3)))
  }
}

/** The same with items that go backwards in time: sums[items[-i]] += weights[i]. */
@inline
function scatterBack(sums: usize, items: usize, weights: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = sums + (<usize>load<u32>(items - (<usize>i << 2)) << 3)
    store<f64>(at, load<f64>(at) + load<f64>(weights + (<usize>i << 3)))
  }
}

@inline
function storePanelRow(to: usize, from: usize): void {
  for (let x = 0; x < TILE_COLUMNS; x++) store<f32>(to + (<usize>x << 2), <f32>load<f64>(from + (<usize>x << 3)))
}

export function pairRow(params: usize, row: i32): void {
  const system = <usize>word(params, PAIRS_SYSTEM)
  const block = <i32>word(system, SYSTEM_BLOCK)
  const padded = block * <i32>word(system, SYSTEM_BLOCK_COUNT)
  const gram = <usize>word(system, SYSTEM_SCRATCH) + <usize>thread * word(system, SYSTEM_SCRATCH_BYTES)
  const cross = gram + (<usize>padded << 3)
  memory.fill(gram, 0, <usize>padded << 4)

  if (row < <i32>word(params, PAIRS_ITEM_COUNT)) {
    count(params, row, gram, cross)
    if (stopped()) return
    const ridge = <usize>word(params, PAIRS_RIDGE)
    const at = gram + (<usize>row << 3)
    const diagonal = load<f64>(at)
    store<f64>(at, diagonal + load<f64>(ridge) + load<f64>(ridge, 8) * diagonal)
  } else {
    store<f64>(gram + (<usize>row << 3), 1) // padding: an equation of its own, x = 0
  }

  const I = row / block
  const lower = <usize>word(system, SYSTEM_LOWER) + <usize>((I * (I + 1)) >> 1) * block * block * 4
  const panelBytes = <usize>block * TILE_COLUMNS * 4
  const panels = ((I + 1) * block) / TILE_COLUMNS // blocks of a row lie one after the other, and their panels too
  const inBlock = <usize>(row - I * block) * TILE_COLUMNS * 4
  for (let p = 0; p < panels; p++) {
    storePanelRow(lower + <usize>p * panelBytes + inBlock, gram + <usize>p * TILE_COLUMNS * 8)
  }
  const right = <usize>word(system, SYSTEM_RIGHT) + <usize>row * TILE_COLUMNS * 4
  const rightBytes = <usize>padded * TILE_COLUMNS * 4
  for (let p = 0; p < <i32>word(system, SYSTEM_PANEL_COUNT); p++) {
    storePanelRow(right + <usize>p * rightBytes, cross + <usize>p * TILE_COLUMNS * 8)
  }
}

function count(params: usize, row: i32, gram: usize, cross: usize): void {
  const K = <i32>word(params, PAIRS_KERNEL_LENGTH)
  const kernel = <usize>word(params, PAIRS_KERNEL)
  const ahead = <usize>word(params, PAIRS_AHEAD)
  const behind = <usize>word(params, PAIRS_BEHIND)
  const events = <usize>word(params, PAIRS_EVENTS)
  const reaches = <usize>word(params, PAIRS_REACH)
  const positions = <usize>word(params, PAIRS_POSITIONS)
  const offsets = <usize>word(params, PAIRS_OFFSETS) + (<usize>row << 2)
  const end = load<u32>(offsets, 4)
  for (let i = load<u32>(offsets); i < end; i++) {
    const position = <usize>load<u32>(positions + (<usize>i << 2))
    const reach = load<u32>(reaches + (position << 2))
    const before = <i32>(reach & 0xffff)
    const after = <i32>(reach >> 16)
    if (after == 0) continue // a user's last event is nobody's source
    const event = events + (position << 2)
    scatter(cross, event + 4, kernel, after)
    const table = <usize>(after - 1) * K * 8
    scatter(gram, event, ahead + table, after)
    scatterBack(gram, event - 4, behind + table + 8, min(before, K - 1))
    if (stopped()) return
  }
}
