/** People without a history: the formula against a plain one, and that what tells nothing changes nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NewcomerRanker } from '../../src/inference/newcomerRanker.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { newcomerScores } from '../../src/models/attributeLifts.ts'
import { type Attributes, attributeRows, attributesBy, attributesOf } from '../../src/models/attributes.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { fitNewcomers } from '../../src/models/newcomers.ts'
import { eventCounts, logShares } from '../../src/models/popularity.ts'
import { itemLists } from '../../src/models/splits.ts'

const ITEMS = 30
const USERS = 600

/** Everybody begins with one of three items; afterwards people of side 0 take items 0 to 14, and those of side 1 the others. */
function sides({ begin, aside }: { begin: boolean; aside: boolean }): { data: Interactions; attributes: Attributes } {
  const random = seededRandom(5)
  const lists = Array.from({ length: USERS }, (_, user) => {
    const side = aside ? user % 2 : random.below(2)
    const events = Array.from({ length: 12 }, () => 15 * side + random.below(15))
    return Int32Array.from(begin ? [4 + 10 * random.below(3), ...events] : events)
  })
  const joined = itemLists(lists)
  const data = { userCount: USERS, itemCount: ITEMS, ...joined, times: new Float64Array(joined.items.length) }
  const column = {
    kind: 'categories' as const,
    name: 'SIDE',
    categories: ['left', 'right', 'rare'],
    offsets: Uint32Array.from({ length: USERS + 1 }, (_, row) => row),
    codes: Uint32Array.from({ length: USERS }, (_, user) => (user < 10 ? 2 : user % 2)),
  }
  const ages = { kind: 'numbers' as const, name: 'AGE', values: Float64Array.from({ length: USERS }, (_, u) => u % 8) }
  return { data, attributes: attributesOf({ rowCount: USERS, columns: [column, ages] }) }
}

test('attributes are what enough people share', () => {
  const { attributes } = sides({ begin: false, aside: true })
  const eighths = Array.from({ length: 8 }, (_, eighth) => `AGE ${eighth}`)
  assert.deepEqual(attributes.names, ['SIDE left', 'SIDE right', ...eighths])
  const codesOf = ({ offsets, codes }: Attributes, row: number) => [...codes.subarray(offsets[row], offsets[row + 1])]
  assert.deepEqual(codesOf(attributes, 0), [2])
  assert.deepEqual(codesOf(attributes, 11), [1, 5])
  const two = attributeRows(attributes, [11, 0])
  assert.deepEqual([two.rowCount, codesOf(two, 0), codesOf(two, 1)], [2, [1, 5], [2]])
})

test('whoever comes later has attributes by the rules that were found', () => {
  const { attributes } = sides({ begin: false, aside: true })
  assert.deepEqual(attributes.rules[1], { column: 'SIDE', category: 'right' })
  assert.deepEqual(attributes.rules.slice(2, 4), [
    { column: 'AGE', below: 1 },
    { column: 'AGE', from: 1, below: 2 },
  ])
  assert.deepEqual(attributes.rules[9], { column: 'AGE', from: 7 })
  // Another table: other columns beside, other codes for the same categories, numbers beyond those that were seen.
  const ages = { kind: 'numbers' as const, name: 'AGE', values: Float64Array.of(-5, 1.5, 99, Number.NaN) }
  const column = {
    kind: 'categories' as const,
    name: 'SIDE',
    categories: ['above', 'right', 'left'],
    offsets: Uint32Array.of(0, 1, 2, 4, 4),
    codes: Uint32Array.of(0, 2, 1, 2),
  }
  const other = { ...column, name: 'OTHER', categories: ['left', 'right', 'left'] }
  const { offsets, codes } = attributesBy(attributes, { rowCount: 4, columns: [other, ages, column] })
  const codesOf = (row: number) => [...codes.subarray(offsets[row], offsets[row + 1])]
  assert.deepEqual([0, 1, 2, 3].map(codesOf), [[2], [0, 3], [0, 1, 9], []])
})

test('what is chosen is what the formula says, learnt from everybody', async () => {
  const { data, attributes } = sides({ begin: true, aside: true })
  const { base, lifts, choice } = await fitNewcomers(data, attributes, 1, quietControl)
  assert.ok(choice.beginnings && choice.attributes)
  assert.equal(choice.heldOutUserCount, 60)
  assert.ok(choice.beginnings.gain > 0 && choice.attributes.gain > 0)
  const [counts, began] = [new Float64Array(ITEMS), new Float64Array(ITEMS)]
  const owned = attributes.names.map(() => new Float64Array(ITEMS))
  for (let user = 0; user < USERS; user++)
    for (let at = data.offsets[user]; at < data.offsets[user + 1]; at++) {
      counts[data.items[at]]++
      if (at < data.offsets[user] + choice.beginnings.events) began[data.items[at]]++
      for (let a = attributes.offsets[user]; a < attributes.offsets[user + 1]; a++)
        owned[attributes.codes[a]][data.items[at]]++
    }
  const total = counts.reduce((a, b) => a + b)
  const [r, s] = [choice.beginnings.strength * ITEMS, choice.attributes.strength * ITEMS]
  const first = began.reduce((a, b) => a + b)
  for (const codes of [[], [0], [1, 4]]) {
    const scores = newcomerScores(base, lifts, codes)
    for (let j = 0; j < ITEMS; j++) {
      const p = counts[j] / total
      let expected = Math.log((began[j] + r * p) / (first + r))
      for (const code of codes) expected += choice.attributes.weight * Math.log(1 + owned[code][j] / (s * p))
      assert.ok(Math.abs(scores[j] - expected) < 1e-5, `${codes}: ${j}`)
    }
  }
  // Those of the left like what is left, and everybody begins with 4, 14 or 24.
  const left = newcomerScores(base, lifts, [0])
  assert.ok(left[0] > left[20])
  assert.ok(base[4] > base[3] && base[24] > base[23])
  assert.deepEqual(await fitNewcomers(data, attributes, 1, quietControl), { base, lifts, choice })
})

