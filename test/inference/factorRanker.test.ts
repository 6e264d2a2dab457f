/** The screen against every score: exactly the best by f32 score, then index, whatever the numbers look like. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { openFactorRanker } from '../../src/inference/factorRanker.ts'
import { placeFactors } from '../../src/inference/placeFactors.ts'
import type { QueryBlock } from '../../src/inference/queries.ts'
import { ALL_TILES, NARROWEST, type Tiles, WIDEST } from '../../src/kernels/tileShape.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import type { FactorModel } from '../../src/models/historyModel.ts'
import { factorModel } from '../models/forms.ts'
import { openPlainRanker } from './plainRanker.ts'

type Lists = readonly (readonly number[])[]

const listsOf = (lists: Lists) => {
  const offsets = new Uint32Array(lists.length + 1)
  for (const [q, list] of lists.entries()) offsets[q + 1] = offsets[q] + list.length
  return { offsets, items: Int32Array.from(lists.flat()) }
}

const blockOf = (histories: Lists, k: number, more: Partial<QueryBlock> = {}): QueryBlock => ({
  count: histories.length,
  k,
  ...listsOf(histories),
  ...more,
})

const isIn = (set: Uint32Array | undefined, item: number) => !set || ((set[item >>> 5] >>> (item & 31)) & 1) === 1

/** A model whose query is the target of the one event there is: every kind of row meets every other. */
function modelOf(itemCount: number, dimension: number, value: (item: number, x: number) => number): FactorModel {
  const targets = new Float32Array(itemCount * dimension)
  for (let i = 0; i < targets.length; i++) targets[i] = value(Math.floor(i / dimension), i % dimension)
  return {
    form: 'factors',
    itemCount,
    dimension,
    kernels: [Float32Array.of(1)],
    sources: targets,
    targets,
    bias: undefined,
    prior: new Float32Array(itemCount),
    sharpness: 1,
  }
}

/** Every query of the block has the best of what is open to it by the scores of scoreAll, which are near those in f64. */
function checkBlock(
  model: FactorModel,
  block: QueryBlock,
  options: { tiles: Tiles; blockSize?: number; filtered?: boolean },
) {
  const ranker = openFactorRanker(placeFactors(model, { threads: 1, ...options }), 0)
  const ranked = ranker.rank(block)
  const { counts, items } = { counts: ranked.counts.slice(), items: ranked.items.slice() }
  const { itemCount, dimension, targets, sources, kernels, bias } = model
  for (let q = 0; q < block.count; q++) {
    const history = block.items.subarray(block.offsets[q], block.offsets[q + 1])
    const scores = ranker.scoreAll(history).slice()
    const gone = new Set(block.excluded?.items.subarray(block.excluded.offsets[q], block.excluded.offsets[q + 1]))
    const open = Array.from({ length: itemCount }, (_, item) => item)
    const left = open.filter(item => isIn(block.allowed?.[q], item) && !gone.has(item))
    left.sort((a, b) => scores[b] - scores[a] || a - b)
    const best = left.slice(0, block.k)
    assert.equal(counts[q], best.length)
    const found = Array.from(items.subarray(q * block.k, q * block.k + best.length))
    assert.deepEqual(found, best, `query ${q}`)
    if (history.length !== 1 || kernels.length !== 1) continue
    for (let item = 0; item < itemCount; item += 1 + (itemCount >> 6)) {
      let [sum, size] = [bias?.[item] ?? 0, Math.abs(bias?.[item] ?? 0)]
      for (let x = 0; x < dimension; x++) {
        const term = Math.fround(kernels[0][0] * sources[history[0] * dimension + x]) * targets[item * dimension + x]
        sum += term
        size += Math.abs(term)
      }
      assert.ok(Math.abs(scores[item] - sum) <= size * (dimension + 1) * 2 ** -24 + dimension * 2 ** -149)
    }
  }
}

const randomLists = (random: Random, itemCount: number, count: number, most: number): Lists =>
  Array.from({ length: count }, () => Array.from({ length: random.below(most) + 1 }, () => random.below(itemCount)))

