import assert from 'node:assert/strict'
import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BatchDescription } from '../../../src/jobs/batchInference/description.ts'
import { LINE_BYTES_MAX } from '../../../src/jobs/batchInference/limits.ts'
import { type BatchTuning, runBatchInference } from '../../../src/jobs/batchInference/run.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../../../src/jobs/computeContext.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { ProgressReport } from '../../../src/lib/work.ts'
import { checkBest, contextOf, describe, makePlace, POPULARITY_PREFIX, STAGING_PREFIX, smallModel } from './fixture.ts'

const place = await makePlace()
after(() => place.remove())
const saved = smallModel()

const run = (
  description: Partial<BatchDescription> = {},
  context: Partial<ComputeContext> = {},
  tuning?: BatchTuning,
) => runBatchInference(describe(description), contextOf(place, context), tuning)

async function answers(input: string | Uint8Array, description: Partial<BatchDescription> = {}): Promise<string[]> {
  await place.put('s3://in/users.json', input)
  await run(description)
  const output = await place.get('s3://out/recs/users.json.out')
  assert.deepEqual(await place.list(ARTIFACTS_BUCKET, STAGING_PREFIX), [])
  assert.ok(output === '' || output.endsWith('\n'))
  return output.split('\n').slice(0, -1)
}

test('every kind of user gets the best items, in order of the input, and the record comes back as it was', async () => {
  const ids = [...Array.from({ length: saved.users.size }, (_, i) => saved.users.idAt(i)), 'nobody', 'Ωmega']
  const records = ids.map((id, i) => [
    JSON.stringify({ userId: id }),
    `{ "context" : {"n": ${i}}, "userId"  : ${JSON.stringify(id)}, "itemList":["x"] }`,
  ])
  const lines = records.flat()
  const output = await answers(lines.join('\n'), { numResults: 10 })
  assert.equal(output.length, lines.length)
  output.forEach((line, i) => {
    assert.ok(line.startsWith(`{"input":${lines[i]},"output":{"recommendedItems":[`), line)
    const parsed = JSON.parse(line)
    assert.deepEqual(Object.keys(parsed), ['input', 'output', 'error'])
    assert.deepEqual(Object.keys(parsed.output), ['recommendedItems', 'scores'])
    assert.equal(parsed.error, null)
    checkBest(saved, saved.users.indexOf(ids[i >> 1]), parsed.output, 10)
  })
})

test('ids may be numbers; CRLF, blank lines, a byte order mark and a missing last line end are no trouble', async () => {
  const output = await answers('\ufeff{"userId":105}\r\n\r\n \t \n{"userId":0.50}\r\n{"userId":105.0}')
  assert.deepEqual(
    output.map(line => line.slice(0, line.indexOf(',"output"'))),
    ['{"input":{"userId":105}', '{"input":{"userId":0.50}', '{"input":{"userId":105.0}'],
  )
  const outputs = output.map(line => JSON.parse(line).output)
  checkBest(saved, 2, outputs[0], 5)
  checkBest(saved, 4, outputs[1], 5)
  checkBest(saved, -1, outputs[2], 5)
})

test('more results than items are all items', async () => {
  const [line] = await answers('{"userId":"u7"}', { numResults: 500 })
  const { output } = JSON.parse(line)
  assert.equal(output.recommendedItems.length, saved.items.size)
  checkBest(saved, 7, output, 500)
  assert.ok(Math.abs(output.scores.reduce((sum: number, score: number) => sum + score, 0) - 1) < 1e-5)
})

test('the recipe decides about scores and reasons; without rows everybody gets the same', async () => {
  const [withReasons] = await answers('{"userId":"u7"}', {
    numResults: 2,
    recipe: { record: 'userId', scores: true, reasons: true },
  })
  assert.match(
    withReasons,
    /^\{"input":\{"userId":"u7"\},"output":\{"recommendedItems":\["[^"]+","[^"]+"\],"scores":\[0\.\d+,0\.\d+\],"reasons":\[\[\],\[\]\]\},"error":null\}$/,
  )
  const popular = await answers('{"userId":"u7"}\n{"userId":"nobody"}\n', {
    numResults: 3,
    modelPrefix: POPULARITY_PREFIX,
    recipe: { record: 'userId', scores: false, reasons: false },
  })
  assert.deepEqual(popular, [
    '{"input":{"userId":"u7"},"output":{"recommendedItems":["a\\"b\\\\c","Zoë 🍷","105"]},"error":null}',
    '{"input":{"userId":"nobody"},"output":{"recommendedItems":["a\\"b\\\\c","Zoë 🍷","105"]},"error":null}',
  ])
})

