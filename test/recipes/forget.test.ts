/** A model without some users against the same model asked by somebody who ignores them: what is left must not differ. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { derivedSeed, seededRandom } from '../../src/lib/random.ts'
import type { DenseModel, HistoryModel, PoolModel } from '../../src/models/historyModel.ts'
import { keptSequences, listsOf } from '../../src/models/nearestSequences.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { itemLists } from '../../src/models/splits.ts'
import type { StandIns } from '../../src/models/standIns.ts'
import { withoutUsers, withPeople } from '../../src/recipes/forget.ts'
import type { SavedModel } from '../../src/recipes/modelFile.ts'
import { modelsOfEveryForm, nearestPool } from '../models/forms.ts'

function randomModel(seed: number): SavedModel<DenseModel> {
  const random = seededRandom(seed)
  const userCount = 1 + random.below(8)
  const itemCount = 1 + random.below(8)
  const lists = Array.from({ length: userCount }, () =>
    Array.from({ length: random.below(5) }, () => random.below(itemCount)),
  )
  const offsets = Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)])
  const numbers = (count: number) => Float32Array.from({ length: count }, () => random.uniform())
  return {
    model: {
      form: 'dense',
      itemCount,
      kernel: numbers(3),
      rows: random.below(4) === 0 ? undefined : numbers(itemCount * itemCount),
      prior: numbers(itemCount),
      sharpness: 2,
    },
    users: Vocabulary.fromIds(Array.from({ length: userCount }, (_, i) => `user-${i}`)),
    items: Vocabulary.fromIds(Array.from({ length: itemCount }, (_, i) => `item-${i}`)),
    histories: { offsets, items: Int32Array.from(lists.flat()) },
  }
}

const idsOf = (vocabulary: Vocabulary): string[] =>
  Array.from({ length: vocabulary.size }, (_, index) => vocabulary.idAt(index))

/** All that can be asked of a model, by ids: histories of users, priors of items, weights of pairs of items. */
function told({ model, users, items, histories: { offsets, items: events } }: SavedModel<DenseModel>) {
  const [userIds, itemIds] = [idsOf(users), idsOf(items)]
  const { itemCount, rows } = model
  assert.equal(itemCount, itemIds.length)
  assert.equal(model.prior.length, itemCount)
  assert.equal(rows?.length ?? itemCount ** 2, itemCount ** 2)
  assert.equal(offsets.length, userIds.length + 1)
  return {
    kernel: [...model.kernel],
    histories: Object.fromEntries(
      userIds.map((id, user) => [id, [...events.slice(offsets[user], offsets[user + 1])].map(item => itemIds[item])]),
    ),
    prior: Object.fromEntries(itemIds.map((id, item) => [id, model.prior[item]])),
    rows:
      rows &&
      Object.fromEntries(itemIds.flatMap((a, i) => itemIds.map((b, j) => [`${a} ${b}`, rows[i * itemCount + j]]))),
  }
}

test('what is left is what was there, without them', () => {
  for (let seed = 0; seed < 300; seed++) {
    const saved = randomModel(seed)
    const random = seededRandom(derivedSeed(seed, 'gone'))
    const some = (vocabulary: Vocabulary) => idsOf(vocabulary).filter(() => random.below(3) === 0)
    const users = new Set([...some(saved.users), 'stranger'])
    const lost = new Set(some(saved.items))
    // A model without items is none: then they stay.
    const items = lost.size === saved.items.size ? new Set<string>() : lost
    const gone = { users: Vocabulary.fromIds(users), items: Vocabulary.fromIds(lost) }
    const before = told(saved)
    const left = withoutUsers(saved, gone)
    const without = <T>(all: Record<string, T>, ids: Set<string>) =>
      Object.fromEntries(Object.entries(all).filter(([id]) => !id.split(' ').some(each => ids.has(each))))
    const wanted = {
      kernel: before.kernel,
      histories: Object.fromEntries(
        Object.entries(without(before.histories, users)).map(([id, list]) => [
          id,
          list.filter(item => !items.has(item)),
        ]),
      ),
      prior: without(before.prior, items),
      rows: before.rows && without(before.rows, items),
    }
    const same = users.size === 1 && items.size === 0
    assert.equal(left === undefined, same, `seed ${seed}`)
    assert.deepEqual(told((left as SavedModel<DenseModel> | undefined) ?? saved), wanted, `seed ${seed}`)
    assert.deepEqual(told(saved), before, 'the model itself is not touched')
  }
})

