/** Columns of contexts, read beside the events. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSchema } from '../../src/datasets/schema.ts'
import { trainingColumns } from '../../src/datasets/trainingColumns.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { avro, makeWorld, nullable, string } from './world.ts'

const before = [string('USER_ID'), string('ITEM_ID'), { name: 'TIMESTAMP', type: 'long' }]
const schema = avro('Interactions', [
  ...before,
  nullable('EVENT_VALUE', 'float'),
  nullable('DEVICE', 'string', { categorical: true }),
  nullable('HOUR', 'int'),
  nullable('WEIGHT', 'double'),
  nullable('PAGE', 'string'),
  nullable('SAME', 'string', { categorical: true }),
  nullable('CAST', 'boolean', { categorical: true }),
])
const parsed = parseSchema(schema)

test('what a caller has added and can be learnt from is a context, unless the solution leaves it out', () => {
  assert.deepEqual(trainingColumns(parsed, {}), ['DEVICE', 'HOUR', 'WEIGHT', 'SAME', 'CAST'])
  assert.deepEqual(trainingColumns(parsed, { excluded: ['HOUR'], later: ['SAME'] }), ['DEVICE', 'WEIGHT', 'CAST'])
  assert.deepEqual(trainingColumns(parsed, { included: ['EVENT_VALUE', 'HOUR'] }), ['HOUR'])
})

test('every event has the codes of its values: frequent texts, numbers one by one or in eighths, 0 for what is not known', async t => {
  const world = await makeWorld(t)
  const random = seededRandom(5)
  const devices = ["it's", 'a|b', 'tv', 'é']
  // Of the rare one there are ten, of nothing a few.
  const rows = Array.from({ length: 1200 }, (_, at) => ({
    user: `u${at % 40}`,
    time: at,
    device: at < 10 ? 'rare' : at % 50 === 0 ? '' : devices[Math.min(random.below(4), random.below(4))],
    hour: at % 70 === 0 ? '' : String(random.below(24)),
    weight: at % 60 === 0 ? '' : String(Math.round(1e6 * random.normal()) / 1e3),
  }))
  const text = rows.map(
    row =>
      `${row.user},i${row.time % 7},${row.time},,${row.device},${row.hour},${row.weight},p,same,${row.device === 'tv'}`,
  )
  const header = 'USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE,DEVICE,HOUR,WEIGHT,PAGE,SAME,CAST'
  // The first import is older than the columns.
  const old = Array.from({ length: 1000 }, (_, at) => `u${at % 40},i${at % 7},${5000 + at}`)
  await world.put('old.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...old].join('\n'))
  await world.put('in.csv', [header, ...text].join('\n'))
  const imports = [
    await world.import({
      schema: avro('Interactions', before),
      source: 's3://b-1/old.csv',
      targetPrefix: 'imports/old/',
    }),
    await world.import({ schema, source: 's3://b-1/in.csv', targetPrefix: 'imports/new/' }),
  ]
  const contexts = parsed.columns.filter(({ name }) => trainingColumns(parsed, {}).includes(name))
  const { interactions, users, contextColumns } = await world.read({ interactions: imports, contexts })

  // A column of one value tells nothing.
  assert.deepEqual(
    contextColumns.map(({ name }) => name),
    ['DEVICE', 'HOUR', 'WEIGHT', 'CAST'],
  )
  const [device, hour, weight, cast] = contextColumns
  assert.deepEqual(
    cast.rules.map(rule => 'category' in rule && rule.category),
    ['false', 'true'],
  )
  const counts = new Map(devices.map(name => [name, rows.filter(row => row.device === name).length]))
  assert.deepEqual(
    device.rules,
    devices.toSorted((a, b) => counts.get(b)! - counts.get(a)!).map(category => ({ column: 'DEVICE', category })),
  )
  assert.equal(hour.rules.length, 24)
  assert.deepEqual(
    [hour.rules[0], hour.rules[5]],
    [
      { column: 'HOUR', below: 1 },
      { column: 'HOUR', from: 5, below: 6 },
    ],
  )
  assert.deepEqual(hour.rules[23], { column: 'HOUR', from: 23 })
  assert.equal(weight.rules.length, 8)
  const inBucket = weight.rules.map(
    ({ from = -Infinity, below = Infinity }) =>
      rows.filter(row => row.weight !== '' && Number(row.weight) >= from && Number(row.weight) < below).length,
  )
  assert.ok(Math.min(...inBucket) >= 140 && Math.max(...inBucket) <= 155, inBucket.join())

  for (let user = 0; user < users.size; user++)
    for (let at = interactions.offsets[user]; at < interactions.offsets[user + 1]; at++) {
      const row = rows[interactions.times[at]]
      const codes = interactions.contexts!.map(each => each[at])
      if (row === undefined) {
        assert.deepEqual(codes, [0, 0, 0, 0])
        continue
      }
      assert.equal(users.idAt(user), row.user)
      const number = Number(row.weight)
      const eighth = weight.rules.findIndex(
        ({ from = -Infinity, below = Infinity }) => number >= from && number < below,
      )
      assert.deepEqual(codes, [
        device.rules.findIndex(({ category }) => category === row.device) + 1,
        row.hour === '' ? 0 : Number(row.hour) + 1,
        row.weight === '' ? 0 : eighth + 1,
        row.device === 'tv' ? 2 : 1,
      ])
    }

  const plain = await world.read({ interactions: imports })
  assert.deepEqual(plain.contextColumns, [])
  const { contexts: _, ...rest } = interactions
  assert.deepEqual(plain.interactions, rest)
})