test('a bad line is answered with its error and the job goes on', async () => {
  const long = `{"userId":"u7","x":"${'y'.repeat(LINE_BYTES_MAX)}"}`
  const bad = ['oops', '42', '{"user":"u7"}', '{"userId":""}', long, '{"userId":"\ud83c"}'].map(text =>
    Buffer.from(text),
  )
  bad.push(Buffer.from([0x22, 0xff, 0x22]))
  const good = Buffer.from('{"userId":"u7"}')
  const lines = bad.flatMap(line => [good, Buffer.from('\n'), line, Buffer.from('\n\n')])
  await place.put('s3://in/users.json', Buffer.concat(lines))
  const result = await run()
  assert.deepEqual(
    { inputs: result.inputs, records: result.records, failed: result.failed },
    { inputs: 1, records: 14, failed: 6 },
  )
  const output = (await place.get('s3://out/recs/users.json.out')).split('\n').slice(0, -1)
  const expected = 'an object such as {"userId":"105"} was expected'
  const parsed = output.map(line => JSON.parse(line))
  for (let i = 0; i < output.length; i += 2) assert.equal(output[i], output[0])
  assert.deepEqual(
    parsed.filter(line => line.error !== null),
    [
      {
        input: 'oops',
        output: null,
        error: `Line 2 is not JSON (Unexpected token 'o', "oops" is not valid JSON); ${expected}.`,
      },
      { input: 42, output: null, error: `Line 5: a number is not a record; ${expected}.` },
      { input: { user: 'u7' }, output: null, error: `Line 8: userId is missing; ${expected}.` },
      { input: { userId: '' }, output: null, error: 'Line 11: userId is empty; 1 to 256 characters were expected.' },
      {
        input: long.slice(0, 1024),
        output: null,
        error: `Line 14 is longer than ${LINE_BYTES_MAX} bytes; a shorter record was expected. Its beginning is shown.`,
      },
      { input: '"\ufffd"', output: null, error: `Line 20 is not valid UTF-8; ${expected}.` },
    ],
  )
  // Buffer.from('\ud83c') is the replacement character: a strange id, but a good one.
  assert.equal(parsed[11].error, null)
})

/** Records of all kinds, some 60 bytes each. */
function mixedInput(seed: number, records: number): string {
  const random = seededRandom(seed)
  const kinds = [
    () => `{"userId":${JSON.stringify(saved.users.idAt(random.below(saved.users.size)))}}`,
    () => `{"userId": "stranger ${random.below(1000)}", "context": {"é": "${'z'.repeat(random.below(90))}"}}`,
    () => `{"userId":${random.below(200)}}`,
    () => ['', '  ', 'nonsense', '{"userId":null}', '[]'][random.below(5)],
  ]
  const ends = ['\n', '\n', '\r\n', '\n\n']
  let text = ''
  for (let i = 0; i < records; i++) text += kinds[random.below(kinds.length)]() + ends[random.below(ends.length)]
  return text
}

async function outputsOf(inputs: Record<string, string>, context: Partial<ComputeContext>, tuning?: BatchTuning) {
  for (const [key, text] of Object.entries(inputs)) await place.put(`s3://in/many/${key}`, text)
  await run({ inputPath: 's3://in/many/', outputPath: 's3://out/many/' }, context, tuning)
  const outputs: Record<string, string> = {}
  for (const key of Object.keys(inputs)) {
    outputs[key] = await place.get(`s3://out/many/${key}.out`)
    await place.objects.remove({ bucket: 'out', key: `many/${key}.out` })
    await place.objects.remove({ bucket: 'in', key: `many/${key}` })
  }
  return outputs
}

test('threads and sizes of shards change no byte', async () => {
  const inputs = { a: mixedInput(1, 900), 'b/c.jsonl': mixedInput(2, 30), 'b/d': ' \n', e: mixedInput(3, 1) }
  const whole = await outputsOf(inputs, { threads: 1 })
  assert.equal(whole['b/d'], '')
  assert.ok(whole.a.split('\n').length > 600)
  assert.deepEqual(await outputsOf(inputs, { threads: 2 }), whole)
  assert.deepEqual(await outputsOf(inputs, { threads: 2 }, { shardBytes: 3333 }), whole)
  assert.deepEqual(await outputsOf(inputs, { threads: 3 }, { shardBytes: 7000 }), whole)
  assert.deepEqual(await outputsOf(inputs, { threads: 2 }, { shardBytes: 3333, parts: true }), whole)
  assert.deepEqual(await outputsOf(inputs, { threads: 1 }, { parts: true }), whole)
})

test('histories that are packed or stay in their file change no byte, in whatever order users come', async () => {
  const inputs = { a: mixedInput(1, 900), b: mixedInput(9, 500) }
  const whole = await outputsOf(inputs, { threads: 1 })
  for (const memory of [{ historiesBytesMax: 0 }, { historiesBytesMax: 0, packedBytesMax: 0 }])
    assert.deepEqual(await outputsOf(inputs, { threads: 2 }, { shardBytes: 3333, memory }), whole)
})