test('what is remembered of people goes with them, and with it what only they had', () => {
  const people = [[0, 1, 2, 1], [3, 4, 0, 1], [5], [2, 5, 5, 0]].map(list => Int32Array.from(list))
  const pool = nearestPool(5, 7, 'log')
  const standing = { offsets: Uint32Array.of(0, 2), weights: Float32Array.of(0.5, 0.25) }
  const remembering = (lists: Int32Array[], itemCount: number, owners: number[], standIns: StandIns): PoolModel => ({
    ...pool,
    experts: pool.experts.map(expert =>
      'sequences' in expert
        ? { ...expert, sequences: keptSequences(itemLists(lists), itemCount, owners, standIns) }
        : expert,
    ),
  })
  const saved = {
    model: remembering(people, 7, [0, 1, 2, 3], { ...standing, items: Int32Array.of(4, 5) }),
    users: Vocabulary.fromIds(['a', 'b', 'c', 'd']),
    items: Vocabulary.fromIds(['0', '1', '2', '3', '4', '5', '6']),
    histories: itemLists(people),
  }
  const sequencesOf = (model: HistoryModel) => {
    assert.ok(model.form === 'pool')
    return model.experts.flatMap(expert => ('sequences' in expert ? [expert.sequences] : []))[0]
  }
  const left = withoutUsers(saved, { users: Vocabulary.fromIds(['b']), items: Vocabulary.fromIds(['3', '4']) })
  assert.ok(left)
  const expected = remembering(
    [
      [0, 1, 2, 1],
      [2, 3, 3, 0],
    ].map(list => Int32Array.from(list)),
    5,
    [0, 2],
    {
      offsets: Uint32Array.of(0, 1),
      items: Int32Array.of(3),
      weights: Float32Array.of(0.25),
    },
  )
  assert.deepEqual(sequencesOf(left.model), sequencesOf(expected))
  const items = withoutUsers(saved, { users: Vocabulary.fromIds(['d']), items: Vocabulary.fromIds([]) })
  assert.ok(items)
  assert.deepEqual([...sequencesOf(items.model).people], [0, 1])
  assert.deepEqual([...sequencesOf(items.model).standIns.items], [4, 5])
  // Data that is read anew has its people in an order of its own.
  const anew = sequencesOf(withPeople(saved.model, () => Int32Array.of(5, -1, 0, 1)))
  assert.deepEqual([...anew.people], [5, 1])
  assert.deepEqual(listsOf(anew), itemLists([people[0], people[3]]))
})

test('of every form: what is left scores the items that stay as before, from histories without those that go', () => {
  // Where sequences are remembered, others' events come closer to each other.
  const isSolved = (model: HistoryModel) =>
    model.form !== 'pool' || !model.experts.some(expert => 'sequences' in expert)
  for (const model of modelsOfEveryForm(6).filter(isSolved)) {
    const ids = Array.from({ length: 6 }, (_, item) => `item-${item}`)
    const saved = {
      model,
      users: Vocabulary.fromIds(['u']),
      items: Vocabulary.fromIds(ids),
      histories: { offsets: Uint32Array.of(0, 2), items: Int32Array.of(1, 4) },
    }
    const left = withoutUsers(saved, { users: Vocabulary.fromIds([]), items: Vocabulary.fromIds(['item-0', 'item-3']) })
    assert.ok(left)
    assert.deepEqual(idsOf(left.items), ['item-1', 'item-2', 'item-4', 'item-5'])
    assert.deepEqual([...left.histories.items], [0, 2])
    const before = plainScores(model, [1, 4])
    assert.deepEqual(
      plainScores(left.model, [0, 2]),
      Float32Array.from([1, 2, 4, 5], item => before[item]),
    )
  }
})
