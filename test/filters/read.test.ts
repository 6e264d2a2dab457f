/** What the reader makes of Parquet, against the plain twin on the rows it was made of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { firstRows } from '../../src/filters/bitset.ts'
import { planFilter } from '../../src/filters/check.ts'
import { allowedSet, FilterMasks } from '../../src/filters/masks.ts'
import { readFilterData } from '../../src/filters/read.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { randomFilter, randomWorld } from './random.ts'
import { naiveIds, type Request, readWorld, schemasOf, type World } from './sample.ts'
import { type Stored, store } from './stored.ts'

async function readPasses(expression: string, world: World, stored: Stored, request: Request, eventsPerType?: number) {
  const schemas = schemasOf(world)
  const plan = planFilter(expression, schemas)
  const source = { bucket: 'a', imports: stored.imports, eventsPerType }
  const { data, candidates } = await readFilterData(plan, schemas, source, undefined, stored.context())
  const masks = new FilterMasks(plan, data)
  const item = request.item === undefined ? undefined : candidates.indexOf(request.item)
  const allowed = allowedSet(masks, { userId: request.user, item, values: request.values })
  return firstRows(allowed, candidates.size).map(row => candidates.idAt(row))
}

test('imports newest last, all candidates: as the plain twin says', async () => {
  const random = seededRandom(9)
  const size = 12
  // Who is in the world by an event alone is a candidate too.
  const made = randomWorld(random, size)
  const seen = (events: World['INTERACTIONS'], own: string) =>
    [...new Set((events ?? []).map(([, id]) => id))].filter(id => Number(id.slice(1)) >= size && id.startsWith(own))
  const stored = await store(made)
  for (let round = 0; round < 25; round++) {
    const filter = randomFilter(random)
    const { entity } = filter.statements[0]
    const more = entity === 'ItemID' ? seen(made.INTERACTIONS, 'i') : seen(made.ACTION_INTERACTIONS, 'a')
    const strangers =
      entity === 'UserID'
        ? [...new Set(made.INTERACTIONS!.map(([user]) => user))].filter(user => Number(user.slice(1)) >= size)
        : []
    const world = { ...made, more, USERS: [...made.USERS!, ...strangers.map(USER_ID => ({ USER_ID }))] }
    const user = `u${random.below(size + 3)}`
    const request = { user, ...(entity === 'ItemID' && { item: `i${random.below(size)}` }), values: filter.given }
    const found = await readPasses(filter.text, made, stored, request)
    const expected = naiveIds(filter.statements, world, request, filter.values)
    assert.deepEqual(found.sort(), expected.sort(), JSON.stringify({ filter: filter.text, request }))
  }
})

test("the reference's limit: the newest events of each type, in whatever case, and no others", async () => {
  const world = readWorld('shop')
  const newest: World = {
    ...world,
    INTERACTIONS: [
      ['ann', 'spade', 'view'],
      ['ann', 'poppy', 'VIEW'],
      ['ann', 'pan', 'view'],
      ['ann', 'herbs', 'cart'],
      ['bob', 'spade', 'view'],
    ],
  }
  const stored = await store(newest)
  const asked = (expression: string, perType?: number) =>
    readPasses(expression, newest, stored, { user: 'ann' }, perType)
  assert.deepEqual(await asked('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")'), ['pan', 'poppy', 'spade'])
  assert.deepEqual(await asked('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")', 2), ['pan', 'poppy'])
  assert.deepEqual(await asked('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)', 1), ['herbs', 'pan'])
})

test('a type of events is what was written, whatever is in it', async () => {
  const world = readWorld('shop')
  const odd: World = {
    ...world,
    INTERACTIONS: [
      ['ann', 'spade', '\ufeffview'],
      ['ann', 'poppy', 'a\0b'],
      ['bob', 'pan', "it's"],
    ],
  }
  const stored = await store(odd)
  const asked = (expression: string) => readPasses(expression, odd, stored, { user: 'ann' })
  for (const [type, item] of [
    ['\ufeffview', 'spade'],
    ['A\0B', 'poppy'],
  ]) {
    const passes = [await asked(`INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("${type}")`)]
    passes.push(await asked(`INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("${type}")`))
    assert.deepEqual(passes, [[item], ['ann']], JSON.stringify(type))
  }
  assert.deepEqual(await asked('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")'), [])
})

test('rows are those of the vocabulary given: what it does not name is not there, what the data does not name has no values', async () => {
  const world = readWorld('shop')
  const stored = await store(world)
  const schemas = schemasOf(world)
  const plan = planFilter('EXCLUDE ItemID WHERE Items.PRICE > 10', schemas)
  const candidates = Vocabulary.fromIds(['unheard of', 'pan', 'herbs'])
  const { data } = await readFilterData(
    plan,
    schemas,
    { bucket: 'a', imports: stored.imports },
    candidates,
    stored.context(),
  )
  assert.equal(data.rowCount, 3)
  assert.deepEqual(firstRows(new FilterMasks(plan, data).allowed({}).rows, 9), [0, 2])
})

test('nothing imported, nobody passes an INCLUDE', async () => {
  const world = readWorld('shop')
  const { context } = await store({ schemas: {} })
  const schemas = schemasOf(world)
  const candidates = Vocabulary.fromIds(['pan'])
  for (const [expression, rows] of [
    ['INCLUDE ItemID WHERE Items.PRICE > 10', []],
    ['EXCLUDE ItemID WHERE Items.TOPICS IN ("x") IF CurrentUser.AGE < 3', [0]],
    ['EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)', [0]],
  ] as const) {
    const plan = planFilter(expression, schemas)
    const { data } = await readFilterData(plan, schemas, { bucket: 'a', imports: {} }, candidates, context())
    assert.deepEqual(firstRows(new FilterMasks(plan, data).allowed({ userId: 'ann' }).rows, 9), rows)
  }
})
