/** What others did next where they had done the same: by hand, and against a second telling of the definition. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NEAREST_PLACES_MAX } from '../../src/kernels/nearestParameters.ts'
import { eachVote, nothingRemembered, remember, shareVotes } from '../../src/kernels/plain/nearest.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { NearestExpert } from '../../src/models/historyModel.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import {
  keptSequences,
  listsOf,
  nearestKernel,
  nearestPlaces,
  votesByEvent,
  withMoreItems,
} from '../../src/models/nearestSequences.ts'
import { fitPool, type PoolDesign } from '../../src/models/pool.ts'
import { nearestFits } from '../../src/models/poolPlan.ts'
import { itemLists } from '../../src/models/splits.ts'
import { lagKernel } from '../../src/models/transitions.ts'
import { interactionsOf } from './toy.ts'

const expertOf = (
  histories: readonly (readonly number[])[],
  itemCount: number,
  change: Partial<NearestExpert> = {},
): NearestExpert => ({
  name: 'nearest',
  kernel: nearestKernel(20),
  weight: 1,
  scale: 1,
  steps: true,
  sequences: keptSequences(itemLists(histories.map(history => Int32Array.from(history))), itemCount),
  ...change,
})

function sharesOf(expert: NearestExpert, history: readonly number[]): Float32Array {
  const { length } = expert.sequences.rarity
  const sums = new Float32Array(length)
  const room = nothingRemembered(length)
  shareVotes(nearestPlaces(expert), history.toReversed(), room, sums)
  assert.deepEqual(room, nothingRemembered(length))
  return sums
}

const near = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
  assert.equal(actual.length, expected.length)
  for (let at = 0; at < actual.length; at++)
    assert.ok(Math.abs(actual[at] - expected[at]) < 1e-5, `[${at}] ${actual[at]}, where ${expected[at]} was expected`)
}

test('who did the same before is heard by the fourth power of how much of it', () => {
  // Both had item 2, and the first one 1 before it, as the history has.
  const expert = expertOf(
    [
      [1, 2, 3],
      [0, 2, 4],
    ],
    5,
  )
  const rarity = Math.log1p(2 / 2)
  const rare = Math.log1p(2 / 1)
  const [first, second] = [rarity + Math.exp(-1 / 8) * (Math.exp(-1 / 8) * rare), rarity].map(z => z ** 4)
  near(sharesOf(expert, [1, 2]), [0, 0, 0, first / (first + second), second / (first + second)])
})

test('four events are voted for; what was seen is stepped over, or not, and the next anchor ends the walk', () => {
  const others = [[0, 5, 1, 6, 7, 8, 9]]
  near(sharesOf(expertOf(others, 10), [1, 2, 3, 4, 0]), [0, 0, 0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0, 0])
  const bySteps = sharesOf(expertOf(others, 10, { steps: false }), [1, 2, 3, 4, 0])
  near(bySteps, [0, 0.25, 0, 0, 0, 0.25, 0.25, 0.25, 0, 0])
  // 1 is an anchor of its own: from 0 there is a vote for 5 alone, from 1 there are four.
  const shares = sharesOf(expertOf(others, 10), [1, 0])
  assert.ok(shares[5] > 0 && shares[6] > 0 && shares[9] > 0 && shares[0] === 0 && shares[1] === 0)
  assert.equal(shares[6], shares[9])
})

test('nobody did anything like it: nobody is heard', () => {
  assert.deepEqual(sharesOf(expertOf([[1, 2]], 4), [3]), new Float32Array(4))
  assert.deepEqual(sharesOf(expertOf([], 4), [3]), new Float32Array(4))
  assert.deepEqual(sharesOf(expertOf([[1, 2]], 4), [2]), new Float32Array(4), 'nothing came after')
})

/** The definition once more, in f64 and by people instead of places. */
function plainShares(
  histories: readonly (readonly number[])[],
  { kernel, sequences }: NearestExpert,
  history: readonly number[],
) {
  const votes = new Float64Array(sequences.rarity.length)
  const newest = history.toReversed().slice(0, kernel.length)
  const anchors = [...new Set(newest)].slice(0, 3)
  const worth = (item: number) => {
    const k = newest.indexOf(item)
    return k < 0 || k >= 12 ? 0 : Math.exp(-k / 8) * sequences.rarity[item]
  }
  for (const events of histories)
    for (const [place, item] of events.entries()) {
      if (!anchors.includes(item)) continue
      let z = 0
      for (let b = 0; b < 12 && b <= place; b++) z += Math.exp(-b / 8) * worth(events[place - b])
      for (const next of events.slice(place + 1, place + 5)) {
        if (anchors.includes(next)) break
        if (!newest.includes(next)) votes[next] += z ** 4
      }
    }
  const total = votes.reduce((sum, vote) => sum + vote, 0)
  return votes.map(vote => (total > 0 ? vote / total : 0))
}

