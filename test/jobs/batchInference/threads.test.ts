import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, beforeEach, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { runBatchInference } from '../../../src/jobs/batchInference/run.ts'
import type { Part } from '../../../src/jobs/batchInference/staging.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../../../src/jobs/computeContext.ts'
import { stopwatchSeconds } from '../../../src/lib/clock.ts'
import { createLog } from '../../../src/lib/log.ts'
import { contextOf, describe, makePlace, STAGING_PREFIX, smallModel } from './fixture.ts'
import type { Deaths } from './mortal.ts'

const place = await makePlace()
after(() => place.remove())
const { users } = smallModel()
const records = Array.from({ length: 3000 }, (_, i) => JSON.stringify({ userId: users.idAt(i % users.size) }))
await place.put('s3://in/users.json', records.join('\n'))

/** Some twelve shards. */
const tuning = { shardBytes: 4096 }
const output = () => place.get('s3://out/recs/users.json.out')
const staged = () => place.list(ARTIFACTS_BUCKET, STAGING_PREFIX)

await runBatchInference(describe(), contextOf(place), tuning)
const undisturbed = await output()

beforeEach(async () => {
  for (const key of await place.list('out')) await place.objects.remove({ bucket: 'out', key })
})

async function runWithDeaths(deaths: Deaths, context: ComputeContext, job = describe(), parts = false) {
  process.env.DEATHS = JSON.stringify(deaths)
  try {
    return await runBatchInference(job, context, {
      ...tuning,
      parts,
      threadScript: new URL('./mortalThread.ts', import.meta.url),
    })
  } finally {
    delete process.env.DEATHS
  }
}

test('a thread that dies is replaced, and its shard tried again', async () => {
  const lines: string[] = []
  const log = createLog(line => {
    if (line.includes(' warn ')) lines.push(line.slice(line.indexOf(' warn ') + 1))
  })
  await runWithDeaths({ '0-1.1-1': 'exit', '0-1.1-2': 'throw' }, contextOf(place, { log, threads: 1 }))
  assert.equal(await output(), undisturbed)
  assert.deepEqual(await staged(), [])
  const line = Buffer.from(records.join('\n')).subarray(0, tuning.shardBytes).toString().split('\n').length + 1
  assert.deepEqual(lines, [
    `warn a batch inference thread died lines="s3://in/users.json from line ${line}" tries=1 cause="the thread left with code 3"\n`,
    `warn a batch inference thread died lines="s3://in/users.json from line ${line}" tries=2 cause="bad luck"\n`,
  ])
})

test('a shard of which every thread dies ends the attempt; the next does what is missing, and nothing twice', async () => {
  const finished = new Map<string, unknown>()
  await assert.rejects(
    runWithDeaths(
      { '0-4.1-1': 'throw', '0-4.1-2': 'exit', '0-4.1-3': 'throw' },
      contextOf(place, {}, finished),
      describe(),
      true,
    ),
    ({ name, message, cause }: Error) => {
      assert.equal(name, 'Error')
      assert.match(message, /^s3:\/\/in\/users\.json from line \d+ could not be answered in 3 tries$/)
      assert.equal((cause as Error).message, 'bad luck')
      return true
    },
  )
  assert.deepEqual(await place.list('out'), ['recs/_CHECK'])
  const first = new Set(finished.keys())
  assert.ok(first.has('part/0/3') && !first.has('part/0/4'))

  // What a thread left behind that was believed dead, and a part that somebody cut short.
  await place.artifacts.write({ bucket: ARTIFACTS_BUCKET, key: `${STAGING_PREFIX}0-1.1-2` }, Buffer.from('left behind'))
  const damaged = finished.get('part/0/1') as Part
  await place.artifacts.write({ bucket: ARTIFACTS_BUCKET, key: damaged.key }, Buffer.from('cut short'))
  await place.artifacts.remove({ bucket: ARTIFACTS_BUCKET, key: (finished.get('part/0/2') as Part).key })

  const again: string[] = []
  const context = contextOf(place, { attempt: 2 }, finished)
  const result = await runBatchInference(
    describe(),
    {
      ...context,
      checkpoint(name, value) {
        again.push(name)
        return context.checkpoint(name, value)
      },
    },
    { ...tuning, parts: true },
  )
  const missing = Array.from({ length: again.length + first.size }, (_, s) => `part/0/${s}`).filter(
    name => again.includes(name) && first.has(name),
  )
  assert.deepEqual(missing, ['part/0/1', 'part/0/2'])
  assert.equal(again.at(-1), 'published/0')
  assert.equal(result.records, records.length)
  assert.equal(await output(), undisturbed)
  assert.deepEqual(await staged(), [])

  // Everything is published: a third attempt has nothing to do and needs no part.
  const third = await runBatchInference(describe(), contextOf(place, { attempt: 3 }, finished), {
    ...tuning,
    parts: true,
  })
  assert.deepEqual({ ...third, stageSeconds: 0 }, { ...result, stageSeconds: 0 })
  assert.equal(third.stageSeconds.rank, 0)
})

