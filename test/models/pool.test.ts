import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { exponentialKernel, powerKernel } from '../../src/models/directionalRidge.ts'
import { repeatShare } from '../../src/models/interactions.ts'
import { holdOutPairs } from '../../src/models/nextItemPairs.ts'
import { scorePairs } from '../../src/models/pairScores.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { fitPool, isTooSlow, type PoolDesign } from '../../src/models/pool.ts'
import { fitLogWeights } from '../../src/models/poolLikelihood.ts'
import { fieldOf, ndcgOf, rivalsOf } from '../../src/models/poolRivals.ts'
import { climb } from '../../src/models/poolSearch.ts'
import { historiesOf, interactionsOf, walks } from './toy.ts'

const control = { ...quietControl, threads: 2 }

const design: PoolDesign = {
  experts: [
    {
      name: 'last',
      kind: 'directional',
      kernel: exponentialKernel(0.7, 8),
      regularization: 20,
      diagonal: 0.3,
      weight: 0.5,
    },
    {
      name: 'others',
      kind: 'together',
      kernel: exponentialKernel(5, 20),
      regularization: 20,
      diagonal: 0,
      weight: 0.4,
    },
  ],
  repeat: { name: 'again', kind: 'repeat', kernel: powerKernel(1, 20), regularization: 0, diagonal: 0 },
  ridgeFactors: [1, 100],
}

test('pairs come from a tenth of the users, whom nothing is learnt from, and from the newest fifth of their events', () => {
  const interactions = walks({ userCount: 600, itemCount: 50, eventCount: 20, jumps: 0.9 })
  const { training, pairs } = holdOutPairs(interactions)
  assert.equal(training.userCount, 540)
  assert.equal(pairs.length, 60 * 4)
  const learnt = new Set(historiesOf(training).map(history => history.join()))
  const whole = historiesOf(interactions)
  for (const { history, next } of pairs) {
    assert.ok(history.length >= 16 && history.length < 20)
    const owner = whole.find(events => events.slice(0, history.length + 1).join() === [...history, next].join())
    assert.ok(owner && !learnt.has(owner.join()))
  }
  assert.deepEqual(holdOutPairs(interactions).pairs, pairs)
})

test('users of one event give no pair, users of two give one', () => {
  const short = interactionsOf(Array.from({ length: 100 }, (_, user) => (user % 2 === 0 ? [1] : [2, 3])))
  const { training, pairs } = holdOutPairs(short)
  assert.equal(training.userCount, 95)
  assert.deepEqual(
    pairs.map(({ history, next }) => [...history, next]),
    new Array(5).fill([2, 3]),
  )
})

test('a contest has whoever an expert names, and seen items only where they compete', async () => {
  const kernel = Float32Array.of(1, 0.5)
  // 0 → 1 and 2; 3 → 0; entries that are negative do not count.
  const expert = {
    kernel,
    offsets: Uint32Array.of(0, 2, 2, 2, 4, 4),
    items: Int32Array.of(1, 2, 0, 1),
    values: Float32Array.of(3, 1, 2, -2),
  }
  const pair = { history: Int32Array.of(3, 0), next: 2, weight: 1 }
  const score = async (seenCompete: boolean) => {
    const { contests, scales } = await scorePairs([pair], [expert], { itemCount: 5, seenCompete }, control)
    return { items: [...contests[0].items], sums: [...contests[0].sums], outside: contests[0].outsiderCount, scales }
  }
  assert.deepEqual(await score(true), { items: [2, 1, 0], sums: [1, 2, 1], outside: 2, scales: [4] })
  assert.deepEqual(await score(false), { items: [2, 1], sums: [1, 2], outside: 1, scales: [4] })
})

/** Choices between items by two experts, a third that says nothing, and a prior: φ[3] of an item is its own, whatever the choice. */
function choices(truth: readonly number[], prior: Float32Array, pairCount: number) {
  const random = seededRandom(8)
  const itemCount = prior.length
  return Array.from({ length: pairCount }, () => {
    const features = Float32Array.from({ length: 4 * itemCount }, random.normal)
    features.set(prior, 3 * itemCount)
    const utility = (j: number) =>
      truth.reduce(
        (sum, weight, f) => sum + weight * features[f * itemCount + j],
        -Math.log(-Math.log(random.uniform())),
      )
    const all = Array.from({ length: itemCount }, (_, j) => utility(j))
    const winner = all.indexOf(Math.max(...all))
    for (let f = 0; f < 4; f++) {
      const [a, b] = [features[f * itemCount], features[f * itemCount + winner]]
      features[f * itemCount] = b
      features[f * itemCount + winner] = a
    }
    return { count: itemCount, features, tailStart: itemCount, tailWeight: 1, outsiderCount: 0, weight: 1 }
  })
}

