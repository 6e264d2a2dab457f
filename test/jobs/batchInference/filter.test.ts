/** A job with a filter: the same bytes for any threads and shards, each line what its record alone would get, and a bound on nothing else. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { dataVersion } from '../../../src/datasets/dataVersion.ts'
import { firstRows } from '../../../src/filters/bitset.ts'
import { planFilter } from '../../../src/filters/check.ts'
import { allowedSet, FilterMasks } from '../../../src/filters/masks.ts'
import { readFilterData } from '../../../src/filters/read.ts'
import { runBatchInference } from '../../../src/jobs/batchInference/run.ts'
import { ARTIFACTS_BUCKET } from '../../../src/jobs/computeContext.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { type ProgressReport, quietControl } from '../../../src/lib/work.ts'
import { saveModel } from '../../../src/recipes/modelFile.ts'
import type { FilterSnapshot } from '../../../src/resources/types.ts'
import { schemasOf, schemaText, type World } from '../../filters/sample.ts'
import { store } from '../../filters/stored.ts'
import { openPlainRanker } from '../../inference/plainRanker.ts'
import { factorModel } from '../../models/forms.ts'
import { contextOf, describe, MODEL_PREFIX, makePlace, openPlace, POPULARITY_PREFIX, smallModel } from './fixture.ts'

const place = await makePlace()
after(() => place.remove())
const { items, users, histories } = smallModel()
const FACTORS_PREFIX = 'models/3/'
const factors = factorModel(11, items.size, 6)
await saveModel(
  { artifacts: place.artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: FACTORS_PREFIX } },
  { model: factors, items, users, histories },
  quietControl,
)
const random = seededRandom(3)
const CATEGORIES = ['a', 'b', 'a|b', 'c']

const world: World = {
  schemas: {
    ITEMS: [
      { name: 'ITEM_ID', type: 'string' },
      { name: 'CAT', type: ['null', 'string'], categorical: true },
      { name: 'INT', type: 'int' },
    ],
    USERS: [
      { name: 'USER_ID', type: 'string' },
      { name: 'AGE', type: 'int' },
    ],
    INTERACTIONS: [
      { name: 'USER_ID', type: 'string' },
      { name: 'ITEM_ID', type: 'string' },
      { name: 'EVENT_TYPE', type: 'string' },
      { name: 'TIMESTAMP', type: 'long' },
    ],
  },
  ITEMS: Array.from({ length: items.size }, (_, i) => ({ ITEM_ID: items.idAt(i), CAT: CATEGORIES[i % 4], INT: i })),
  USERS: Array.from({ length: users.size }, (_, i) => ({ USER_ID: users.idAt(i), AGE: i })),
  INTERACTIONS: Array.from(
    { length: 400 },
    () =>
      [
        users.idAt(random.below(users.size)),
        items.idAt(random.below(items.size)),
        random.below(2) ? 'view' : 'Buy',
      ] as const,
  ),
}
const stored = await store(world, place.root, ARTIFACTS_BUCKET)

const snapshot = (expression: string): FilterSnapshot => ({
  expression,
  schemas: Object.fromEntries(
    Object.entries(world.schemas).map(([type, fields]) => [type, schemaText(type as 'ITEMS', fields!)]),
  ),
  imports: stored.imports,
})

const FILTERS = [
  'INCLUDE ItemID WHERE Items.INT < 30',
  'INCLUDE ItemID WHERE Items.CAT IN ($C) | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")',
  'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*) | EXCLUDE ItemID WHERE Items.CAT IN ($C) IF CurrentUser.AGE > 10',
  'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ("view") | INCLUDE ItemID WHERE Items.INT >= $N',
]

const records = Array.from({ length: 900 }, (_, i) => ({
  userId: i % 9 === 0 ? `stranger-${i}` : users.idAt(random.below(users.size)),
  filterValues: { C: `"${'abc'[random.below(3)]}"`, N: String(random.below(60)) },
}))

let runs = 0
/** Lines of the output; values only for the placeholders the expression has. */
async function answered(expression: string, modelPrefix: string, threads: number, shardBytes: number): Promise<string> {
  const lines = records.map(({ userId, filterValues }) => {
    const given = Object.entries(filterValues).filter(([name]) => expression.includes(`$${name}`))
    return JSON.stringify({ userId, ...(given.length > 0 && { filterValues: Object.fromEntries(given) }) })
  })
  await place.put('s3://in/users.json', `${lines.join('\n')}\n`)
  const scratchFolder = join(place.root, `scratch-job-${++runs}`)
  mkdirSync(scratchFolder)
  const description = describe({ modelPrefix, numResults: 20, filter: snapshot(expression) })
  const result = await runBatchInference(description, contextOf(openPlace(place.root), { threads, scratchFolder }), {
    shardBytes,
  })
  assert.equal(result.failed, 0)
  return place.get('s3://out/recs/users.json.out')
}

