import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRanker, placeModel } from '../../src/inference/ranker.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { Features } from '../../src/models/features.ts'
import type { HistoryModel, PoolModel, SparseExpert } from '../../src/models/historyModel.ts'
import { fitNewItemOffset, offsetForRoom } from '../../src/models/newItemOffset.ts'
import { newTargetsAlone, withNewItems } from '../../src/models/newItems.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { splitByUsers } from '../../src/models/splits.ts'
import type { StandIns } from '../../src/models/standIns.ts'
import { poolModel } from './forms.ts'
import { interactionsOf } from './toy.ts'

const itemCount = 300
const open = (model: HistoryModel) => openRanker(placeModel(model, { threads: 1 }), 0)
const control = { ...quietControl, threads: 2, openRanker: open }

/** After an item one of the next thirty. */
const REACH = 30
const random = seededRandom(5)
const people = interactionsOf(
  Array.from({ length: 400 }, () => {
    let item = random.below(itemCount)
    return Array.from({ length: 20 }, () => {
      item = (item + 1 + random.below(REACH)) % itemCount
      return item
    })
  }),
  itemCount,
)

/** Names the `count` items that come `from` places after the newest one, all alike. */
function naming(from: number, count: number): SparseExpert {
  const rows = Array.from({ length: itemCount }, (_, item) =>
    Array.from({ length: count }, (_, i) => (item + from + i) % itemCount).sort((a, b) => a - b),
  )
  return {
    name: `${count} from ${from} on`,
    ...{ kernel: Float32Array.of(1), weight: 1, scale: 1 },
    offsets: Uint32Array.from({ length: itemCount + 1 }, (_, row) => row * count),
    items: Int32Array.from(rows.flat()),
    values: new Float32Array(itemCount * count).fill(1),
  }
}

/** The first expert is right. Of what it names the second knows nothing, so that items are at the bottom of one or the other. */
const model: PoolModel = {
  form: 'pool',
  ...{ itemCount, combination: 'log', epsilon: 1e-4, sharpness: 1, bias: undefined },
  prior: new Float32Array(itemCount),
  experts: [naming(1, REACH), naming(100, 10)],
}

/** Each item is in one group. */
const grouped = (size: number): Features => ({
  ...{ rowCount: itemCount, featureCount: Math.ceil(itemCount / size) },
  offsets: Uint32Array.from({ length: itemCount + 1 }, (_, item) => item),
  features: Int32Array.from({ length: itemCount }, (_, item) => Math.floor(item / size)),
  values: new Float32Array(itemCount).fill(1),
})
const { training, test: heldOut } = splitByUsers(people, 1)
const question = { model, ranker: open(model), sharpness: 1, training, test: heldOut, seed: 1 }

test('new items that everybody gets a little of are lowered to where they are as good as others; those that are as good stay', async () => {
  const smeared = { ...question, features: grouped(itemCount) }
  const { offset, room } = await fitNewItemOffset(smeared, control)
  // By both experts a new item has a little: ln(1/10) + ln(1/30), where what people come to has ln(1) + ln(1e-4).
  const lead = Math.log(1 / 10) + Math.log(1 / 30) - Math.log(1e-4)
  assert.ok(offset < 0.5 - lead && offset > -0.5 - lead, `${offset} where they lead by ${lead}`)
  assert.equal((await fitNewItemOffset({ ...question, features: grouped(2) }, control)).offset, 0)

  assert.deepEqual(await fitNewItemOffset(smeared, { ...control, threads: 1 }), { offset, room })
  const { offset: half } = await fitNewItemOffset({ ...smeared, sharpness: 0.5 }, control)
  assert.ok(Math.abs(half - offset / 2) <= 0.25, `${half} of scores that count half`)
  const none = { ...grouped(1), featureCount: 0, offsets: new Uint32Array(itemCount + 1) }
  assert.deepEqual(await fitNewItemOffset({ ...question, features: none }, control), { offset: 0, room: 0 })
  await assert.rejects(fitNewItemOffset(smeared, { ...control, signal: AbortSignal.abort(new Error('stop')) }), {
    message: 'stop',
  })
})

test('in another pool new items are lowered until they have the room that they had', async () => {
  const smeared = { ...question, features: grouped(itemCount) }
  const { offset, room } = await fitNewItemOffset(smeared, control)
  assert.equal(await offsetForRoom(smeared, room, control), offset)
  // Everything counts twice: so do differences between scores.
  const double = { ...model, experts: model.experts.map(expert => ({ ...expert, weight: 2 })) }
  const other = { ...smeared, model: double, ranker: open(double) }
  const found = await offsetForRoom({ ...other, sharpness: 0.5 }, room, control)
  assert.ok(Math.abs(found - offset) <= 0.25, `${found} beside ${offset}`)
  assert.equal(await offsetForRoom(other, 0, control), -6)
  assert.equal(await offsetForRoom(other, 1, control), 0)
})

const made: StandIns = {
  offsets: Uint32Array.of(0, 2, 3),
  items: Int32Array.of(1, 3, 0),
  weights: Float32Array.of(0.5, -0.25, 1),
}

test('the offset of a pool is added to the scores of what comes new, whatever its form, and to no other', () => {
  for (const plain of [poolModel(3, 12, 'log'), poolModel(4, 12, 'linear', true)]) {
    const history = [2, 5, 0, 2]
    const before = plainScores(withNewItems(plain, made), history)
    const after = plainScores(withNewItems({ ...plain, newItemOffset: -1.5 }, made), history)
    assert.deepEqual(after.slice(0, 12), before.slice(0, 12))
    for (const item of [12, 13])
      assert.ok(Math.abs(before[item] - 1.5 / plain.sharpness - after[item]) < 1e-5, plain.combination)
  }
})

test('new items as targets alone have the scores that they have in the whole', () => {
  for (const plain of [poolModel(3, 12, 'log'), poolModel(4, 12, 'linear', true)]) {
    const alone = newTargetsAlone({ ...plain, newItemOffset: -1.5 }, made)
    const whole = withNewItems(plain, made)
    for (const history of [[2, 5, 0, 2], [7]])
      assert.deepEqual(plainScores(alone, history).slice(12), plainScores(whole, history).slice(12))
  }
})