test('every number of factors from 1 to 256', () => {
  for (let dimension = 1; dimension <= 256; dimension++) {
    const random = seededRandom(dimension)
    const model = factorModel(dimension, 270, dimension, dimension % 3 === 0)
    const histories = randomLists(random, 270, 3, 4)
    checkBlock(model, blockOf(histories, 9, { excluded: listsOf(histories) }), {
      tiles: ALL_TILES[dimension % 4],
      blockSize: 7,
    })
  }
})

test('catalogues of 1, 2, 255, 256, 257 and 20 001 items, any k, with exclusions and repeats of them', () => {
  for (const itemCount of [1, 2, 255, 256, 257, 20_001])
    for (const k of [1, 2, 25, 64, 65, 500, itemCount].filter(k => k <= itemCount)) {
      const random = seededRandom(itemCount + k)
      const model = factorModel(itemCount, itemCount, 8)
      const histories = randomLists(random, itemCount, 6, 3)
      const excluded = listsOf(randomLists(random, itemCount, 6, 40))
      checkBlock(model, blockOf(histories, k, { excluded }), { tiles: WIDEST, blockSize: 4 })
    }
})

const adversarial: Record<string, (random: Random) => (item: number, x: number) => number> = {
  'all items equal': () => (_, x) => x - 3,
  'all items zero': () => () => 0,
  'zero users': random => item => (item % 5 === 0 ? 0 : random.normal()),
  'one huge norm': random => item => (item === 77 ? 1e15 : 1) * random.normal(),
  duplicates: () => (item, x) => Math.sin((item % 10) * 31 + x * 7),
  'heavy tails': random => () => Math.exp(3 * random.normal()) * (random.below(2) ? 1 : -1),
  'one-hot rows': () => (item, x) => (item % 16 === x ? 1 : 0),
  'all scores negative': random => (item, x) => (x === 0 ? (item % 7 === 0 ? -5 : 5) : 0.01 * random.normal()),
  'tiny magnitudes': random => () => 1e-18 * random.normal(),
  'magnitudes where products underflow': random => () => 1e-23 * random.normal(),
  'subnormal magnitudes': random => () => 1e-41 * random.normal(),
  'great magnitudes': random => () => 1e17 * random.normal(),
  'plus and minus one': random => () => (random.below(2) ? 1 : -1),
  'nearly parallel': random => () => 1 + 1e-4 * random.normal(),
  'nearly cancelling': random => (_, x) => (x % 2 === 0 ? 1 : -1) + 1e-6 * random.normal(),
}

for (const [name, valuesOf] of Object.entries(adversarial))
  test(`exact for ${name}`, () => {
    const random = seededRandom(11)
    const itemCount = 700
    const model = modelOf(itemCount, 16, valuesOf(random))
    const histories = Array.from({ length: 23 }, (_, q) => [q * 7])
    for (const [at, k] of [5, 25, 100, 650].entries())
      checkBlock(model, blockOf(histories, k, { excluded: listsOf(histories) }), { tiles: ALL_TILES[at] })
  })

test('more wanted than remain, everything excluded, nothing allowed', () => {
  const itemCount = 300
  const model = factorModel(5, itemCount, 12, true)
  const everything = Array.from({ length: itemCount }, (_, item) => item)
  const lists = [[1], [], [2], [3], [], [4]]
  const excluded = listsOf([everything, everything, everything.slice(10), [], [], everything.slice(1)])
  checkBlock(
    model,
    blockOf(
      lists.filter(list => list.length > 0),
      20,
    ),
    { tiles: WIDEST },
  )
  const ranker = openFactorRanker(placeFactors(model, { threads: 1, tiles: WIDEST }), 0)
  assert.deepEqual([...ranker.rank(blockOf(lists, 20, { excluded })).counts], [0, 0, 10, 20, 20, 1])
  const none = new Uint32Array(Math.ceil(itemCount / 32))
  assert.deepEqual([...ranker.rank(blockOf([[1], []], 20, { allowed: [none, none] })).counts], [0, 0])
  assert.deepEqual([...ranker.rank(blockOf(lists, 20)).counts], [20, 20, 20, 20, 20, 20])
})

test('a list of exclusions with more repeats than there is room for, beside short ones', () => {
  const itemCount = 300
  const model = factorModel(7, itemCount, 12)
  const long = Array.from({ length: 70_000 }, (_, i) => (i * 7) % 250)
  const excluded = listsOf([[3], long, [], long, [4, 4, 5]])
  checkBlock(model, blockOf([[1], [2], [3], [4], [5]], 60, { excluded }), { tiles: WIDEST })
})

