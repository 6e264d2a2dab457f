/**
 * kill -9 of the whole service at many moments of a whole flow. After each, a restart takes up what was going on; at the end everything is
 * ACTIVE and the output is that of an undisturbed run, byte for byte.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '../../src/lib/random.ts'
import { makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { walks } from '../support/sequences.ts'
import { call, ROLE, type ServerProcess, serverProcess, settled, temporaryFolder } from '../support/server.ts'

/** Moments between two kills: from before the work begins to after it has ended. */
const KILLS = 8
const PAUSE_MS_MAX = 700

test('kill -9 at any moment: a restart finishes what was going on, with the same bytes', async t => {
  const undisturbed = await wholeFlow(t, async server => server)
  const random = seededRandom(7)
  let kills = 0
  const disturbed = await wholeFlow(t, async server => {
    let current = server
    for (let i = 0; i < KILLS; i++) {
      await new Promise(resolve => setTimeout(resolve, random.below(PAUSE_MS_MAX)))
      await current.kill('SIGKILL')
      kills++
      current = await serverProcess(t, server.dataFolder)
    }
    return current
  })
  assert.equal(kills, 3 * KILLS)
  assert.deepEqual(disturbed, undisturbed)
})

/** `disturb` gets the server whenever long work has just been asked for, and returns the one to go on with. */
async function wholeFlow(t: TestContext, disturb: (server: ServerProcess) => Promise<ServerProcess>) {
  const folder = temporaryFolder()
  const bucket = join(folder, 'buckets', 'bucket')
  mkdirSync(bucket, { recursive: true })
  writeFileSync(join(bucket, 'interactions.csv'), walks().csv)
  writeFileSync(
    join(bucket, 'users.json'),
    Array.from({ length: 20_000 }, (_, i) => `{"userId":"user-${i % 70}"}\n`).join(''),
  )
  let server = await serverProcess(t, folder)
  const group = await makeGroup(server)
  const datasetArn = await makeDataset(server, group)
  const solutionArn = await makeSolution(server, group)

  const { datasetImportJobArn } = await call(server, 'CreateDatasetImportJob', {
    jobName: 'import',
    datasetArn,
    dataSource: { dataLocation: 's3://bucket/interactions.csv' },
    roleArn: ROLE,
  })
  server = await disturb(server)
  await ended(server, 'DescribeDatasetImportJob', { datasetImportJobArn })

  const { solutionVersionArn } = await call(server, 'CreateSolutionVersion', { solutionArn })
  server = await disturb(server)
  await ended(server, 'DescribeSolutionVersion', { solutionVersionArn })
  const { metrics } = await call(server, 'GetSolutionMetrics', { solutionVersionArn })

  const { batchInferenceJobArn } = await call(server, 'CreateBatchInferenceJob', {
    jobName: 'job',
    solutionVersionArn,
    jobInput: { s3DataSource: { path: 's3://bucket/users.json' } },
    jobOutput: { s3DataDestination: { path: 's3://bucket/out' } },
    roleArn: ROLE,
  })
  server = await disturb(server)
  await ended(server, 'DescribeBatchInferenceJob', { batchInferenceJobArn })
  await server.kill('SIGTERM')
  const artifacts = readdirSync(join(folder, 'artifacts', 'sommelier'), { recursive: true, withFileTypes: true })
  return {
    metrics,
    out: readdirSync(join(bucket, 'out')).sort(),
    output: readFileSync(join(bucket, 'out', 'users.json.out'), 'utf8'),
    // Attempts are numbered, so only how much is there can be compared.
    artifacts: artifacts.filter(entry => entry.isFile()).length,
  }
}

async function ended(server: ServerProcess, operation: string, input: Record<string, unknown>): Promise<void> {
  const { status, failureReason } = await settled(server, operation, input)
  assert.deepEqual([status, failureReason], ['ACTIVE', undefined], server.said())
}
