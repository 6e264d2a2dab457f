/** A data folder whose name looks like a partition of a table is a folder like any other: `USER_ID=a` is nobody's id. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importFile, makeDataset, makeGroup, makeSolution } from '../support/flow.ts'
import { walks } from '../support/sequences.ts'
import { call, serverProcess, settled, temporaryFolder } from '../support/server.ts'

test('a folder called USER_ID=a changes no column', async t => {
  const trained = async (dataFolder: string) => {
    mkdirSync(join(dataFolder, 'buckets', 'bucket'), { recursive: true })
    writeFileSync(join(dataFolder, 'buckets', 'bucket', 'a.csv'), walks().csv)
    const server = await serverProcess(t, dataFolder)
    const group = await makeGroup(server)
    await importFile(server, await makeDataset(server, group), 's3://bucket/a.csv')
    const solutionArn = await makeSolution(server, group)
    const { solutionVersionArn } = await call(server, 'CreateSolutionVersion', { solutionArn })
    const { status, failureReason } = await settled(server, 'DescribeSolutionVersion', { solutionVersionArn })
    assert.deepEqual([status, failureReason], ['ACTIVE', undefined])
    return (await call(server, 'GetSolutionMetrics', { solutionVersionArn })).metrics
  }
  assert.deepEqual(
    await trained(join(temporaryFolder(), 'USER_ID=a', 'TIMESTAMP=5')),
    await trained(join(temporaryFolder(), 'plain')),
  )
})