test('the plan is told before the work; a job that cannot fit says so at once', async () => {
  await place.put('s3://in/users.json', '{"userId":"u7"}\n{"userId":"u8"}\n')
  const reports: ProgressReport[] = []
  await run({}, { progress: report => reports.push(report) })
  const first = reports.findIndex(({ plan }) => plan !== undefined)
  assert.deepEqual([reports[first].stage, reports[first].done], ['recommendations', 0])
  for (const { plan } of reports.slice(first)) assert.equal(plan, '0.3 GB of memory at most, some 1 s for 2 records')
  const done: string[] = []
  await assert.rejects(run({}, { progress: ({ stage }) => done.push(stage) }, { memory: { available: 200e6 } }), {
    name: 'Refusal',
    message: 'The job needs 0.3 GB of memory (model 0.0 GB, ids 0.0 GB, histories 0.0 GB); this machine has 0.2 GB.',
  })
  assert.deepEqual(done, [])
})

test('a shard may be a single line', async () => {
  const inputs = { a: mixedInput(4, 40), b: mixedInput(5, 2) }
  assert.deepEqual(await outputsOf(inputs, {}, { shardBytes: 1 }), await outputsOf(inputs, {}))
})

test('progress counts records, with an exact total and the failed ones', async () => {
  const reports: ProgressReport[] = []
  await place.put('s3://in/users.json', mixedInput(4, 2000))
  const result = await run({}, { progress: report => reports.push(report) }, { shardBytes: 20_000 })
  const counting = reports.filter(({ stage }) => stage === 'counting records')
  assert.deepEqual(counting.at(-1)!.done, counting.at(-1)!.total)
  const answering = reports.filter(({ stage }) => stage === 'recommendations')
  assert.ok(answering.length > 5)
  answering.reduce((before, after) => {
    assert.ok(after.done >= before.done && after.done <= after.total!)
    return after
  })
  const { plan, ...last } = answering.at(-1)!
  assert.match(plan!, new RegExp(`^\\d\\.\\d GB of memory at most, some \\d+ s for ${result.records} records$`))
  assert.deepEqual(last, {
    stage: 'recommendations',
    done: result.records,
    total: result.records,
    failed: result.failed,
    unit: 'records',
  })
  assert.ok(result.failed > 200)
})

test('of parts, once every record is answered, progress tells how much of the output is written, and ends with the records', async () => {
  const inputs = { a: mixedInput(7, 700), b: mixedInput(8, 900) }
  for (const threads of [1, 2]) {
    const reports: ProgressReport[] = []
    for (const [key, text] of Object.entries(inputs)) await place.put(`s3://in/many/${key}`, text)
    const description = { inputPath: 's3://in/many/', outputPath: 's3://out/many/' }
    const result = await run(
      description,
      { threads, progress: report => reports.push(report) },
      { shardBytes: 9_000, parts: true },
    )
    const writing = reports.filter(({ stage }) => stage === 'writing the output')
    const { plan } = reports.at(-1)!
    const shared = { total: result.bytes, failed: result.failed, unit: 'bytes', plan }
    assert.match(plan!, /GB of memory at most/)
    assert.deepEqual(writing.at(-1), { stage: 'writing the output', done: result.bytes, ...shared })
    writing.forEach((report, i) => {
      assert.ok(report.done > (writing[i - 1]?.done ?? 0))
      const { total, failed, unit, plan } = report
      assert.deepEqual({ total, failed, unit, plan }, shared)
    })
    const first = reports.indexOf(writing[0])
    assert.deepEqual(reports[first - 1], { ...reports.at(-1)!, stage: 'recommendations', done: result.records })
    assert.deepEqual(reports.slice(first, -1), writing)
    assert.equal(reports.at(-1)!.stage, 'recommendations')
    await place.objects.remove({ bucket: 'in', key: 'many/a' })
    await place.objects.remove({ bucket: 'in', key: 'many/b' })
  }
})

test('the probe is left in the output folder, empty', async () => {
  await answers('{"userId":"u7"}')
  assert.deepEqual(await place.list('out', 'recs/'), ['recs/_CHECK', 'recs/users.json.out'])
  assert.equal(await place.get('s3://out/recs/_CHECK'), '')
})

for (const [parts, change] of [
  [false, 'replaced'],
  [true, 'replaced'],
  [false, 'cut short in its place'],
  [true, 'cut short in its place'],
] as const) {
  test(`an input that changes under the job is refused, and nothing of it appears, ${parts ? 'as parts' : 'as a file'}: ${change}`, async () => {
    await place.put('s3://in/changing', mixedInput(5, 3000))
    const checkpoint = async (name: string) => {
      if (name !== (parts ? 'part/0/1' : 'file/0')) return
      if (change === 'replaced') await place.put('s3://in/changing', mixedInput(6, 3000))
      else await truncate(join(place.root, 'buckets/in/changing'), 40_000)
    }
    const job = run({ inputPath: 's3://in/changing' }, { checkpoint }, { shardBytes: 30_000, parts })
    await assert.rejects(job, {
      name: 'Refusal',
      message:
        "The input 's3://in/changing' was changed while the job was reading it; it was expected to stay as it was.",
    })
    assert.deepEqual(await place.list('out', 'recs/changing'), [])
    assert.deepEqual(await place.list(ARTIFACTS_BUCKET, STAGING_PREFIX), [])
    assert.deepEqual(await readdir(join(place.root, 'buckets/.sommelier-incoming')), [])
  })
}
