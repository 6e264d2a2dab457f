/** Records about an item, and records with a list to rank: what each one alone would get by the definition, with filters and without. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runBatchInference } from '../../../src/jobs/batchInference/run.ts'
import { ARTIFACTS_BUCKET } from '../../../src/jobs/computeContext.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { plainScores as scoresOf } from '../../../src/models/plainScores.ts'
import type { BatchFacts } from '../../../src/recipes/recipe.ts'
import type { FilterSnapshot } from '../../../src/resources/types.ts'
import { schemaText, type World } from '../../filters/sample.ts'
import { store } from '../../filters/stored.ts'
import { contextOf, describe, makePlace, openPlace, POPULARITY_PREFIX, smallModel } from './fixture.ts'

const place = await makePlace()
after(() => place.remove())
const { model, items, users, histories } = smallModel()
const RELATED: BatchFacts = { record: 'itemId', scores: false, reasons: false }
const RANKING: BatchFacts = { record: 'userId and itemList', scores: true, reasons: false }

const world: World = {
  schemas: {
    ITEMS: [
      { name: 'ITEM_ID', type: 'string' },
      { name: 'CAT', type: ['null', 'string'], categorical: true },
      { name: 'INT', type: 'int' },
    ],
    INTERACTIONS: [
      { name: 'USER_ID', type: 'string' },
      { name: 'ITEM_ID', type: 'string' },
      { name: 'EVENT_TYPE', type: 'string' },
      { name: 'TIMESTAMP', type: 'long' },
    ],
  },
  ITEMS: Array.from({ length: items.size }, (_, i) => ({ ITEM_ID: items.idAt(i), CAT: 'abc'[i % 3], INT: i })),
  INTERACTIONS: [
    ['u7', 'i20', 'buy'],
    ['u7', 'i23', 'buy'],
  ],
}
const stored = await store(world, place.root, ARTIFACTS_BUCKET)
const filterOf = (expression: string): FilterSnapshot => ({
  expression,
  schemas: Object.fromEntries(
    Object.entries(world.schemas).map(([type, fields]) => [type, schemaText(type as 'ITEMS', fields!)]),
  ),
  imports: stored.imports,
})

interface Answer {
  readonly input: unknown
  readonly output: { readonly recommendedItems: string[]; readonly scores?: number[] } | null
  readonly error: string | null
}

let runs = 0
async function answers(
  recipe: BatchFacts,
  lines: readonly string[],
  given: { filter?: string; numResults?: number; modelPrefix?: string; threads?: number; shardBytes?: number } = {},
): Promise<{ text: string; lines: Answer[] }> {
  await place.put('s3://in/users.json', `${lines.join('\n')}\n`)
  const scratchFolder = join(place.root, `scratch-job-${++runs}`)
  mkdirSync(scratchFolder)
  const { filter, threads = 2, shardBytes = 1_000_000, ...rest } = given
  const description = describe({ recipe, ...rest, ...(filter !== undefined && { filter: filterOf(filter) }) })
  await runBatchInference(description, contextOf(openPlace(place.root), { threads, scratchFolder }), { shardBytes })
  const text = await place.get('s3://out/recs/users.json.out')
  return {
    text,
    lines: text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
  }
}
const outputs = async (...given: Parameters<typeof answers>) =>
  (await answers(...given)).lines.map(({ output }) => output)

/** Best first, by the plain scores; ties by index. */
function bestOf(history: readonly number[], among: readonly number[]): string[] {
  const scores = scoresOf(model, history)
  return among.toSorted((a, b) => scores[b] - scores[a] || a - b).map(item => items.idAt(item))
}
const every = Array.from({ length: items.size }, (_, item) => item)
const historyOfUser = (id: string): number[] => {
  const user = users.indexOf(id)
  return user < 0 ? [] : [...histories.items.subarray(histories.offsets[user], histories.offsets[user + 1])]
}

test('an item gets the items that follow it, itself never among them; an unknown one gets the popular', async () => {
  const ids = [...every.map(item => items.idAt(item)), 'unheard of']
  const found = await outputs(
    RELATED,
    ids.map(itemId => JSON.stringify({ itemId })),
    { numResults: 9 },
  )
  for (const [place, id] of ids.entries()) {
    const item = items.indexOf(id)
    const expected =
      item < 0
        ? bestOf([], every)
        : bestOf(
            [item],
            every.filter(each => each !== item),
          )
    assert.deepEqual(found[place], { recommendedItems: expected.slice(0, 9) }, id)
  }
})

