/** Against brute force in f64 over every item. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { QueryBlock, RankedBlock } from '../../src/inference/queries.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import type { DenseModel } from '../../src/models/historyModel.ts'

type Lists = readonly (readonly number[])[]

const listsOf = (lists: Lists) => {
  const offsets = new Uint32Array(lists.length + 1)
  for (const [q, list] of lists.entries()) offsets[q + 1] = offsets[q] + list.length
  return { offsets, items: Int32Array.from(lists.flat()) }
}

const blockOf = (histories: Lists, k: number, excluded?: Lists): QueryBlock => ({
  count: histories.length,
  k,
  ...listsOf(histories),
  ...(excluded && { excluded: listsOf(excluded) }),
})

function modelOf(
  itemCount: number,
  K: number,
  weight: (row: number, column: number) => number,
  sharpness = 4,
): DenseModel {
  const rows = new Float32Array(itemCount * itemCount)
  for (let at = 0; at < rows.length; at++) rows[at] = weight(Math.floor(at / itemCount), at % itemCount)
  return {
    form: 'dense',
    itemCount,
    kernel: Float32Array.from({ length: K }, (_, k) => (k + 1) ** -0.7),
    rows,
    prior: Float32Array.from({ length: itemCount }, (_, j) => -Math.log(1 + Math.floor(j / 4)) / sharpness),
    sharpness,
  }
}

/** Scores in f64, and what rounding each product and sum to f32 may change in them. */
function trueScores(model: DenseModel, history: readonly number[]) {
  const { itemCount, kernel, rows, prior } = model
  const scores = new Float64Array(itemCount)
  const bounds = new Float64Array(itemCount)
  if (!rows || history.length === 0) return { scores: scores.map((_, j) => prior[j]), bounds }
  const newest = history.slice(-kernel.length).reverse()
  for (const [k, item] of newest.entries())
    for (let j = 0; j < itemCount; j++) {
      const term = kernel[k] * rows[item * itemCount + j]
      scores[j] += term
      bounds[j] += Math.abs(term)
    }
  return { scores, bounds: bounds.map(size => size * (newest.length + 1) * 2 ** -24 + newest.length * 2 ** -149) }
}

/** Everything a ranked query must be. */
function check(model: DenseModel, histories: Lists, k: number, excluded: Lists | undefined, blockSize = 256): void {
  const ranker = openRanker(placeModel(model, { threads: 1, blockSize }), 0)
  const block = blockOf(histories, k, excluded)
  const { counts, items, probabilities }: RankedBlock = structuredClone(ranker.rank(block))
  for (const [q, history] of histories.entries()) {
    const name = `n ${model.itemCount}, k ${k}, history [${history.slice(-8)}]`
    const scores = Float64Array.from(ranker.scoreAll(Int32Array.from(history)))
    const truth = trueScores(model, history)
    for (let j = 0; j < model.itemCount; j++) {
      const error = Math.abs(scores[j] - truth.scores[j])
      assert.ok(error <= truth.bounds[j], `${name}: score ${j} is ${scores[j]}, not ${truth.scores[j]}`)
    }

    const barred = new Set(excluded?.[q])
    const open = Array.from(scores.keys()).filter(item => !barred.has(item))
    const best = open.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k)
    const ranked = Array.from(items.subarray(q * k, q * k + counts[q]))
    assert.deepEqual(ranked, best, name)

    const greatest = scores.reduce((a, b) => Math.max(a, b))
    const exponents = scores.map(score => model.sharpness * (score - greatest))
    const total = exponents.reduce((sum, x) => sum + Math.exp(x), 0)
    for (const [place, item] of ranked.entries()) {
      const expected = Math.exp(exponents[item]) / total
      const tolerance = expected * (2 ** -21 - 2 ** -22 * exponents[item]) + 2 ** -126
      const error = Math.abs(probabilities[q * k + place] - expected)
      assert.ok(error <= tolerance, `${name}: probability of ${item} is off by ${error} of ${expected}`)
    }
  }
}

const randomHistory = (random: Random, length: number, itemCount: number): number[] =>
  Array.from({ length }, () => random.below(itemCount))

