import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Explorer, placeExploration } from '../../src/inference/exploration.ts'

const DAY = 86_400
/** Items 0 … 99, created one a day; the newest event is of day 100. */
const facts = {
  eventCounts: Uint32Array.from({ length: 100 }, (_, item) => (item < 95 ? 50 : 0)),
  createdSeconds: Float64Array.from({ length: 100 }, (_, item) => item * DAY),
  newestSeconds: 100 * DAY,
}
const settings = { weight: 1, newDays: 30, seed: 7 }
const k = 10

function explored(weight: number, who: number, seed = 7) {
  const placed = placeExploration({ ...settings, weight, seed }, facts)!
  const list = {
    items: Int32Array.from({ length: k + 2 }, (_, place) => place),
    scores: Float32Array.from({ length: k + 2 }, (_, place) => 1 / (place + 2)),
    from: 1,
    count: k,
  }
  const items = Int32Array.from({ length: 20 }, (_, i) => 99 - i)
  const fresh = { items, scores: new Float32Array(20).fill(0.001), from: 0, count: 20 }
  new Explorer(placed, k).explore(who, list, fresh)
  return list
}

test('an item is new while it is younger than the cut-off at the time of the newest event', () => {
  const placed = placeExploration(settings, facts)!
  assert.equal(placed.newCount, 29)
  const isNew = (item: number) => ((placed.newItems[item >>> 5] >>> (item & 31)) & 1) === 1
  assert.deepEqual([70, 71, 99].map(isNew), [false, true, true])
  assert.deepEqual(placed.appeal, new Float32Array(100).fill(1))
  assert.deepEqual(placed.evidence, Float32Array.from(facts.eventCounts))
  assert.equal(placeExploration({ ...settings, weight: 0 }, facts), undefined)
  assert.equal(placeExploration({ ...settings, newDays: 0.5 }, facts), undefined)
  const explorer = new Explorer(placed, k)
  assert.equal(explorer.drawnCount, 20)
  assert.equal(explorer.allowed(), placed.newItems)
  const some = Uint32Array.of(0, 0, 0b1000_0000, 0)
  assert.deepEqual(explorer.allowed(some), Uint32Array.of(0, 0, 0b1000_0000, 0))
  assert.deepEqual(explorer.allowed(Uint32Array.of(1, 1, 1, 0)), new Uint32Array(4))
})

test('a list keeps its length and its rest, has everything once, and scores that descend', () => {
  for (let who = -1; who < 200; who++) {
    const { items, scores } = explored(1, who)
    assert.equal(items[0], 0)
    assert.equal(items[k + 1], k + 1)
    const list = [...items.subarray(1, k + 1)]
    assert.equal(new Set(list).size, k)
    const old = list.filter(item => item <= k)
    assert.deepEqual(
      old,
      [...old].sort((a, b) => a - b),
      'the others keep their order',
    )
    for (let place = 2; place <= k; place++) assert.ok(scores[place] <= scores[place - 1])
  }
})

test('as many places explore as the weight says; what is known least comes most often at equal probability', () => {
  const shares = [0.2, 1].map(weight => {
    let [fresh, unknown] = [0, 0]
    for (let who = 0; who < 500; who++) {
      const found = explored(weight, who).items.subarray(1, k + 1)
      fresh += found.filter(item => item >= 71).length
      unknown += found.filter(item => item >= 95).length
    }
    return { fresh: fresh / 500 / k, unknown: unknown / fresh }
  })
  assert.ok(Math.abs(shares[0].fresh - 0.1) < 0.02 && Math.abs(shares[1].fresh - 0.5) < 0.02, JSON.stringify(shares))
  // Five of the twenty, so a quarter of what is drawn without regard to what is known.
  assert.ok(shares[0].unknown > 0.4, JSON.stringify(shares))
})

test('the same for the same seed and reader, another for others', () => {
  const texts = (who: number, seed?: number) => JSON.stringify(explored(1, who, seed))
  assert.equal(texts(3), texts(3))
  assert.notEqual(texts(3), texts(4))
  assert.notEqual(texts(3), texts(3, 8))
})

test('what was shown often and not taken makes room for the others, and what was taken when shown comes more often', () => {
  const shown = new Uint32Array(100)
  const taken = new Uint32Array(100)
  // Of everything shown a tenth was taken; of 99 nothing, of 98 half.
  for (let item = 0; item < 90; item++) [shown[item], taken[item]] = [100, 10]
  ;[shown[99], shown[98], taken[98]] = [100, 100, 50]
  const told = { ...facts, impressions: { shown, taken } }
  const { appeal, evidence } = placeExploration(settings, told)!
  const rate = 950 / 9200
  assert.ok(Math.abs(appeal[99] - 20 / 120) < 1e-6)
  assert.ok(Math.abs(appeal[98] - (20 + 50 / rate) / 120) < 1e-5)
  assert.equal(appeal[95], 1)
  assert.ok(Math.abs(evidence[99] - 100 * rate) < 1e-4 && evidence[95] === 0)
  const counts = { shunned: 0, liked: 0, plain: 0 }
  for (let who = 0; who < 500; who++) {
    const placed = placeExploration({ ...settings, weight: 0.2 }, told)!
    const list = {
      items: Int32Array.from({ length: k }, (_, i) => i),
      scores: new Float32Array(k).fill(0.1),
      from: 0,
      count: k,
    }
    const items = Int32Array.from({ length: 20 }, (_, i) => 99 - i)
    new Explorer(placed, k).explore(who, list, { items, scores: new Float32Array(20).fill(0.001), from: 0, count: 20 })
    counts.shunned += Number(list.items.includes(99))
    counts.liked += Number(list.items.includes(98))
    counts.plain += Number(list.items.includes(97))
  }
  assert.equal(counts.shunned, 0)
  assert.ok(counts.liked > 2 * counts.plain && counts.plain > 0, JSON.stringify(counts))
  const nothing = { ...facts, impressions: { shown: shown.map(each => each && 5), taken: new Uint32Array(100) } }
  assert.equal(placeExploration(settings, nothing)!.appeal[99], Math.fround(20 / 25))
})

test('few new items take few places, and none are invented', () => {
  const one = { ...facts, createdSeconds: facts.createdSeconds.map((at, item) => (item === 99 ? at : 0)) }
  const placed = placeExploration(settings, one)!
  const explorer = new Explorer(placed, k)
  assert.equal(explorer.drawnCount, 1)
  const list = { items: Int32Array.of(5, 99, 6), scores: Float32Array.of(0.3, 0.2, 0.1), from: 0, count: 3 }
  const fresh = { items: Int32Array.of(99), scores: Float32Array.of(0.2), from: 0, count: 1 }
  for (let who = 0; who < 100; who++) explorer.explore(who, list, fresh)
  assert.deepEqual(new Set(list.items), new Set([5, 99, 6]))
  explorer.explore(0, list, { ...fresh, count: 0 })
})
