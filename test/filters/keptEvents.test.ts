/** Events packed and kept: what comes back is what was imported, from memory and from a file, and is made once. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dataVersion } from '../../src/datasets/dataVersion.ts'
import { withDuckDb } from '../../src/datasets/duckdb.ts'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import type { UserEvents } from '../../src/filters/data.ts'
import { EventReader } from '../../src/filters/eventReader.ts'
import { type KeptEvents, keptEvents } from '../../src/filters/keptEvents.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { temporaryFolder } from '../support/server.ts'
import type { World } from './sample.ts'
import { store } from './stored.ts'

const TYPES = ['view', 'Buy', 'VIEW', 'a|b']
const id = { type: 'string' }
const schemas = {
  INTERACTIONS: [
    { name: 'USER_ID', ...id },
    { name: 'ITEM_ID', ...id },
    { name: 'EVENT_TYPE', ...id },
    { name: 'TIMESTAMP', type: 'long' },
  ],
}

function randomEvents(seed: number, count: number, userCount: number, itemCount: number) {
  const random = seededRandom(seed)
  // Ids that break naive quoting; u0 has most of the events, and more than are put in order by insertion.
  const user = () => (random.below(3) === 0 ? 'u0' : `u'"🍷${random.below(userCount)}`)
  return Array.from({ length: count }, () => [user(), `i,${random.below(itemCount)}`, TYPES[random.below(4)]] as const)
}

async function made(events: World['INTERACTIONS']) {
  const root = temporaryFolder()
  const { imports, context } = await store({ schemas, INTERACTIONS: events! }, root)
  const query = { bucket: 'a', imports: imports.INTERACTIONS!, target: 'ITEM_ID', perType: undefined } as const
  return { root, context, query, path: (name: string) => join(root, 'artifacts', 'a', name) }
}

const only = (type: number, { types }: UserEvents) => Uint8Array.from(types, (_, each) => (each === type ? 1 : 0))

/** `user item type`, as kept, in order of user, type and item. */
function told({ users, items, events }: KeptEvents): string[] {
  const reader = new EventReader(events)
  const found: string[] = []
  for (let user = 0; user < users.size; user++) {
    for (const [type, name] of events.types.entries())
      for (const row of reader.read(user, only(type, events)))
        found.push(`${users.idAt(user)} ${items.idAt(row)} ${name}`)
  }
  return found
}

const expected = (events: World['INTERACTIONS']) =>
  [...new Set(events!.map(([user, item, type]) => `${user} ${item} ${type.toLowerCase()}`))].sort()

test('distinct triples of user, item and type come back, whatever the buckets, from memory and from the file', async () => {
  const events = randomEvents(1, 700, 40, 90)
  const wanted = expected(events)
  const codes = new Set<string>()
  for (const bucketEvents of [1, 100, undefined]) {
    const { query, context, path } = await made(events)
    const kept = await keptEvents({ ...query, bucketEvents }, context())
    assert.deepEqual(kept.events.types, ['a|b', 'buy', 'view'])
    assert.equal(kept.events.bits, 7 + 2)
    assert.deepEqual(told(kept).sort(), wanted)
    const fromFile = await keptEvents({ ...query, bytesMax: 0 }, context())
    assert.ok(!(fromFile.events.codes instanceof Uint32Array))
    assert.deepEqual(told(fromFile), told(kept))
    const file = path(`events/${dataVersion(query.imports)}-all/codes`)
    codes.add(readFileSync(file, 'base64'))
  }
  assert.equal(codes.size, 1, 'the same bytes')
})

test('a window of a file is read ahead and back, in any order of users', async () => {
  const { query, context } = await made(randomEvents(2, 500, 30, 50))
  const kept = await keptEvents(query, context())
  const fromFile = await keptEvents({ ...query, bytesMax: 0 }, context())
  const [memory, file] = [kept, fromFile].map(({ events }) => new EventReader(events))
  const random = seededRandom(3)
  for (let i = 0; i < 300; i++) {
    const user = random.below(kept.users.size + 3) - 1
    const wanted = [only(0, kept.events), Uint8Array.of(1, 0, 1), 'any' as const][random.below(3)]
    const found = [...file.read(user, wanted)]
    assert.deepEqual(found, [...memory.read(user, wanted)])
    if (user < 0 || user >= kept.users.size) assert.equal(found.length, 0, 'a stranger has done nothing')
  }
})

