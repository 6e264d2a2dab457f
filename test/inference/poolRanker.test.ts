/** Pools against the plain definition: the same scores, bit for bit, and so the same items in the same order. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { placePool } from '../../src/inference/placePool.ts'
import type { RankedBlock } from '../../src/inference/queries.ts'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { plainLn } from '../../src/kernels/plain/pool.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import type { NearestExpert, PoolExpert, PoolModel, SparseExpert } from '../../src/models/historyModel.ts'
import { keptSequences, nearestKernel } from '../../src/models/nearestSequences.ts'
import { withNewItems } from '../../src/models/newItems.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { itemLists } from '../../src/models/splits.ts'
import { nearestExpert, poolModel } from '../models/forms.ts'

type Lists = readonly (readonly number[])[]

const listsOf = (lists: Lists) => {
  const offsets = new Uint32Array(lists.length + 1)
  for (const [q, list] of lists.entries()) offsets[q + 1] = offsets[q] + list.length
  return { offsets, items: Int32Array.from(lists.flat()) }
}

/** Rows of at most `entries`, values from `value`. */
function expertOf(
  random: Random,
  itemCount: number,
  { entries, length, value = random.normal }: { entries: number; length: number; value?: () => number },
): SparseExpert {
  const offsets = new Uint32Array(itemCount + 1)
  const items: number[] = []
  for (let row = 0; row < itemCount; row++) {
    const targets = new Set(Array.from({ length: random.below(entries + 1) }, () => random.below(itemCount)))
    items.push(...[...targets].sort((a, b) => a - b))
    offsets[row + 1] = items.length
  }
  const kernel = Float32Array.from({ length }, (_, k) => Math.exp(-k / length))
  const values = Float32Array.from({ length: items.length }, value)
  return {
    name: 'made up',
    kernel,
    weight: random.uniform(),
    scale: 0.3,
    offsets,
    items: Int32Array.from(items),
    values,
  }
}

function modelOf(seed: number, itemCount: number, changes: Partial<PoolModel> = {}): PoolModel {
  const random = seededRandom(seed)
  return {
    form: 'pool',
    itemCount,
    prior: Float32Array.from({ length: itemCount }, (_, item) => -Math.floor(item / 3)),
    sharpness: 1.5,
    combination: 'log',
    epsilon: 1e-4,
    experts: [2, 9].map(length => expertOf(random, itemCount, { entries: 40, length })),
    bias: undefined,
    ...changes,
  }
}

/** Of what twenty people did: far more often some items than others. */
const nearestOf = (random: Random, itemCount: number): NearestExpert =>
  remembering(
    itemCount,
    Array.from({ length: 20 }, () => Array.from({ length: 30 }, () => Math.floor(itemCount * random.uniform() ** 3))),
  )

const rowsOf = (random: Random, itemCount: number): PoolExpert =>
  expertOf(random, itemCount, { entries: 40, length: 9 })

const remembering = (itemCount: number, histories: Lists): NearestExpert => ({
  name: 'remembered',
  kernel: nearestKernel(40),
  weight: 0.7,
  scale: 0.1,
  steps: true,
  sequences: keptSequences(itemLists(histories.map(history => Int32Array.from(history))), itemCount),
})

/** Of probabilities: what logarithms of the sum's terms are off by, weighed, and the power of two. */
const ESTIMATE_ERROR = { logarithm: 0.0035, power: 0.0018 }

/** With exact sums and with estimated ones: the same items, and probabilities as exact as they are said to be. */
function check(model: PoolModel, histories: Lists, k: number, excluded?: Lists, allowed?: Uint32Array[]): void {
  checkSums(model, true, histories, k, excluded, allowed)
  checkSums(model, false, histories, k, excluded, allowed)
}

