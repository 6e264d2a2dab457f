import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImportResult } from '../../src/datasets/import.ts'
import { TRAINING_ROWS_MAX } from '../../src/datasets/limits.ts'
import type { InteractionData } from '../../src/datasets/read.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { avro, interactionsSchema, makeWorld, nullable, string, type World } from './world.ts'

const schema = avro('Interactions', [
  string('USER_ID'),
  string('ITEM_ID'),
  { name: 'TIMESTAMP', type: 'long' },
  string('EVENT_TYPE'),
  nullable('EVENT_VALUE', 'float'),
])

interface Row {
  readonly user: string
  readonly item: string
  readonly time: number
  readonly type: string
  readonly value: number | null
}

/** Few users and items, times that tie, types in several cases, rows that come twice; ids that sort otherwise in UTF-16 than in bytes. */
function oddRows(count: number, seed: number): Row[] {
  const random = seededRandom(seed)
  const ids = ['a', 'B', '10', '9', 'é', '漢', '\ufb01', '😀', '\ufeff', '\ufeffa', ' ', 'a,b', 'c"d', 'ab', 'e\\']
  const types = ['view', 'View', 'BUY', 'buy', 'Kauf-ÄÖ', 'kauf-äö']
  return Array.from({ length: count }, () => ({
    user: ids[random.below(ids.length)],
    item: ids[Math.min(random.below(ids.length), random.below(ids.length))],
    time: [0, -5, 1_600_000_000, 1_600_000_000 + random.below(300), 99_999_999_999][random.below(5)],
    type: types[random.below(types.length)],
    value: [null, 0.1, 0.5, -1, 3][random.below(5)],
  }))
}

const csv = (rows: readonly Row[]): string => {
  const quoted = (text: string) => `"${text.replaceAll(/[\\"]/g, '\\$&')}"`
  const lines = rows.map(({ user, item, time, type, value }) =>
    [quoted(user), quoted(item), time, type, value ?? ''].join(','),
  )
  return ['USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE', ...lines, ''].join('\n')
}

/** What readInteractions should give, found as plainly as possible. */
function plainly(imports: readonly (readonly Row[])[], keep: (row: Row) => boolean) {
  const all = [...new Map(imports.flat().map(row => [JSON.stringify(row), row])).values()]
  const kept = all.filter(keep)
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
  const users = [...new Set(kept.map(row => row.user))].sort(byBytes)
  const counts = Map.groupBy(kept, row => row.item)
  const items = [...counts.keys()].sort((a, b) => counts.get(b)!.length - counts.get(a)!.length || byBytes(a, b))
  const histories = users.map(user =>
    kept
      .filter(row => row.user === user)
      .sort((a, b) => a.time - b.time)
      .map(row => [items.indexOf(row.item), row.time]),
  )
  return { users, items, histories, catalogueItemCount: new Set(all.map(row => row.item)).size }
}

function shape({ interactions, users, items, catalogueItemCount }: InteractionData) {
  const { userCount, itemCount, offsets, items: of, times }: Interactions = interactions
  assert.equal(userCount, users.size)
  assert.equal(itemCount, items.size)
  assert.equal(offsets.length, userCount + 1)
  assert.equal(of.length, offsets[userCount])
  assert.equal(times.length, offsets[userCount])
  return {
    users: Array.from({ length: users.size }, (_, user) => users.idAt(user)),
    items: Array.from({ length: items.size }, (_, item) => items.idAt(item)),
    histories: Array.from({ length: userCount }, (_, user) =>
      Array.from(of.subarray(offsets[user], offsets[user + 1]), (item, i) => [item, times[offsets[user] + i]]),
    ),
    catalogueItemCount,
  }
}

async function imported(world: World, rows: readonly Row[], place: number): Promise<ImportResult> {
  // Two objects of different layouts: two parts.
  const half = rows.length >> 1
  await world.put(`${place}/a.csv`, csv(rows.slice(0, half)))
  await world.put(`${place}/b.csv`, csv(rows.slice(half)).replaceAll('\n', '\r\n'))
  return world.import({ schema, source: `s3://b-1/${place}/`, targetPrefix: `imports/${place}/` })
}