test('more results than there are other items are all other items', async () => {
  const [output] = await outputs(RELATED, ['{"itemId":"i20"}'], { numResults: 500 })
  assert.equal(output?.recommendedItems.length, items.size - 1)
})

test('a filter narrows what is related: by the item asked about, by the user named beside it', async () => {
  const others = (item: number) => every.filter(each => each !== item)
  const same = await outputs(RELATED, ['{"itemId":"i20"}', '{"itemId":"unheard of"}'], {
    filter: 'INCLUDE ItemID WHERE Items.CAT IN CurrentItem.CAT',
    numResults: 30,
  })
  assert.deepEqual(
    same[0]?.recommendedItems,
    bestOf(
      [20],
      others(20).filter(item => item % 3 === 20 % 3),
    ),
  )
  assert.deepEqual(same[1]?.recommendedItems, [], 'what nothing is known of is in no category')

  const bought = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")'
  const asked = ['{"itemId":"i30","userId":"u7"}', '{"itemId":"i30","userId":"u8"}', '{"itemId":"i30"}']
  const narrowed = await outputs(RELATED, asked, { filter: bought, numResults: 60 })
  const without = others(30).filter(item => item !== 20 && item !== 23)
  assert.deepEqual(narrowed[0]?.recommendedItems, bestOf([30], without))
  assert.deepEqual(narrowed[1]?.recommendedItems, bestOf([30], others(30)))
  assert.deepEqual(narrowed[2]?.recommendedItems, bestOf([30], others(30)))
})

test('a list is ranked for its user: a softmax over the list, strangers at the end without a score', async () => {
  const random = seededRandom(5)
  const records = Array.from({ length: 120 }, (_, i) => {
    const known = Array.from({ length: random.below(20) }, () => items.idAt(random.below(items.size)))
    const strangers = Array.from({ length: random.below(3) + (known.length === 0 ? 1 : 0) }, (_, n) => `new "${n}"`)
    return { userId: i % 10 === 0 ? 'nobody' : users.idAt(i % users.size), itemList: [...strangers, ...known] }
  })
  const found = await outputs(
    RANKING,
    records.map(record => JSON.stringify(record)),
  )
  for (const [place, { userId, itemList }] of records.entries()) {
    const history = historyOfUser(userId)
    const known = [...new Set(itemList)].map(id => items.indexOf(id)).filter(item => item >= 0)
    const strangers = [...new Set(itemList)].filter(id => items.indexOf(id) < 0)
    const { recommendedItems, scores } = found[place]!
    assert.deepEqual(recommendedItems, [...bestOf(history, known), ...strangers])
    assert.equal(scores?.length, known.length)
    const raw = scoresOf(model, history)
    const total = known.reduce((sum, item) => sum + Math.exp(model.sharpness * raw[item]), 0)
    for (const [i, score] of scores.entries()) {
      const expected = Math.exp(model.sharpness * raw[items.indexOf(recommendedItems[i])]) / total
      assert.ok(Math.abs(score / expected - 1) < 1e-5)
    }
    if (known.length > 0) assert.ok(Math.abs(scores.reduce((sum, score) => sum + score, 0) - 1) < 1e-5)
  }
})

test('a ranking of strangers alone, of one item, of an item named twice, of numbers', async () => {
  const { lines, text } = await answers(RANKING, [
    '{"userId":"u7","itemList":["x"]}',
    '{"userId":"u7","itemList":["i9"]}',
    '{"userId":"u7","itemList":["i9","i9","x","x"]}',
    '{"userId":105,"itemList":[105,0.50,7]}',
  ])
  assert.deepEqual(lines[0].output, { recommendedItems: ['x'], scores: [] })
  assert.deepEqual(lines[1].output, { recommendedItems: ['i9'], scores: [1] })
  assert.deepEqual(lines[2].output, { recommendedItems: ['i9', 'x'], scores: [1] })
  assert.deepEqual(lines[3].output?.recommendedItems, [...bestOf(historyOfUser('105'), [2, 4]), '7'])
  assert.ok(
    text.startsWith(
      '{"input":{"userId":"u7","itemList":["x"]},"output":{"recommendedItems":["x"],"scores":[]},"error":null}\n',
    ),
  )
})

