import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { noSeconds } from '../../../src/jobs/batchInference/description.ts'
import { stageFile } from '../../../src/jobs/batchInference/fileOutput.ts'
import { Refusal } from '../../../src/lib/refusal.ts'
import { contextOf, makePlace } from './fixture.ts'

const place = await makePlace()
const inputNamed = (key: string) => ({
  from: { bucket: 'in', key },
  to: { bucket: 'out', key: `${key}.out` },
  bytes: 30,
  etag: 'e',
  fileName: `growing-${key}`,
})
after(() => place.remove())

const CHECKPOINT_SECONDS = 0
const shards = [0, 1, 2].map(s => ({ start: 10 * s, end: 10 * (s + 1), firstLine: s + 1, records: 1 }))
const outcome = (shard: number) => ({
  shard,
  records: 1,
  failed: 0,
  bytes: 5,
  key: undefined,
  stageSeconds: noSeconds(),
})

test('a checkpoint tells of shards in a row, and is written only where there are more of them', async () => {
  await place.put('s3://in/one', 'x'.repeat(30))
  const input = inputNamed('one')
  const written: [string, unknown][] = []
  const context = contextOf(place, {
    async checkpoint(name, value) {
      written.push([name, value])
    },
  })
  const { output } = await stageFile({ index: 4, input, shards }, context, CHECKPOINT_SECONDS)
  await output.done(1, outcome(1))
  assert.deepEqual(written, [])
  assert.ok(output.isDone(1) && !output.isDone(0))
  await output.done(0, outcome(0))
  assert.deepEqual(written, [['file/4', { shards: 2, end: 20, records: 2, failed: 0, bytes: 10 }]])
})

test('an input that was removed since it was surveyed: said in the words of an input', async () => {
  await assert.rejects(
    stageFile({ index: 0, input: inputNamed('gone'), shards }, contextOf(place)),
    new Refusal('Invalid S3 input path: There is no object s3://in/gone.'),
  )
})