function checkSums(
  model: PoolModel,
  exactTotals: boolean,
  histories: Lists,
  k: number,
  excluded?: Lists,
  allowed?: Uint32Array[],
): void {
  const ranker = openRanker(placeModel(model, { threads: 1, exactTotals }), 0)
  const weights = model.experts.reduce((sum, { weight }) => sum + weight, 0)
  const sumError = exactTotals
    ? 0
    : Math.expm1(Math.min(1, model.sharpness * weights * ESTIMATE_ERROR.logarithm)) + ESTIMATE_ERROR.power
  const block = { count: histories.length, k, ...listsOf(histories) }
  const { counts, items, probabilities }: RankedBlock = structuredClone(
    ranker.rank({ ...block, ...(allowed && { allowed }), ...(excluded && { excluded: listsOf(excluded) }) }),
  )
  for (const [q, history] of histories.entries()) {
    const scores = plainScores(model, history)
    assert.deepEqual(ranker.scoreAll(Int32Array.from(history)).subarray(0, model.itemCount), scores)
    const open = Array.from(scores.keys()).filter(
      item => !excluded?.[q].includes(item) && (!allowed || ((allowed[q][item >>> 5] >>> (item & 31)) & 1) === 1),
    )
    const best = open.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k)
    assert.equal(counts[q], best.length)
    assert.deepEqual(Array.from(items.subarray(q * k, q * k + counts[q])), best)

    const greatest = scores.reduce((a, b) => Math.max(a, b))
    const exponent = (item: number) => model.sharpness * (scores[item] - greatest)
    const total = scores.reduce((sum, _, item) => sum + Math.exp(exponent(item)), 0)
    for (const [place, item] of best.entries()) {
      const expected = Math.exp(exponent(item)) / total
      const error = Math.abs(probabilities[q * k + place] - expected)
      const allowance = sumError + 2 ** -21 - 2 ** -22 * exponent(item)
      assert.ok(error <= expected * allowance + 2 ** -125, `${error} of ${expected}`)
    }
    const listed = probabilities.subarray(q * k, q * k + counts[q]).reduce((sum, each) => sum + each, 0)
    assert.ok(listed <= 1 + 1e-12)
  }
}

const historiesFor = (random: Random, itemCount: number): number[][] => [
  ...[0, 1, 2, 8, 9, 10, 60].map(length => Array.from({ length }, () => random.below(itemCount))),
  new Array(12).fill(itemCount - 1),
]

for (const itemCount of [1, 2, 31, 32, 33, 255, 256, 257])
  for (const combination of ['log', 'linear'] as const)
    test(`a ${combination} pool of ${itemCount} items`, () => {
      const random = seededRandom(itemCount)
      const bias = Float32Array.from({ length: itemCount }, random.normal)
      const histories = historiesFor(random, itemCount)
      const everything = Array.from({ length: itemCount }, (_, item) => item)
      const excluded = histories.map((history, q) => (q === 2 ? everything : [...history, ...history]))
      const allowed = histories.map(() => {
        const set = new Uint32Array(Math.ceil(itemCount / 32))
        for (const item of everything) if (random.below(2) === 0) set[item >>> 5] |= 1 << (item & 31)
        return set
      })
      for (const model of [
        modelOf(itemCount, itemCount, { combination }),
        modelOf(7, itemCount, { combination, bias }),
        modelOf(8, itemCount, {
          combination,
          bias,
          experts: [nearestOf(random, itemCount), rowsOf(random, itemCount)],
        }),
      ])
        for (const k of new Set([1, Math.min(25, itemCount), itemCount])) {
          check(model, histories, k)
          check(model, histories, k, excluded)
          check(model, histories, k, excluded, allowed)
        }
    })

for (const itemCount of [20_001, 65_504, 65_537])
  test(`a large catalogue: ${itemCount} items, on both sides of what 16 bits can name`, () => {
    const rows = expertOf(seededRandom(2), itemCount, { entries: 20, length: 30 })
    const histories = [[itemCount - 1, 5, 17, itemCount - 1], Array.from({ length: 40 }, (_, k) => 1000 + k)]
    const others = [[5, 17, itemCount - 1, itemCount - 2, 3], histories[1], histories[1].toReversed()]
    const experts = [rows, remembering(itemCount, others)]
    for (const some of [[rows], experts]) check(modelOf(1, itemCount, { experts: some }), histories, 500)
  })

test('nearest sequences alone, of many people and of none, with what was seen stepped over and not', () => {
  for (const userCount of [0, 1, 200])
    for (const steps of [true, false])
      for (const itemCount of [6, 90]) {
        const random = seededRandom(userCount)
        const expert = { ...nearestExpert(random, itemCount, userCount), steps }
        check(modelOf(3, itemCount, { experts: [expert] }), historiesFor(random, itemCount), itemCount)
      }
})

test('nearest sequences of items that more people had than are looked at', () => {
  const random = seededRandom(11)
  const person = () => Array.from({ length: 3 }, (_, item) => [item, 3 + random.below(37)]).flat()
  const expert = remembering(40, Array.from({ length: 1500 }, person))
  check(modelOf(3, 40, { experts: [expert] }), [[0, 1, 2], [2, 7, 1], [9, 0], [1]], 40)
})