test('a thread that dies between two shards is replaced', async () => {
  let gone: Promise<unknown> | undefined
  const notice = (thread: Worker) => {
    gone ??= once(thread, 'exit')
  }
  process.on('worker', notice)
  // Not before the thread is gone does the job learn that its first shard is done.
  const checkpoint = async (name: string) => {
    if (name === 'file/0') await gone
  }
  await runWithDeaths({ '0-0.1-1': 'exit afterwards' }, contextOf(place, { threads: 1, checkpoint }))
  process.off('worker', notice)
  assert.equal(await output(), undisturbed)
})

const FEW = ['one', 'three', 'two']
async function putFew(): Promise<void> {
  for (const key of FEW) await place.put(`s3://in/few/${key}`, '{"userId":"u7"}')
}

test('of a file as well: a thread that dies is replaced, others wait for its shard; after three the next attempt goes on', async () => {
  await runWithDeaths({ '0-0.1-1': 'throw', '0-3.1-1': 'exit', '0-3.1-2': 'throw' }, contextOf(place))
  assert.equal(await output(), undisturbed)
  await place.objects.remove({ bucket: 'out', key: 'recs/users.json.out' })

  const finished = new Map<string, unknown>()
  const deaths: Deaths = { '0-7.1-1': 'exit', '0-7.1-2': 'exit', '0-7.1-3': 'exit' }
  await assert.rejects(runWithDeaths(deaths, contextOf(place, { threads: 3 }, finished)), {
    message: /^s3:\/\/in\/users\.json from line \d+ could not be answered in 3 tries$/,
  })
  // Whether some are in a row by then is the threads' affair; a checkpoint tells of one at least, and of none behind the shard without an answer.
  const told = finished.get('file/0') as { shards: number } | undefined
  assert.ok(told === undefined || (told.shards >= 1 && told.shards <= 7), JSON.stringify(told))
  const result = await runBatchInference(describe(), contextOf(place, { attempt: 2 }, finished), tuning)
  assert.equal(result.records, records.length)
  assert.equal(await output(), undisturbed)
})

test('of several inputs none is published when the first cannot be answered', async () => {
  await putFew()
  const deaths: Deaths = { '0-0.1-1': 'exit', '0-0.1-2': 'exit', '0-0.1-3': 'exit' }
  const job = runWithDeaths(deaths, contextOf(place, { threads: 1 }), describe({ inputPath: 's3://in/few/' }))
  await assert.rejects(job, { message: 's3://in/few/one from line 1 could not be answered in 3 tries' })
  assert.deepEqual(await place.list('out'), ['recs/_CHECK'])
})