const truth = [1.5, 0.4, 0, -0.5]
const prior = Float32Array.from({ length: 40 }, (_, item) => Math.sin(item))

const assertNear = (weights: readonly number[], within: number) => {
  for (const [f, weight] of weights.entries()) assert.ok(Math.abs(weight - truth[f]) < within, `${weights}`)
  assert.ok(weights.slice(0, 3).every(weight => weight >= 0))
}

test('weights of greatest likelihood: the truth is found, what says nothing gets none, and a prior may speak against', async () => {
  const pairs = choices(truth, prior, 4000)
  assertNear(await fitLogWeights(pairs, { expertCount: 3, outsider: 0, prior }, control), 0.06)
})

test('the same truth from every second of those in the tail', async () => {
  const pairs = choices(truth, prior, 4000).map(({ features, ...pair }) => {
    const kept = Array.from({ length: 40 }, (_, j) => j).filter(j => j < 10 || j % 2 === 0)
    const chosen = Float32Array.from({ length: 4 * kept.length }, (_, at) => {
      const [f, j] = [Math.floor(at / kept.length), kept[at % kept.length]]
      return features[f * 40 + j]
    })
    return { ...pair, count: kept.length, features: chosen, tailStart: 10, tailWeight: 2 }
  })
  assertNear(await fitLogWeights(pairs, { expertCount: 3, outsider: 0, prior }, control), 0.1)
})

test('a pair of weight 2 counts like two, one of weight 0 not at all', async () => {
  const shape = { expertCount: 3, outsider: 0, prior }
  const pairs = choices(truth, prior, 300)
  const weighted = pairs.map((pair, place) => ({ ...pair, weight: place % 3 }))
  const repeated = pairs.flatMap((pair, place) => new Array(place % 3).fill(pair))
  const [one, other] = [await fitLogWeights(weighted, shape, control), await fitLogWeights(repeated, shape, control)]
  for (const [f, weight] of one.entries()) assert.ok(Math.abs(weight - other[f]) < 1e-9, `${one}, ${other}`)
  const all = await fitLogWeights(pairs, shape, control)
  assert.ok(all.some((weight, f) => Math.abs(weight - one[f]) > 1e-3))
})

test('an outsider counts as if it were listed with what outsiders have', async () => {
  const flat = new Float32Array(40).fill(0.25)
  const listed = choices([1.5, 0.4, 0, 0], flat, 300).map(({ features, ...pair }) => {
    for (let f = 0; f < 3; f++) features.fill(-0.75, f * 40 + 30, (f + 1) * 40)
    return { ...pair, features }
  })
  const counted = listed.map(({ features, ...pair }) => {
    const chosen = Float32Array.from({ length: 4 * 30 }, (_, at) => features[Math.floor(at / 30) * 40 + (at % 30)])
    return { ...pair, count: 30, tailStart: 30, features: chosen, outsiderCount: 10 }
  })
  const shape = { expertCount: 3, outsider: -0.75, prior: flat }
  const [one, other] = [await fitLogWeights(listed, shape, control), await fitLogWeights(counted, shape, control)]
  for (const [f, weight] of one.entries()) assert.ok(Math.abs(weight - other[f]) < 1e-9, `${one}, ${other}`)
})

test('NDCG by bounds is NDCG by every score, ties and outsiders included', async () => {
  const random = seededRandom(2)
  const prior = Float32Array.from({ length: 300 }, () => random.normal())
  const contests = Array.from({ length: 60 }, (_, pair) => {
    const count = [1, 2, 33, 34, 200][pair % 5]
    const items = Int32Array.from({ length: count }, () => random.below(300))
    const sums = Float32Array.from({ length: 2 * count }, () => Math.round(4 * Math.max(0, random.normal()) ** 2) / 4)
    for (const f of [0, 1]) sums[f * count] += 1
    return { items, sums, outsiderCount: pair % 3 === 0 ? 7 : 0, weight: (pair % 4) / 2 }
  })
  const feature = (sum: number) => Math.log(sum + 0.01)
  const outsider = feature(0)
  const featuresOf = (sums: Float32Array, _: number, to: Float32Array) => to.set(sums.map(feature))
  const field = fieldOf(rivalsOf(contests, featuresOf, 2), prior, outsider)
  const ascending = prior.toSorted()
  let reached = 0
  for (const weights of [
    { experts: [1, 0], prior: 0 },
    { experts: [0.25, 1], prior: 0.75 },
    { experts: [0, 0.125], prior: 3 },
    { experts: [0, 0], prior: 0 },
  ]) {
    let expected = 0
    for (const { items, sums, outsiderCount, weight } of contests) {
      const count = items.length
      const score = (j: number) =>
        weights.prior * prior[items[j]] +
        weights.experts[0] * Math.fround(feature(sums[j])) +
        weights.experts[1] * Math.fround(feature(sums[count + j]))
      let place = 0
      for (let j = 1; j < count; j++) place += score(j) > score(0) ? 1 : score(j) === score(0) ? 0.5 : 0
      const bare = score(0) - (weights.experts[0] + weights.experts[1]) * outsider
      const higher = ascending.filter(value => weights.prior * value > bare).length
      place +=
        weights.prior > 0
          ? (outsiderCount * higher) / 300
          : bare > 0
            ? 0
            : bare === 0
              ? outsiderCount / 2
              : outsiderCount
      if (place < 10) expected += weight / Math.log2(place + 2)
    }
    reached += expected
    assert.ok(Math.abs(ndcgOf(field, [...contests.keys()], weights) - expected / 45) < 1e-12)
  }
  assert.ok(reached > 10)
})