test('without rows a list is ranked by popularity', async () => {
  const [output] = await outputs(RANKING, ['{"userId":"u7","itemList":["i30","i9","i20"]}'], {
    modelPrefix: POPULARITY_PREFIX,
  })
  assert.deepEqual(output?.recommendedItems, ['i9', 'i20', 'i30'])
})

test('a filter strikes items from the list; strangers pass unless only what is named may', async () => {
  const record = '{"userId":"u7","itemList":["i20","i21","i22","stranger"]}'
  const [excluded] = await outputs(RANKING, [record], {
    filter: 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")',
  })
  assert.deepEqual(excluded?.recommendedItems, [...bestOf(historyOfUser('u7'), [21, 22]), 'stranger'])
  assert.ok(Math.abs(excluded.scores![0] + excluded.scores![1] - 1) < 1e-6)
  const [included, unbound] = await outputs(
    RANKING,
    ['{"userId":"u7","itemList":["i20","i21","stranger"],"filterValues":{"N":"20"}}', record],
    { filter: 'INCLUDE ItemID WHERE Items.INT <= $N' },
  )
  assert.deepEqual(included, { recommendedItems: ['i20'], scores: [1] })
  assert.equal(unbound, null)
})

test('bad records of both kinds are answered with their errors', async () => {
  const sample = 'an object such as {"itemId":"105"} was expected'
  const related = await answers(RELATED, [
    '{"userId":"u7"}',
    '{"itemId":null}',
    '{"itemId":"i9","userId":""}',
    'oops',
    '{"itemId":"i9"}',
  ])
  assert.deepEqual(
    related.lines.map(({ error }) => error),
    [
      `Line 1: itemId is missing; ${sample}.`,
      'Line 2: itemId is null; a string or a number was expected.',
      'Line 3: userId is empty; 1 to 256 characters were expected.',
      `Line 4 is not JSON (Unexpected token 'o', "oops" is not valid JSON); ${sample}.`,
      null,
    ],
  )
  assert.equal(related.lines[0].output, null)

  const list = 'an object such as {"userId":"105","itemList":["7","8"]} was expected'
  const many = JSON.stringify({ userId: 'u7', itemList: Array.from({ length: 501 }, (_, i) => `${i}`) })
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const ranking = await answers(RANKING, [
    '[]',
    '{"itemList":["i9"]}',
    '{"userId":"u7"}',
    '{"userId":"u7","itemList":"i9"}',
    '{"userId":"u7","itemList":[]}',
    many,
    '{"userId":"u7","itemList":["i9",null]}',
    '{"userId":"u7","itemList":["i9",""]}',
    `{"userId":"u7","itemList":[9],"x":${deep}}`,
    JSON.stringify({ userId: 'u7', itemList: Array.from({ length: 500 }, (_, i) => `${i}`) }),
  ])
  assert.deepEqual(
    ranking.lines.map(({ error }) => error),
    [
      `Line 1: a list is not a record; ${list}.`,
      `Line 2: userId is missing; ${list}.`,
      `Line 3: itemList is missing; ${list}.`,
      'Line 4: itemList is a string; a list of ids was expected.',
      'Line 5: itemList has 0 ids; 1 to 500 were expected.',
      'Line 6: itemList has 501 ids; 1 to 500 were expected.',
      'Line 7: itemList[1] is null; a string or a number was expected.',
      'Line 8: itemList[1] is empty; 1 to 256 characters were expected.',
      'Line 9: the record is nested too deeply beside an itemList[0] that is a number; less nesting or a string was expected.',
      null,
    ],
  )
})

test('any number of threads and shards, the same bytes', async () => {
  const random = seededRandom(8)
  const some = () => Array.from({ length: 1 + random.below(9) }, () => items.idAt(random.below(items.size)))
  const lists = Array.from({ length: 800 }, () =>
    JSON.stringify({ userId: users.idAt(random.below(users.size)), itemList: some() }),
  )
  const single = Array.from({ length: 800 }, () => JSON.stringify({ itemId: items.idAt(random.below(items.size)) }))
  for (const [recipe, lines] of [
    [RANKING, lists],
    [RELATED, single],
  ] as const) {
    const { text } = await answers(recipe, lines, { threads: 1 })
    assert.equal((await answers(recipe, lines, { threads: 3, shardBytes: 3000 })).text, text)
  }
})
