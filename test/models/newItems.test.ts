import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { Features } from '../../src/models/features.ts'
import { featureRows } from '../../src/models/features.ts'
import type { DenseModel } from '../../src/models/historyModel.ts'
import type { Metadata } from '../../src/models/metadata.ts'
import { featuresOf } from '../../src/models/metadataFeatures.ts'
import { withNewItems } from '../../src/models/newItems.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { type StandIns, standIns } from '../../src/models/standIns.ts'
import { modelsOfEveryForm } from './forms.ts'

const control = { ...quietControl, threads: 2 }

/** Rows of several categories and a number. */
function metadataOf(lists: readonly (readonly number[])[], values: readonly number[]): Metadata {
  const offsets = new Uint32Array(lists.length + 1)
  lists.forEach((list, row) => {
    offsets[row + 1] = offsets[row] + list.length
  })
  const codes = Uint32Array.from(lists.flat())
  const categories = Array.from({ length: Math.max(...codes) + 1 }, (_, code) => `c${code}`)
  return {
    rowCount: lists.length,
    columns: [
      { kind: 'categories', name: 'GENRE', categories, offsets, codes },
      { kind: 'numbers', name: 'YEAR', values: Float64Array.from(values) },
    ],
  }
}

const rowOf = ({ offsets, features, values }: Features, row: number) =>
  Array.from(features.subarray(offsets[row], offsets[row + 1]), (feature, i) => [feature, values[offsets[row] + i]])

test('features are unit vectors; the rare weigh more; what one row alone has, or every row, is none', async () => {
  const features = await featuresOf(
    metadataOf([[0, 1], [0, 2], [0, 1], [0], []], [1990, 1990, 1990, Number.NaN, Number.NaN]),
    quietControl,
  )
  const lengths = [0, 1, 2, 3, 4].map(row => Math.hypot(...rowOf(features, row).map(([, value]) => value)))
  assert.deepEqual(
    lengths.map(length => Math.round(length * 1e6) / 1e6),
    [1, 1, 1, 1, 0],
  )
  assert.deepEqual(rowOf(features, 0), rowOf(features, 2))
  // Row 3 has nothing but the category of four rows; in row 1 it stands beside the year, in buckets and with the category.
  assert.equal(rowOf(features, 3).length, 1)
  const [[common]] = rowOf(features, 3)
  const inRow0 = new Map(rowOf(features, 0).map(([feature, value]) => [feature, value]))
  assert.ok([...inRow0].every(([feature, value]) => feature === common || value > inRow0.get(common)!))
})

test('numbers fall into buckets of equal count, equal numbers into the same', async () => {
  const values = Array.from({ length: 64 }, (_, i) => (i < 40 ? i : 40))
  const features = await featuresOf(
    metadataOf(
      values.map(() => []),
      values,
    ),
    quietControl,
  )
  const key = (row: number) => JSON.stringify(rowOf(features, row).map(([feature]) => feature))
  assert.equal(new Set(values.slice(40).map((_, i) => key(40 + i))).size, 1)
  assert.equal(key(0), key(1))
  assert.notEqual(key(0), key(9))
})

/** P = A (AᵀA + I)⁻¹ Cᵀ by Gaussian elimination in f64. */
function plainWeights(warm: Features, cold: Features): number[][] {
  const n = warm.featureCount
  const dense = (of: Features, row: number) => {
    const full = new Float64Array(n)
    for (const [feature, value] of rowOf(of, row)) full[feature] = value
    return full
  }
  const rows = Array.from({ length: warm.rowCount }, (_, row) => dense(warm, row))
  return Array.from({ length: cold.rowCount }, (_, c) => {
    const system = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n + 1 }, (_, j) =>
        j === n ? dense(cold, c)[i] : rows.reduce((sum, row) => sum + row[i] * row[j], i === j ? 1 : 0),
      ),
    )
    for (let i = 0; i < n; i++)
      for (let r = 0; r < n; r++) {
        if (r === i) continue
        const factor = system[r][i] / system[i][i]
        for (let j = i; j <= n; j++) system[r][j] -= factor * system[i][j]
      }
    const solution = system.map((row, i) => row[n] / row[i])
    return rows.map(row => row.reduce((sum, value, i) => sum + value * solution[i], 0))
  })
}

