/** Against plain scores and a plain sort, whatever the size of a window and of a panel, for any number of threads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TABLE_TASK_ROWS, USERS_TASK_USERS } from '../../src/kernels/userParameters.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { HistoryModel } from '../../src/models/historyModel.ts'
import { plainScores } from '../../src/models/plainScores.ts'
import { type ItemLists, itemLists } from '../../src/models/splits.ts'
import { meanTarget, targetOf } from '../../src/models/userAffinity.ts'
import { openUserRanking, type UserRanking, type UserRankingOptions } from '../../src/models/userRanking.ts'
import { factorModel } from './forms.ts'

const model = factorModel(5, 20, 6)
const lists = [[], [3], [4, 4, 19], [1, 2, 3, 4, 5, 6]]
const histories = itemLists(lists.map(list => Int32Array.from(list)))
const plain = { ...quietControl, threads: 1, targetCount: 5, k: 4 }

async function using<T>(
  work: (ranking: UserRanking) => Promise<T>,
  options: Partial<UserRankingOptions> = {},
  [of, with_]: readonly [HistoryModel, ItemLists] = [model, histories],
): Promise<T> {
  const ranking = await openUserRanking(of, with_, { ...plain, ...options })
  try {
    return await work(ranking)
  } finally {
    await ranking.close()
  }
}

test('the score of each user, times the root of the events that count where it is positive', async () => {
  const items = [0, 7, 19]
  await using(async ranking => {
    const found = await ranking.affinities(items.map(item => targetOf(model, item)))
    for (const [i, item] of items.entries()) {
      for (const [user, list] of lists.entries()) {
        const score = list.length === 0 ? 0 : plainScores(model, list)[item]
        const expected = score > 0 ? score * Math.sqrt(Math.min(3, list.length)) : score
        assert.ok(Math.abs(found[i][user] - expected) <= 1e-5 * Math.max(1, Math.abs(expected)))
      }
    }
  })
})

test('the mean target scores as the mean of its items', async () => {
  const items = [2, 5, 11]
  const history = lists[3]
  const scores = plainScores(model, history)
  const mean = items.reduce((sum, item) => sum + scores[item], 0) / items.length
  await using(async ranking => {
    const [of] = await ranking.affinities([meanTarget(model, items)])
    assert.ok(Math.abs(of[3] - (mean > 0 ? mean * Math.sqrt(3) : mean)) < 1e-5)
  })
})

/** More users than a task takes, rows of sources too; users with nothing, and one with more than anybody's kernel is long. */
function world(): [HistoryModel, ItemLists] {
  const random = seededRandom(11)
  const large = factorModel(5, TABLE_TASK_ROWS + 30, 6)
  const rows = Array.from({ length: USERS_TASK_USERS + 700 }, (_, user) =>
    Int32Array.from({ length: user === 9 ? 5000 : random.below(9) }, () => random.below(large.itemCount)),
  )
  return [large, itemLists(rows)]
}

test('the same users in the same order for any number of threads, targets and windows', async () => {
  const [large, many] = world()
  const userCount = many.offsets.length - 1
  const targets = Array.from({ length: 21 }, (_, t) => targetOf(large, 11 * t))
  const allowed = targets.map((_, t) =>
    Uint32Array.from({ length: Math.ceil(userCount / 32) }, (_, w) => (t * 0x9e3779b9) ^ (w * 0x85ebca6b)),
  )
  const copies = (rows: readonly Uint32Array[]) => rows.map(row => [...row])
  const whole = await using(
    async ranking => {
      assert.equal(ranking.targetsMax, 21)
      const affinities = (await ranking.affinities(targets)).map(each => each.slice())
      const best = copies(await ranking.best(targets))
      const some = copies(await ranking.best(targets, allowed))
      return { affinities, best, some }
    },
    { targetCount: 21, k: userCount },
    [large, many],
  )
  for (const [t, affinity] of whole.affinities.entries()) {
    const order = (rows: number[]) => rows.sort((a, b) => affinity[b] - affinity[a] || a - b)
    const users = Array.from(affinity.keys())
    assert.deepEqual(whole.best[t], order(users.slice()))
    const open = users.filter(user => ((allowed[t][user >>> 5] >>> (user & 31)) & 1) === 1)
    assert.deepEqual(whole.some[t], order(open))
  }
  const few = await using(
    async ranking => {
      const rows: number[][] = []
      // One alone, then as many as there is room for: a narrow table, then a wide one.
      for (const [from, to] of [
        [0, 1],
        [1, 5],
        [5, 21],
      ])
        rows.push(...copies(await ranking.best(targets.slice(from, to))))
      return rows
    },
    { threads: 2, targetCount: 16, k: 100 },
    [large, many],
  )
  assert.deepEqual(
    few,
    whole.best.map(users => users.slice(0, 100)),
  )
  const sizes = { windowBytes: 4 * 2048, windowUsers: 600, scratchBytes: 1, scoreBytes: 4 * userCount * 5 }
  const small = await using(
    async ranking => {
      assert.equal(ranking.targetsMax, 5)
      return copies(await ranking.best(targets.slice(0, 5), allowed.slice(0, 5)))
    },
    { threads: 2, targetCount: 21, k: userCount, sizes },
    [large, many],
  )
  assert.deepEqual(small, whole.some.slice(0, 5))
})

test('of a model that gives everybody the same, whoever did more comes first', async () => {
  const prior: HistoryModel = {
    form: 'dense',
    itemCount: 20,
    prior: new Float32Array(20),
    sharpness: 1,
    kernel: Float32Array.of(1),
    rows: undefined,
  }
  const nothing = targetOf(prior, 3)
  const best = await using(ranking => ranking.best([nothing, nothing]), {}, [prior, histories])
  assert.deepEqual(
    best.map(users => [...users]),
    [
      [3, 2, 1, 0],
      [3, 2, 1, 0],
    ],
  )
})

test('an abort stops it', async () => {
  const reason = new Error('not wanted')
  const stop = new AbortController()
  await using(
    async ranking => {
      stop.abort(reason)
      await assert.rejects(ranking.best([targetOf(model, 0)]), reason)
    },
    { signal: stop.signal },
  )
})