test('climbing ends where no step helps', async () => {
  const measure = ({ experts: [a, b], prior }: { experts: readonly number[]; prior: number }) =>
    -((a - 1) ** 2) - (b - 0.3) ** 2 - (prior - 0.1) ** 2
  const start = { experts: [1, 0], prior: 0 }
  assert.deepEqual(await climb(measure, [start], control), { experts: [1, 0.3], prior: 0.1 })
})

test('the model holds the experts that were given a weight, and says why', async () => {
  const interactions = walks({ userCount: 900, itemCount: 60, eventCount: 12 })
  const model = await fitPool(interactions, design, control)
  const { choice } = model
  assert.ok(choice)
  assert.equal(choice.heldOutPairCount, 90 * 3)
  assert.equal(choice.solved, 'all pairs of items')
  assert.deepEqual(
    choice.ridges.map(({ factor }) => factor),
    [1, 100],
  )
  assert.ok(choice.ridges[0].ndcgAt10 > 0.6)
  assert.deepEqual(
    choice.tried.map(({ combination, fittedBy }) => `${combination}, ${fittedBy}`),
    ['log, likelihood', 'log, NDCG', 'linear, NDCG'],
  )
  const taken = choice.tried.find(way => way.combination === model.combination && way.fittedBy === choice.fittedBy)
  assert.ok(taken && choice.tried.every(({ ndcgAt10 }) => ndcgAt10 <= taken.ndcgAt10 * 1.02))
  assert.deepEqual(
    model.experts.map(({ name, weight }) => [name, weight]),
    choice.experts.filter(({ weight }) => weight > 0).map(({ name, weight }) => [name, weight]),
  )
  const scores = plainScores(model, [3, 4, 5])
  assert.equal(scores.indexOf(Math.max(...scores)), 6)
})

test('where all fits take too long and hardly anybody is held out, the experts of the choice stay', async () => {
  const interactions = walks({ userCount: 110_000, itemCount: 20, eventCount: 3, jumps: 0.8 })
  const stages = new Set<string>()
  const watching = { ...control, progress: ({ stage }: { stage: string }) => stages.add(stage) }
  const twice = await fitPool(interactions, design, watching)
  const own = (stage: string) => !stage.includes('choosing') && stage.includes('last:')
  assert.ok([...stages].some(own))
  stages.clear()
  const once = await fitPool(interactions, design, watching, 0)
  assert.ok(![...stages].some(own))
  assert.ok([...stages].every(stage => stage.includes('s to fit, each once: choosing')))
  assert.deepEqual(once.choice, twice.choice)
  assert.deepEqual(once.prior, twice.prior)
  for (const [f, expert] of once.experts.entries()) {
    const other = twice.experts[f]
    assert.ok(!('sequences' in expert) && !('sequences' in other))
    const { items, values, weight } = expert
    assert.equal(weight, other.weight)
    assert.deepEqual(items, other.items)
    assert.notDeepEqual(values, other.values)
    assert.ok(values.every((value, at) => Math.abs(value - other.values[at]) < 0.01))
  }
  // A tenth of few people is too much to leave out.
  const few = walks({ userCount: 600, itemCount: 50, eventCount: 20, jumps: 0.9 })
  assert.deepEqual(await fitPool(few, design, control, 0), await fitPool(few, design, control))
})