test('nearest sequences with items that nobody had, as what is asked for and in histories', () => {
  const random = seededRandom(12)
  const model = modelOf(3, 60, { experts: [nearestExpert(random, 60, 200), rowsOf(random, 60)] })
  const standIns = {
    offsets: Uint32Array.of(0, 12, 12, 13),
    items: Int32Array.from({ length: 13 }, (_, at) => (5 * at) % 60),
    weights: Float32Array.from({ length: 13 }, random.normal),
  }
  const histories = [...historiesFor(random, 63), [62, 1, 60], [61], [3, 60, 60, 62]]
  const wide = withNewItems(model, standIns)
  assert.ok(wide.form === 'pool')
  check(wide, histories, 63)
})

test('one expert, six experts, kernels of different lengths', () => {
  for (const count of [1, 6]) {
    const random = seededRandom(count)
    const experts = Array.from({ length: count }, (_, f) => expertOf(random, 100, { entries: 30, length: 1 + 7 * f }))
    check(modelOf(3, 100, { experts }), historiesFor(random, 100), 30)
  }
})

test('an expert of weight 0 says nothing, and where all are so the bias decides', () => {
  const random = seededRandom(5)
  const silent = { ...expertOf(random, 50, { entries: 20, length: 4 }), weight: 0 }
  const heard = expertOf(random, 50, { entries: 20, length: 2 })
  check(modelOf(1, 50, { experts: [silent, heard] }), [[1, 2, 3]], 50)
  check(modelOf(1, 50, { experts: [silent], bias: Float32Array.from({ length: 50 }, random.normal) }), [[1, 2]], 50)
})

test('scores that are only negative leave all items at the floor: by bias, then by index', () => {
  const random = seededRandom(6)
  const experts = [expertOf(random, 80, { entries: 40, length: 3, value: () => -1 - random.uniform() })]
  const ranked = (model: PoolModel) =>
    openRanker(placeModel(model, { threads: 1 }), 0).rank({ count: 1, k: 4, ...listsOf([[1, 2, 3]]) })
  assert.deepEqual([...ranked(modelOf(1, 80, { experts })).items], [0, 1, 2, 3])
  const bias = Float32Array.from({ length: 80 }, (_, item) => (item === 70 || item === 9 ? 1 : 0))
  assert.deepEqual([...ranked(modelOf(1, 80, { experts, bias })).items], [9, 70, 0, 1])
  check(modelOf(1, 80, { experts, bias }), [[1, 2, 3], [0]], 80)
})

test('few items have a score and all others the same one, of all that are, of two thirds, below zero', () => {
  const random = seededRandom(8)
  const itemCount = 20_000
  const experts = [expertOf(random, itemCount, { entries: 12, length: 1, value: random.uniform })]
  const levels = [() => 0, (item: number) => item % 3, () => -2, (item: number) => (item < 7 ? 1 : -3)]
  for (const level of levels) {
    const bias = Float32Array.from({ length: itemCount }, (_, item) => level(item))
    const histories = Array.from({ length: 6 }, () => [random.below(itemCount)])
    const excluded = histories.map(() => Array.from({ length: 50 }, (_, item) => item * 2))
    for (const k of [1, 5, 25, 1250, 1251, 7000])
      check(modelOf(1, itemCount, { experts, bias, combination: 'linear' }), histories, k, excluded)
  }
})

test('scores that differ by less than their estimates are off are told apart, few of them or many', () => {
  const random = seededRandom(9)
  const itemCount = 2000
  const experts = [1, 4].map(length => expertOf(random, itemCount, { entries: 700, length, value: random.uniform }))
  for (const step of [1e-2, 1e-3, 1e-5, 0]) {
    const bias = Float32Array.from({ length: itemCount }, (_, item) => step * random.below(itemCount) + (item % 5))
    for (const k of [1, 25, 125, 126]) check(modelOf(1, itemCount, { experts, bias }), [[3, 4, 5, 6], [1999]], k)
  }
})

test('items without rows add nothing; values of every size, and zeros of both signs', () => {
  const random = seededRandom(7)
  const value = () => (random.below(3) - 1) * 2 ** (random.below(200) - 145)
  const experts = [3, 1].map(length => expertOf(random, 90, { entries: 3, length, value }))
  for (const combination of ['log', 'linear'] as const)
    check(modelOf(1, 90, { experts, combination, epsilon: 1e-30 }), historiesFor(random, 90), 90)
})