test('the parts of a published input go at once, and at the end whatever a thread left behind', async () => {
  await putFew()
  const leftBehind = `${STAGING_PREFIX}0-0.1-9`
  const seen: string[][] = []
  const checkpoint = async (name: string) => {
    if (name === 'part/0/0')
      await place.artifacts.write({ bucket: ARTIFACTS_BUCKET, key: leftBehind }, Buffer.from('x'))
    if (name.startsWith('published/')) seen.push(await staged())
  }
  const context = contextOf(place, { threads: 1, checkpoint })
  await runBatchInference(describe({ inputPath: 's3://in/few/' }), context, { parts: true })
  assert.equal(seen.length, 3)
  assert.ok(seen[0].includes(`${STAGING_PREFIX}0-0.1-1`))
  assert.ok(!seen[1].includes(`${STAGING_PREFIX}0-0.1-1`))
  assert.deepEqual(seen[2], [leftBehind, `${STAGING_PREFIX}2-0.1-1`])
  assert.deepEqual(await staged(), [])
})

test('a later attempt answers the inputs of the first, and refuses them changed', async () => {
  await putFew()
  const finished = new Map<string, unknown>()
  const job = describe({ inputPath: 's3://in/few/' })
  const attempt = (number: number) => runBatchInference(job, contextOf(place, { attempt: number }, finished))
  await attempt(1)
  const plan = finished.get('plan')
  finished.clear()
  finished.set('plan', plan)
  await place.put('s3://in/few/four', '{"userId":"u8"}')
  await attempt(2)
  assert.deepEqual(
    await place.list('out'),
    ['_CHECK', ...FEW.map(key => `${key}.out`)].map(key => `recs/${key}`),
  )
  finished.delete('published/1')
  await place.objects.remove({ bucket: 'in', key: 'few/three' })
  await assert.rejects(attempt(3), {
    name: 'Refusal',
    message:
      "The input 's3://in/few/three' was removed while the job was reading it; it was expected to stay as it was.",
  })
})

test('an abort ends the work within two seconds and leaves what is finished to the next attempt', async () => {
  await place.put('s3://in/many.json', Array.from({ length: 100 }, () => records.join('\n')).join('\n'))
  const job = describe({ inputPath: 's3://in/many.json', numResults: 60 })
  const finished = new Map<string, unknown>()
  const abort = new AbortController()
  let abortedSeconds = 0
  const context = contextOf(
    place,
    {
      signal: abort.signal,
      progress({ stage, done }) {
        if (stage !== 'recommendations' || done < 60_000 || abort.signal.aborted) return
        abortedSeconds = stopwatchSeconds()
        abort.abort(new Error('no longer wanted'))
      },
    },
    finished,
  )
  await assert.rejects(runBatchInference(job, context, { shardBytes: 200_000, parts: true }), {
    message: 'no longer wanted',
  })
  assert.ok(stopwatchSeconds() - abortedSeconds < 2)
  assert.deepEqual(await place.list('out'), ['recs/_CHECK'])
  const done = [...finished.keys()].filter(name => name.startsWith('part/'))
  assert.ok(done.length > 0)
  const parts = done.map(name => (finished.get(name) as Part).key)
  // A thread may be ended between writing its part and saying so: such a part is left behind, no finished one missing.
  const left = await staged()
  assert.deepEqual(
    parts.filter(key => !left.includes(key)),
    [],
  )
  assert.ok(left.length - parts.length <= context.threads, `${left.length} parts staged, ${parts.length} finished`)

  await assert.rejects(runBatchInference(job, { ...context, signal: AbortSignal.abort(new Error('never begun')) }), {
    message: 'never begun',
  })

  const again: string[] = []
  const next = contextOf(place, { attempt: 2 }, finished)
  const checkpoint = (name: string, value: unknown) => {
    again.push(name)
    return next.checkpoint(name, value)
  }
  const { records: answered } = await runBatchInference(
    job,
    { ...next, checkpoint },
    { shardBytes: 200_000, parts: true },
  )
  assert.equal(answered, 100 * records.length)
  assert.deepEqual(
    again.filter(name => done.includes(name)),
    [],
  )
  assert.deepEqual(await staged(), [])
})