test('how long a choice takes follows from the data: a shop is quick, a million items with twenty million events are not', () => {
  const sized = (userCount: number, itemCount: number, eventCount: number) => ({
    ...{ userCount, itemCount, offsets: new Uint32Array(), times: new Float64Array() },
    items: new Int32Array(eventCount),
  })
  const four = { ...design, experts: [...design.experts, ...design.experts], ridgeFactors: [1, 0.3, 3] }
  assert.equal(isTooSlow(sized(22_363, 12_101, 198_502), four), false)
  assert.equal(isTooSlow(sized(800_000, 1_000_000, 20_000_000), four), true)
  assert.equal(isTooSlow(sized(800_000, 1_000_000, 20_000_000), design), false)
})

test('what repeats is asked for repeats', async () => {
  const random = seededRandom(3)
  const histories = Array.from({ length: 900 }, () => {
    const own = Array.from({ length: 4 }, () => random.below(80))
    return Array.from({ length: 14 }, () => own[random.below(4)])
  })
  const interactions = interactionsOf(histories, 80)
  assert.ok(repeatShare(interactions) > 0.5)
  const { choice, experts } = await fitPool(interactions, design, control)
  assert.equal(choice?.experts[2].name, 'again')
  assert.ok(experts.some(({ name }) => name === 'again'))
})

test('events of weight 1 are events without weights; a pair has the weight of its next event', async () => {
  const interactions = walks({ userCount: 900, itemCount: 60, eventCount: 12 })
  const alike = { ...interactions, weights: new Float32Array(interactions.items.length).fill(1) }
  // EASE with weights takes two solutions (ease.ts), so that it is close, not the same.
  const directional = { ...design, experts: design.experts.filter(({ kind }) => kind !== 'together') }
  assert.deepEqual(await fitPool(alike, directional, control), await fitPool(interactions, directional, control))
  const each = Float32Array.from(interactions.items, (_, at) => at)
  const { pairs } = holdOutPairs({ ...interactions, weights: each })
  for (const { history, next, weight } of pairs) {
    assert.equal(interactions.items[weight], next)
    assert.equal(interactions.items[weight - 1], history[history.length - 1])
  }
})

test('what is worth more decides which expert is heard', async () => {
  // After every step to the next item comes a look at one that only who is here decides: eights of the people by turns.
  const random = seededRandom(4)
  const histories = Array.from({ length: 900 }, (_, user) => {
    let at = random.below(40)
    return Array.from({ length: 16 }, (_, event) => {
      if (event % 2 === 1) return 40 + (user % 8)
      at = (at + 1) % 40
      return at
    })
  })
  const interactions = interactionsOf(histories, 48)
  const weighted = (walk: number, look: number) =>
    fitPool(
      { ...interactions, weights: Float32Array.from(interactions.items, item => (item < 40 ? walk : look)) },
      design,
      control,
    )
  const [walkers, lookers] = [await weighted(1.9, 0.1), await weighted(0.1, 1.9)]
  // Popularity is that of what counts.
  assert.ok(walkers.prior[0] > walkers.prior[40] - 2.3 && lookers.prior[40] > lookers.prior[0] + 4)
  const [one, other] = [plainScores(walkers, [45, 3, 45]), plainScores(lookers, [45, 3, 45])]
  assert.equal(one.indexOf(Math.max(...one)), 4)
  assert.equal(other.indexOf(Math.max(...other)), 45)
})

test('too few pairs: the weights of other data, and scales of its own', async () => {
  const interactions = walks({ userCount: 300, itemCount: 30, eventCount: 10 })
  const { choice, combination, experts } = await fitPool(interactions, design, control)
  assert.equal(combination, 'log')
  assert.equal(choice?.fittedBy, 'default')
  assert.deepEqual(
    experts.map(({ weight }) => weight),
    [0.5, 0.4],
  )
  assert.ok(experts.every(({ scale }) => scale > 0))
})

test('the same bytes for any number of threads', async () => {
  const interactions = walks({ userCount: 900, itemCount: 60, eventCount: 12 })
  const one = await fitPool(interactions, design, { ...quietControl, threads: 1 })
  assert.deepEqual(await fitPool(interactions, design, { ...quietControl, threads: 3 }), one)
})

test('an abort ends every stage with its reason', async () => {
  const interactions = walks({ userCount: 900, itemCount: 60, eventCount: 12 })
  const reason = new Error('no longer wanted')
  const stages = new Set<string>()
  await fitPool(interactions, design, { ...control, progress: ({ stage }) => stages.add(stage) })
  const plan = '2 experts of 60 items: at most 0.0 GB to rank by, about 1 s to fit'
  assert.ok(stages.has(`${plan}: choosing: fitting weights`) && stages.has(`${plan}: last: solving`))
  for (const wanted of stages) {
    const controller = new AbortController()
    const progress = ({ stage }: { stage: string }) => stage === wanted && controller.abort(reason)
    await assert.rejects(fitPool(interactions, design, { threads: 2, signal: controller.signal, progress }), reason)
  }
})
