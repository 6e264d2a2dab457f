/** The kernels are compared with their twins once on a machine, not once a start. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { importFile, makeDataset, makeGroup } from '../support/flow.ts'
import { walks } from '../support/sequences.ts'
import { serverProcess, temporaryFolder } from '../support/server.ts'

test('what is known of the kernels outlives the server, as long as it is about the same kernels, engine and processor', async t => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'buckets', 'bucket'), { recursive: true })
  writeFileSync(join(folder, 'buckets', 'bucket', 'walks.csv'), walks().csv)
  const path = join(folder, 'kernels.json')
  const kept = () => JSON.parse(readFileSync(path, 'utf8'))

  assert.ok(await compares(t, folder), 'nothing is known yet')
  const known = kept()
  assert.deepEqual(Object.keys(known), ['kernels', 'v8', 'processor', 'revectorize'])
  assert.equal(known.v8, process.versions.v8)
  assert.match(known.kernels, /^[0-9a-f]{64}$/)
  assert.equal(await compares(t, folder), false)

  for (const other of [
    JSON.stringify({ ...known, v8: '1.2.3' }),
    JSON.stringify({ ...known, kernels: '0'.repeat(64) }),
    JSON.stringify({ ...known, revectorize: 'yes' }),
    'null',
    '',
  ]) {
    writeFileSync(path, other)
    assert.ok(await compares(t, folder), other)
    assert.deepEqual(kept(), known)
  }
})

let jobs = 0
let datasetArn = ''

/** Whether a server on the folder compares the kernels before it does its first work. */
async function compares(t: TestContext, folder: string): Promise<boolean> {
  const server = await serverProcess(t, folder)
  if (jobs === 0) datasetArn = await makeDataset(server, await makeGroup(server))
  const { status } = await importFile(server, datasetArn, 's3://bucket/walks.csv', { jobName: `import-${++jobs}` })
  assert.equal(status, 'ACTIVE')
  await server.kill('SIGTERM')
  return /kernels agree/.test(server.said())
}