for (const expression of FILTERS)
  test(expression, async () => {
    const schemas = schemasOf(world)
    const plan = planFilter(expression, schemas)
    const { data } = await readFilterData(
      plan,
      schemas,
      { bucket: ARTIFACTS_BUCKET, imports: stored.imports },
      items,
      stored.context(),
    )
    const masks = new FilterMasks(plan, data)
    const plain = openPlainRanker(factors)
    for (const prefix of [MODEL_PREFIX, POPULARITY_PREFIX, FACTORS_PREFIX]) {
      const text = await answered(expression, prefix, 1, 1_000_000)
      if (prefix !== POPULARITY_PREFIX)
        assert.equal(await answered(expression, prefix, 3, 5_000), text, 'the same bytes')
      const lines = text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
      assert.equal(lines.length, records.length)
      for (const { input, output } of lines) {
        const allowed = allowedSet(masks, { userId: input.userId, values: input.filterValues })
        const may = new Set(firstRows(allowed, items.size).map(row => items.idAt(row)))
        assert.equal(output.recommendedItems.length, Math.min(20, may.size), 'as many as pass')
        assert.equal(new Set(output.recommendedItems).size, output.recommendedItems.length)
        for (const item of output.recommendedItems) assert.ok(may.has(item), `${item} for ${JSON.stringify(input)}`)
        const { scores } = output
        assert.ok(scores.every((score: number, i: number) => i === 0 || score <= scores[i - 1]))
        if (prefix !== FACTORS_PREFIX) continue
        // Where records carry values they are ranked in the order of those: each must get its own all the same.
        const user = users.indexOf(input.userId)
        const events = user < 0 ? [] : histories.items.subarray(histories.offsets[user], histories.offsets[user + 1])
        const block = { offsets: Uint32Array.of(0, events.length), items: Int32Array.from(events) }
        const best = plain.rank({ count: 1, k: Math.min(20, items.size), ...block, allowed: [allowed] })
        const ids = Array.from(best.items.subarray(0, best.counts[0]), item => items.idAt(item))
        assert.deepEqual(output.recommendedItems, ids, JSON.stringify(input))
      }
    }
  })

test("with the reference's limit only the newest events count", async () => {
  const expression = 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")'
  await place.put('s3://in/users.json', '{"userId":"u7"}\n')
  const ask = async (filterEventsPerType: number | undefined) => {
    const scratchFolder = join(place.root, `scratch-job-${++runs}`)
    mkdirSync(scratchFolder)
    const description = describe({ numResults: 60, filter: snapshot(expression) })
    await runBatchInference(description, contextOf(openPlace(place.root), { scratchFolder, filterEventsPerType }))
    return new Set(JSON.parse(await place.get('s3://out/recs/users.json.out')).output.recommendedItems)
  }
  const views = world.INTERACTIONS!.filter(([user, , type]) => user === 'u7' && type === 'view').map(([, item]) => item)
  assert.ok(new Set(views).size > 2)
  assert.deepEqual(await ask(undefined), new Set(views))
  assert.deepEqual(await ask(2), new Set(views.slice(-2)))
})

