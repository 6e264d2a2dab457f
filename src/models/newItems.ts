/**
 * A model of any form with more items after its own: those without interactions, each made of the items that stand in for it (standIns.ts).
 *
 *   as a target   what a history adds to its score is Σ weight · what it adds to the stand-in's
 *   as a source   what an event of it adds to a score is Σ weight · what an event of the stand-in adds
 *
 * To nearest sequences an event of it is one of the item that stands in most.
 *
 * A user without a history gets such an item as half as probable as the least popular one that has interactions. A pool that has measured
 * how much too high such scores stand lowers them all by that (newItemOffset.ts).
 */
import { assert } from '../lib/assert.ts'
import type { DenseModel, FactorModel, HistoryModel, PoolModel, SparseExpert } from './historyModel.ts'
import { withMoreItems } from './nearestSequences.ts'
import { EntryList, greatest } from './sparseEntries.ts'
import type { StandIns } from './standIns.ts'

/** Entries of a source row that may name new items, the greatest: half as many as a row of a pool has at most. */
const NEW_ENTRIES_MAX = 100

/** The model's own scores stay as they are. Large arrays are on shared memory. */
export function withNewItems(model: HistoryModel, standIns: StandIns): HistoryModel {
  const newCount = standIns.offsets.length - 1
  if (newCount === 0) return model
  const itemCount = model.itemCount + newCount
  assert(
    standIns.items.every(item => item < model.itemCount),
    'a stand-in is an item of the model',
  )
  const least = model.prior.reduce((least, score) => Math.min(least, score), 0)
  const prior = shared(itemCount).fill(least - Math.LN2 / model.sharpness)
  prior.set(model.prior)
  if (model.form === 'dense') return { ...model, itemCount, prior, rows: model.rows && denseRows(model, standIns) }
  const bias = model.bias && mixedRows(model.bias, 1, standIns)
  if (model.form === 'factors') return { ...model, itemCount, prior, bias, ...mixedFactors(model, standIns) }
  const experts = model.experts.map(expert =>
    'sequences' in expert
      ? { ...expert, sequences: withMoreItems(expert.sequences, standIns) }
      : withNewEntries(expert, model, standIns),
  )
  const offset = (model.newItemOffset ?? 0) / model.sharpness
  return { ...model, itemCount, prior, bias: offset === 0 ? bias : addedToNew(bias, model, itemCount, offset), experts }
}

/**
 * The new items as what is scored, and nothing else: a history of the model's own items gives each its score as in `withNewItems` with an offset of 0, the
 * scores of all other items say nothing. Takes a part of the memory, since of experts with rows the model's own
 * entries are not in it.
 */
export function newTargetsAlone(model: PoolModel, standIns: StandIns): PoolModel {
  const n = model.itemCount
  const itemCount = n + standIns.offsets.length - 1
  const experts = model.experts.map(expert => {
    if ('sequences' in expert) return { ...expert, sequences: withMoreItems(expert.sequences, standIns) }
    const { made, offsets } = targetRows(expert, n, standIns, false)
    return { ...expert, offsets: offsets.fill(made.count, n + 1), ...made.finish() }
  })
  const bias = model.bias && mixedRows(model.bias, 1, standIns)
  return { ...model, itemCount, prior: shared(itemCount), bias, experts }
}

function addedToNew(bias: Float32Array | undefined, { itemCount: n }: PoolModel, itemCount: number, offset: number) {
  const sums = bias ?? shared(itemCount)
  for (let c = n; c < itemCount; c++) sums[c] += offset
  return sums
}

function denseRows({ itemCount: n, rows }: DenseModel, standIns: StandIns): Float32Array {
  assert(rows)
  const all = n + standIns.offsets.length - 1
  const wide = shared(all * all)
  for (let row = 0; row < n; row++) {
    wide.set(rows.subarray(row * n, (row + 1) * n), row * all)
    for (let c = n; c < all; c++)
      wide[row * all + c] = sumOver(standIns, c - n, (item, weight) => weight * rows[row * n + item])
  }
  for (let c = n; c < all; c++) addRows(wide, all, c, standIns, c - n)
  return wide
}

/** rows[target] = Σ weight · rows[stand-in], rows of `width` elements, summed in f64. */
function addRows(rows: Float32Array, width: number, target: number, { offsets, items, weights }: StandIns, c: number) {
  const sums = new Float64Array(width)
  for (let at = offsets[c]; at < offsets[c + 1]; at++) {
    const start = items[at] * width
    for (let x = 0; x < width; x++) sums[x] += weights[at] * rows[start + x]
  }
  rows.set(sums, target * width)
}

