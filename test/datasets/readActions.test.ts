import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readActions } from '../../src/datasets/readActions.ts'
import { parseSchema } from '../../src/datasets/schema.ts'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { avro, makeWorld, nullable, string, type World } from './world.ts'

const schema = avro('Actions', [
  string('ACTION_ID'),
  nullable('VALUE', 'long'),
  nullable('ACTION_EXPIRATION_TIMESTAMP', 'long'),
  nullable('EXPIRATION_TIMESTAMP', 'long'),
  nullable('REPEAT_FREQUENCY', 'long'),
  string('KIND', { categorical: true }),
])
const eventsSchema = avro('ActionInteractions', [
  string('USER_ID'),
  string('ACTION_ID'),
  string('EVENT_TYPE'),
  { name: 'TIMESTAMP', type: 'long' },
])

async function imports(world: World) {
  const header = 'ACTION_ID,VALUE,ACTION_EXPIRATION_TIMESTAMP,EXPIRATION_TIMESTAMP,REPEAT_FREQUENCY,KIND'
  await world.put('a1.csv', `${header}\nletter,1,,,,x\ncall,3,100,,7,x\n`)
  await world.put('a2.csv', `${header}\nletter,9,,200,,x\n😀,,,,,x\nﬁ,2,50,60,0,x\n`)
  const events = 'USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP'
  await world.put(
    'e1.csv',
    `${events}\nzoe,call,TAKEN,30\nann,letter,Viewed,20\nann,unheard,TAKEN,5\nann,call,clicked,6\n`,
  )
  await world.put(
    'e2.csv',
    `${events}\nann,letter,Viewed,20\nann,call,not_taken,10\nbob,letter,taken,10\nann,call,taken,20\n`,
  )
  const imported = (of: string, name: string) =>
    world.import({ schema: of, source: `s3://b-1/${name}.csv`, targetPrefix: `imports/${name}/` })
  return {
    actions: [await imported(schema, 'a1'), await imported(schema, 'a2')],
    events: [await imported(eventsSchema, 'e1'), await imported(eventsSchema, 'e2')],
  }
}

async function context(t: TestContext, world: World) {
  const scratchFolder = await mkdtemp(join(tmpdir(), 'sommelier-actions-'))
  t.after(() => rm(scratchFolder, { recursive: true }))
  return { ...world, scratchFolder }
}

test('the newest row of each action; events of the three types, each once, of users known and new', async t => {
  const world = await makeWorld(t)
  const query = { bucket: 'artifacts', schema: parseSchema(schema), ...(await imports(world)), actionCountMax: 4 }
  const known = Vocabulary.fromIds(['mia', 'bob'])
  const { ids, users, events, ...rules } = await readActions(query, known, await context(t, world))
  // By bytes: 'ﬁ' is ef ac 81, '😀' f0 9f 98 80.
  assert.deepEqual(
    [0, 1, 2, 3].map(action => ids.idAt(action)),
    ['call', 'letter', 'ﬁ', '😀'],
  )
  assert.deepEqual([...rules.values], [3, 9, 2, Number.NaN])
  assert.deepEqual([...rules.expires], [100, 200, 50, Number.NaN])
  assert.deepEqual([...rules.repeatDays], [7, Number.NaN, 0, Number.NaN])
  assert.deepEqual(
    [0, 1, 2, 3].map(user => users.idAt(user)),
    ['mia', 'bob', 'ann', 'zoe'],
  )
  assert.equal(events.itemCount, 8)
  // mia none; bob took the letter; ann turned the call down, saw the letter and then, at the same time, took the call; zoe took it.
  assert.deepEqual([...events.offsets], [0, 0, 1, 4, 5])
  assert.deepEqual([...events.items], [1, 4, 5, 0, 0])
  assert.deepEqual([...events.times], [10, 10, 20, 20, 30])
})

test('without events everybody has none; more actions than are taken are refused', async t => {
  const world = await makeWorld(t)
  const query = { bucket: 'artifacts', schema: parseSchema(schema), ...(await imports(world)), actionCountMax: 3 }
  const known = Vocabulary.fromIds(['mia'])
  const few = { ...query, events: [], actionCountMax: 4 }
  const { users, events } = await readActions(few, known, await context(t, world))
  assert.equal(users, known)
  assert.deepEqual([events.userCount, [...events.offsets]], [1, [0, 0]])
  await assert.rejects(
    readActions(query, known, await context(t, world)),
    new Refusal('The dataset ACTIONS has more than 3 actions: a training takes at most as many.'),
  )
})