test('rows are those of other items: what is none of them is not there', async () => {
  const { query, context } = await made([
    ['ann', 'pan', 'view'],
    ['ann', 'pot', 'view'],
    ['bob', 'pot', 'buy'],
  ])
  const { events, items, users } = await keptEvents(query, context())
  const rowOf = Int32Array.from({ length: items.size }, (_, item) => (items.idAt(item) === 'pot' ? 7 : -1))
  const reader = new EventReader({ ...events, rowOf })
  const ann = (type: string) => [...reader.read(users.indexOf('ann'), only(events.types.indexOf(type), events))]
  assert.deepEqual([ann('buy'), ann('view')], [[], [7]])
})

test('made once: later jobs do not read the imports; another limit is another file; what is broken is made anew', async () => {
  const events = randomEvents(4, 500, 10, 20)
  const { query, context, path } = await made(events)
  const folder = `events/${dataVersion(query.imports)}-all`
  const first = told(await keptEvents(query, context()))
  const parts = query.imports.flatMap(({ parts }) => parts)
  const written = statSync(path(`${folder}/codes`)).mtimeMs
  // A part cut short: the codes of another attempt that was killed.
  writeFileSync(path(`${folder}/codes`), 'x')
  assert.deepEqual(told(await keptEvents(query, context())), first)
  assert.ok(statSync(path(`${folder}/codes`)).mtimeMs >= written)
  writeFileSync(path(`${folder}/index.json`), '{"layout":0}')
  assert.deepEqual(told(await keptEvents(query, context())), first)
  const newest = told(await keptEvents({ ...query, perType: 2 }, context()))
  assert.ok(newest.length < first.length)
  for (const part of parts) rmSync(path(part))
  assert.deepEqual(told(await keptEvents(query, context())), first)
  assert.deepEqual(told(await keptEvents({ ...query, perType: 2 }, context())), newest)
  const other = { ...query, imports: query.imports.slice(0, 1) }
  await assert.rejects(keptEvents(other, context()), 'another state of the data is another file')
})

test('users that somebody has in memory already are not loaded again, but only if they are the same', async () => {
  const { query, context } = await made(randomEvents(5, 300, 9, 9))
  const { users } = await keptEvents(query, context())
  const ids = Array.from({ length: users.size }, (_, user) => users.idAt(user))
  const more = Vocabulary.fromIds([...ids, 'somebody else'])
  assert.equal((await keptEvents({ ...query, known: more }, context())).users, more)
  for (const others of [ids.slice(1), [ids[1], ids[0], ...ids.slice(2)], ids.map(each => `${each}!`)]) {
    const kept = await keptEvents({ ...query, known: Vocabulary.fromIds(others) }, context())
    assert.deepEqual(
      Array.from({ length: users.size }, (_, user) => kept.users.idAt(user)),
      ids,
    )
  }
})

test('without EVENT_TYPE, and where a row has none, the type is empty', async () => {
  const { query, context, path } = await made([['ann', 'pan', 'view']])
  await withDuckDb(context(), async db => {
    await db.run(
      `COPY (SELECT 'ann' AS USER_ID, 'pot' AS ITEM_ID, 5 AS TIMESTAMP) TO '${path('older.parquet')}' (FORMAT parquet)`,
    )
  })
  const imports = [{ parts: ['older.parquet'], rowCount: 1 }, ...query.imports]
  assert.deepEqual(told(await keptEvents({ ...query, imports }, context())), ['ann pot ', 'ann pan view'])
  const kept = await keptEvents({ ...query, imports: imports.slice(0, 1) }, context())
  assert.deepEqual([kept.events.types, kept.events.typeBits, told(kept)], [[''], 0, ['ann pot ']])
})