test('probabilities of the whole catalogue add up to 1, never to more, and those of a list to less', () => {
  for (let seed = 0; seed < 40; seed++) {
    const itemCount = 1 + seed * 7
    const ranker = openRanker(placeModel(modelOf(seed, itemCount), { threads: 1, exactTotals: true }), 0)
    const history = [0, itemCount - 1, seed % itemCount]
    const { probabilities } = ranker.rank({ count: 1, k: itemCount, ...listsOf([history]) })
    const total = Float64Array.from(probabilities).reduce((sum, each) => sum + each, 0)
    assert.ok(total <= 1 && total > 1 - 1e-6, `${total}`)
    if (itemCount > 25)
      assert.ok(ranker.rank({ count: 1, k: 25, ...listsOf([history]) }).probabilities.every(p => p < 1))
  }
})

test('the same bytes on any slot, one query or many, with the revectorizer and without', () => {
  const random = seededRandom(10)
  const model = modelOf(11, 300)
  const histories = Array.from({ length: 30 }, () => Array.from({ length: random.below(20) }, () => random.below(300)))
  const block = { count: 30, k: 25, ...listsOf(histories) }
  const placed = placeModel(model, { threads: 3, exactTotals: false })
  const expected = structuredClone(openRanker(placed, 0).rank(block))
  assert.deepEqual(openRanker(placed, 2).rank(block), expected)
  const one = openRanker(placed, 1)
  for (const [q, history] of histories.entries())
    assert.deepEqual(
      one.rank({ count: 1, k: 25, ...listsOf([history]) }).probabilities,
      expected.probabilities.subarray(q * 25, q * 25 + 25),
    )

  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const program = `import { openRanker, placeModel } from ${url('../../src/inference/ranker.ts')}
    import { poolModel } from ${url('../models/forms.ts')}
    const ranker = openRanker(placeModel(poolModel(3, 300, 'log'), { threads: 1, exactTotals: false }), 0)
    const { items, probabilities } = ranker.rank({ count: 1, k: 300, offsets: Uint32Array.of(0, 3), items: Int32Array.of(1, 2, 250) })
    console.log(JSON.stringify([[...items], [...probabilities]]))`
  const run = (...flags: string[]) =>
    execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', program], { encoding: 'utf8' })
  assert.equal(run('--experimental-wasm-revectorize', '--no-wasm-dynamic-tiering'), run())
})

test('numbers so large that estimates tell nothing', () => {
  const random = seededRandom(13)
  const bias = Float32Array.from({ length: 900 }, () => random.normal() * 2 ** (random.below(100) - 10))
  for (const sharpness of [1e-20, 1, 1e10]) check(modelOf(14, 900, { bias, sharpness }), [[1, 2, 3]], 25)
})

test('small catalogues have exact sums unless told otherwise, large ones estimated ones', () => {
  for (const [itemCount, small] of [
    [1024, true],
    [1025, false],
  ] as const) {
    const model = modelOf(3, itemCount)
    const [chosen, exact, estimated] = [undefined, true, false].map(exactTotals => {
      const options = exactTotals === undefined ? { threads: 1 } : { threads: 1, exactTotals }
      return openRanker(placeModel(model, options), 0)
        .rank({ count: 1, k: 3, ...listsOf([[7, 8]]) })
        .probabilities.slice()
    })
    assert.notDeepEqual(exact, estimated)
    assert.deepEqual(chosen, small ? exact : estimated)
  }
})

test('an estimated sum is as near for a million items as for a few, whether their scores rise or fall', () => {
  const itemCount = 1_000_000
  const experts = [expertOf(seededRandom(3), 0, { entries: 1, length: 1 })].map(expert => ({
    ...expert,
    offsets: new Uint32Array(itemCount + 1),
  }))
  for (const slope of [0, 1e-5, -1e-5]) {
    const bias = Float32Array.from({ length: itemCount }, (_, item) => slope * item)
    const model = { ...modelOf(1, 1), itemCount, prior: bias, experts, bias }
    const [exact, estimated] = [true, false].map(exactTotals => {
      const ranker = openRanker(placeModel(model, { threads: 1, exactTotals }), 0)
      return ranker.rank({ count: 1, k: 3, ...listsOf([[7]]) }).probabilities.slice()
    })
    for (const [place, probability] of exact.entries())
      assert.ok(Math.abs(estimated[place] / probability - 1) < 0.01, `${estimated[place]} of ${probability}`)
  }
})

test('the logarithm is off by less than 2⁻²³ of itself, or of 1 where it is smaller', () => {
  const random = seededRandom(12)
  let worst = 0
  for (let i = 0; i < 200_000; i++) {
    const x = Math.fround(2 ** (random.uniform() * 253 - 126))
    for (const each of i % 4 === 0 ? [x] : [Math.fround(1 + (random.uniform() - 0.5) * 2 ** -(i % 20))])
      worst = Math.max(worst, Math.abs(plainLn(each) - Math.log(each)) / Math.max(1, Math.abs(Math.log(each))))
  }
  assert.ok(worst < 2 ** -23, `${worst * 2 ** 23} · 2⁻²³`)
  assert.equal(plainLn(1), 0)
})