test('what tells nothing is not there: the base is popularity, and attributes add nothing', async () => {
  const { data, attributes } = sides({ begin: false, aside: false })
  const { base, lifts, choice } = await fitNewcomers(data, attributes, 1, quietControl)
  assert.deepEqual(choice, { heldOutUserCount: 60 })
  assert.deepEqual(base, logShares(eventCounts(data)))
  assert.equal(lifts.items.length, 0)
  const few = { ...data, userCount: 50, offsets: data.offsets.slice(0, 51), items: data.items.slice(0, 600) }
  const little = await fitNewcomers(few, undefined, 1, quietControl)
  assert.deepEqual(little.choice, { heldOutUserCount: 5 })
})

/** Somebody comes every hour and takes three of the ten items of the month. */
function seasons(): Interactions {
  const random = seededRandom(9)
  const [people, hour] = [2000, 3600]
  const lists = Array.from({ length: people }, (_, user) => {
    const month = Math.floor((user * hour) / (30 * 86_400))
    return Int32Array.from({ length: 3 }, () => (10 * month + random.below(10)) % ITEMS)
  })
  const times = Float64Array.from({ length: 3 * people }, (_, at) => 1e9 + Math.floor(at / 3) * hour)
  return { userCount: people, itemCount: ITEMS, ...itemLists(lists), times }
}

test('where seasons change, what was begun with lately counts more, by the half-life that is best for who came last', async () => {
  const data = seasons()
  const { base, choice } = await fitNewcomers(data, undefined, 1, quietControl)
  assert.ok(choice.lately)
  const { seconds, strength, heldOutUserCount, gain } = choice.lately
  assert.equal(heldOutUserCount, 200)
  assert.ok(gain > 0.5 && seconds < 30 * 86_400, JSON.stringify(choice.lately))
  const [counts, lately] = [new Float64Array(ITEMS), new Float64Array(ITEMS)]
  const now = data.times[data.times.length - 1] + 1
  const events = choice.beginnings?.events ?? 3
  for (let user = 0; user < data.userCount; user++)
    for (let at = data.offsets[user]; at < data.offsets[user + 1]; at++) {
      counts[data.items[at]]++
      if (at < data.offsets[user] + events) lately[data.items[at]] += 0.5 ** ((now - data.times[at]) / seconds)
    }
  const total = lately.reduce((a, b) => a + b) + strength * ITEMS
  for (const [j, score] of base.entries()) {
    const expected = Math.log((lately[j] + (strength * ITEMS * counts[j]) / data.items.length) / total)
    assert.ok(Math.abs(score - expected) < 1e-5, `item ${j}`)
  }
  // The same people in any order of time: no season, nothing to choose.
  const shuffled = { ...data, times: data.times.map((_, at) => 1e9 + ((Math.floor(at / 3) * 7919) % 2000) * 3600) }
  assert.equal((await fitNewcomers(shuffled, undefined, 1, quietControl)).choice.lately, undefined)
})

test('each set of attributes has an order, by score and then by index, with shares that add up to one at most', async () => {
  const { data, attributes } = sides({ begin: true, aside: true })
  const { base, lifts } = await fitNewcomers(data, attributes, 1, quietControl)
  const { offsets, codes } = attributeRows(attributes, [100, 101, 100])
  const none = Uint32Array.from([...offsets, offsets[3]])
  const ranker = new NewcomerRanker({ base, lifts, offsets: none, codes }, 5)
  assert.deepEqual(
    [-1, 0, 3].map(user => ranker.knows(user)),
    [false, true, false],
  )
  const { order, probabilities } = ranker.orderOf(0)
  const scores = newcomerScores(base, lifts, codes.subarray(0, offsets[1]))
  assert.deepEqual(
    [...order],
    [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b),
  )
  const total = probabilities.reduce((sum, each) => sum + each, 0)
  assert.ok(total <= 1 && total > 1 - 1e-5)
  const weights = scores.map(score => Math.exp(score - scores[order[0]]))
  const all = weights.reduce((sum, each) => sum + each, 0)
  assert.ok(Math.abs(probabilities[3] - weights[order[3]] / all) < 1e-6)
  assert.equal(ranker.orderOf(2), ranker.orderOf(0))
  assert.notDeepEqual([...ranker.orderOf(1).order], [...order])
})