test('stand-ins are the ridge from metadata, as said plainly, for any number of threads', async () => {
  const random = seededRandom(3)
  const lists = Array.from({ length: 60 }, () => [...new Set([random.below(6), random.below(6)])].sort())
  const years = lists.map(() => 1950 + random.below(50))
  const all = await featuresOf(metadataOf(lists, years), quietControl)
  const warm = featureRows(
    all,
    Uint32Array.from({ length: 50 }, (_, row) => row),
  )
  const cold = featureRows(
    all,
    Uint32Array.from({ length: 10 }, (_, row) => 50 + row),
  )
  const found = await standIns(warm, cold, control)
  const plain = plainWeights(warm, cold)
  for (let c = 0; c < 10; c++) {
    const weights = new Array(50).fill(0)
    for (let at = found.offsets[c]; at < found.offsets[c + 1]; at++) weights[found.items[at]] = found.weights[at]
    for (const [item, weight] of weights.entries()) assert.ok(Math.abs(weight - plain[c][item]) < 1e-5)
  }
  assert.deepEqual(await standIns(warm, cold, { ...control, threads: 1 }), found)
  await assert.rejects(standIns(warm, cold, { ...control, signal: AbortSignal.abort(new Error('stop')) }), {
    message: 'stop',
  })
})

test('features that say the same of so many items that f32 cannot tell them apart are solved all the same', async () => {
  const random = seededRandom(4)
  const [rowCount, featureCount, kinds] = [400, 64, 3]
  const says = Array.from({ length: kinds * featureCount }, () => random.normal())
  const values = new Float32Array(rowCount * featureCount)
  for (let row = 0; row < rowCount; row++) {
    const of = Array.from({ length: kinds }, () => random.normal())
    for (let f = 0; f < featureCount; f++)
      values[row * featureCount + f] =
        1000 * of.reduce((sum, weight, kind) => sum + weight * says[kind * featureCount + f], 0)
  }
  const warm: Features = {
    ...{ rowCount, featureCount, values },
    offsets: Uint32Array.from({ length: rowCount + 1 }, (_, row) => row * featureCount),
    features: Int32Array.from(values, (_, at) => at % featureCount),
  }
  const { offsets, items, weights } = await standIns(warm, featureRows(warm, Uint32Array.of(5)), control)
  // Whoever is like the item in all things stands in for it, and Σ weight · row is the item's row but for the ridge.
  for (let f = 0; f < featureCount; f++) {
    let sum = 0
    for (let at = offsets[0]; at < offsets[1]; at++) sum += weights[at] * values[items[at] * featureCount + f]
    assert.ok(Math.abs(sum - values[5 * featureCount + f]) < 30, `${sum} for ${values[5 * featureCount + f]}`)
  }
})

function denseModel(itemCount: number): DenseModel {
  const random = seededRandom(7)
  return {
    form: 'dense',
    itemCount,
    kernel: Float32Array.of(1, 0.5, 0.25),
    rows: Float32Array.from({ length: itemCount ** 2 }, () => random.normal()),
    prior: Float32Array.from({ length: itemCount }, (_, item) => -Math.log(item + 2)),
    sharpness: 0.7,
  }
}

test('a new item as a target and as a source is the sum of those that stand in for it, in every form', () => {
  const made: StandIns = {
    offsets: Uint32Array.of(0, 2, 2, 3),
    items: Int32Array.of(1, 3, 0),
    weights: Float32Array.of(0.5, -0.25, 1),
  }
  for (const model of [denseModel(12), ...modelsOfEveryForm(12)]) {
    const n = model.itemCount
    const wide = withNewItems(model, made)
    assert.equal(wide.itemCount, n + 3)
    const history = [2, 5, 0, 2]
    const before = plainScores(model, history)
    const after = plainScores(wide, history)
    assert.deepEqual(after.slice(0, n), before, model.form)
    if (model.form !== 'pool' || model.combination === 'linear') {
      // The third is its stand-in itself, in the model's own form; a pool cuts at 0 before it adds up its experts.
      assert.ok(Math.abs(after[n + 2] - before[0]) < 1e-5, model.form)
    }
    if (model.form === 'dense' && model.rows)
      assert.ok(Math.abs(after[n] - (0.5 * before[1] - 0.25 * before[3])) < 1e-5)
    // As a source: an event of the third is one of its stand-in.
    const [own, stranger] = [plainScores(wide, [0]), plainScores(wide, [n + 2])]
    for (let item = 0; item < n + 3; item++) assert.ok(Math.abs(own[item] - stranger[item]) < 1e-5, model.form)
    const least = Math.min(...model.prior)
    for (const item of [n, n + 1, n + 2])
      assert.ok(Math.abs((least - wide.prior[item]) * model.sharpness - Math.LN2) < 1e-4)
  }
  const none = { offsets: new Uint32Array(1), items: new Int32Array(), weights: new Float32Array() }
  const model = denseModel(5)
  assert.equal(withNewItems(model, none), model)
})