test('a damaged model is refused', () => {
  const good = poolModel(1, 4, 'log')
  const [first, second] = good.experts
  const refuses = (change: Partial<PoolModel>, message: string) =>
    assert.throws(() => placeModel({ ...good, ...change }, { threads: 1 }), { name: 'Refusal', message })
  const refusesExpert = (change: Partial<SparseExpert>, message: string) =>
    refuses({ experts: [first, { ...second, ...change }] }, `The model is damaged: ${message}`)
  const with1 = (values: Float32Array, value: number) => values.map((old, at) => (at === 1 ? value : old))

  refuses({ prior: with1(good.prior, Number.NaN) }, 'The model is damaged: prior [1] is NaN.')
  refuses({ bias: with1(good.prior, -Infinity) }, 'The model is damaged: bias [1] is -Infinity.')
  refuses({ sharpness: 0 }, 'The model is damaged: its sharpness is 0, where a number above 0 was expected.')
  const range = `where a number from ${2 ** -126} to ${2 ** 126} was expected.`
  for (const epsilon of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    refuses({ epsilon }, `The model is damaged: the epsilon is ${epsilon}, ${range}`)
  for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    refusesExpert(
      { weight },
      `the weight of expert 'expert of 5' is ${weight}, where a number of at least 0 was expected.`,
    )
  refusesExpert({ scale: 0 }, `the scale of expert 'expert of 5' is 0, ${range}`)
  refusesExpert({ kernel: Float32Array.of(1, Number.NaN) }, "kernel of expert 'expert of 5' [1] is NaN.")
  refusesExpert({ values: with1(second.values, Number.NaN) }, "values of expert 'expert of 5' [1] is NaN.")
  refusesExpert(
    { values: with1(second.values, 3e38) },
    `the values of expert 'expert of 5' reach ${Math.fround(3e38)}, so that scores are not finite.`,
  )
  refuses(
    { combination: 'linear', experts: [{ ...first, weight: 3e38, values: with1(first.values, 9) }] },
    'The model is damaged: its weights are so large that scores reach 4.05e+39 and are not finite.',
  )
  const row = (offsets: number[], items: number[]) => ({
    offsets: Uint32Array.from(offsets),
    items: Int32Array.from(items),
    values: new Float32Array(items.length),
  })
  refusesExpert(
    row([0, 1, 1], [0]),
    "expert 'expert of 5' has 3 offsets from 0 to 1, where 5 from 0 to 1 were expected.",
  )
  refusesExpert(row([0, 2, 1, 2, 2], [0, 1]), "row 1 of expert 'expert of 5' ends at 1, before it starts.")
  for (const item of [-1, 4])
    refusesExpert(
      row([0, 0, 1, 1, 1], [item]),
      `row 1 of expert 'expert of 5' names item ${item} after -1; ascending items below 4 were expected.`,
    )
  refusesExpert(
    row([0, 2, 2, 2, 2], [2, 2]),
    "row 0 of expert 'expert of 5' names item 2 after 2; ascending items below 4 were expected.",
  )
})

test('a model that does not fit 4 GiB is refused before its entries are read, and the sentence says what would fit', () => {
  const itemCount = 1_000_000
  const offsets = Uint32Array.from({ length: itemCount + 1 }, (_, row) => row * 200)
  // Never touched, so that the machine need not have these 1.6 GB.
  const items = new Int32Array(offsets[itemCount])
  const values = new Float32Array(offsets[itemCount])
  const expert = { name: 'wide', kernel: Float32Array.of(1), weight: 1, scale: 1, offsets, items, values }
  const prior = new Float32Array(itemCount)
  const refuses = (experts: SparseExpert[], message: string) =>
    assert.throws(() => placePool({ ...modelOf(1, 1), itemCount, prior, experts }, { threads: 2 }), {
      name: 'Refusal',
      message,
    })
  refuses(
    new Array(5).fill(expert),
    'The model of 1000000 items needs 8124254272 bytes of memory; at most 4294967296 can be used, which with 5 experts is 104 entries for each item and expert.',
  )
  refuses(
    new Array(3).fill(expert),
    'The model of 1000000 items needs 4900253632 bytes of memory; at most 4294967296 can be used, which with 3 experts is 168 entries for each item and expert.',
  )
})