test('interactions of several imports are what a plain reading finds', async t => {
  const world = await makeWorld(t)
  const imports = [oddRows(3000, 1), oddRows(1000, 2), oddRows(1200, 3)]
  const results: ImportResult[] = []
  for (const [place, rows] of imports.entries()) results.push(await imported(world, rows, place))
  assert.ok(results.every(({ parts, duplicateCount }) => parts.length === 2 && duplicateCount > 0))
  const queries: [Parameters<World['read']>[0], (row: Row) => boolean][] = [
    [{}, () => true],
    [{ eventType: 'VIEW' }, row => row.type.toLowerCase() === 'view'],
    [{ eventType: 'KAUF-äÖ' }, row => row.type.toLowerCase() === 'kauf-äö'],
    [{ eventValueThreshold: 0.1 }, row => row.value !== null && row.value >= 0.1],
    [{ eventValueThreshold: 0.1 + Number.EPSILON }, row => row.value !== null && row.value > 0.1],
    [{ eventType: 'buy', eventValueThreshold: -1 }, row => row.type.toLowerCase() === 'buy' && row.value !== null],
    [{ eventType: "o'" }, () => false],
  ]
  for (const several of [1, 3])
    for (const [query, keep] of queries) {
      const found = await world.read({ interactions: results.slice(0, several), ...query })
      assert.deepEqual(shape(found), plainly(imports.slice(0, several), keep), JSON.stringify(query))
    }
})

test('of more items than may be kept those with the newest interactions stay, beside those that have none', async t => {
  const world = await makeWorld(t)
  // Item i is touched 20 · (i + 1) times, the last time at 1 000 000 - i; users alternate.
  const rows = Array.from({ length: 10 }, (_, i) =>
    Array.from({ length: 20 * (i + 1) }, (_, k) => ({
      user: `u${k % 2}`,
      item: `item${i}`,
      time: 1_000_000 - i - 100 * k,
      type: 'view',
      value: null,
    })),
  ).flat()
  const interactions = [await imported(world, rows, 0)]
  const keeps = async (itemCountMax: number, more: Parameters<World['read']>[0] = {}) => {
    const found = await world.read({ interactions, itemCountMax, ...more })
    const { items, histories, catalogueItemCount } = shape(found)
    assert.equal(catalogueItemCount, more.items ? 16 : 10)
    assert.equal(histories.flat().length, rows.filter(({ item }) => items.includes(item)).length)
    return { items, dropped: found.droppedItemCount }
  }
  assert.deepEqual(await keeps(3), { items: ['item2', 'item1', 'item0'], dropped: 7 })
  assert.equal((await keeps(10)).dropped, 0)
  assert.ok(
    world.reports.some(({ stage }) => stage === 'reading interactions: the 3 of 10 items with the newest interactions'),
  )

  const genres = avro('Items', [string('ITEM_ID'), nullable('GENRE', 'string', { categorical: true })])
  await world.put(
    'items.csv',
    ['ITEM_ID,GENRE', 'item1,x', ...Array.from({ length: 6 }, (_, i) => `new${i},x`), ''].join('\n'),
  )
  const items = [await world.import({ schema: genres, source: 's3://b-1/items.csv', targetPrefix: 'imports/items/' })]
  assert.deepEqual(await keeps(8, { items }), {
    items: ['item7', 'item6', 'item5', 'item4', 'item3', 'item2', 'item1', 'item0'],
    dropped: 2,
  })
  // Six new items take half of the room, and no more; where there is room for all of them they take what they need.
  assert.deepEqual(await keeps(8, { items, withNewItems: true }), {
    items: ['item3', 'item2', 'item1', 'item0'],
    dropped: 6,
  })
  assert.equal((await keeps(15, { items, withNewItems: true })).dropped, 1)
})

test('types of events have weights; only those that have one are read', async t => {
  const world = await makeWorld(t)
  const rows = oddRows(3000, 4)
  const result = await imported(world, rows, 0)
  const events = [
    { eventType: 'VIEW', weight: 0.1 },
    { eventType: 'buy', weight: 0.3, eventValueThreshold: 0.5 },
    { eventType: "o'", weight: 0.2 },
  ]
  const weightOf = ({ type, value }: Row) =>
    type.toLowerCase() === 'view'
      ? 0.5
      : type.toLowerCase() === 'buy' && value !== null && value >= 0.5
        ? 1.5
        : undefined
  const found = await world.read({ interactions: [result], events })
  const expected = plainly([rows], row => weightOf(row) !== undefined)
  assert.deepEqual(shape(found), expected)
  const { weights, offsets } = found.interactions
  const unique = [...new Map(rows.map(row => [JSON.stringify(row), row])).values()]
  for (const [user, id] of expected.users.entries()) {
    const own = unique.filter(row => row.user === id && weightOf(row) !== undefined).sort((a, b) => a.time - b.time)
    const read = Array.from(weights!.subarray(offsets[user], offsets[user + 1]))
    assert.deepEqual(
      read,
      own.map(row => weightOf(row)),
    )
  }
  const same = events.map(each => ({ ...each, weight: each.weight * 2.5 }))
  const scaled = await world.read({ interactions: [result], events: same })
  assert.deepEqual(scaled.interactions.weights, weights)
})

