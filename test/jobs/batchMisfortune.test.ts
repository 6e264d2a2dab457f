/** Batch inference jobs that meet with misfortune, over the wire: what happens to the job, to the service, and to the next job. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Misfortune, misfortune } from '../support/misfortune.ts'
import { call, ROLE, type ServerProcess, serverProcess, settled, temporaryFolder } from '../support/server.ts'
import { trained } from '../support/serving.ts'

/** Some seven shards. */
const RECORDS = 20_000
const TRIES_MAX = 3

class Shop {
  readonly server: ServerProcess
  readonly #solutionVersionArn: string

  constructor(server: ServerProcess, solutionVersionArn: string) {
    this.server = server
    this.#solutionVersionArn = solutionVersionArn
  }

  /** A server on `dataFolder`, where a version is trained before anything goes wrong. */
  static async open(t: Parameters<typeof serverProcess>[0], of: Misfortune, flags: string[] = []): Promise<Shop> {
    const dataFolder = temporaryFolder()
    mkdirSync(join(dataFolder, 'buckets', 'bucket'), { recursive: true })
    const before = await serverProcess(t, dataFolder)
    const { solutionVersionArn } = await trained(before)
    await before.kill('SIGTERM')
    return new Shop(
      await serverProcess(t, dataFolder, ['--threads', '2', ...flags], misfortune(of)),
      solutionVersionArn,
    )
  }

  /** How a job over so many records of `file` ends, and what it has written. */
  async answer(file: string, records = RECORDS) {
    const bucket = join(this.server.dataFolder, 'buckets', 'bucket')
    const lines = Array.from({ length: records }, (_, i) => `{"userId":"user-${i % 70}"}\n`)
    writeFileSync(join(bucket, file), lines.join(''))
    const { batchInferenceJobArn } = await call(this.server, 'CreateBatchInferenceJob', {
      jobName: file.replace('.', '-'),
      solutionVersionArn: this.#solutionVersionArn,
      jobInput: { s3DataSource: { path: `s3://bucket/${file}` } },
      jobOutput: { s3DataDestination: { path: 's3://bucket/answers/' } },
      roleArn: ROLE,
    })
    const { status, failureReason } = await settled(this.server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })
    return { status, failureReason, read: () => readFileSync(join(bucket, 'answers', `${file}.out`), 'utf8') }
  }

  /** The causes of death in the log. */
  deaths(): string[] {
    return [...this.server.said().matchAll(/a batch inference thread died .*cause="(.*)"/g)].map(([, cause]) => cause)
  }
}

test('a thread that dies in the middle of a job costs it nothing but another try; one that dies of a shard each time ends the job, and no other', async t => {
  const always = Object.fromEntries(
    Array.from({ length: TRIES_MAX }, (_, tried) => [`0-3.1-${tried + 1}`, tried === 1 ? 'throw' : 'exit'] as const),
  )
  const shop = await Shop.open(t, { deaths: { 'unlucky.jsonl': { '0-2.1-1': 'exit' }, 'cursed.jsonl': always } })
  const calm = await shop.answer('calm.jsonl')
  assert.deepEqual([calm.status, shop.deaths()], ['ACTIVE', []])
  assert.equal(calm.read().split('\n').length, RECORDS + 1)

  const unlucky = await shop.answer('unlucky.jsonl')
  assert.deepEqual([unlucky.status, unlucky.failureReason], ['ACTIVE', undefined])
  assert.equal(unlucky.read(), calm.read())
  assert.deepEqual(shop.deaths(), ['the thread left with code 3'])

  const cursed = await shop.answer('cursed.jsonl')
  assert.deepEqual(
    [cursed.status, cursed.failureReason],
    ['CREATE FAILED', 'The work failed for a reason of ours, not of the request; the server log has the details.'],
  )
  assert.throws(cursed.read, { code: 'ENOENT' })
  assert.deepEqual(shop.deaths().slice(1), ['the thread left with code 3', 'bad luck', 'the thread left with code 3'])
  assert.match(shop.server.said(), /cursed\.jsonl from line \d+ could not be answered in 3 tries/)

  const next = await shop.answer('next.jsonl')
  assert.equal(next.status, 'ACTIVE')
  assert.equal(next.read(), calm.read())
  assert.equal(shop.server.process.exitCode, null)
})

test('a job that cannot fit says so before it reads anything, and the service goes on', async t => {
  // Had the input been read, the job would have failed for its second record.
  const shop = await Shop.open(t, { memoryBytes: 200e6 }, ['--limits', 'batchRecordsPerFile=1'])
  const { status, failureReason, read } = await shop.answer('users.jsonl', 2)
  assert.deepEqual(
    [status, failureReason],
    [
      'CREATE FAILED',
      'The job needs 0.3 GB of memory (model 0.0 GB, ids 0.0 GB, histories 0.0 GB); this machine has 0.2 GB.',
    ],
  )
  assert.throws(read, { code: 'ENOENT' })
  assert.equal(shop.server.process.exitCode, null)
  assert.deepEqual(await call(shop.server, 'ListFilters', {}), { Filters: [] })
})