test('masks of every density, with and without exclusions, several blocks', () => {
  const itemCount = 3000
  const random = seededRandom(8)
  const model = factorModel(6, itemCount, 24)
  const histories = randomLists(random, itemCount, 40, 3)
  const allowed = histories.map((_, q) => {
    const set = new Uint32Array(Math.ceil(itemCount / 32))
    for (let item = 0; item < itemCount; item++)
      if (random.uniform() < [1, 0.5, 0.1, 0.02][q % 4]) set[item >>> 5] |= 1 << (item & 31)
    return set
  })
  for (const k of [3, 25, 130])
    for (const excluded of [undefined, listsOf(histories)])
      checkBlock(model, blockOf(histories, k, { allowed, ...(excluded && { excluded }) }), {
        tiles: WIDEST,
        blockSize: 11,
      })
})

const maskOf = (itemCount: number, passes: (item: number) => boolean): Uint32Array => {
  const set = new Uint32Array(Math.ceil(itemCount / 32))
  for (let item = 0; item < itemCount; item++) if (passes(item)) set[item >>> 5] |= 1 << (item & 31)
  return set
}

test('sets that many queries share: the same bytes as without a view of what they leave, however much that is', () => {
  for (const [itemCount, power] of [
    [256, 0],
    [600, 0],
    [13_000, 0.5],
    [13_000, 0],
    [13_000, 2],
  ] as const) {
    const random = seededRandom(itemCount + power)
    const model = factorModel(itemCount, itemCount, 12, itemCount === 600)
    for (let i = 0; i < model.targets.length; i++) model.targets[i] *= (1 + Math.floor(i / 12)) ** -power
    const sets = [
      maskOf(itemCount, () => true),
      maskOf(itemCount, item => item % 2 === 0),
      maskOf(itemCount, item => item > 200),
      maskOf(itemCount, item => item % 97 === 5),
      maskOf(itemCount, item => item === 17),
      maskOf(itemCount, () => false),
      maskOf(itemCount, item => item !== 0),
    ]
    const histories = [...randomLists(random, itemCount, 90, 6), [], [0]]
    histories[3] = Array.from({ length: 300 }, (_, item) => item % itemCount)
    for (const [k, few] of [
      [5, 300],
      [25, 5000],
      [100, 40],
    ] as const) {
      const allowed = histories.map((_, q) => sets[Math.floor(q / 12) % sets.length])
      const lists = histories.map(list =>
        random.below(2) ? list : Array.from({ length: few }, (_, i) => (i * 3) % itemCount),
      )
      for (const excluded of [undefined, listsOf(lists)]) {
        const block = blockOf(histories, Math.min(k, itemCount), { allowed, ...(excluded && { excluded }) })
        const [viewed, plain] = [true, false].map(filtered => {
          const ranker = openFactorRanker(
            placeFactors(model, { threads: 1, tiles: WIDEST, filtered, blockSize: 50 }),
            0,
          )
          return Array.from({ length: 3 }, () => {
            const { counts, items, probabilities } = ranker.rank(block)
            return Array.from(counts, (count, q) => [
              [...items.subarray(q * block.k, q * block.k + count)],
              [...probabilities.subarray(q * block.k, q * block.k + count)],
            ])
          })
        })
        assert.deepEqual(viewed, plain)
        if (k === 25 && itemCount < 1000) checkBlock(model, block, { tiles: NARROWEST, filtered: true })
      }
    }
  }
})

