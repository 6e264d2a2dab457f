import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readImpressions } from '../../src/datasets/impressions.ts'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { avro, interactionsSchema, makeWorld, nullable, string, type World } from './world.ts'

const withImpressions = avro('Interactions', [
  string('USER_ID'),
  string('ITEM_ID'),
  { name: 'TIMESTAMP', type: 'long' },
  nullable('IMPRESSION', 'string'),
])

async function read(t: TestContext, world: World, schema: string, csv: string) {
  // An import has a thousand rows at least; of the others nothing is told.
  const commas = ','.repeat(csv.split('\n')[0].split(',').length - 3)
  const others = Array.from({ length: 1000 }, (_, i) => `x${i},y,9${commas}\n`)
  await world.put('events.csv', csv + others.join(''))
  const imported = await world.import({ source: 's3://b-1/events.csv', datasetType: 'INTERACTIONS', schema })
  const scratchFolder = await mkdtemp(join(tmpdir(), 'sommelier-impressions-'))
  t.after(() => rm(scratchFolder, { recursive: true }))
  const items = Vocabulary.fromIds(['a', 'b', 'c'])
  const { artifacts, signal, progress, threads } = world
  return readImpressions([imported], items, 'artifacts', { artifacts, scratchFolder, signal, progress, threads })
}

test('an item counts once where it was shown, and as taken where the event is its own', async t => {
  const rows = ['u,a,1,a|b', 'u,b,2,a|b|b', 'v,c,3,', 'v,c,4,a|unheard of', 'w,a,5,b|a|c']
  const csv = `USER_ID,ITEM_ID,TIMESTAMP,IMPRESSION\n${rows.join('\n')}\n`
  const found = await read(t, await makeWorld(t), withImpressions, csv)
  assert.deepEqual(found, { shown: Uint32Array.of(4, 3, 1), taken: Uint32Array.of(2, 1, 0) })
})

test('without the column, or anything in it that is known, nothing is told', async t => {
  const world = await makeWorld(t)
  assert.equal(await read(t, world, interactionsSchema, 'USER_ID,ITEM_ID,TIMESTAMP\nu,a,1\n'), undefined)
  const other = await makeWorld(t)
  const csv = 'USER_ID,ITEM_ID,TIMESTAMP,IMPRESSION\nu,a,1,\nu,a,2,x|y\n'
  assert.equal(await read(t, other, withImpressions, csv), undefined)
})