for (const itemCount of [1, 2, 31, 32, 33, 255, 256, 257])
  test(`random models of ${itemCount} items`, () => {
    const random = seededRandom(itemCount)
    const model = modelOf(itemCount, 10, () => random.normal())
    // Empty, single, exactly K, longer than K, and one item over and over.
    const histories = [0, 1, 2, 9, 10, 11, 40].map(length => randomHistory(random, length, itemCount))
    histories.push(new Array(12).fill(itemCount - 1))
    const everything = Array.from({ length: itemCount }, (_, item) => item)
    const excluded = histories.map((history, q) => {
      if (q === 1) return []
      if (q === 2) return everything
      if (q === 3) return [...everything.slice(1), ...everything.slice(1)]
      return [...history, ...history]
    })
    for (const k of new Set([1, Math.min(2, itemCount), Math.min(25, itemCount), itemCount])) {
      check(model, histories, k, undefined)
      check(model, histories, k, excluded)
      check(model, histories, k, excluded, 3) // blocks smaller than the call
    }
  })

const adversarial: Record<string, (row: number, column: number) => number> = {
  'all scores equal': () => 0.125,
  'all scores zero, of both signs': (row, column) => ((row + column) % 2 === 0 ? 0 : -0),
  'products that vanish, of both signs': (_, column) => (column % 2 === 0 ? 2 ** -149 : -(2 ** -149)),
  'one huge row': (row, column) => (row === 7 ? (column % 5) * 1e30 : column / 1000),
  'one item far above': (_, column) => (column === 70 ? 1000 : 0),
  'equal but for one': (_, column) => (column === 70 ? 0.125 : 0.25),
  'scores that rise': (_, column) => column,
  'scores that fall': (_, column) => -column,
  'neighbouring floats': (_, column) => 1 + 2 ** -23 * (column % 3),
  'negative scores, and few values': (_, column) => -1 - (column % 2),
  'every size of number': (row, column) => (column % 2 ? 1 : -1) * 2 ** (((row * 31 + column) % 200) - 140),
}
for (const [name, weight] of Object.entries(adversarial))
  test(`adversarial model: ${name}`, () => {
    const itemCount = 100
    const model = modelOf(itemCount, 6, weight)
    const histories = [[], [7], [7, 7, 7], [1, 2, 3, 4, 5, 6, 7, 8, 9], [99, 0]]
    for (const k of [1, 3, 50, 99, 100]) {
      check(model, histories, k, undefined)
      check(model, histories, k, histories)
    }
  })

test('scores that vanish to zeros of both signs are ties', () => {
  const model = modelOf(40, 1, (_, column) => (column % 2 === 0 ? -(2 ** -149) : 2 ** -149))
  const ranker = openRanker(placeModel({ ...model, kernel: Float32Array.of(0.25) }, { threads: 1 }), 0)
  assert.ok(Object.is(ranker.scoreAll(Int32Array.of(3))[0], -0))
  assert.deepEqual([...ranker.rank(blockOf([[3]], 5)).items], [0, 1, 2, 3, 4])
})

test('a model without rows: everybody gets the prior', () => {
  const prior = Float32Array.from([Math.log(0.2), Math.log(0.5), Math.log(0.3)])
  const model: DenseModel = {
    form: 'dense',
    itemCount: 3,
    kernel: new Float32Array(0),
    rows: undefined,
    prior,
    sharpness: 1,
  }
  const ranker = openRanker(placeModel(model, { threads: 1 }), 0)
  const { counts, items, probabilities } = ranker.rank(blockOf([[], [0, 1, 2, 0]], 2, [[], [1]]))
  assert.deepEqual([...counts], [2, 2])
  assert.deepEqual([...items], [1, 2, 2, 0])
  assert.deepEqual(
    Array.from(probabilities, p => Math.round(p * 1e6)),
    [500_000, 300_000, 300_000, 200_000],
  )
})

test('probabilities of the whole catalogue add up to 1', () => {
  const random = seededRandom(8)
  const model = modelOf(500, 10, () => random.normal() * 3)
  const ranker = openRanker(placeModel(model, { threads: 1 }), 0)
  const { probabilities } = ranker.rank(blockOf([randomHistory(random, 10, 500)], 500))
  assert.ok(Math.abs(probabilities.reduce((a, b) => a + b, 0) - 1) < 1e-6)
})

