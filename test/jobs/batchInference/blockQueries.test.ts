/** Queries of a block with more events than are unpacked at once are ranked a few at a time, and answered as if each were alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSchema } from '../../../src/datasets/schema.ts'
import { Vocabulary } from '../../../src/datasets/vocabulary.ts'
import { DataAssembler } from '../../../src/filters/assemble.ts'
import { type FilterSchemas, planFilter } from '../../../src/filters/check.ts'
import { openRanker, placeModel } from '../../../src/inference/ranker.ts'
import { StageClock } from '../../../src/jobs/batchInference/answerLines.ts'
import { BlockQueries } from '../../../src/jobs/batchInference/blockQueries.ts'
import { ByteBlocks } from '../../../src/jobs/batchInference/byteBlocks.ts'
import { openSubjectHistories } from '../../../src/jobs/batchInference/histories.ts'
import { GATHERED_ITEMS_MAX } from '../../../src/jobs/batchInference/limits.ts'
import { idTables, placeBytes } from '../../../src/jobs/batchInference/placeBytes.ts'
import { ShardAnswerer } from '../../../src/jobs/batchInference/shard.ts'
import { packBits } from '../../../src/lib/packedBits.ts'
import { schemaText } from '../../filters/sample.ts'
import { openPlainRanker } from '../../inference/plainRanker.ts'
import { factorModel } from '../../models/forms.ts'

const HALF = GATHERED_ITEMS_MAX / 2
const FIELDS = [
  { name: 'USER_ID', type: 'string' },
  { name: 'ITEM_ID', type: 'string' },
  { name: 'EVENT_TYPE', type: 'string' },
  { name: 'TIMESTAMP', type: 'long' },
]

test('queries from any on: as many as have so many events, and always one', () => {
  const counts = [HALF, HALF, 1, 3 * HALF, 5, 5, HALF + 1]
  const gathered: number[][] = []
  const histories = {
    has: () => true,
    count: (subject: number) => counts[subject],
    gather(subjects: Int32Array, count: number) {
      gathered.push([...subjects.subarray(0, count)])
      return { offsets: new Uint32Array(count + 1), items: new Int32Array(0) }
    },
  }
  const recipe = { record: 'userId', scores: true, reasons: false } as const
  const ranker = openPlainRanker(factorModel(1, 5, 2))
  const queries = new BlockQueries({ ranker, histories, recipe, k: 3 }, undefined, counts.length)
  queries.begin()
  for (const subject of counts.keys()) queries.add(10 + subject, subject)
  for (let from = 0; from < queries.count; ) from += queries.from(from).count
  assert.deepEqual(gathered, [[0, 1], [2], [3], [4, 5, 6]])
  assert.deepEqual([queries.recordAt(3), queries.subjectAt(3)], [13, 3])
})

test('the longest history again and again, and struck: each record is answered as if it were alone', async () => {
  const itemCount = 300
  // User 1 has done something with each of the first two hundred items, many times over; the others with two.
  const longest = HALF + 1
  const offsets = Uint32Array.of(0, 2, 2 + longest, 4 + longest)
  const items = Int32Array.from(
    { length: offsets[3] },
    (_, at) => (at * 7) % (at < 2 || at >= 2 + longest ? itemCount : 200),
  )
  const users = Vocabulary.fromIds(['u0', 'u1', 'u2'])
  const schemas: FilterSchemas = new Map([['INTERACTIONS', parseSchema(schemaText('INTERACTIONS', FIELDS))]])
  const plan = planFilter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")', schemas)
  // Every third of them is a view.
  const codes = packBits(
    Uint32Array.from(items, (item, at) => 2 * item + (at % 3 === 0 ? 1 : 0)),
    10,
  )
  const assembler = new DataAssembler(plan, schemas, itemCount, users)
  assembler.events({ types: ['buy', 'view'], offsets, bits: 10, typeBits: 1, codes })
  const filter = { plan, data: assembler.finish(), threads: 1 }
  const ids = Vocabulary.fromIds(Array.from({ length: itemCount }, (_, item) => `i${item}`))
  const placed = placeModel(factorModel(11, itemCount, 6), { threads: 1, filtered: true })
  const recipe = { record: 'userId', scores: true, reasons: false } as const
  const tables = idTables(users, Vocabulary.fromTensors(filter.data.users!))
  const answerer = new ShardAnswerer({
    ranker: openRanker(placed, 0),
    bytes: new ByteBlocks(placeBytes({ tables, items: ids, recipe, k: 5, threads: 1 }), 0),
    subjectTable: 0,
    askerTable: tables.length - 1,
    histories: openSubjectHistories({ offsets, items }, itemCount),
    itemCount,
    sharpness: 1,
    contexts: undefined,
    recipe,
    filter,
    exploration: undefined,
    newcomers: undefined,
    k: 5,
  })
  const answers = async (userIds: readonly string[]) => {
    let rest = Buffer.from(userIds.map(userId => `${JSON.stringify({ userId })}\n`).join(''))
    const fill = (target: Buffer) => {
      const count = rest.copy(target)
      rest = rest.subarray(count)
      return count
    }
    const pieces: Buffer[] = []
    for await (const { bytes } of answerer.answer({ fill, firstLine: 1, clock: new StageClock(), answered: () => {} }))
      pieces.push(Buffer.from(bytes))
    return Buffer.concat(pieces).toString()
  }
  const alone = [await answers(['u0']), await answers(['u1']), await answers(['u2'])]
  // User 1 has seen the first two hundred, all of them.
  const { output } = JSON.parse(alone[1])
  assert.equal(output.recommendedItems.length, 5)
  for (const id of output.recommendedItems) assert.ok(Number(id.slice(1)) >= 200, id)
  const asked = [0, 1, 1, 2, 1, 0]
  assert.equal(await answers(asked.map(user => `u${user}`)), asked.map(user => alone[user]).join(''))
})