test('histories that are all of the data answer what was met without reading events, in each of their forms, and only then', async () => {
  const events = world.INTERACTIONS!
  const lists = Array.from({ length: users.size }, (_, user) =>
    events.filter(([id]) => id === users.idAt(user)).map(([, item]) => items.indexOf(item)),
  )
  const offsets = new Uint32Array(users.size + 1)
  for (const [user, list] of lists.entries()) offsets[user + 1] = offsets[user] + list.length
  const whole = { offsets, items: Int32Array.from(lists.flat()) }
  const eventsKept = async () => {
    let count = 0
    for await (const _ of place.artifacts.list(ARTIFACTS_BUCKET, 'events/')) count++
    return count
  }
  const clear = async () => {
    for await (const { key } of place.artifacts.list(ARTIFACTS_BUCKET, 'events/'))
      await place.artifacts.remove({ bucket: ARTIFACTS_BUCKET, key })
  }
  const save = (modelPrefix: string, wholeOf?: string) =>
    saveModel(
      { artifacts: place.artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key: modelPrefix } },
      { model: factors, items, users, histories: whole, wholeOf },
      quietControl,
    )
  await save('models/4/', dataVersion(stored.imports.INTERACTIONS!))
  await save('models/5/')
  await save('models/6/', dataVersion(stored.imports.INTERACTIONS!.slice(1)))
  // Some as kernels read them, some as only a JSON parser does.
  const lines = records.map(({ userId }, i) =>
    i % 3 === 0 ? `{ "userId": ${JSON.stringify(userId)} }` : JSON.stringify({ userId }),
  )
  await place.put('s3://in/users.json', `${lines.join('\n')}\n`)
  const ask = async (modelPrefix: string, expression: string, memory = {}, filterEventsPerType?: number) => {
    const scratchFolder = join(place.root, `scratch-job-${++runs}`)
    mkdirSync(scratchFolder)
    const description = describe({ modelPrefix, numResults: 20, filter: snapshot(expression) })
    const context = contextOf(openPlace(place.root), { threads: 2, scratchFolder, filterEventsPerType })
    await runBatchInference(description, context, { memory })
    return place.get('s3://out/recs/users.json.out')
  }
  const met = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
  for (const expression of [
    met,
    `${met} IF CurrentUser.AGE > 10 | INCLUDE ItemID WHERE Items.INT < 40`,
    'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)',
  ]) {
    await clear()
    const forms = [{}, { historiesBytesMax: 0 }, { historiesBytesMax: 0, packedBytesMax: 0 }]
    const texts = new Set<string>()
    for (const memory of forms) texts.add(await ask('models/4/', expression, memory))
    assert.equal(await eventsKept(), 0, 'no event has been read')
    texts.add(await ask('models/5/', expression))
    assert.equal(await eventsKept(), 5, 'nothing says that the histories are all')
    assert.equal(texts.size, 1, `the same bytes: ${expression}`)
  }
  for (const [modelPrefix, expression, perType] of [
    ['models/6/', met],
    ['models/4/', 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")'],
    ['models/4/', met, 100],
  ] as const) {
    await clear()
    await ask(modelPrefix, expression, {}, perType)
    assert.equal(await eventsKept(), 5, `${modelPrefix} ${expression}`)
  }
})

test('the plan counts what the filter reads and keeps: less where there is less room', async () => {
  await place.put('s3://in/users.json', '{"userId":"u7"}\n')
  const planned = async (expression: string, available: number, rowCount = 400) => {
    const given = snapshot(expression)
    const [part] = given.imports.INTERACTIONS!
    const filter = { ...given, imports: { ...given.imports, INTERACTIONS: [{ ...part, rowCount }] } }
    let told: string | undefined
    const progress = ({ plan }: ProgressReport) => {
      told = plan
    }
    const context = contextOf(openPlace(place.root), { progress })
    await runBatchInference(describe({ filter }), context, { memory: { available } })
    return told?.split(' ')[0]
  }
  const seen = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
  const values = 'EXCLUDE ItemID WHERE Items.CAT IN ($C)'
  assert.equal(await planned(seen, 8e9), '0.3')
  assert.equal(await planned(values, 8e9), '1.3')
  assert.equal(await planned(values, 0.5e9), '0.5')
  // What is beyond that stays in its file.
  assert.equal(await planned(seen, 8e9, 2e9), '1.3')
})