test('long lists whose threshold a sample puts too high, and too low: searched again, in a view as well', () => {
  // Sixty-five groups, whose norms are nearly alike; of those after the first, every second one is in the sample.
  const itemCount = 65 * 256 + 7
  for (const sampled of [true, false]) {
    const good = (item: number) => item < 20 || (item >= 256 && (((item >> 8) - 1) % 2 === 1) === sampled)
    const model = modelOf(
      itemCount,
      2,
      (item, x) => (x === 0 ? 1 : -1e-9) * (good(item) ? 1 : -1) * (2 - item / itemCount),
    )
    const histories = Array.from({ length: 17 }, (_, q) => (q % 4 === 3 ? [3 + q] : [256 * (sampled ? 2 : 1) + 5 * q]))
    // Of the last, nothing of the first group is open.
    const excluded = listsOf(
      histories.map((_, q) => Array.from({ length: 70 * q }, (_, i) => (q === 5 ? i : 500 + 2 * i))),
    )
    for (const k of [70, 500, 1500]) {
      checkBlock(model, blockOf(histories, k), { tiles: WIDEST })
      checkBlock(model, blockOf(histories.slice(0, 6), k, { excluded }), { tiles: NARROWEST })
      const many = Array.from({ length: 300 }, (_, q) => histories[q % histories.length])
      const mask = maskOf(itemCount, item => item !== 0)
      const [masked, struck] = [{ allowed: many.map(() => mask) }, { excluded: listsOf(many.map(() => [0])) }].map(
        more => {
          const ranker = openFactorRanker(placeFactors(model, { threads: 1, tiles: WIDEST, filtered: true }), 0)
          const { counts, items, probabilities } = ranker.rank(blockOf(many, k, more))
          return [counts.slice(), items.slice(), probabilities.slice()]
        },
      )
      assert.deepEqual(masked, struck)
    }
  }
})

test('a ranker leaves its slot as the next one expects it', () => {
  const itemCount = 900
  const model = factorModel(3, itemCount, 12)
  const histories = Array.from({ length: 20 }, (_, q) => [q])
  const placed = placeFactors(model, { threads: 1, tiles: WIDEST, filtered: true })
  const rank = (block: QueryBlock) => [...openFactorRanker(placed, 0).rank(block).items]
  const before = rank(blockOf(histories, 9))
  const mask = maskOf(itemCount, item => item % 3 === 0)
  const masked = rank(blockOf(histories, 9, { allowed: histories.map(() => mask) }))
  assert.ok(masked.every(item => item % 3 === 0))
  assert.deepEqual(rank(blockOf(histories, 9)), before)
})

test('the same bytes for any size of block and of tile, in memory of its own or in that of the model', () => {
  const random = seededRandom(3)
  const model = factorModel(9, 2000, 33, true)
  const histories = [...randomLists(random, 2000, 60, 6), [], [1999]]
  const block = blockOf(histories, 40, { excluded: listsOf(histories) })
  const ranks = [
    ...ALL_TILES.map(tiles => ({ tiles, blockSize: 480 })),
    { tiles: WIDEST, blockSize: 1 },
    { tiles: NARROWEST, blockSize: 13 },
  ].map(options => {
    const { counts, items, probabilities } = openFactorRanker(placeFactors(model, { threads: 1, ...options }), 0).rank(
      block,
    )
    return [counts.slice(), items.slice(), probabilities.slice()]
  })
  for (const rank of ranks) assert.deepEqual(rank, ranks[0])

  const placed = placeFactors(model, { threads: 1, tiles: WIDEST })
  const ranker = openFactorRanker(placed, 0)
  const wanted = ranker.rank({ ...block, k: 2000 })
  const large = [wanted.counts, wanted.items, wanted.probabilities].map(array => array.slice())
  assert.notEqual(wanted.items.buffer, placed.memory.buffer, 'too large to stay there')
  const small = ranker.rank(block)
  assert.equal(small.items.buffer, placed.memory.buffer)
  assert.deepEqual([small.counts, small.items, small.probabilities], ranks[0])
  for (let q = 0; q < histories.length; q++)
    assert.deepEqual(
      large[1].subarray(q * 2000, q * 2000 + 40),
      small.items.subarray(q * 40, q * 40 + 40),
      'k does not change the order',
    )
})