test('the same bytes for any number of threads', async t => {
  const world = await makeWorld(t)
  const random = seededRandom(5)
  const rows = Array.from({ length: 250_000 }, () => `u${random.below(700)},i${random.below(60)},${random.below(50)}`)
  await world.put('in.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...rows].join('\n'))
  const result = await world.import({ schema: interactionsSchema })
  const one = shape(await world.read({ interactions: [result] }, { threads: 1 }))
  const four = shape(await world.read({ interactions: [result] }, { threads: 4 }))
  assert.deepEqual(four, one)
  const firsts = [...new Map(rows.map(row => [row, row.split(',')])).values()]
  const history = firsts.filter(([user]) => user === one.users[0]).sort((a, b) => Number(a[2]) - Number(b[2]))
  assert.deepEqual(
    one.histories[0].map(([item, time]) => [one.items[item], String(time)]),
    history.map(([, item, time]) => [item, time]),
  )
})

test('the catalogue has the items of both datasets, each once, and interactions that a filter leaves out', async t => {
  const world = await makeWorld(t)
  const interactions = await imported(world, oddRows(1000, 9), 0)
  const itemsSchema = avro('Items', [string('ITEM_ID'), nullable('YEAR', 'int')])
  const items: ImportResult[] = []
  for (const [place, text] of ['ITEM_ID,YEAR\na,1\nnew,2\n', 'ITEM_ID,YEAR\nnew,3\nnewer,4\n'].entries()) {
    await world.put('items.csv', text)
    items.push(
      await world.import({
        schema: itemsSchema,
        source: 's3://b-1/items.csv',
        targetPrefix: `imports/i${place}/`,
      }),
    )
  }
  const { catalogueItemCount, ...found } = await world.read({ interactions: [interactions], items, eventType: 'none' })
  assert.equal(catalogueItemCount, plainly([oddRows(1000, 9)], () => true).catalogueItemCount + 2)
  assert.equal(found.interactions.userCount, 0)
  assert.deepEqual(found.interactions.offsets, new Uint32Array(1))
})

test('questions that the data cannot answer', async t => {
  const world = await makeWorld(t)
  const rows = Array.from({ length: 1000 }, (_, i) => `u${i},i,${i}`)
  await world.put('in.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...rows].join('\n'))
  const interactions = [await world.import({ schema: interactionsSchema })]
  const refuses = (query: Parameters<World['read']>[0], message: string) =>
    assert.rejects(world.read({ interactions, ...query }), error => {
      assert.ok(error instanceof Refusal)
      assert.equal(error.message, message)
      return true
    })
  await refuses(
    { eventType: 'buy' },
    "Only events of type 'buy' are asked for, and the INTERACTIONS schema has no field EVENT_TYPE.",
  )
  await refuses(
    { eventValueThreshold: 2.5 },
    'Only events with a value of at least 2.5 are asked for, and the INTERACTIONS schema has no field EVENT_VALUE.',
  )
  await refuses(
    { events: [{ eventType: 'buy', weight: 1 }] },
    'Types of events have weights, and the INTERACTIONS schema has no field EVENT_TYPE.',
  )
  await refuses(
    { interactions: [{ parts: [], rowCount: TRAINING_ROWS_MAX + 1 }] },
    'The dataset has 500000001 interactions: a training takes at most 500000000.',
  )
  await refuses(
    { interactions: [] },
    'The dataset has no interactions: none have been imported. Wait until an import job is ACTIVE.',
  )
})

test('an abort stops the reading at every stage', async t => {
  const world = await makeWorld(t)
  const imports = [await imported(world, oddRows(5000, 1), 0), await imported(world, oddRows(5000, 2), 1)]
  const stages = new Set<string>()
  await world.read({ interactions: imports }, { progress: ({ stage }) => stages.add(stage) })
  assert.deepEqual(
    [...stages],
    ['looking for duplicates', 'indexing', 'rows', 'sorting'].map(stage => `reading interactions: ${stage}`),
  )
  for (const stage of stages) {
    const controller = new AbortController()
    const progress = (report: { stage: string }) => report.stage === stage && controller.abort(new Error('stopped'))
    await assert.rejects(world.read({ interactions: imports }, { progress, signal: controller.signal }), {
      message: 'stopped',
    })
  }
})