test('shares are those of the definition told again, of random people', () => {
  const random = seededRandom(5)
  for (let round = 0; round < 40; round++) {
    const itemCount = 5 + random.below(40)
    const person = (length: number) => Array.from({ length }, () => random.below(itemCount))
    const histories = Array.from({ length: 30 }, () => person(random.below(25)))
    const expert = expertOf(histories, itemCount)
    const history = person(1 + random.below(30))
    near(sharesOf(expert, history), plainShares(histories, expert, history))
    // Each event's part of every share adds up to it.
    const shares = sharesOf(expert, history)
    for (let item = 0; item < itemCount; item++) {
      const parts = votesByEvent(expert, history, item)
      near([parts.reduce((sum, part) => sum + part, 0)], [shares[item]])
      assert.ok(parts.every((part, place) => part === 0 || history.length - 1 - place < 12))
    }
  }
})

test('which event carried a vote', () => {
  const expert = expertOf(
    [
      [1, 2, 3],
      [0, 2, 4],
    ],
    5,
  )
  const rarity = Math.log1p(2 / 2)
  const rare = Math.exp(-2 / 8) * Math.log1p(2 / 1)
  const [share] = sharesOf(expert, [1, 2]).slice(3)
  near(votesByEvent(expert, [1, 2], 3), [(share * rare) / (rare + rarity), (share * rarity) / (rare + rarity)])
  assert.deepEqual(
    [...votesByEvent(expert, [1, 2], 4)].map(part => part > 0),
    [false, true],
  )
})

test('of a frequent item places are kept evenly; who did one thing is not kept', () => {
  const people = NEAREST_PLACES_MAX * 2 + 500
  const histories = [[3], ...Array.from({ length: people }, () => [0, 1]), [2]]
  const { starts, places, offsets, people: owners } = expertOf(histories, 4).sequences
  assert.deepEqual([...starts], [0, NEAREST_PLACES_MAX, NEAREST_PLACES_MAX, NEAREST_PLACES_MAX, NEAREST_PLACES_MAX])
  assert.deepEqual([owners[0], owners[people - 1], owners.length], [1, people, people])
  const rows = Array.from(places, place => offsets.indexOf(place))
  const steps = rows.slice(1).map((row, at) => row - rows[at])
  assert.ok(
    steps.every(step => step === 2 || step === 3),
    'every second or third',
  )
})

test('of the newest anchor all kept places are looked at, of the others every second and every fourth', () => {
  const expert = expertOf(
    Array.from({ length: 1200 }, () => [0, 3, 1, 4, 2, 5]),
    6,
  )
  const nearest = nearestPlaces(expert)
  const room = nothingRemembered(6)
  const counts = new Map<number, number>()
  eachVote(nearest, remember(nearest, [0, 1, 2], room), room, item => counts.set(item, (counts.get(item) ?? 0) + 1))
  // What follows 0 ends at 1, what follows 1 at 2.
  assert.deepEqual(Object.fromEntries(counts), { 3: 1024, 4: 512, 5: 256 })
})

test('what is kept is what was given', () => {
  const histories = [[1, 2], [0], [3, 3, 1]].map(list => Int32Array.from(list))
  const kept = keptSequences(itemLists(histories), 4)
  assert.deepEqual(listsOf(kept), { offsets: Uint32Array.of(0, 2, 5), items: Int32Array.of(1, 2, 3, 3, 1) })
  assert.deepEqual([...kept.people], [0, 2])
})

