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
  PAIRS_WEIGHTS,
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

/** sums[items[i]] += weights[i] · shares[i], i < count; shares are f32. */
@inline
function scatterShares(sums: usize, items: usize, weights: usize, shares: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = sums + (<usize>load<u32>(items + (<usize>i << 2)) << 3)
    const weight = load<f64>(weights + (<usize>i << 3)) * <f64>load<f32>(shares + (<usize>i << 2))
    store<f64>(at, load<f64>(at) + weight)
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

/** Where the calling thread adds up a row of G, and after it one of C: f64[padded] each. */
@inline
function rowScratch(system: usize, bytes: usize): usize {
  const gram = <usize>word(system, SYSTEM_SCRATCH) + <usize>thread * word(system, SYSTEM_SCRATCH_BYTES)
  memory.fill(gram, 0, bytes)
  return gram
}

@inline
function paddedOrder(system: usize): i32 {
  return <i32>word(system, SYSTEM_BLOCK) * <i32>word(system, SYSTEM_BLOCK_COUNT)
}

/** Row `row` of G + ridge and of C, into the system. */
export function pairRow(params: usize, row: i32): void {
  const system = <usize>word(params, PAIRS_SYSTEM)
  const padded = paddedOrder(system)
  const gram = rowScratch(system, <usize>padded << 4)
  const cross = gram + (<usize>padded << 3)
  if (row < <i32>word(params, PAIRS_ITEM_COUNT)) count(params, row, gram, cross)
  if (stopped()) return
  storeRow(params, row, gram, cross)
}

/**
 * Row `row` of XᵀX + ridge, X[user][item] being 1 where a user has an item, into the system, and on its right side that of the identity, what EASE
 * inverts; or, where events have weights, of XᵀY, Y[user][item] being the weight.
 */
export function togetherRow(params: usize, row: i32): void {
  const system = <usize>word(params, PAIRS_SYSTEM)
  const padded = paddedOrder(system)
  const gram = rowScratch(system, <usize>padded << 4)
  const right = gram + (<usize>padded << 3)
  if (row < <i32>word(params, PAIRS_ITEM_COUNT)) countTogether(params, row, gram, right)
  if (stopped()) return
  if (word(params, PAIRS_WEIGHTS) == 0) store<f64>(right + (<usize>row << 3), 1)
  storeRow(params, row, gram, right)
}

function storeRow(params: usize, row: i32, gram: usize, right: usize): void {
  const system = <usize>word(params, PAIRS_SYSTEM)
  const block = <i32>word(system, SYSTEM_BLOCK)
  const padded = paddedOrder(system)
  const at = gram + (<usize>row << 3)
  if (row < <i32>word(params, PAIRS_ITEM_COUNT)) {
    const ridge = <usize>word(params, PAIRS_RIDGE)
    const diagonal = load<f64>(at)
    store<f64>(at, diagonal + load<f64>(ridge) + load<f64>(ridge, 8) * diagonal)
  } else {
    store<f64>(at, 1) // padding: an equation of its own
  }
  const I = row / block
  const lower = <usize>word(system, SYSTEM_LOWER) + <usize>((I * (I + 1)) >> 1) * block * block * 4
  const panelBytes = <usize>block * TILE_COLUMNS * 4
  const panels = ((I + 1) * block) / TILE_COLUMNS // blocks of a row lie one after the other, and their panels too
  const inBlock = <usize>(row - I * block) * TILE_COLUMNS * 4
  for (let p = 0; p < panels; p++) {
    storePanelRow(lower + <usize>p * panelBytes + inBlock, gram + <usize>p * TILE_COLUMNS * 8)
  }
  const to = <usize>word(system, SYSTEM_RIGHT) + <usize>row * TILE_COLUMNS * 4
  const rightBytes = <usize>padded * TILE_COLUMNS * 4
  for (let p = 0; p < <i32>word(system, SYSTEM_PANEL_COUNT); p++) {
    storePanelRow(to + <usize>p * rightBytes, right + <usize>p * TILE_COLUMNS * 8)
  }
}

/** sums[items[i]] += shares[i], i < count; shares are f32. */
@inline
function addShares(sums: usize, items: usize, shares: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = sums + (<usize>load<u32>(items + (<usize>i << 2)) << 3)
    store<f64>(at, load<f64>(at) + <f64>load<f32>(shares + (<usize>i << 2)))
  }
}

function countTogether(params: usize, row: i32, gram: usize, right: usize): void {
  const weights = <usize>word(params, PAIRS_WEIGHTS)
  const events = <usize>word(params, PAIRS_EVENTS)
  const reaches = <usize>word(params, PAIRS_REACH)
  const positions = <usize>word(params, PAIRS_POSITIONS)
  const offsets = <usize>word(params, PAIRS_OFFSETS) + (<usize>row << 2)
  const end = load<u32>(offsets, 4)
  for (let i = load<u32>(offsets); i < end; i++) {
    const position = <usize>load<u32>(positions + (<usize>i << 2))
    const reach = load<u32>(reaches + (position << 2))
    let event = events + ((position - (reach & 0xffff)) << 2)
    const last = events + ((position + (reach >> 16)) << 2)
    for (; event <= last; event += 4) {
      const at = gram + (<usize>load<u32>(event) << 3)
      store<f64>(at, load<f64>(at) + 1)
    }
    if (weights != 0) {
      const first = position - (reach & 0xffff)
      const shares = weights + (first << 2)
      const count = <i32>((reach & 0xffff) + (reach >> 16)) + 1
      addShares(right, events + (first << 2), shares, count)
    }
    if (stopped()) return
  }
}

function count(params: usize, row: i32, gram: usize, cross: usize): void {
  const shares = <usize>word(params, PAIRS_WEIGHTS)
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
    if (shares == 0) scatter(cross, event + 4, kernel, after)
    else scatterShares(cross, event + 4, kernel, shares + ((position + 1) << 2), after)
    const table = <usize>(after - 1) * K * 8
    scatter(gram, event, ahead + table, after)
    scatterBack(gram, event - 4, behind + table + 8, min(before, K - 1))
    if (stopped()) return
  }
}