test('the same bytes in blocks of any size, on any slot, one query or many', () => {
  const random = seededRandom(21)
  const model = modelOf(300, 20, () => random.normal())
  const histories = Array.from({ length: 50 }, () => randomHistory(random, random.below(30), 300))
  const block = blockOf(histories, 25, histories)
  const expected = structuredClone(openRanker(placeModel(model, { threads: 1 }), 0).rank(block))
  for (const blockSize of [1, 7, 50]) {
    const placed = placeModel(model, { threads: 3, blockSize })
    assert.deepEqual(openRanker(placed, 2).rank(block), expected)
  }
  const one = openRanker(placeModel(model, { threads: 1 }), 0)
  for (const [q, history] of histories.entries()) {
    const { items, probabilities } = one.rank(blockOf([history], 25, [history]))
    assert.deepEqual(items, expected.items.subarray(q * 25, q * 25 + 25))
    assert.deepEqual(probabilities, expected.probabilities.subarray(q * 25, q * 25 + 25))
  }
})

test('a placed model works in another thread', async () => {
  const random = seededRandom(22)
  const placed = placeModel(
    modelOf(90, 5, () => random.normal()),
    { threads: 2 },
  )
  const block = blockOf([[1, 2, 3], [], [89]], 7)
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.url).then(({ openRanker }) =>
      parentPort.postMessage(openRanker(workerData.placed, 1).rank(workerData.block)))`
  const url = new URL('../../src/inference/ranker.ts', import.meta.url).href
  const worker = new Worker(source, { eval: true, workerData: { url, placed, block } })
  const [ranked] = await once(worker, 'message')
  await worker.terminate()
  assert.deepEqual(ranked, openRanker(placed, 0).rank(block))
})

test('nobody', () => {
  const ranker = openRanker(
    placeModel(
      modelOf(5, 2, () => 1),
      { threads: 1 },
    ),
    0,
  )
  assert.deepEqual([...ranker.rank(blockOf([], 3)).counts], [])
})

test('a damaged model is refused', () => {
  const good = modelOf(3, 2, (row, column) => row + column)
  const refuses = (change: Partial<DenseModel>, message: string) =>
    assert.throws(() => placeModel({ ...good, ...change }, { threads: 1 }), { name: 'Refusal', message })
  const rows = good.rows!.slice()
  rows[5] = Number.NaN
  refuses({ rows }, 'The model is damaged: rows [1, 2] is NaN.')
  rows[5] = Number.NEGATIVE_INFINITY
  refuses({ rows }, 'The model is damaged: rows [1, 2] is -Infinity.')
  rows[5] = 2e38
  refuses({ rows }, `The model is damaged: its weights reach ${Math.fround(2e38)}, so that scores are not finite.`)
  refuses({ kernel: Float32Array.of(1, Number.NaN) }, 'The model is damaged: kernel [1] is NaN.')
  refuses({ prior: Float32Array.of(0, 0, Number.POSITIVE_INFINITY) }, 'The model is damaged: prior [2] is Infinity.')
  for (const sharpness of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    refuses({ sharpness }, `The model is damaged: its sharpness is ${sharpness}, where a number above 0 was expected.`)
})

test('misuse is a mistake of ours', () => {
  const placed = placeModel(
    modelOf(3, 2, () => 1),
    { threads: 2 },
  )
  const ranker = openRanker(placed, 0)
  const mistake = (message: string) => ({ name: 'AssertionError', message })
  for (const k of [0, 4, 1.5])
    assert.throws(() => ranker.rank(blockOf([[0]], k)), mistake(`k is ${k}; 1 to 3 was expected`))
  for (const item of [-1, 3]) {
    assert.throws(
      () => ranker.rank(blockOf([[item]], 1)),
      mistake('a history names an item that the model does not have'),
    )
    assert.throws(
      () => ranker.rank(blockOf([[0]], 1, [[item]])),
      mistake('an exclusion names an item that the model does not have'),
    )
  }
  assert.throws(() => openRanker(placed, 2), mistake('the model was placed for 2 threads, slot 2 is not among them'))
})