test('a new item shares what its stand-ins share, and is met as the first of them', () => {
  const histories = [
    [1, 2, 3],
    [0, 2, 4],
    [4, 0, 3],
  ]
  const expert = expertOf(histories, 5)
  const standIns = { offsets: Uint32Array.of(0, 2, 2), items: Int32Array.of(2, 3), weights: Float32Array.of(0.25, 0.5) }
  const wide = { ...expert, sequences: withMoreItems(expert.sequences, standIns) }
  const before = sharesOf(expert, [1, 0])
  const after = sharesOf(wide, [1, 0])
  assert.deepEqual(after.slice(0, 5), before)
  near(after.slice(5), [0.25 * before[2] + 0.5 * before[3], 0])
  // Where it stands in a history it is item 3; the other one is nobody's, but takes its place in time.
  assert.deepEqual(sharesOf(wide, [2, 5]).slice(0, 5), sharesOf(expert, [2, 3]))
  near(sharesOf(wide, [2, 6]).slice(0, 5), [0, 0, 0, 0.5, 0.5])
  near([votesByEvent(wide, [1, 0], 5).reduce((sum, part) => sum + part, 0)], [after[5]])
})

const transitions = (lag: number) =>
  ({
    name: `lag ${lag}`,
    kind: 'transitions',
    kernel: lagKernel(lag),
    regularization: 5,
    diagonal: 0,
    weight: 0.5,
  }) as const
const design: PoolDesign = {
  experts: [transitions(1), transitions(2), { ...transitions(3), name: 'to be replaced' }],
  nearest: {
    name: 'nearest',
    kind: 'nearest',
    kernel: nearestKernel(30),
    regularization: 0,
    diagonal: 0,
    replaces: 'to be replaced',
  },
  repeat: { name: 'again', kind: 'repeat', kernel: Float32Array.of(1), regularization: 0, diagonal: 0 },
  ridgeFactors: [1],
}

test('a pool is told by held-out events to hear it where two things together say what comes next', async () => {
  // After a and b comes an item that neither of them tells by itself: a + b modulo 30, of thirty more.
  const random = seededRandom(2)
  const people = Array.from({ length: 1500 }, () =>
    Array.from({ length: 5 }, () => [random.below(30), random.below(30)]).flatMap(([a, b]) => [
      a,
      30 + b,
      60 + ((a + b) % 30),
    ]),
  )
  const interactions = interactionsOf(
    people.map(events => [...new Set(events)]),
    90,
  )
  const { choice, experts } = await fitPool(interactions, design, { ...quietControl, threads: 1 })
  assert.ok(choice)
  const chosen = Object.fromEntries(choice.experts.map(({ name, weight, ndcgAt10 }) => [name, { weight, ndcgAt10 }]))
  assert.ok(!('to be replaced' in chosen))
  assert.ok(
    chosen.nearest.weight > 0.1 && chosen.nearest.ndcgAt10! > chosen['lag 1'].ndcgAt10! + 0.1,
    JSON.stringify(chosen),
  )
  assert.ok(experts.some(expert => 'sequences' in expert && expert.sequences.people.length === 1500 && expert.steps))
})

test('without data to choose by, where events have weights, or without room, the expert that it replaces is asked', async () => {
  const asked = async (interactions: Interactions) =>
    (await fitPool(interactions, design, { ...quietControl, threads: 1 })).choice?.experts.map(({ name }) => name)
  const few = interactionsOf(
    Array.from({ length: 60 }, (_, user) => [user % 5, (user + 1) % 5, (user + 2) % 5]),
    5,
  )
  assert.deepEqual(await asked(few), ['lag 1', 'lag 2', 'to be replaced'])
  const many = interactionsOf(
    Array.from({ length: 3000 }, (_, user) => [user % 5, (user + 1) % 5, (user + 2) % 5]),
    5,
  )
  assert.deepEqual(await asked(many), ['lag 1', 'lag 2', 'nearest'])
  const weights = Float32Array.from(many.items, item => item)
  assert.deepEqual(await asked({ ...many, weights }), ['lag 1', 'lag 2', 'to be replaced'])
  const sized = (userCount: number, itemCount: number, eventCount: number) => ({
    ...{ userCount, itemCount, items: new Int32Array(eventCount) },
  })
  assert.ok(nearestFits(sized(6040, 3416, 1_000_000)))
  assert.ok(!nearestFits(sized(1_000_000, 1_000_000, 50_000_000)))
})