test('agrees with the plain ranker: items, probabilities, and the prior for those without a history', () => {
  for (const [bias, k] of [
    [false, 25],
    [true, 90],
  ] as const) {
    const random = seededRandom(k)
    const model = factorModel(k, 900, 10, bias)
    const histories = [[], ...randomLists(random, 900, 20, 9), []]
    const block = blockOf(histories, k, { excluded: listsOf(histories.map((list, q) => (q === 0 ? [0, 1] : list))) })
    const fast = openFactorRanker(placeFactors(model, { threads: 1, tiles: NARROWEST, exactTotals: true }), 0)
    const plain = openPlainRanker(model)
    const [a, b] = [fast.rank(block), plain.rank(block)]
    assert.deepEqual(a.counts, b.counts)
    assert.deepEqual(a.items, b.items)
    for (let i = 0; i < a.items.length; i++)
      assert.ok(Math.abs(a.probabilities[i] - b.probabilities[i]) <= 1e-4 * b.probabilities[i] + 1e-30)
    assert.deepEqual(fast.scoreAll(new Int32Array(0)), model.prior)
  }
})

test('numbers that are not finite, and scores that would not be, are refused', () => {
  const refused = (change: (model: FactorModel) => Partial<FactorModel>, message: string) => {
    const model = factorModel(1, 4, 3, true)
    assert.throws(() => placeFactors({ ...model, ...change(model) }, { threads: 1, tiles: WIDEST }), {
      name: 'Refusal',
      message,
    })
  }
  const withValue = (values: Float32Array, at: number, value: number) =>
    Float32Array.from(values).fill(value, at, at + 1)
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number
  refused(({ targets }) => ({ targets: withValue(targets, 7, nan) }), 'The model is damaged: targets [2, 1] is NaN.')
  refused(
    ({ sources }) => ({ sources: withValue(sources, 14, inf) }),
    'The model is damaged: sources of kernel 1 [0, 2] is Infinity.',
  )
  refused(({ bias }) => ({ bias: withValue(bias!, 3, -inf) }), 'The model is damaged: bias [3] is -Infinity.')
  refused(({ prior }) => ({ prior: withValue(prior, 0, nan) }), 'The model is damaged: prior [0] is NaN.')
  refused(
    ({ kernels }) => ({ kernels: [kernels[0], withValue(kernels[1], 1, nan)] }),
    'The model is damaged: kernel 1 [1] is NaN.',
  )
  refused(() => ({ sharpness: 0 }), 'The model is damaged: its sharpness is 0, where a number above 0 was expected.')
  const great = factorModel(1, 4, 3)
  assert.throws(
    () =>
      placeFactors(
        { ...great, sources: great.sources.fill(1e20), targets: great.targets.fill(1e20) },
        { threads: 1, tiles: WIDEST },
      ),
    {
      name: 'Refusal',
      message: /^The model is damaged: its queries reach \S+ and its items \S+, so that scores are not finite\.$/,
    },
  )
})

test('worker threads and V8 with other flags answer with the same bytes', async () => {
  const random = seededRandom(12)
  const model = factorModel(4, 1500, 20, true)
  const histories = randomLists(random, 1500, 70, 5)
  const block = blockOf(histories, 30, { excluded: listsOf(histories) })
  const placed = placeFactors(model, { threads: 3, tiles: WIDEST })
  const ranker = openFactorRanker(placed, 0)
  const expected = ranker.rank(block)
  const bytes = Buffer.concat(
    [expected.counts, expected.items, expected.probabilities].map(array => Buffer.from(array.slice().buffer)),
  )
  const url = new URL('../../src/inference/factorRanker.ts', import.meta.url).href
  const source = `const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.url).then(({ openFactorRanker }) => {
      const { counts, items, probabilities } = openFactorRanker(workerData.placed, workerData.slot).rank(workerData.block)
      parentPort.postMessage([counts, items, probabilities].map(array => array.slice()))
    })`
  const workers = [1, 2].map(slot => new Worker(source, { eval: true, workerData: { url, placed, slot, block } }))
  const answers = await Promise.all(workers.map(worker => once(worker, 'message')))
  await Promise.all(workers.map(worker => worker.terminate()))
  for (const [arrays] of answers)
    assert.deepEqual(Buffer.concat(arrays.map((array: Uint32Array) => Buffer.from(array.buffer))), bytes)

  const program = `import { openFactorRanker } from ${JSON.stringify(url)}
    import { placeFactors } from ${JSON.stringify(new URL('../../src/inference/placeFactors.ts', import.meta.url).href)}
    import { factorModel } from ${JSON.stringify(new URL('../models/forms.ts', import.meta.url).href)}
    const [block, tiles] = JSON.parse(process.argv[1])
    const typed = ({ offsets, items }) => ({ offsets: Uint32Array.from(offsets), items: Int32Array.from(items) })
    const placed = placeFactors(factorModel(4, 1500, 20, true), { threads: 1, tiles })
    const { counts, items, probabilities } = openFactorRanker(placed, 0).rank({ ...block, ...typed(block), excluded: typed(block.excluded) })
    for (const array of [counts, items, probabilities]) process.stdout.write(Buffer.from(array.slice().buffer))`
  const lists = ({ offsets, items }: { offsets: Uint32Array; items: Int32Array }) => ({
    offsets: [...offsets],
    items: [...items],
  })
  const plainBlock = { ...block, ...lists(block), excluded: lists(block.excluded!) }
  for (const [flags, tiles] of [
    ...ALL_TILES.map(tiles => [['--experimental-wasm-revectorize', '--no-wasm-dynamic-tiering'], tiles] as const),
    [['--liftoff-only'], WIDEST],
    [['--no-wasm-dynamic-tiering'], NARROWEST],
  ] as const) {
    const output = execFileSync(process.execPath, [
      ...flags,
      '--input-type=module',
      '--eval',
      program,
      JSON.stringify([plainBlock, tiles]),
    ])
    assert.equal(Buffer.compare(output, bytes), 0, `${flags.join(' ')} ${JSON.stringify(tiles)}`)
  }
})

