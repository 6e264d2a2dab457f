import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readMetadata } from '../../src/datasets/metadata.ts'
import { parseSchema } from '../../src/datasets/schema.ts'
import { trainingColumns } from '../../src/datasets/trainingColumns.ts'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { avro, makeWorld, nullable, string, type World } from './world.ts'

const schema = avro('Items', [
  string('ITEM_ID'),
  nullable('GENRE', 'string', { categorical: true }),
  nullable('PLOT', 'string', { textual: true }),
  nullable('PRICE', 'float'),
  nullable('SHELF', 'string'),
  nullable('ADULT', 'boolean', { categorical: true }),
  { name: 'CREATION_TIMESTAMP', type: 'long' },
])
const older = avro('Items', [
  string('ITEM_ID'),
  nullable('GENRE', 'string', { categorical: true }),
  { name: 'CREATION_TIMESTAMP', type: 'long' },
])
const columns = trainingColumns(parseSchema(schema), {})

async function imports(world: World) {
  await world.put('1.csv', 'ITEM_ID,GENRE,CREATION_TIMESTAMP\na,war|drama,10\nb,,20\nn1,noir,30\n')
  const rows = [
    'b,drama||war,"The WAR, the war: a naïve ﬁlm",2.5,top,true,21',
    'n2,comedy,,,,,50',
    'n0,,,-1e3,,,50',
    '\ufeffn,,,,,,5',
  ]
  await world.put('2.csv', ['ITEM_ID,GENRE,PLOT,PRICE,SHELF,ADULT,CREATION_TIMESTAMP', ...rows, ''].join('\n'))
  return [
    await world.import({ schema: older, source: 's3://b-1/1.csv', targetPrefix: 'imports/m1/' }),
    await world.import({ schema, source: 's3://b-1/2.csv', targetPrefix: 'imports/m2/' }),
  ]
}

async function read(t: TestContext, world: World, known: Vocabulary, newMax: number, threads = 2) {
  const scratchFolder = await mkdtemp(join(tmpdir(), 'sommelier-metadata-'))
  t.after(() => rm(scratchFolder, { recursive: true }))
  const query = { bucket: 'artifacts', imports: await imports(world), schema: parseSchema(schema), columns }
  const { ids, columns: found } = await readMetadata(query, known, newMax, { ...world, scratchFolder, threads })
  const lists = (offsets: Uint32Array, values: ArrayLike<unknown>) =>
    Array.from({ length: ids.size }, (_, row) => Array.from(values).slice(offsets[row], offsets[row + 1]))
  const shown = found.map(column => {
    if (column.kind === 'numbers') return [column.name, [...column.values]]
    if (column.kind === 'words') return [column.name, lists(column.offsets, column.hashes).map(words => words.length)]
    const names = Array.from(column.codes, code => column.categories[code])
    return [column.name, lists(column.offsets, names)]
  })
  return { ids: Array.from({ length: ids.size }, (_, index) => ids.idAt(index)), ...Object.fromEntries(shown) }
}

test('the newest row of each item, whatever its schema was; then the items that nobody has touched, by bytes', async t => {
  const world = await makeWorld(t)
  assert.deepEqual(await read(t, world, Vocabulary.fromIds(['x', 'b', 'a']), 100), {
    ids: ['x', 'b', 'a', 'n0', 'n1', 'n2', '\ufeffn'],
    GENRE: [[], ['drama', 'war'], ['drama', 'war'], [], ['noir'], ['comedy'], []],
    // the, war, a, naïve, film: words without case, ligatures taken apart.
    PLOT: [0, 5, 0, 0, 0, 0, 0],
    PRICE: [Number.NaN, 2.5, Number.NaN, -1000, Number.NaN, Number.NaN, Number.NaN],
    ADULT: [[], ['true'], [], [], [], [], []],
    CREATION_TIMESTAMP: [Number.NaN, 21, 10, 50, 30, 50, 5],
  })
})

test('of more new items than may be, those created last; with any number of threads', async t => {
  const world = await makeWorld(t)
  const known = Vocabulary.fromIds(['b'])
  const two = await read(t, world, known, 2)
  assert.deepEqual(two.ids, ['b', 'n0', 'n2'])
  assert.deepEqual((await read(t, await makeWorld(t), known, 3, 1)).ids, ['b', 'n0', 'n1', 'n2'])
  assert.deepEqual((await read(t, await makeWorld(t), known, 0)).ids, ['b'])
})

test('which columns are learnt from', () => {
  const of = (choice: Parameters<typeof trainingColumns>[1]) => trainingColumns(parseSchema(schema), choice)
  assert.deepEqual(of({}), ['GENRE', 'PLOT', 'PRICE', 'ADULT', 'CREATION_TIMESTAMP'])
  assert.deepEqual(of({ excluded: ['PRICE', 'NONE'], later: ['PLOT'] }), ['GENRE', 'ADULT', 'CREATION_TIMESTAMP'])
  assert.deepEqual(of({ included: ['PRICE', 'GENRE', 'SHELF'], excluded: ['GENRE'] }), ['PRICE'])
})