const sumOver = ({ offsets, items, weights }: StandIns, c: number, term: (item: number, weight: number) => number) => {
  let sum = 0
  for (let at = offsets[c]; at < offsets[c + 1]; at++) sum += term(items[at], weights[at])
  return sum
}

/** f32[n, width] → f32[n + new, width]. */
function mixedRows(matrix: Float32Array, width: number, standIns: StandIns): Float32Array {
  const newCount = standIns.offsets.length - 1
  const n = matrix.length / width
  const rows = shared((n + newCount) * width)
  rows.set(matrix)
  for (let c = 0; c < newCount; c++) addRows(rows, width, n + c, standIns, c)
  return rows
}

function mixedFactors({ itemCount: n, dimension, kernels, sources, targets }: FactorModel, standIns: StandIns) {
  const all = n + standIns.offsets.length - 1
  const mixed = shared(kernels.length * all * dimension)
  for (let f = 0; f < kernels.length; f++) {
    const own = sources.subarray(f * n * dimension, (f + 1) * n * dimension)
    mixed.set(mixedRows(own, dimension, standIns), f * all * dimension)
  }
  return { sources: mixed, targets: mixedRows(targets, dimension, standIns) }
}

function withNewEntries(expert: SparseExpert, { itemCount: n }: PoolModel, standIns: StandIns): SparseExpert {
  const newCount = standIns.offsets.length - 1
  const { made, offsets: newOffsets } = targetRows(expert, n, standIns, true)
  // What is there by now are all source rows of the old items, new targets included: the new sources are made of them.
  const rowMax = longestRow(newOffsets.subarray(0, n + 1))
  const sums = new Float64Array(n + newCount)
  for (let c = 0; c < newCount; c++) {
    for (let at = standIns.offsets[c]; at < standIns.offsets[c + 1]; at++) {
      const source = standIns.items[at]
      for (let e = newOffsets[source]; e < newOffsets[source + 1]; e++)
        sums[made.items[e]] += standIns.weights[at] * made.values[e]
    }
    for (const item of greatest(sums, rowMax)) made.add(item, sums[item])
    sums.fill(0)
    newOffsets[n + c + 1] = made.count
  }
  return { ...expert, offsets: newOffsets, ...made.finish() }
}

/** The source rows of the old items, new targets included, and with the old ones or without; offsets are u32[n + new + 1], those of new rows 0. */
function targetRows({ offsets, items, values }: SparseExpert, n: number, standIns: StandIns, withOld: boolean) {
  const newCount = standIns.offsets.length - 1
  const standing = byStandIn(standIns, n)
  const made = new EntryList(withOld ? items.length * 2 : 0)
  const newOffsets = new Uint32Array(new SharedArrayBuffer(4 * (n + newCount + 1)))
  const fresh = new Float64Array(newCount)
  for (let row = 0; row < n; row++) {
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      const value = values[at]
      if (withOld) made.add(items[at], value)
      for (let s = standing.offsets[items[at]]; s < standing.offsets[items[at] + 1]; s++)
        fresh[standing.items[s]] += value * standing.weights[s]
    }
    for (const c of greatest(fresh, NEW_ENTRIES_MAX)) made.add(n + c, fresh[c])
    fresh.fill(0)
    newOffsets[row + 1] = made.count
  }
  return { made, offsets: newOffsets }
}

function longestRow(offsets: Uint32Array): number {
  let most = 1
  for (let row = 0; row + 1 < offsets.length; row++) most = Math.max(most, offsets[row + 1] - offsets[row])
  return most
}

/** The stand-ins the other way round: for each old item the new ones it stands in for, ascending. */
function byStandIn({ offsets, items, weights }: StandIns, itemCount: number): StandIns {
  const starts = new Uint32Array(itemCount + 1)
  for (const item of items) starts[item + 1]++
  for (let item = 0; item < itemCount; item++) starts[item + 1] += starts[item]
  const next = starts.slice()
  const turned = { offsets: starts, items: new Int32Array(items.length), weights: new Float32Array(items.length) }
  for (let c = 0; c + 1 < offsets.length; c++) {
    for (let at = offsets[c]; at < offsets[c + 1]; at++) {
      const to = next[items[at]]++
      turned.items[to] = c
      turned.weights[to] = weights[at]
    }
  }
  return turned
}

const shared = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * length))