test('estimated denominators: near the exact ones, the order untouched, never above 1 together, the same for wide tiles', () => {
  for (const [itemCount, dimension, scale] of [
    [3000, 16, 0.6],
    [2000, 30, 0.1],
    [2000, 13, 6],
    [300, 3, 40],
    [200, 5, 1],
  ] as const) {
    const random = seededRandom(itemCount)
    const model = { ...factorModel(itemCount, itemCount, dimension), sharpness: scale }
    // Norms as real catalogues have them: few great ones.
    for (let i = 0; i < model.targets.length; i++) model.targets[i] *= (1 + Math.floor(i / dimension)) ** -0.4
    const histories = randomLists(random, itemCount, 60, 5)
    const block = blockOf(histories, 25, { excluded: listsOf(histories) })
    const [estimated, narrow, exact] = [
      { tiles: WIDEST },
      { tiles: NARROWEST },
      { tiles: WIDEST, exactTotals: true },
    ].map(options => {
      const { items, probabilities } = openFactorRanker(placeFactors(model, { threads: 1, ...options }), 0).rank(block)
      return { items: items.slice(), probabilities: probabilities.slice() }
    })
    assert.deepEqual(estimated, narrow)
    assert.deepEqual(estimated.items, exact.items)
    const errors: number[] = []
    for (let q = 0; q < 60; q++) {
      const row = estimated.probabilities.subarray(q * 25, q * 25 + 25)
      assert.ok(row.every((each, i) => i === 0 || each <= row[i - 1]))
      assert.ok(row.reduce((sum, each) => sum + each, 0) <= 1)
      errors.push(Math.abs(row[0] / exact.probabilities[q * 25] - 1))
    }
    errors.sort((a, b) => a - b)
    assert.ok(errors[30] <= (itemCount <= 256 ? 1e-6 : 0.02), `${itemCount} items: median error ${errors[30]}`)
  }
})

test('what somebody has had is in the denominator, though it is excluded and far above all others', () => {
  const random = seededRandom(2)
  const itemCount = 3000
  const model = { ...modelOf(itemCount, 16, () => random.normal()), sharpness: 0.7 }
  const histories = Array.from({ length: 100 }, (_, q) => [q * 29])
  const block = blockOf(histories, 25, { excluded: listsOf(histories) })
  const rank = (exactTotals: boolean) => {
    const placed = placeFactors(model, { threads: 1, tiles: WIDEST, exactTotals })
    return openFactorRanker(placed, 0).rank(block).probabilities.slice()
  }
  const [estimated, exact] = [rank(false), rank(true)]
  // Its own vector gives an item half of the sum.
  for (let at = 0; at < estimated.length; at += 25) {
    const ratio = estimated[at] / exact[at]
    assert.ok(ratio > 0.6 && ratio < 1.15, `${estimated[at]} for ${exact[at]}`)
  }
})
