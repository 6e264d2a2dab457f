/** What contexts add to scores, and whether they do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import { type ContextChoice, fitContexts } from '../../src/models/contextFit.ts'
import { addLifts, contextLifts, countContexts } from '../../src/models/contextLifts.ts'
import type { DenseModel } from '../../src/models/historyModel.ts'
import { logShares, popularityModel, weightedCounts } from '../../src/models/popularity.ts'
import { ofUsers } from '../../src/models/splits.ts'
import { interactionsOf, plainRanker } from './toy.ts'

const column = (name: string, count: number) => ({
  name,
  rules: Array.from({ length: count }, (_, value) => ({ column: name, category: String(value) })),
})

test('a lift is how much likelier than usual a value is with an item, drawn towards nothing where little is known', () => {
  const interactions = {
    ...interactionsOf(
      [
        [0, 0, 0, 1],
        [1, 2, 0],
      ],
      4,
    ),
    // Item 0: three times value 0, once value 1; item 1: value 1 and unknown; item 2: value 1.
    contexts: [Uint8Array.of(1, 1, 1, 2, 0, 2, 2)],
  }
  for (const weights of [undefined, Float32Array.of(1, 0.5, 0, 2, 3, 1, 0.25)]) {
    const counted = countContexts({ ...interactions, ...(weights && { weights }) }, 0, 2)
    const of = (item: number, code?: number) =>
      [...interactions.items.keys()]
        .filter(at => interactions.items[at] === item && interactions.contexts[0][at] > 0)
        .filter(at => code === undefined || interactions.contexts[0][at] === code)
        .reduce((sum, at) => sum + (weights ? weights[at] : 1), 0)
    const all = [0, 1, 2].reduce((sum, item) => sum + of(item), 0)
    for (const value of [0, 1]) {
      const share = [0, 1, 2].reduce((sum, item) => sum + of(item, value + 1), 0) / all
      const scores = new Float32Array(4)
      addLifts(scores, contextLifts(column('C', 2), counted, { strength: 2, weight: 0.5 }), value, 3)
      for (let item = 0; item < 4; item++) {
        const posterior = (of(item, value + 1) + 2 * share) / (of(item) + 2)
        const expected = 3 * 0.5 * Math.log(posterior / share)
        assert.ok(Math.abs(scores[item] - expected) < 1e-6, `${item}: ${scores[item]}, not ${expected}`)
      }
    }
  }
})

/** Three hundred people; the first column decides which half of forty items it is, the second is chance, the third the same as the first in half of the events. */
function world(strength: number) {
  const random = seededRandom(11)
  const [one, two, three]: number[][] = [[], [], []]
  const histories = Array.from({ length: 300 }, () =>
    Array.from({ length: 14 }, () => {
      const side = random.below(2)
      const told = random.uniform() < strength ? side : random.below(2)
      one.push(1 + told)
      two.push(random.below(4))
      three.push(random.below(2) === 0 ? 1 + told : 0)
      return 20 * side + Math.floor(20 * random.uniform() ** 2)
    }),
  )
  return { ...interactionsOf(histories, 40), contexts: [one, two, three].map(codes => Uint8Array.from(codes)) }
}

async function fitted(whole: ReturnType<typeof world>, more: object = {}): Promise<ContextChoice> {
  const [users, others] = [0, 1].map(side => Uint32Array.from({ length: 150 }, (_, place) => 2 * place + side))
  const training = ofUsers(whole, others)
  const model = popularityModel(weightedCounts(training))
  const columns = [column('SIDE', 2), column('CHANCE', 3), column('AGAIN', 2)]
  const asked = {
    scorer: plainRanker(model),
    sharpness: model.sharpness,
    training,
    whole,
    users,
    columns,
    seed: 1,
    ...more,
  }
  return (await fitContexts(asked, quietControl)).history
}

test('a column that decides is heard, chance is not, nor what says the same again', async () => {
  const choice = await fitted(world(1))
  assert.equal(choice.heldOutEventCount, 150 * 7)
  assert.deepEqual(
    choice.columns.map(each => each.column),
    ['SIDE'],
  )
  assert.deepEqual(choice.unheard, ['CHANCE', 'AGAIN'])
  const [{ gain, values }] = choice.columns
  const { without, with: withIt } = choice.ndcgAt10!
  assert.ok(values === 2 && gain > 0.1 && Math.abs(withIt - without - gain) < 1e-12)
  assert.deepEqual(await fitted(world(1)), choice)
})

test('where nothing tells anything, nothing is heard', async () => {
  const { columns, unheard, ndcgAt10 } = await fitted(world(0))
  assert.deepEqual([columns, unheard, ndcgAt10], [[], ['SIDE', 'CHANCE', 'AGAIN'], undefined])
})

test('where a history tells it all, only those without one are asked in what context they are', async () => {
  const random = seededRandom(12)
  const codes: number[] = []
  const histories = Array.from({ length: 500 }, (_, user) =>
    Array.from({ length: 8 }, () => {
      codes.push(1 + (user % 2))
      return 20 * (user % 2) + Math.floor(20 * random.uniform() ** 2)
    }),
  )
  const whole = { ...interactionsOf(histories, 40), contexts: [Uint8Array.from(codes)] }
  // Every fourth pair of people is learnt from.
  const isLearnt = (user: number) => user % 4 < 2
  const [users, others] = [false, true].map(learnt =>
    Uint32Array.from({ length: 500 }, (_, user) => user).filter(user => isLearnt(user) === learnt),
  )
  const training = ofUsers(whole, others)
  const prior = logShares(weightedCounts(training))
  const rows = Float32Array.from({ length: 1600 }, (_, at) => {
    const [source, target] = [Math.floor(at / 40), at % 40]
    return source < 20 === target < 20 ? prior[target] : prior[target] - 9
  })
  const model: DenseModel = { form: 'dense', itemCount: 40, kernel: Float32Array.of(1), rows, prior, sharpness: 1 }
  const asked = {
    scorer: plainRanker(model),
    sharpness: 1,
    training,
    whole,
    users,
    columns: [column('SIDE', 2)],
    seed: 1,
  }
  const { history, newcomers } = await fitContexts(asked, quietControl)
  assert.deepEqual([history.columns, history.unheard], [[], ['SIDE']])
  assert.equal(newcomers?.heldOutEventCount, 250)
  assert.deepEqual(
    newcomers?.columns.map(each => each.column),
    ['SIDE'],
  )
})

test('too few events: nothing is heard', async () => {
  const choice = await fitted(world(1), { users: Uint32Array.of(0, 2, 4) })
  assert.deepEqual(choice, { heldOutEventCount: 21, columns: [], unheard: ['SIDE', 'CHANCE', 'AGAIN'] })
})

test('events of weight 0 have no say', async () => {
  // Where the column is right nothing counts, and what counts is chance.
  const whole = world(0.5)
  const right = Float32Array.from(whole.items, (item, at) =>
    whole.contexts[0][at] === 1 + Math.floor(item / 20) ? 0 : 1,
  )
  const choice = await fitted({ ...whole, weights: right } as ReturnType<typeof world>)
  assert.deepEqual(
    choice.columns.map(each => each.column),
    ['SIDE'],
  )
  // Of what counts the column tells the opposite, and that is learnt.
  const lifts = contextLifts(column('SIDE', 2), countContexts({ ...whole, weights: right }, 0, 2), choice.columns[0])
  const scores = Float32Array.from(logShares(weightedCounts({ ...whole, weights: right })))
  addLifts(scores, lifts, 0)
  assert.ok(scores.indexOf(Math.max(...scores)) >= 20)
})
