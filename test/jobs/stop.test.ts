/** Stopping: a training by its owner, the server by its operator. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { importFile, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { walks } from '../support/sequences.ts'
import { call, refuses, serverProcess, settled, type TestServer, temporaryFolder } from '../support/server.ts'

/** Enough items for a training of several seconds. */
const largeWorld = { users: 400, items: 3000, events: 60 }
const STOP_MS_MAX = 2000

async function training(t: TestContext, server: TestServer): Promise<string> {
  mkdirSync(join(server.dataFolder, 'buckets', 'bucket'), { recursive: true })
  writeFileSync(join(server.dataFolder, 'buckets', 'bucket', 'a.csv'), walks(largeWorld).csv)
  const group = await makeGroup(server)
  const { status } = await importFile(server, await makeDataset(server, group), 's3://bucket/a.csv')
  assert.equal(status, 'ACTIVE')
  const solutionArn = await makeSolution(server, group)
  const { solutionVersionArn } = await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', {
    solutionArn,
  })
  t.diagnostic(`training ${solutionVersionArn}`)
  return solutionVersionArn
}

const statusOf = async (server: TestServer, solutionVersionArn: string): Promise<string> => {
  const { solutionVersion } = await call<{ solutionVersion: { status: string } }>(server, 'DescribeSolutionVersion', {
    solutionVersionArn,
  })
  return solutionVersion.status
}

async function inProgress(server: TestServer, solutionVersionArn: string): Promise<void> {
  while ((await statusOf(server, solutionVersionArn)) !== 'CREATE IN_PROGRESS') {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

test('a training that runs is stopped within two seconds, and for good', async t => {
  const server = await serverProcess(t, temporaryFolder())
  const solutionVersionArn = await training(t, server)
  await inProgress(server, solutionVersionArn)
  const began = performance.now()
  await call(server, 'StopSolutionVersionCreation', { solutionVersionArn })
  assert.equal(await statusOf(server, solutionVersionArn), 'CREATE STOPPING')
  const { status } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
  assert.equal(status, 'CREATE STOPPED')
  assert.ok(performance.now() - began < STOP_MS_MAX, `it took ${performance.now() - began} ms`)
  await refuses(
    server,
    'StopSolutionVersionCreation',
    { solutionVersionArn },
    'ResourceInUseException',
    `Resource Arn ${solutionVersionArn} is in status CREATE STOPPED: only CREATE PENDING and CREATE IN_PROGRESS can be stopped.`,
  )
})

test('a training that waits is stopped at once', async t => {
  const server = await serverProcess(t, temporaryFolder())
  const first = await training(t, server)
  const solutionArn = first.slice(0, -9)
  const more = async () =>
    (await call<{ solutionVersionArn: string }>(server, 'CreateSolutionVersion', { solutionArn })).solutionVersionArn
  const [second, third] = [await more(), await more()]
  assert.equal(await statusOf(server, third), 'CREATE PENDING')
  await call(server, 'StopSolutionVersionCreation', { solutionVersionArn: third })
  assert.equal(await statusOf(server, third), 'CREATE STOPPED')
  for (const solutionVersionArn of [first, second]) {
    await call(server, 'StopSolutionVersionCreation', { solutionVersionArn })
  }
})

test('a server that is stopped leaves its work to the next one; one that stopped a training keeps its word', async t => {
  const folder = temporaryFolder()
  const first = await serverProcess(t, folder)
  const solutionVersionArn = await training(t, first)
  await inProgress(first, solutionVersionArn)
  const began = performance.now()
  await first.kill('SIGTERM')
  assert.ok(performance.now() - began < STOP_MS_MAX, `it took ${performance.now() - began} ms`)
  const second = await serverProcess(t, folder)
  await inProgress(second, solutionVersionArn)
  await call(second, 'StopSolutionVersionCreation', { solutionVersionArn })
  await second.kill('SIGKILL')
  const third = await serverProcess(t, folder)
  const { status } = await settled(third, 'DescribeSolutionVersion', { solutionVersionArn })
  assert.equal(status, 'CREATE STOPPED')
})

test('a second server on the same data folder is refused with a sentence', async t => {
  const folder = temporaryFolder()
  await serverProcess(t, folder)
  await assert.rejects(serverProcess(t, folder), {
    message: `the server ended with code 2: Another sommelier is running on the data folder '${folder}': stop it, or choose another with --data.\n`,
  })
})
